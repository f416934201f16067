package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// fetchRoom is what is left of the present cycle: micro-ops, instructions, and changes of
// direction that fetch follows.
type fetchRoom struct{ uops, insts, taken int }

// fetchCycle decodes and renames along the predicted path, up to the decode
// width in instructions and the width in micro-ops.
func (fe *frontEnd) fetchCycle() (moved bool) {
	if fe.state == fetchAtFault && fe.buf.Head == fe.buf.Tail {
		fe.state = fetchRuns
	}
	if fe.state != fetchRuns || fe.resume > fe.clock.now {
		return false
	}
	core := &fe.core
	queue := core.Width*core.FrontEnd - int(fe.buf.Tail-fe.buf.Dispatch)
	fe.room = fetchRoom{uops: min(core.Width, queue), insts: core.Decode, taken: core.Taken}
	for rests := false; !rests && fe.fetches(); moved = true {
		rests = fe.ren.frames[fe.frame].machine.fetch(fe, fe.frame)
	}
	return moved
}

// fetches reports whether fetch can go on in the present cycle.
func (fe *frontEnd) fetches() bool {
	return fe.room.uops > 0 && fe.room.insts > 0 && fe.room.taken > 0 && fe.state == fetchRuns && fe.resume <= fe.clock.now
}

// fetchFolded takes an instruction that only moves values: onto the rename map, or as a
// micro-op of its own.
func (fe *frontEnd) fetchFolded(fi rob.FrameID, f *frame, in *decoder.Inst) {
	dynamic := fe.dynamic
	fe.room.insts--
	if fe.policy == stackFold {
		f.machine.fold(fe, fi, f, in)
		fe.runGas += f.rows[in.Code].gas
		fe.inst++
		fe.dynamic++
		if int(fe.inst-fe.run) >= fe.core.Decode {
			fe.carryRun(fi)
			fe.room.uops--
		}
	} else {
		fe.fetchMove(fi, f, in)
		fe.room.uops--
	}
	if fe.pred.faults != nil {
		fe.stopAtFault(fi, &f.prog.Rows[in.Code], dynamic)
	}
}

// fetchedInst accounts for an instruction all of whose micro-ops are fetched: the one with
// the number dynamic, in the frame fi.
func (fe *frontEnd) fetchedInst(fi rob.FrameID, row *decoder.Row, dynamic uint64) {
	fe.room.insts--
	if fe.redirected || fe.frame != fi {
		fe.redirected = false
		fe.room.taken--
	}
	if fe.pred.faults != nil {
		fe.stopAtFault(fi, row, dynamic)
	}
}

// stopAtFault stops fetch after an instruction that an oracle says faults. A call
// of a built-in fails in the built-in, which is not in the trace and counts as part
// of the call.
func (fe *frontEnd) stopAtFault(fi rob.FrameID, row *decoder.Row, dynamic uint64) {
	switch {
	case row.Kind == decoder.KindBuiltin:
		if fe.ren.frames[fe.ren.frames[fi].parent].site == 0 {
			return // called by the envelope
		}
		dynamic--
	case row.Flags&decoder.Uncounted != 0:
		return
	case row.Kind == decoder.KindCall && fe.ren.frames[fe.frame].site == 0:
		return
	}
	if fe.state != fetchRuns || !fe.pred.faults.Faults(predictor.Ref{Dynamic: dynamic}) {
		return
	}
	if fe.run != fe.inst && fe.policy == stackFold && fe.frame == fi {
		fe.carryRun(fi)
	}
	fe.state = fetchAtFault
}

// newEntry appends an entry that carries the pending run.
func (fe *frontEnd) newEntry(fi rob.FrameID, op isa.Op) (*rob.Entry, rob.Seq) {
	e, seq := fe.buf.Add()
	e.Op = op
	e.Frame = fi
	e.RunStart, e.Inst = fe.run, fe.inst
	e.RunGas = fe.runGas
	e.Height = uint16(fe.height)
	e.Ready = fe.clock.now + isa.Cycle(fe.core.FrontEnd)
	e.Dynamic = fe.dynamic
	e.DirCP, e.TgtCP = fe.pred.dirCP, fe.pred.tgtCP
	e.Next, e.Other = -1, rob.NoFrame
	fe.stats.FetchedUops++
	return e, seq
}

