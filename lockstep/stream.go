// Package lockstep compares what a core commits, instruction by instruction, with a
// golden run: of go-ethereum for the EVM, of the golden interpreter for the FuelVM. It
// stands above the decoders, whose retirements it reads, and below the core, which knows
// it as a decoder.Checker.
package lockstep

import (
	"fmt"

	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/traces"
)

// stream compares a machine's committed stream, instruction by instruction, with
// a golden run. The core calls it at commit and in program order; it changes nothing
// in the core.
//
// Its shadow stacks hold what was committed and nothing else: constants pushed,
// results, and their rearrangement. A wrong result shows as a wrong top of stack
// before the next instruction of its frame.
//
// After the first difference every method returns false and compares no more.
type stream struct {
	src     traces.Source
	tx      int
	first   int           // step of the transaction
	next    int           // step that the next instruction is compared with
	window  []traces.Step // steps at hand, from step base on
	base    int
	depth   int // shadow frames in use
	frames  []shadow
	checked uint64
	err     *Mismatch
}

// shadow is the committed side of one frame. Its storage is reused.
type shadow struct {
	stack []isa.Word
	call  int // step of the call that the frame waits for, -1 for none
}

// Err is the first difference, nil if there is none.
func (l *stream) Err() error {
	if l.err == nil {
		return nil
	}
	return l.err
}

// Checked counts the instructions that were compared and found equal.
func (l *stream) Checked() uint64 { return l.checked }

// Committed is one side of a comparison: an instruction's state before it, what it
// cost and what it wrote.
type Committed struct {
	Depth  int
	PC     uint32
	Op     uint8
	Height int
	Top    isa.Word
	Gas    uint64
	Cost   uint64
	Effect uint64
	Fault  bool
}

func (c *Committed) String() string {
	s := fmt.Sprintf("depth %d pc %#x %v height %d top %s gas %d cost %d effect %#x",
		c.Depth, c.PC, vm.OpCode(c.Op), c.Height, c.Top.Hex(), c.Gas, c.Cost, c.Effect)
	if c.Fault {
		s += " FAULT"
	}
	return s
}

// Mismatch is the first difference between a committed stream and the golden one.
type Mismatch struct {
	Tx     int
	Step   int    // number of the step in the golden run, for Golden.Detail; may be one behind the last
	InTx   int    // the same, counted from the transaction's first
	Field  string // what differs first
	Golden *Committed
	// Machine is the committed instruction, nil where the stream and not an
	// instruction is wrong.
	Machine *Committed
}

func (m *Mismatch) Error() string {
	s := fmt.Sprintf("lockstep: transaction %d, step %d (%d of the transaction): %s", m.Tx, m.Step, m.InTx, m.Field)
	if m.Golden != nil {
		s += "\n  golden:  " + m.Golden.String()
	}
	if m.Machine != nil {
		s += "\n  machine: " + m.Machine.String()
	}
	return s
}

// BeginTx starts transaction i, at any time: transactions may be compared in any
// order and again.
func (l *stream) BeginTx(i int) bool {
	if l.err != nil {
		return false
	}
	l.tx, l.depth = i, 0
	first, ok := l.src.Begin(i)
	l.first, l.next, l.base, l.window = first, first, first, nil
	if !ok {
		return l.fail("no such transaction was recorded", l.next)
	}
	return true
}

// step is the one that the next instruction is compared with, nil behind the
// transaction's last.
func (l *stream) step() *traces.Step {
	if i := l.next - l.base; i < len(l.window) {
		return &l.window[i]
	}
	more := l.src.StepsFrom(l.tx, l.next)
	if len(more) == 0 {
		return nil
	}
	l.window, l.base = more, l.next
	return &l.window[0]
}

// EndTx says that the transaction has ended.
func (l *stream) EndTx(i int) bool {
	switch {
	case l.err != nil:
		return false
	case i != l.tx:
		return l.fail(fmt.Sprintf("end of transaction %d", i), l.next)
	case l.depth != 0:
		return l.fail(fmt.Sprintf("the transaction ended in %d frames", l.depth), l.next)
	case l.step() != nil:
		return l.fail(fmt.Sprintf("the transaction ended %d or more instructions early", l.base+len(l.window)-l.next), l.next)
	}
	return true
}

// Enter opens a frame: the outermost (depth 1), or that of the call or creation
// retired last. Built-ins and empty code have frames too, in which nothing retires.
func (l *stream) Enter(depth int) bool {
	if l.err != nil {
		return false
	}
	if depth != l.depth+1 {
		return l.fail(fmt.Sprintf("entered depth %d from depth %d", depth, l.depth), l.next)
	}
	if l.depth == len(l.frames) {
		l.frames = append(l.frames, shadow{})
	}
	f := &l.frames[l.depth]
	f.stack, f.call = f.stack[:0], -1
	l.depth++
	return true
}

// Leave closes the running frame. result is the word that its caller sees and effect
// that of the caller's output range (MemoryEffect; 0 for a creation); for the
// outermost frame neither matters.
func (l *stream) Leave(result *isa.Word, effect uint64) bool {
	switch {
	case l.err != nil:
		return false
	case l.depth == 0:
		return l.fail("left a frame when none was open", l.next)
	}
	if l.depth--; l.depth == 0 {
		return true
	}
	return l.returned(result, effect)
}

// CallFailed is for a call or creation that opens no frame (depth, balance, nonce,
// collision): the caller goes on with result on its stack.
func (l *stream) CallFailed(result *isa.Word, effect uint64) bool {
	switch {
	case l.err != nil:
		return false
	case l.depth == 0:
		return l.fail("a call failed when no frame was open", l.next)
	}
	return l.returned(result, effect)
}

