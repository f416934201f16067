package fuel

import (
	"hash/fnv"

	"github.com/ooovm/ooovm/state/fuel"
)

// Step is what one instruction did: what a simulated machine must have done when it commits it.
type Step struct {
	Transaction int
	Depth       int // calls below the script, before the instruction
	PC          uint64
	Word        uint32
	CGas, GGas  Counter // gas left to the call, to the transaction

	Registers []RegisterWrite // those with another value than before, without the gas counters; by number
	Memory    []MemoryWrite   // in the order of the writes
	Slots     []fuel.SlotChange
	Balances  []fuel.BalanceChange
	Receipts  []fuel.Receipt // appended
	Panic     fuel.Panic     // that it ended in

	before   [fuel.Registers]uint64
	receipts int
	snapshot int
}

// Counter is a value before and after an instruction.
type Counter struct{ Before, After uint64 }

// RegisterWrite is a register's new value.
type RegisterWrite struct {
	Register uint8
	Value    uint64
}

// MemoryWrite is a range that was written, and the FNV-1a hash of what it holds now.
type MemoryWrite struct {
	fuel.Span
	Sum uint64
}

// begin notes the state before an instruction.
func (g *golden) begin(word uint32) {
	if g.observe == nil {
		return
	}
	s := &g.step
	s.Depth, s.PC, s.Word = len(g.Frames), g.Reg[fuel.RegPC], word
	s.before = g.Reg
	s.receipts, s.snapshot = len(g.Receipts), g.World.Snapshot()
	g.Memory.Written() // what is of nobody: the initial image
}

// end completes the step and shows it.
func (g *golden) end(p fuel.Panic) {
	if g.observe == nil {
		return
	}
	s := &g.step
	s.Panic = p
	s.CGas = Counter{s.before[fuel.RegCGas], g.Reg[fuel.RegCGas]}
	s.GGas = Counter{s.before[fuel.RegGGas], g.Reg[fuel.RegGGas]}
	s.Registers, s.Memory = s.Registers[:0], s.Memory[:0]
	for i := range g.Reg {
		r := uint8(i)
		if g.Reg[r] != s.before[r] && r != fuel.RegCGas && r != fuel.RegGGas {
			s.Registers = append(s.Registers, RegisterWrite{r, g.Reg[r]})
		}
	}
	for _, span := range g.Memory.Written() {
		if b, p := g.Memory.Read(span.Start, span.Length); p == fuel.NoPanic {
			h := fnv.New64a()
			h.Write(b)
			s.Memory = append(s.Memory, MemoryWrite{span, h.Sum64()})
		}
	}
	s.Slots, s.Balances = g.World.Since(s.snapshot)
	s.Receipts = g.Receipts[s.receipts:]
	g.observe(s)
}
