package lockstep

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"

	"github.com/ooovm/ooovm/decoder"
	fueldecoder "github.com/ooovm/ooovm/decoder/fuel"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
	golden "github.com/ooovm/ooovm/traces/fuel"
)

// Fuel compares a core's committed stream with the golden interpreter's steps, which
// runs beside it: place and word, gas before and after, every register, the memory,
// slots, balances and receipts written.
type Fuel struct {
	sys     *fueldecoder.System
	next    func() (*golden.Step, bool)
	stop    func()
	want    [fuel.Registers]uint64
	checked uint64
	err     error

	receipts, snapshot int
}

var _ decoder.Checker = (*Fuel)(nil)

// NewFuel checks the transactions of a program, which run on sys; it must record. Close
// ends it.
func NewFuel(p *golden.Program, sys *fueldecoder.System) *Fuel {
	l := &Fuel{sys: sys}
	l.next, l.stop = iter.Pull(func(yield func(*golden.Step) bool) {
		more := true
		// The error is about a transaction that Begin refuses as well.
		_, _ = golden.Run(p, func(s *golden.Step) { more = more && yield(s) })
	})
	return l
}

// Close lets the interpreter go.
func (l *Fuel) Close() { l.stop() }

// Err is the first difference.
func (l *Fuel) Err() error { return l.err }

// Checked is the number of instructions found equal.
func (l *Fuel) Checked() uint64 { return l.checked }

// BeginTx follows System.Begin.
func (l *Fuel) BeginTx(int) {
	l.want = l.sys.Reg
	l.receipts, l.snapshot = 0, l.sys.World.Snapshot()
	l.sys.Memory.Written() // of nobody: the initial image
}

// End looks for instructions that were not committed.
func (l *Fuel) End() {
	if l.err != nil {
		return
	}
	if s, more := l.next(); more {
		l.differ("", "the golden run goes on with %s", show(s.PC, s.Word))
	}
}

// Enter, Leave and CallFailed are part of the instructions that enter and leave.
func (l *Fuel) Enter(int) {}

// Leave is one of them.
func (l *Fuel) Leave(*isa.Word, uint64, []byte) {}

// CallFailed is one of them.
func (l *Fuel) CallFailed(*isa.Word, uint64, []byte) {}

func show(pc uint64, word uint32) string {
	in, bad := fuel.Decode(word)
	if bad != fuel.NoPanic {
		return fmt.Sprintf("%08x at %d", word, pc)
	}
	return fmt.Sprintf("%s (%08x) at %d", in.Op.Name, word, pc)
}

func (l *Fuel) differ(where, format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf("instruction %d: %s%s", l.checked, where, fmt.Sprintf(format, args...))
	}
}

// Retire compares one instruction, all of whose effects have been made.
func (l *Fuel) Retire(r *decoder.Retirement) {
	if l.err != nil {
		return
	}
	pc, elsewhere := l.sys.Elsewhere(r.Inst)
	if !elsewhere {
		pc = l.want[fuel.RegIS] + uint64(r.Inst.PC)
	}
	word, decoded := fueldecoder.Word(r.Context, r.Inst)
	s, more := l.next()
	if !more {
		l.differ("", "%s is committed, the golden run has ended", show(pc, word))
		return
	}
	where := show(s.PC, s.Word) + ": "
	switch {
	case pc != s.PC || decoded && word != s.Word:
		l.differ(where, "committed is %s", show(pc, word))
	case r.Context.Depth-1 != s.Depth:
		l.differ(where, "depth is %d where %d is expected", r.Context.Depth-1, s.Depth)
	case r.Fault:
		l.fault(where, s)
	default:
		l.gas(where, s, r)
		l.registers(where, s)
		l.memory(where, s)
		l.state(where, s)
	}
	l.checked++
}

func (l *Fuel) fault(where string, s *golden.Step) {
	switch {
	case l.sys.Ending().Panic != s.Panic:
		l.differ(where, "panics with %v where %v is expected", l.sys.Ending().Panic, s.Panic)
	case l.sys.Reg[fuel.RegGGas] != s.GGas.After:
		l.differ(where, "leaves %d gas where %d is expected", l.sys.Reg[fuel.RegGGas], s.GGas.After)
	}
}

func (l *Fuel) gas(where string, s *golden.Step, r *decoder.Retirement) {
	c, g := l.sys.GasLeft(r.Context, r.Row)
	switch {
	case s.Panic != fuel.NoPanic:
		l.differ(where, "is committed where a panic with %v is expected", s.Panic)
	case c != s.CGas.After || g != s.GGas.After:
		l.differ(where, "leaves %d and %d gas where %d and %d is expected", c, g, s.CGas.After, s.GGas.After)
	}
}

func (l *Fuel) registers(where string, s *golden.Step) {
	for _, w := range s.Registers {
		l.want[w.Register] = w.Value
	}
	for i, want := range l.want {
		switch r := uint8(i); r {
		case fuel.RegPC, fuel.RegCGas, fuel.RegGGas:
		default:
			if got := l.sys.Reg[r]; got != want {
				l.differ(where, "register %d is %d where %d is expected", r, got, want)
			}
		}
	}
}

// merged joins ranges that follow each other: a block is written at once or word by word.
func merged(spans []fuel.Span) (out []fuel.Span) {
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].Start+out[n-1].Length == s.Start {
			out[n-1].Length += s.Length
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (l *Fuel) memory(where string, s *golden.Step) {
	got := l.sys.Memory.Written()
	want := make([]fuel.Span, len(s.Memory))
	for i, w := range s.Memory {
		want[i] = w.Span
		data := make([]byte, w.Length)
		l.sys.Memory.Peek(w.Start, data)
		h := fnv.New64a()
		h.Write(data)
		if h.Sum64() != w.Sum {
			l.differ(where, "memory [%d, +%d) is %x, which is not expected", w.Start, w.Length, data)
		}
	}
	if m, w := merged(got), merged(want); !slices.Equal(m, w) {
		l.differ(where, "writes %v where %v is expected", m, w)
	}
}

func (l *Fuel) state(where string, s *golden.Step) {
	receipts := l.sys.Receipts[l.receipts:]
	l.receipts = len(l.sys.Receipts)
	same := func(a, b fuel.Receipt) bool {
		return bytes.Equal(a.Encode(), b.Encode()) && bytes.Equal(a.Data, b.Data)
	}
	if !slices.EqualFunc(receipts, s.Receipts, same) {
		l.differ(where, "appends receipts %v where %v is expected", receipts, s.Receipts)
	}
	slots, balances := l.sys.World.Since(l.snapshot)
	l.snapshot = l.sys.World.Snapshot()
	if !slices.EqualFunc(slots, s.Slots, equalSlots) || !slices.Equal(balances, s.Balances) {
		l.differ(where, "writes slots %v and balances %v where %v and %v is expected", slots, balances, s.Slots, s.Balances)
	}
}

func equalSlots(a, b fuel.SlotChange) bool {
	return a.Slot == b.Slot && a.New.Set == b.New.Set && bytes.Equal(a.New.Bytes, b.New.Bytes)
}