func (l *stream) returned(result *isa.Word, effect uint64) bool {
	f := &l.frames[l.depth-1]
	step := f.call
	if step < 0 {
		return l.fail("a call returned that was not made", l.next)
	}
	f.call = -1
	l.step() // behind the return, so that the source knows the effect
	if want := l.src.CallEffect(step); effect != want {
		return l.fail(fmt.Sprintf("output of the call differs: effect %#x, golden %#x", effect, want), step)
	}
	if result == nil {
		return l.fail("the call returned no word", step)
	}
	f.stack = append(f.stack, *result)
	return true
}

// instruction is what a machine has committed.
type instruction struct {
	Committed
	kind             decoder.Kind
	n, pops, pushes  uint8     // of its row
	constant, result *isa.Word // what a push pushes, and what another instruction does, or nil
}

// Retire compares one committed instruction; Height and Top are the comparison's own.
// The effect of a call is compared when it returns, its result pushed then. Of a failing
// instruction everything but the cost is compared, see traces.FlagFault.
func (l *stream) Retire(in *instruction) bool {
	if l.err != nil {
		return false
	}
	if l.depth == 0 {
		return l.fail("an instruction retired when no frame was open", l.next)
	}
	f := &l.frames[l.depth-1]
	height, n, pops, pushes := len(f.stack), in.n, in.pops, in.pushes
	in.Height, in.Top = height, isa.Word{}
	if height > 0 {
		in.Top = f.stack[height-1]
	}
	s := l.step()
	enters := in.kind == decoder.KindCall || in.kind == decoder.KindCreate
	if s == nil || s.PC != in.PC || s.Op != in.Op || int(s.Depth) != in.Depth || l.depth != in.Depth || int(s.Height) != height ||
		s.Gas != in.Gas || (s.Flags&traces.FlagFault != 0) != in.Fault || s.Cost != in.Cost && !in.Fault ||
		s.Effect != in.Effect && !(enters && !in.Fault) || s.Top != in.Top {
		got := in.Committed
		return l.differ(&got)
	}
	l.next++
	l.checked++
	if in.Fault {
		return true
	}
	switch in.kind {
	case decoder.KindPush:
		if in.constant == nil {
			return l.fail("a push has no constant", l.next-1)
		}
		f.stack = append(f.stack, *in.constant)
		return true
	case decoder.KindDup:
		if int(n) > height || n == 0 {
			return l.fail("a dup reaches below the stack", l.next-1)
		}
		f.stack = append(f.stack, f.stack[height-int(n)])
		return true
	case decoder.KindSwap:
		if int(n) >= height {
			return l.fail("a swap reaches below the stack", l.next-1)
		}
		f.stack[height-1], f.stack[height-1-int(n)] = f.stack[height-1-int(n)], f.stack[height-1]
		return true
	case decoder.KindPop:
		pops, pushes = 1, 0
	}
	if int(pops) > height {
		return l.fail("an instruction pops more than there is", l.next-1)
	}
	f.stack = f.stack[:height-int(pops)]
	if enters {
		f.call = l.next - 1
		return true
	}
	if pushes > 0 {
		if in.result == nil {
			return l.fail("an instruction has no result", l.next-1)
		}
		f.stack = append(f.stack, *in.result)
	}
	return true
}

// fail records a difference that is not one between two instructions.
func (l *stream) fail(what string, step int) bool {
	l.err = &Mismatch{Tx: l.tx, Step: step, InTx: step - l.first, Field: what, Golden: l.golden(step)}
	return false
}

// golden describes a step, nil when it is not at hand. What a call has written is not part
// of it: that is known, and compared, when it returns.
func (l *stream) golden(step int) *Committed {
	if step < l.base || step >= l.base+len(l.window) {
		return nil
	}
	s := &l.window[step-l.base]
	c := &Committed{int(s.Depth), s.PC, s.Op, int(s.Height), s.Top, s.Gas, s.Cost, s.Effect, s.Flags&traces.FlagFault != 0}
	switch vm.OpCode(s.Op) {
	case vm.CALL, vm.CALLCODE, vm.DELEGATECALL, vm.STATICCALL, vm.CREATE, vm.CREATE2:
		c.Effect = 0
	}
	return c
}

// differ records the difference between an instruction and the next step.
func (l *stream) differ(got *Committed) bool {
	if l.step() == nil {
		l.fail("an instruction retired behind the transaction's last", l.next)
		l.err.Machine = got
		return false
	}
	want := l.golden(l.next)
	field := "depth of the open frames"
	for _, f := range []struct {
		name string
		same bool
	}{
		{"depth", want.Depth == got.Depth},
		{"pc", want.PC == got.PC},
		{"opcode", want.Op == got.Op},
		{"stack height", want.Height == got.Height},
		{"top of stack", want.Top == got.Top},
		{"gas", want.Gas == got.Gas},
		{"fault", want.Fault == got.Fault},
		{"cost", want.Cost == got.Cost || got.Fault},
		{"effect", want.Effect == got.Effect},
	} {
		if !f.same {
			field = f.name
			break
		}
	}
	l.err = &Mismatch{Tx: l.tx, Step: l.next, InTx: l.next - l.first, Field: field + " differs", Golden: want, Machine: got}
	return false
}

// Forgive forgets the first difference, so that another transaction, or the same one
// again, can be compared: what a speculative machine executed wrongly and threw away
// is no difference.
func (l *stream) Forgive() { l.err = nil }
