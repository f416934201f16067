package lockstep

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// EVM compares a core's committed stream with a golden run of go-ethereum.
// It says what an instruction wrote by reading it back from the machine: memory
// from the frame, storage and logs from the world.
type EVM struct {
	stream
	sys *evm.System
	in  instruction // the one that retires, so that retiring allocates nothing
}

var _ decoder.Checker = (*EVM)(nil)

// NewEVM checks what runs on sys against a golden run: a Golden that was recorded, or a
// Stream.
func NewEVM(golden traces.Source, sys *evm.System) *EVM {
	return &EVM{stream: stream{src: golden}, sys: sys}
}

// Enter opens a frame.
func (l *EVM) Enter(depth int) { l.stream.Enter(depth) }

// Retire compares one instruction.
func (l *EVM) Retire(r *decoder.Retirement) {
	c := r.Context
	l.in = instruction{
		Committed: Committed{Depth: c.Depth, PC: r.Inst.PC, Op: r.Inst.Code, Gas: c.Gas, Cost: r.Cost, Effect: l.effect(r), Fault: r.Fault},
		kind:      r.Inst.Kind, n: r.Inst.N, pops: r.Row.Pops, pushes: r.Row.Pushes,
		constant: r.Constant, result: r.Result,
	}
	l.stream.Retire(&l.in)
}

func (l *EVM) effect(r *decoder.Retirement) uint64 {
	c := r.Context
	switch {
	case r.Fault:
		return 0
	case r.Wrote:
		return traces.MemoryEffect(r.Offset, r.Data)
	case r.Row.Flags&decoder.Effect == 0:
		return 0
	}
	slot := &r.Args[0]
	switch r.Inst.Code {
	case evm.SSTORE:
		now := l.sys.World.Storage(c.Self, slot)
		return traces.StateEffect(isa.Persistent, c.Self, slot, &now)
	case evm.TSTORE:
		now := l.sys.World.Transient(c.Self, slot)
		return traces.StateEffect(isa.Transient, c.Self, slot, &now)
	}
	if logs := l.sys.World.Logs(); len(logs) > 0 {
		return traces.LogEffect(&logs[len(logs)-1])
	}
	return traces.LogEffect(&state.Log{})
}

// Leave closes a frame.
func (l *EVM) Leave(result *isa.Word, offset uint64, data []byte) {
	l.stream.Leave(result, traces.MemoryEffect(offset, data))
}

// CallFailed is a call that never began.
func (l *EVM) CallFailed(result *isa.Word, offset uint64, data []byte) {
	l.stream.CallFailed(result, traces.MemoryEffect(offset, data))
}
