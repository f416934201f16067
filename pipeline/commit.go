package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// retirement is what commit keeps from one cycle to the next. Commit is the stage that has
// to see every part, and is Core's therefore: it writes architectural state, gives back what
// an entry holds in each part, and where an instruction faults or a guess of the gas was
// wrong, it squashes and steers fetch.
type retirement struct {
	args       decoder.Args // operands that the commit of the oldest instruction reads
	argsFaulty bool
	callee     isa.Word // account of the call being committed: kept here, it needs no allocation
	result     isa.Word // of the outermost frame
	left       isa.Word // what the frame that ended last gave its caller
	charged    uint64   // cost of the instruction of a register machine being committed
	reshaped   bool     // it has changed the shape of memory
	cause      Cause    // of the slots that are being lost
}

// commit retires finished entries in program order and accounts for every slot.
func (c *Core) commit() bool {
	b := c.win.buf
	width := c.cfg.Core.Commit
	n := 0
	for n < width && b.Head < b.Dispatch {
		seq := b.Head
		e := b.At(seq)
		if e.Flags&rob.Done == 0 {
			break
		}
		n++
		if c.obs.watches(e) {
			c.obs.probe.Commit(c.clock.now, e)
		}
		if c.obs.ledger != nil {
			c.obs.ledger.Slots(c.ren.frames[e.Frame].prog, e.Inst, CauseBase, 1)
		}
		f := &c.ren.frames[e.Frame]
		var held bool
		if _, stack := f.machine.(stackMachine); stack { // nearly always: a call that the compiler sees through
			held = c.commitStack(e, seq, f)
		} else {
			held = f.machine.commit(c, e, seq, f)
		}
		if !held || c.tx.finished || c.err != nil {
			break
		}
	}
	c.Stats.Slots[CauseBase] += uint64(n)
	if c.tx.finished || c.err != nil {
		c.Stats.Slots[CauseDrain] += uint64(width - n)
		if c.obs.ledger != nil {
			c.obs.ledger.Slots(c.ren.frames[c.tx.root].prog, 0, CauseDrain, uint64(width-n))
		}
		return true
	}
	c.ret.cause = c.stallCause()
	if n < width {
		c.chargeLost(uint64(width - n))
	}
	// The new oldest entry may have waited for exactly that.
	if n > 0 && b.Head < b.Dispatch {
		if e := b.At(b.Head); e.Flags&(rob.Parked|rob.Issued) == rob.Parked && c.win.waitsForHead(e) {
			e.Flags &^= rob.Parked
			c.win.pushReady(e, b.Head)
		}
	}
	return n > 0
}

// chargeLost charges slots to the present cause.
func (c *Core) chargeLost(slots uint64) {
	c.Stats.Slots[c.ret.cause] += slots
	if c.obs.ledger != nil {
		c.attribute(c.ret.cause, slots)
	}
	if c.ret.cause != CauseSerial {
		return
	}
	op := c.front.serial
	if b := c.win.buf; b.Head < b.Dispatch {
		op = b.At(b.Head).Op
	}
	c.Stats.Serial[op] += slots
}

// waitsForHead reports whether a parked entry may have parked for its turn. An
// entry that waits for something else simply parks again.
func (win *window) waitsForHead(e *rob.Entry) bool {
	return facts[e.Op].traits&traitHead != 0
}

// stallCause returns the cause that keeps the oldest entry from committing.
func (c *Core) stallCause() Cause {
	b := c.win.buf
	if b.Head == b.Dispatch {
		if b.Dispatch == b.Tail && c.front.state == fetchSerial {
			return CauseSerial
		}
		return c.front.cause
	}
	if b.Dispatch > c.front.since {
		c.front.cause = CauseFrontEnd // the machine fills again
	}
	e := b.At(b.Head)
	class := facts[e.Op].class
	switch {
	case class == isa.ClassHead:
		if e.Flags&rob.Issued != 0 && c.exec.touches.builtin && c.exec.touches.uid == e.UID {
			return CauseBuiltin
		}
		return CauseSerial
	case e.Flags&rob.Parked != 0 && e.Flags&rob.Issued == 0:
		if e.Op != isa.Builtin && (class == isa.ClassStateLoad || class == isa.ClassStateKey || class == isa.ClassControl) {
			return CauseStateFar // no miss register
		}
		return CauseMemory
	case e.Op == isa.Builtin && e.Pending == 0:
		return CauseBuiltin
	case e.Flags&rob.Issued == 0:
		return CauseIssue
	}
	switch class {
	case isa.ClassLoad, isa.ClassStoreAddr, isa.ClassStoreData:
		if e.Op == isa.Hash {
			return CauseExecute
		}
		return CauseMemory
	case isa.ClassStateLoad, isa.ClassStateKey, isa.ClassStateData, isa.ClassControl:
		switch {
		case e.Flags&rob.Far != 0:
			return CauseStateFar
		case e.Flags&rob.Near != 0:
			return CauseStateNear
		case class == isa.ClassControl && e.Op != isa.Target:
			return CauseExecute
		}
		return CauseState
	}
	return CauseExecute
}

