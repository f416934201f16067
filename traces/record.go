package traces

import (
	"errors"
	"fmt"
	"math/big"
	"unsafe"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// recorder turns go-ethereum's tracing hooks into steps and accesses.
//
// OnOpcode comes after an instruction is charged and before it executes, or, with
// an error, instead of its execution. What an instruction wrote is therefore read
// at the next OnOpcode of the same frame; there always is one, because every frame
// ends with an instruction that writes nothing: STOP, RETURN, REVERT, SELFDESTRUCT
// or a fault.
//
// A recorder that streams hands full batches of steps to ship and keeps no accesses.
// A batch ends before a step is appended, when the effect of every step before is
// settled but for calls that have not returned; theirs follow with a later batch.
type recorder struct {
	g          *Golden
	memory     *budget.Budget // of what is recorded
	full       bool           // it had no room for more
	lean       bool           // keeps no accesses: lockstep reads none
	most       int            // steps that are kept, a multiple of pieceSize; 0 for any
	batch      []Step         // to be shipped
	base       int            // number of the first step in batch
	ship       func(steps []Step, base int, late []callEffect) []Step
	late       []callEffect // of calls whose steps have been shipped
	frames     []frame      // by depth; the running one is frames[depth-1]
	frameCount uint32
	system     bool // in a system call, which is not recorded
	destroying bool // between OnEnter and OnExit of a SELFDESTRUCT, which is no frame
	keys       map[StateKey]uint32
}

// frame is one call frame.
type frame struct {
	id      uint32
	account state.Address // entered
	create  bool
	last    int // its latest step, -1 before the first

	pending pending // what the latest step will have written
	off     uint64  // pendingMemory, pendingCall: the range
	len     uint64
	slot    isa.Word // pendingStorage, pendingTransient

	input    span // its call data
	args     span // what its latest call passes on
	returned span // what its latest call returned
	result   span // what it returns itself
}

// pending is an effect that can be read at the frame's next instruction.
type pending uint8

const (
	pendingNone pending = iota
	pendingMemory
	pendingCall // output range, written when the callee returns
	pendingStorage
	pendingTransient
)

// What a piece of the recorded stream takes: 72 bytes a step, with accesses 4 for the index of
// an oracle, and 28 bytes an access. A key has 112 bytes in the list and its map.
const (
	stepBytes   = int64(unsafe.Sizeof(Step{}))
	indexBytes  = 4
	accessBytes = int64(unsafe.Sizeof(Access{}))
	keyBytes    = 256
)

func newRecorder(g *Golden) *recorder {
	g.TxStart = make([]int, 0, len(g.bundle.Txs)+1)
	return &recorder{g: g, memory: g.bundle.Memory, keys: make(map[StateKey]uint32)}
}

// steps is the number of steps so far.
func (r *recorder) steps() int {
	if r.ship != nil {
		return r.base + len(r.batch)
	}
	return r.g.Steps.Len()
}

// at is a step that has not been shipped.
func (r *recorder) at(step int) *Step {
	if r.ship != nil {
		return &r.batch[step-r.base]
	}
	return r.g.Steps.At(step)
}

// add appends a step and gives its number.
func (r *recorder) add(step *Step) int {
	n := r.steps()
	if r.ship != nil {
		if len(r.batch) > 0 && n&(pieceSize-1) == 0 {
			r.flush()
		}
		r.batch = append(r.batch, *step)
		return n
	}
	if r.g.Steps.full() {
		r.piece(n)
	}
	r.g.Steps.Append(*step)
	return n
}

// errTooMany ends a run with more steps than are to be recorded.
var errTooMany = errors.New("more instructions than are recorded")

// piece makes sure that another piece of steps may be recorded.
func (r *recorder) piece(n int) {
	if r.most > 0 && n >= r.most {
		panic(halt{errTooMany})
	}
	bytes := stepBytes
	if !r.lean {
		bytes += indexBytes
	}
	r.need(pieceSize * bytes)
}

// need ends the run, as hooks can, with what memory would not have room for.
func (r *recorder) need(bytes int64) {
	if err := r.memory.TakeFor(bytes, func() string { return fmt.Sprintf("the recording of instruction %d", r.steps()) }); err != nil {
		r.full = true
		panic(err)
	}
}

func (r *recorder) hooks() *tracing.Hooks {
	return &tracing.Hooks{
		OnEnter:           r.enter,
		OnExit:            r.exit,
		OnOpcode:          r.opcode,
		OnFault:           r.fault,
		OnLog:             r.log,
		OnStorageChange:   r.g.stored, // of system calls, too
		OnSystemCallStart: func() { r.system = true },
		OnSystemCallEnd:   func() { r.system = false },
	}
}

func (r *recorder) beginTx(int) { r.g.TxStart = append(r.g.TxStart, r.steps()) }

func (r *recorder) newFrame() uint32 {
	r.frameCount++
	return r.frameCount - 1
}

func (r *recorder) enter(depth int, typ byte, _, to common.Address, input []byte, _ uint64, _ *big.Int) {
	if r.system {
		return
	}
	op := vm.OpCode(typ)
	if op == vm.SELFDESTRUCT {
		r.destroying = true
		return
	}
	f := frame{account: state.Address(to), create: op == vm.CREATE || op == vm.CREATE2, last: -1}
	switch {
	case depth > 0 && !f.create:
		f.input = r.frames[depth-1].args
	case depth == 0 && !f.create:
		f.input = span{r.newFrame(), 0, uint64(len(input))}
	}
	f.id = r.newFrame()
	r.frames = append(r.frames[:depth], f)
}

func (r *recorder) exit(depth int, output []byte, _ uint64, err error, _ bool) {
	if r.system {
		return
	}
	if r.destroying {
		r.destroying = false
		return
	}
	if depth == 0 {
		return
	}
	callee, caller := r.frames[depth], &r.frames[depth-1]
	reverted := errors.Is(err, vm.ErrExecutionReverted)
	caller.returned = span{}
	switch {
	case err != nil && !reverted:
		return
	case callee.create && !reverted:
		r.state(AccessCode, true, callee.account, isa.Word{})
		return
	case callee.last < 0: // a built-in, or no code
		callee.result = span{callee.id, 0, uint64(len(output))}
		r.ranged(true, callee.result)
	}
	caller.returned = callee.result
	if caller.pending == pendingCall {
		n := min(caller.len, callee.result.len)
		r.ranged(false, span{callee.id, callee.result.off, n})
		r.ranged(true, span{caller.id, caller.off, n})
	}
}

func (r *recorder) opcode(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
	if r.system {
		return
	}
	f := &r.frames[depth-1]
	if f.pending != pendingNone {
		r.settle(f, scope)
	}
	stack := scope.StackData()
	step := Step{
		PC: uint32(pc), Depth: uint16(depth), Height: uint16(len(stack)),
		Op: op, Gas: gas, Cost: cost,
	}
	if len(stack) > 0 {
		step.Top = stack[len(stack)-1]
	}
	if err != nil {
		step.Flags = FlagFault
	}
	f.last = r.add(&step)
	if err == nil {
		r.touch(f, vm.OpCode(op), stack, scope)
	}
}

// flush hands over the steps recorded since the last time.
func (r *recorder) flush() {
	steps := r.batch
	r.batch = r.ship(steps, r.base, r.late)
	r.base += len(steps)
	r.late = nil
}

// settle reads what the frame's latest instruction has written.
func (r *recorder) settle(f *frame, scope tracing.OpContext) {
	var effect uint64
	switch f.pending {
	case pendingMemory, pendingCall:
		if m := scope.MemoryData(); f.len > 0 && f.off+f.len <= uint64(len(m)) {
			effect = MemoryEffect(f.off, m[f.off:f.off+f.len])
		}
	case pendingStorage:
		owner, slot := scope.Address(), f.slot.Bytes32()
		effect = slotEffect(isa.Persistent, owner, &f.slot, r.g.st.GetState(owner, slot))
	case pendingTransient:
		owner, slot := scope.Address(), f.slot.Bytes32()
		effect = slotEffect(isa.Transient, owner, &f.slot, r.g.st.GetTransientState(owner, slot))
	}
	f.pending = pendingNone
	if f.last < r.base {
		r.late = append(r.late, callEffect{f.last, effect})
		return
	}
	r.at(f.last).Effect = effect
}

func slotEffect(space isa.Space, owner common.Address, slot *isa.Word, now common.Hash) uint64 {
	var value isa.Word
	value.SetBytes32(now[:])
	return StateEffect(space, state.Address(owner), slot, &value)
}

// fault comes for an instruction that failed while it executed, after its OnOpcode,
// and for REVERT.
func (r *recorder) fault(_ uint64, _ byte, _, _ uint64, _ tracing.OpContext, depth int, err error) {
	if r.system || errors.Is(err, vm.ErrExecutionReverted) {
		return
	}
	f := &r.frames[depth-1]
	f.pending = pendingNone
	f.result = span{}
	step := r.at(f.last)
	step.Flags |= FlagFault
	step.Effect = 0
	r.retract(f.last)
}

func (r *recorder) log(l *types.Log) {
	if r.system {
		return
	}
	entry := logOf(l)
	r.at(r.steps() - 1).Effect = LogEffect(&entry)
}

// touch notes what an instruction is about to access and to write. Its operands and
// its gas are known to be there. A range that is not empty lies below 2^32: more
// memory cannot be paid for. Only of an opcode that the fork does not have is nothing
// known: it fails next, and what is noted of it is retracted.
func (r *recorder) touch(f *frame, op vm.OpCode, stack []isa.Word, scope tracing.OpContext) {
	at := func(n int) *isa.Word {
		if n >= len(stack) {
			return new(isa.Word)
		}
		return &stack[len(stack)-1-n]
	}
	own := func(off, n int) span { return f.own(at(off), at(n)) }
	self := func() state.Address { return state.Address(scope.Address()) }
	switch op {
	case vm.MLOAD:
		r.ranged(false, span{f.id, at(0).Uint64(), 32})
	case vm.MSTORE:
		r.write(f, span{f.id, at(0).Uint64(), 32})
	case vm.MSTORE8:
		r.write(f, span{f.id, at(0).Uint64(), 1})
	case vm.KECCAK256, vm.LOG0, vm.LOG1, vm.LOG2, vm.LOG3, vm.LOG4:
		r.ranged(false, own(0, 1))
	case vm.RETURN, vm.REVERT:
		f.result = own(0, 1)
		r.ranged(false, f.result)
	case vm.MCOPY:
		r.ranged(false, own(1, 2))
		r.write(f, own(0, 2))
	case vm.CODECOPY:
		r.write(f, own(0, 2))
	case vm.EXTCODECOPY:
		r.state(AccessCode, false, state.AddressOf(at(0)), isa.Word{})
		r.write(f, own(1, 3))
	case vm.CALLDATALOAD:
		r.ranged(false, f.input.part(at(0), 32))
	case vm.CALLDATACOPY:
		r.ranged(false, f.input.part(at(1), at(2).Uint64()))
		r.write(f, own(0, 2))
	case vm.RETURNDATACOPY:
		r.ranged(false, f.returned.part(at(1), at(2).Uint64()))
		r.write(f, own(0, 2))

	case vm.SLOAD:
		r.state(AccessStorage, false, self(), *at(0))
	case vm.TLOAD:
		r.state(AccessTransient, false, self(), *at(0))
	case vm.SSTORE:
		r.state(AccessStorage, true, self(), *at(0))
		f.pending, f.slot = pendingStorage, *at(0)
	case vm.TSTORE:
		r.state(AccessTransient, true, self(), *at(0))
		f.pending, f.slot = pendingTransient, *at(0)
	case vm.BALANCE:
		r.state(AccessBalance, false, state.AddressOf(at(0)), isa.Word{})
	case vm.SELFBALANCE:
		r.state(AccessBalance, false, self(), isa.Word{})
	case vm.EXTCODESIZE, vm.EXTCODEHASH:
		r.state(AccessCode, false, state.AddressOf(at(0)), isa.Word{})

	case vm.CALL, vm.CALLCODE:
		if !at(2).IsZero() {
			r.state(AccessBalance, true, self(), isa.Word{})
			if op == vm.CALL {
				r.state(AccessBalance, true, state.AddressOf(at(1)), isa.Word{})
			}
		}
		r.call(f, state.AddressOf(at(1)), own(3, 4), own(5, 6))
	case vm.DELEGATECALL, vm.STATICCALL:
		r.call(f, state.AddressOf(at(1)), own(2, 3), own(4, 5))
	case vm.CREATE, vm.CREATE2:
		if !at(0).IsZero() {
			r.state(AccessBalance, true, self(), isa.Word{})
		}
		r.ranged(false, own(1, 2))
	case vm.SELFDESTRUCT:
		r.state(AccessBalance, true, self(), isa.Word{})
		r.state(AccessBalance, true, state.AddressOf(at(0)), isa.Word{})
	}
}

// own is a range of the frame's own memory; an empty one may have any offset.
func (f *frame) own(off, n *isa.Word) span {
	if n.IsZero() {
		return span{}
	}
	return span{f.id, off.Uint64(), n.Uint64()}
}

func (r *recorder) write(f *frame, s span) {
	if s.len > 0 {
		f.pending, f.off, f.len = pendingMemory, s.off, s.len
		r.ranged(true, s)
	}
}

func (r *recorder) call(f *frame, target state.Address, args, output span) {
	r.state(AccessCode, false, target, isa.Word{})
	r.ranged(false, args)
	f.args = args
	f.pending, f.off, f.len = pendingCall, output.off, output.len
}
