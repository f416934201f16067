package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// executeBuiltin runs a built-in program ahead of its call's commit, with the gas
// that it has at most; commit charges what it costs against the gas it has. Its
// output is the frame's memory, which nothing else writes. Its price is that of the
// input, whatever comes out.
func (ex *executor) executeBuiltin(e *rob.Entry, seq rob.Seq) (latency isa.Cycle, ok bool) {
	f := &ex.ren.frames[e.Frame]
	o, n, ok := ex.tx.bounded(ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1]))
	if !ok {
		o, n = 0, 0 // the call runs out of gas
	}
	if n > speculativeBytes && !ex.affordable(e, seq, 0) {
		return 1, e.Flags&rob.Parked == 0
	}
	r := gatherResult{supplied: ^uint64(0)}
	input := ex.buffer(n)
	if n > 0 {
		ex.mem.gather(e, f.parent, o, input, ex.mem.olderStore(e), true, &r)
	}
	if !ex.mem.settle(e, seq, f.parent, o, n, &r) {
		return 0, false
	}
	ctx := decoder.Context{Prog: f.prog, Gas: ex.tx.gasBound}
	output, ok := ex.sys.Builtin(&ctx, input)
	f.builtinCost = ex.tx.gasBound - ctx.Gas
	latency = 1 // where it is not paid for it does not run
	if ok || f.builtinCost > 0 {
		latency = ex.prices.Of(f.prog.Builtin, n, f.builtinCost, input)
	}
	if !ok {
		ex.ren.fail(e, decoder.FaultOther)
		output = nil
	}
	ex.memory.Need(int64(len(output)-cap(f.ctx.Memory)), gathering)
	f.ctx.Memory = append(f.ctx.Memory[:0], output...)
	ex.regs.Value(e.Dst).SetOne()
	ex.regs.Value(e.Dst2).SetUint64(uint64(len(output)))
	return latency, true
}

// executeHead executes what has to be the oldest of the machine.
func (ex *executor) executeHead(e *rob.Entry, seq rob.Seq, latency isa.Cycle) (isa.Cycle, bool) {
	if !ex.win.waitForHead(e, seq) {
		return 0, false
	}
	if e.Op != isa.System {
		return latency, true
	}
	extra, ok := ex.touchAll(e, seq)
	if !ok {
		return 0, false
	}
	f := &ex.ren.frames[e.Frame]
	number, length := ex.registers.Amounts(&f.ctx, &f.prog.Insts[e.Inst])
	if ex.touches.builtin = number != 0; ex.touches.builtin {
		latency = ex.prices.Of(number, length, 0, nil)
	}
	return latency + extra, true
}
