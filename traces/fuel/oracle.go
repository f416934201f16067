package fuel

import (
	"context"
	"math/bits"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// Oracle answers questions about the steps of a program by their number. It is what
// oracle predictors read (predictor.Golden); an answer for a step that there is not is
// "no".
type Oracle struct{ steps []answers }

// answers are what can be asked of a step.
type answers struct {
	pc            uint32 // from $is
	depth         uint8
	fault         bool
	storage       bool // reads or writes slots
	transaction   int
	reads, writes [2]fuel.Span
}

// RecordOracle runs the program, until the context ends, and records what can be asked.
func RecordOracle(stop context.Context, p *Program) (*Oracle, error) {
	o := &Oracle{}
	_, err := RunContext(stop, p, func(s *Step) { o.steps = append(o.steps, answersOf(s)) })
	return o, err
}

func answersOf(s *Step) answers {
	f := answers{
		pc: uint32(s.PC - s.before[fuel.RegIS]), depth: uint8(s.Depth), // nesting that deep runs out of memory
		fault: s.Panic != fuel.NoPanic, transaction: s.Transaction,
	}
	in, bad := fuel.Decode(s.Word)
	if bad != fuel.NoPanic {
		return f
	}
	f.storage = in.Op.Class == fuel.ClassStorage
	r := &s.before
	imm := uint64(in.Imm)
	span := func(start, length uint64) fuel.Span { return fuel.Span{Start: start, Length: length} }
	switch in.Op.Code {
	case fuel.LB:
		f.reads[0] = span(r[in.B]+imm, 1)
	case fuel.LQW:
		f.reads[0] = span(r[in.B]+2*imm, 2)
	case fuel.LHW:
		f.reads[0] = span(r[in.B]+4*imm, 4)
	case fuel.LW:
		f.reads[0] = span(r[in.B]+8*imm, 8)
	case fuel.MCP:
		f.reads[0] = span(r[in.B], r[in.C])
	case fuel.MCPI:
		f.reads[0] = span(r[in.B], imm)
	case fuel.MEQ:
		f.reads = [2]fuel.Span{span(r[in.B], r[in.D]), span(r[in.C], r[in.D])}
	case fuel.K256, fuel.S256:
		f.reads[0] = span(r[in.B], r[in.C])
	case fuel.POPL, fuel.POPH:
		size := 8 * uint64(bits.OnesCount32(in.Imm))
		f.reads[0] = span(r[fuel.RegSP]-size, size)
	case fuel.SRW:
		f.reads[0] = span(r[in.C], 32)
	case fuel.SWW:
		f.reads[0] = span(r[in.A], 32)
	}
	for i, w := range s.Memory {
		if i < len(f.writes) {
			f.writes[i] = w.Span
		}
	}
	return f
}

func (o *Oracle) step(k uint64) *answers {
	if k >= uint64(len(o.steps)) {
		return nil
	}
	return &o.steps[k]
}

// NextPC is the place in the code that follows step k in its own frame, false when
// another frame follows.
func (o *Oracle) NextPC(k uint64) (uint32, bool) {
	s, next := o.step(k), o.step(k+1)
	if s == nil || next == nil || s.depth != next.depth || s.transaction != next.transaction || s.fault {
		return 0, false
	}
	return next.pc, true
}

// Taken tells whether step k, a conditional jump, jumps.
func (o *Oracle) Taken(k uint64) bool {
	pc, ok := o.NextPC(k)
	return ok && pc != o.steps[k].pc+4
}

// Callee is of no use: a call waits to be the oldest.
func (o *Oracle) Callee(uint64) (w isa.Word, ok bool) { return w, false }

// Overlap tells whether step load reads a byte that step store writes. All slots count as one.
func (o *Oracle) Overlap(load, store uint64) bool {
	l, s := o.step(load), o.step(store)
	if l == nil || s == nil {
		return false
	}
	if l.storage && s.storage {
		return true
	}
	for _, r := range l.reads {
		for _, w := range s.writes {
			if r.Start < w.Start+w.Length && w.Start < r.Start+r.Length {
				return true
			}
		}
	}
	return false
}

// Faults tells whether step k panics.
func (o *Oracle) Faults(k uint64) bool {
	s := o.step(k)
	return s != nil && s.fault
}

// Gas is not recorded.
func (o *Oracle) Gas(uint64) (uint64, bool) { return 0, false }

// Value is not known: no predictor of values is asked about a register machine's loads.
func (o *Oracle) Value(uint64) (isa.Word, bool) { return isa.Word{}, false }