// commitStack retires the oldest entry of a stack machine. It reports false when the entry
// faulted and is gone.
func (c *Core) commitStack(e *rob.Entry, seq rob.Seq, f *frame) bool {
	if e.Flags&rob.First != 0 {
		c.ret.argsFaulty = false
		if e.RunStart != e.Inst && !c.commitRun(e, f) {
			return false
		}
	}
	switch in := &f.prog.Insts[e.Inst]; {
	case e.Flags&rob.Plain != 0 && c.obs.checker == nil && c.commitPlain(e, f, in):
	case e.Flags&rob.Last == 0:
		if e.Op != isa.Nop {
			c.captureArgs(e, f)
		}
	case in.Kind.Foldable() && e.Op != isa.Fault:
		if !c.commitStackOp(e, f, e.Inst) {
			return false
		}
	case !c.commitInst(e, seq, f, in):
		return false
	}
	c.retire(c.win.buf.At(seq))
	if c.tx.next > 0 {
		c.commitBoundary()
	}
	return true
}

// retire gives back what the oldest entry holds and moves on.
func (c *Core) retire(e *rob.Entry) {
	if c.obs.oplog != nil {
		c.obs.logRetired(e)
	}
	if c.outside.view != nil {
		c.outside.noteRead(e)
	}
	if c.opt.prefetch != nil {
		c.opt.prefetch.retire(e)
	}
	if c.pred.values != nil {
		c.val.trainValue(e)
	}
	c.ren.retiredTo = c.ren.maps.At(e.UndoEnd)
	c.ren.maps.RetireTo(c.ren.retiredTo)
	facts := &facts[e.Op]
	for i := range e.Src[:facts.sources] {
		c.ren.regs.Release(e.Src[i])
	}
	if e.Dst != rob.NoReg {
		c.win.inflight--
		c.ren.regs.Release(e.Dst)
	}
	switch facts.class {
	case isa.ClassStateLoad, isa.ClassStateData:
		c.state.head = e.Queue + 1
	case isa.ClassLoad:
		c.mem.lHead++
	case isa.ClassStoreData, isa.ClassControl:
		if readsMemory(e) {
			c.mem.lHead++
		}
		c.ren.regs.Release(e.Dst2)
	}
	if e.Flags&rob.Issued != 0 {
		c.Stats.Executed++
	}
	c.Stats.Uops++
	c.run.lastCommit = c.clock.now
	c.win.buf.Head++
}

// commitPlain commits an instruction that costs a constant and makes a word. It
// reports false, having done nothing, when the gas is out.
func (c *Core) commitPlain(e *rob.Entry, f *frame, in *decoder.Inst) bool {
	cost := uint64(f.rows[in.Code].gas)
	if f.ctx.Gas < cost {
		return false
	}
	f.ctx.Gas -= cost
	c.Stats.Instructions++
	c.obs.stream.commit(in.PC, in.Code, f.ctx.Gas, c.ren.regs.Value(e.Dst))
	return true
}

// captureArgs keeps the operands that an instruction's commit reads.
func (c *Core) captureArgs(e *rob.Entry, f *frame) {
	if e.Flags&rob.Faulty != 0 {
		c.ret.argsFaulty = true
	}
	code := f.prog.Insts[e.Inst].Code
	if e.Op == isa.Fault || !f.rows[code].args {
		return
	}
	u := &f.prog.Rows[code].Uops[e.UopIdx]
	for i, o := range u.Src {
		if o < decoder.Operand(len(c.ret.args)) {
			c.ret.args[o] = *c.ren.regs.Value(e.Src[i])
		}
	}
}

