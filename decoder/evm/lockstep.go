package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Lockstep hands a core's committed stream to the comparison with the golden run.
// It says what an instruction wrote by reading it back from the machine: memory
// from the frame, storage and logs from the world.
type Lockstep struct {
	*traces.Lockstep
	sys *System
}

var _ decoder.Checker = (*Lockstep)(nil)

// NewLockstep checks what runs on sys against golden.
func NewLockstep(golden traces.Source, sys *System) *Lockstep {
	return &Lockstep{Lockstep: traces.NewLockstep(golden), sys: sys}
}

// Enter opens a frame.
func (l *Lockstep) Enter(depth int) { l.Lockstep.Enter(depth) }

// Retire compares one instruction.
func (l *Lockstep) Retire(r *decoder.Retirement) {
	c := r.Context
	l.Lockstep.Retire(c.Depth, r.Inst.PC, r.Inst.Code, uint8(r.Inst.Kind), r.Inst.N, r.Row.Pops, r.Row.Pushes,
		r.Constant, r.Result, c.Gas, r.Cost, l.effect(r), r.Fault)
}

func (l *Lockstep) effect(r *decoder.Retirement) uint64 {
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
	case SSTORE:
		now := l.sys.World.Storage(c.Self, slot)
		return traces.StateEffect(isa.Persistent, c.Self, slot, &now)
	case TSTORE:
		now := l.sys.World.Transient(c.Self, slot)
		return traces.StateEffect(isa.Transient, c.Self, slot, &now)
	}
	if logs := l.sys.World.Logs(); len(logs) > 0 {
		return traces.LogEffect(&logs[len(logs)-1])
	}
	return traces.LogEffect(&state.Log{})
}

// Leave closes a frame.
func (l *Lockstep) Leave(result *isa.Word, offset uint64, data []byte) {
	l.Lockstep.Leave(result, traces.MemoryEffect(offset, data))
}

// CallFailed is a call that never began.
func (l *Lockstep) CallFailed(result *isa.Word, offset uint64, data []byte) {
	l.Lockstep.CallFailed(result, traces.MemoryEffect(offset, data))
}
