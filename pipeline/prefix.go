package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// prefixGas answers instructions that read the gas left before they commit: once all
// that is older has executed, the gas is what is committed less what the instructions
// in flight before it will be charged, which their operands and the state as they leave
// it decide. They are charged in the journal, which is then taken back.
//
// It answers within a frame: a call or a return in flight has to commit first, since
// what a call forwards and what a frame gives back is known only then. A core that
// shares its block does not use it: charging reads state, and only what commits may
// be in a read set.
type prefixGas struct {
	ren   *renamer
	regs  *rob.Registers
	buf   *rob.Buffer
	win   *window
	ret   *retirement
	stats *Stats

	system  decoder.Trial
	waiting []parked // counters that have executed and have no answer
	memory  []byte   // its length alone matters: the frame's memory as it will be
}

// note takes in a counter that has executed.
func (g *prefixGas) note(e *rob.Entry, seq rob.Seq) {
	if e.Op == isa.Counter && isa.CounterKind(e.Imm) == isa.CounterGas && e.Flags&rob.ResultAtCommit != 0 {
		g.waiting = append(g.waiting, parked{seq, e.UID})
	}
}

// step answers the counters that can be answered in this cycle.
func (g *prefixGas) step() (moved bool) {
	kept := g.waiting[:0]
	for _, w := range g.waiting {
		if !g.buf.Holds(w.seq) {
			continue
		}
		e := g.buf.At(w.seq)
		if e.UID != w.uid || e.Flags&rob.ResultAtCommit == 0 {
			continue
		}
		if !g.ready(e, w.seq) {
			kept = append(kept, w)
			continue
		}
		left, ok := g.left(e, w.seq)
		if !ok {
			continue // something before it faults: its commit answers, if it gets there
		}
		e.Flags &^= rob.ResultAtCommit
		g.regs.Value(e.Dst).SetUint64(left)
		g.win.wake(g.regs.SetReady(e.Dst))
		g.stats.GasAnswers++
		moved = true
	}
	g.waiting = kept
	return moved
}

// ready reports whether all that is older has executed, in the counter's own frame.
func (g *prefixGas) ready(counter *rob.Entry, seq rob.Seq) bool {
	for s := g.buf.Head; s < seq; s++ {
		if e := g.buf.At(s); e.Flags&rob.Done == 0 || e.Frame != counter.Frame {
			return false
		}
	}
	return true
}

// left computes the gas that the counter will find, its own cost included; false when
// an instruction before it does not get that far.
func (g *prefixGas) left(counter *rob.Entry, seq rob.Seq) (gas uint64, ok bool) {
	if g.buf.At(g.buf.Head).Flags&rob.First == 0 && g.ret.argsFaulty {
		return 0, false
	}
	f := &g.ren.frames[counter.Frame]
	ctx := f.ctx
	mark := g.system.BeginTrial()
	defer g.system.Rollback(mark)
	args := g.ret.args // of an instruction some of whose micro-ops have retired
	for s := g.buf.Head; s < seq; s++ {
		e := g.buf.At(s)
		if e.Flags&rob.Faulty != 0 || e.Op == isa.Fault {
			return 0, false
		}
		if !spend(&ctx, g.runCost(f, e)) {
			return 0, false
		}
		in := &f.prog.Insts[e.Inst]
		if e.Op == isa.Nop && e.Flags&rob.Last == 0 {
			continue // carries a run, and is no part of the instruction after it
		}
		row := &f.prog.Rows[in.Code]
		if row.Flags&(decoder.Dynamic|decoder.Effect) != 0 && !in.Kind.Foldable() {
			u := &row.Uops[e.UopIdx]
			for i, o := range u.Src {
				if o < decoder.Operand(len(args)) {
					args[o] = *g.regs.Value(e.Src[i])
				}
			}
		}
		if e.Flags&rob.Last == 0 {
			continue
		}
		cost := uint64(row.Gas)
		if row.Flags&decoder.Dynamic != 0 {
			var memory uint64
			var fault decoder.Fault
			if cost, memory, fault = g.system.Charge(&ctx, in, &args); fault != decoder.NoFault {
				return 0, false
			}
			if memory > uint64(len(ctx.Memory)) {
				ctx.Memory = g.sized(memory)
			}
		}
		if !spend(&ctx, cost) {
			return 0, false
		}
		if e.Op == isa.StateData {
			g.system.Apply(&ctx, in, &args)
		}
	}
	row := &f.prog.Rows[f.prog.Insts[counter.Inst].Code]
	ok = spend(&ctx, g.runCost(f, counter)+uint64(row.Gas))
	return ctx.Gas, ok
}

// runCost is the cost of the folded instructions that an entry carries.
func (g *prefixGas) runCost(f *frame, e *rob.Entry) uint64 {
	if e.Flags&rob.First == 0 {
		return 0
	}
	return uint64(e.RunGas)
}

func spend(ctx *decoder.Context, cost uint64) bool {
	if cost > ctx.Gas {
		return false
	}
	ctx.Gas -= cost
	return true
}

// sized returns a memory of a length, whatever is in it.
func (g *prefixGas) sized(n uint64) []byte {
	if uint64(len(g.memory)) < n {
		g.memory = make([]byte, n)
	}
	return g.memory[:n]
}