// commitRun commits the folded instructions that an entry carries. It reports
// false when one of them runs out of gas.
func (c *Core) commitRun(e *rob.Entry, f *frame) bool {
	n := uint64(e.Inst - e.RunStart)
	if f.ctx.Gas >= uint64(e.RunGas) && c.obs.checker == nil && (e.Op != isa.Branch || isa.BranchSense(e.Imm) != isa.BranchIfZero) {
		f.ctx.Gas -= uint64(e.RunGas)
		c.Stats.Instructions += n
		return true
	}
	for i := e.RunStart; i < e.Inst; i++ {
		if !c.commitStackOp(e, f, i) {
			return false
		}
	}
	return true
}

// commitStackOp commits a stack instruction. It reports false when it faulted.
func (c *Core) commitStackOp(e *rob.Entry, f *frame, i isa.InstIndex) bool {
	in := &f.prog.Insts[i]
	row := &f.prog.Rows[in.Code]
	cost := uint64(row.Gas)
	if f.ctx.Gas < cost {
		c.raise(e, f, i, cost, decoder.FaultOutOfGas)
		return false
	}
	if row.Kind == decoder.KindExec {
		c.commitTest(e, f, in, row)
		return c.check()
	}
	c.obs.report(f, in, row, nil, cost, false)
	f.ctx.Gas -= cost
	c.Stats.Instructions++
	return c.check()
}

// commitInst makes an instruction's architectural effects. It reports false when
// the instruction faulted: its entry is gone then.
func (c *Core) commitInst(e *rob.Entry, seq rob.Seq, f *frame, in *decoder.Inst) bool {
	row := &f.prog.Rows[in.Code]
	c.captureArgs(e, f)
	cost, fault := uint64(row.Gas), decoder.NoFault
	var memory uint64
	if e.Op != isa.Fault {
		if row.Flags&decoder.Dynamic != 0 {
			cost, memory, fault = c.sys.Charge(&f.ctx, in, &c.ret.args)
		} else if row.Kind == decoder.KindBuiltin {
			cost = f.builtinCost
		}
	}
	if fault == decoder.NoFault && cost > f.ctx.Gas {
		fault = decoder.FaultOutOfGas
	}
	if fault == decoder.NoFault && c.ret.argsFaulty {
		fault = decoder.Fault(e.Fault)
		if row.Flags&decoder.Dynamic != 0 && fault == decoder.FaultOutOfGas || fault == decoder.NoFault {
			c.err = invariant.Broken("%s at pc %d was found to fault when it executed but not when it was charged", row.Name, in.PC)
			return false
		}
	}
	if fault != decoder.NoFault {
		c.raise(e, f, e.Inst, cost, fault)
		return false
	}
	if c.wrongGas(e, f, row) {
		c.squashGas(e, seq, f, cost)
	}
	c.obs.retired.Wrote = false
	if memory > uint64(len(f.ctx.Memory)) {
		f.ctx.Memory = c.ren.grow(f.ctx.Memory, memory)
	}
	switch e.Op {
	case isa.StoreData, isa.StoreData1, isa.CopyData:
		c.commitStore(e, f)
	}
	var result *isa.Word
	if e.Dst != rob.NoReg && row.Kind == decoder.KindExec {
		result = c.ren.regs.Value(e.Dst)
		if e.Flags&rob.ResultAtCommit != 0 {
			c.commitCounter(e, f, cost)
		}
	}
	counted := row.Flags&decoder.Uncounted == 0
	if row.Flags&decoder.Effect != 0 {
		c.sys.Apply(&f.ctx, in, &c.ret.args)
	}
	if counted {
		c.obs.report(f, in, row, result, cost, false)
		c.Stats.Instructions++
	}
	f.ctx.Gas -= cost
	c.obs.stream.commit(in.PC, in.Code, f.ctx.Gas, result)
	if row.Flags&decoder.Transfer != 0 {
		c.state.retireTransfer(seq)
	}
	switch row.Kind {
	case decoder.KindJump, decoder.KindBranch:
		c.train(e, row)
	case decoder.KindCall:
		c.commitCall(e, seq, f, in)
	case decoder.KindCreate:
		c.commitCreate(e, in)
	case decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy, decoder.KindBuiltin:
		c.commitLeave(e, f, in, row.Kind)
	case decoder.KindHalt:
		c.commitHalt(f, e.Other)
	case decoder.KindExec:
		if e.Flags&rob.StopsFetch != 0 {
			c.resumeSerial()
		}
	}
	return c.check()
}