// fetched tells the probe, where there is one, of an entry that is complete.
func (fe *frontEnd) fetched(e *rob.Entry, seq rob.Seq) {
	if fe.obs.probe != nil {
		fe.obs.fetched(e, seq)
	}
}

// carryRun emits a micro-op that does nothing but carry a run that has reached
// the decode width.
func (fe *frontEnd) carryRun(fi rob.FrameID) {
	e, seq := fe.newEntry(fi, isa.Nop)
	e.Flags = rob.First
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	fe.startRun()
}

// fetchFault emits an instruction that cannot execute. Fetch stops after it.
func (fe *frontEnd) fetchFault(fi rob.FrameID, fault decoder.Fault) {
	e, seq := fe.newEntry(fi, isa.Fault)
	e.Flags = rob.First | rob.Last | rob.Faulty | rob.StopsFetch
	e.Fault = uint8(fault)
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	fe.dynamic++
	fe.inst++
	fe.startRun()
	fe.state = fetchDead
}

// fetchMove emits an instruction that only moves values as a micro-op of its own (policies
// execute and rename).
func (fe *frontEnd) fetchMove(fi rob.FrameID, f *frame, in *decoder.Inst) {
	op := isa.Nop
	if fe.policy == stackExecute {
		op = isa.Argument
		switch in.Kind {
		case decoder.KindPush, decoder.KindDup, decoder.KindMove:
			op = isa.Move
		}
	}
	e, seq := fe.newEntry(fi, op)
	e.Flags = rob.First | rob.Last
	if op == isa.Nop {
		f.machine.fold(fe, fi, f, in)
	} else {
		f.machine.move(fe, e, fi, f, in)
	}
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	fe.inst++
	fe.dynamic++
	fe.startRun()
}

func (rn *renamer) retainSources(e *rob.Entry) {
	for i := range e.Src[:facts[e.Op].sources] {
		if r := e.Src[i]; r != rob.NoReg {
			rn.regs.Retain(r)
		}
	}
}

// setTemp keeps the result of a micro-op for the rest of its instruction, also when
// that micro-op has retired by then.
func (rn *renamer) setTemp(r rob.Reg) {
	rn.regs.Retain(r)
	rn.regs.Release(rn.temp)
	rn.temp = r
}

// finishInst renames the whole instruction's effect on the stack and decides
// where fetch goes next.
func (fe *frontEnd) finishInst(e *rob.Entry, seq rob.Seq, fi rob.FrameID, f *frame, in *decoder.Inst, row *decoder.Row) {
	fe.uop = 0
	if row.Flags&decoder.Uncounted == 0 {
		fe.dynamic++
	}
	next := fe.inst + 1
	switch row.Kind {
	case decoder.KindExec:
		m := &fe.maps.Map[fi]
		m.Height -= int(row.Pops)
		if row.Pushes > 0 {
			fe.maps.PushOn(m, fi, e.Dst)
		}
		fe.inst = next
		fe.startRun()
		if row.Flags&decoder.Serial != 0 {
			fe.serialize(e)
		}
	case decoder.KindJump, decoder.KindBranch:
		fe.fetchJump(e, seq, fi, f, in, row)
	case decoder.KindCall:
		fe.fetchCall(e, seq, fi, in, row)
	case decoder.KindCreate:
		fe.maps.Drop(fi, int(row.Pops))
		fe.inst = next
		fe.startRun()
		fe.serialize(e)
	case decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy, decoder.KindBuiltin:
		fe.fetchLeave(e, fi, f, row)
	case decoder.KindReturn:
		fe.fetchReturn(e, fi, f)
	case decoder.KindHalt:
		if fe.tx.upcoming != nil && fe.fetchNext(e, f.tx) {
			return
		}
		fe.state = fetchDead
		fe.inst = next
		fe.startRun()
	}
}

// serialize stops fetch until the entry has committed.
func (fe *frontEnd) serialize(e *rob.Entry) {
	e.Flags |= rob.StopsFetch
	fe.state = fetchSerial
	fe.serial = e.Op
}