// resumeSerial lets fetch go on after a serializing instruction that has
// committed.
func (c *Core) resumeSerial() {
	c.front.state = fetchRuns
	c.front.resume = c.clock.now + 1
	c.front.refill(CauseSerial)
}

// commitStore writes a store's bytes to committed memory.
func (c *Core) commitStore(e *rob.Entry, f *frame) {
	s := c.mem.store(e.Queue)
	mem := f.ctx.Memory
	switch s.kind {
	case storeWord:
		b := c.ren.regs.Value(s.reg).Bytes32()
		copy(mem[s.off:], b[:])
	case storeByte:
		mem[s.off] = byte(c.ren.regs.Value(s.reg)[0])
	case storeBlock:
		if s.n > 0 {
			copy(mem[s.off:s.off+s.n], s.data)
		}
	}
	c.obs.retired.Wrote, c.obs.retired.Offset, c.obs.retired.Data = true, s.off, nil
	if s.n > 0 {
		c.obs.retired.Data = mem[s.off : s.off+s.n]
	}
	c.mem.sHead = e.Queue + 1
}

// commitCounter makes the result of an instruction that reads commit state.
func (c *Core) commitCounter(e *rob.Entry, f *frame, cost uint64) {
	v := c.ren.regs.Value(e.Dst)
	if isa.CounterKind(e.Imm) == isa.CounterMemory {
		v.SetUint64(uint64(len(f.ctx.Memory)))
	} else {
		v.SetUint64(f.ctx.Gas - cost)
	}
	c.win.wake(c.ren.regs.SetReady(e.Dst))
}

// wrongGas reports whether an oracle's answer to GAS differs from the gas left.
func (c *Core) wrongGas(e *rob.Entry, f *frame, row *decoder.Row) bool {
	if e.Op != isa.Counter || isa.CounterKind(e.Imm) != isa.CounterGas || e.Flags&rob.ResultAtCommit != 0 {
		return false
	}
	v := c.ren.regs.Value(e.Dst)
	return !v.IsUint64() || v.Uint64() != f.ctx.Gas-uint64(row.Gas)
}

// squashGas corrects GAS and squashes what used the wrong answer.
func (c *Core) squashGas(e *rob.Entry, seq rob.Seq, f *frame, cost uint64) {
	c.squashAfter(e, seq, CauseGas)
	c.ren.regs.Value(e.Dst).SetUint64(f.ctx.Gas - cost)
	c.front.steer(e.Frame, e.Inst+1, c.clock.now+1, CauseGas)
}

// retireTransfer lets balance reads that waited for the instruction try again.
func (q *stateQueue) retireTransfer(seq rob.Seq) {
	if len(q.transfers) == 0 || q.transfers[0] != seq {
		return
	}
	q.transfers = append(q.transfers[:0], q.transfers[1:]...)
	waiting := q.balance
	q.balance = q.balance[:0]
	for _, w := range waiting {
		q.win.unpark(w)
	}
}

// train teaches the predictors a committed jump or branch.
func (c *Core) train(e *rob.Entry, row *decoder.Row) {
	ref := c.ren.ref(e)
	in := &c.ren.frames[e.Frame].prog.Insts[e.Inst]
	fall := e.Inst + 1
	jumps := true
	if row.Kind == decoder.KindBranch {
		jumps = taken(e, c.ren.regs.Value(e.Src[1]))
		c.pred.direction.Train(ref, e.DirCP, e.Flags&rob.PredictedTaken != 0, jumps)
		c.Stats.CommittedBranches++
	}
	if in.Aux < 0 && jumps && e.Next >= 0 && (row.Kind == decoder.KindJump || e.Next != fall) {
		c.pred.target.Train(ref, e.TgtCP, e.Next)
		c.Stats.CommittedJumps++
		switch {
		case e.Src[0].IsConst():
			c.Stats.ConstantJumps++
		case e.Flags&rob.Popped != 0:
			c.Stats.ReturnJumps++
		}
	}
}

// check takes over a difference that the checker has found.
func (c *Core) check() bool {
	if c.obs.checker != nil && c.err == nil {
		c.err = c.obs.checker.Err()
	}
	return c.err == nil
}
