package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// fetchCycle decodes and renames along the predicted path, up to the decode
// width in instructions and the width in micro-ops.
func (fe *frontEnd) fetchCycle() bool {
	if fe.state == fetchForeseen && fe.buf.Head == fe.buf.Tail {
		fe.state = fetchRuns
	}
	if fe.state != fetchRuns || fe.resume > fe.clock.now {
		return false
	}
	room := fe.cfg.Core.Width*fe.cfg.Core.FrontEnd - int(fe.buf.Tail-fe.buf.Dispatch)
	uops := min(fe.cfg.Core.Width, room)
	insts, taken := fe.cfg.Core.Decode, fe.cfg.Core.Taken
	moved := false
	for uops > 0 && insts > 0 && taken > 0 && fe.state == fetchRuns && fe.resume <= fe.clock.now {
		fi := fe.frame
		f := &fe.ren.frames[fi]
		if fe.policy == stackFold && fe.uop == 0 && fe.pred.faults == nil && f.prog.File == nil {
			run := int(fe.inst - fe.run)
			if n := fe.foldRun(fi, f, min(insts, fe.cfg.Core.Decode-run)); n > 0 {
				moved = true
				insts -= n
				if run+n >= fe.cfg.Core.Decode {
					fe.carryRun(fi)
					uops--
					continue
				}
				if insts == 0 {
					break
				}
			}
		}
		in := &f.prog.Insts[fe.inst]
		if fe.uop == 0 && f.prog.File == nil {
			row := &f.rows[in.Code]
			if !fe.fillStack(fi, f, row) {
				return true
			}
			if fault := fe.ren.stackFault(fi, f, row); fault != decoder.NoFault {
				fe.fetchFault(fi, fault)
				return true
			}
			if fe.fuses && fe.fuse(fi, f, in) {
				in = &f.prog.Insts[fe.inst]
				if !fe.fillStack(fi, f, &f.rows[in.Code]) {
					return true
				}
			}
		}
		moved = true
		dynamic := fe.dynamic
		if in.Kind.Foldable() {
			insts--
			if fe.policy == stackFold {
				fe.fold(fi, f, in)
				fe.runGas += f.rows[in.Code].gas
				fe.inst++
				fe.dynamic++
				if int(fe.inst-fe.run) >= fe.cfg.Core.Decode {
					fe.carryRun(fi)
					uops--
				}
			} else {
				fe.fetchStackOp(fi, f, in)
				uops--
			}
			if fe.pred.faults != nil {
				fe.stopAtFault(fi, &f.prog.Rows[in.Code], dynamic)
			}
			continue
		}
		row := &f.prog.Rows[in.Code]
		var last bool
		if f.prog.File == nil {
			last = fe.fetchUop(fi, f, in, row)
		} else {
			last = fe.fetchFromFile(fi, f, in, row)
		}
		uops--
		if last {
			insts--
			if fe.redirected {
				fe.redirected = false
				taken--
			} else if fe.frame != fi {
				taken--
			}
			if fe.pred.faults != nil {
				fe.stopAtFault(fi, row, dynamic)
			}
		}
	}
	return moved
}

// foldRun folds the stack instructions at the fetch position, at most limit of
// them, and gives their number. It stops before one that faults or has to wait for
// spilled operands, which is fetchCycle's to treat.
func (fe *frontEnd) foldRun(fi int32, f *frame, limit int) (n int) {
	m := &fe.maps.Map[fi]
	insts := f.prog.Insts[fe.inst:]
	low := fe.ren.stackLow - f.stackBase // lowest position of this stack held in registers
	top := low + fe.cfg.Core.StackRegs - 1
	gas := uint32(0)
	for n < limit && n < len(insts) {
		in := &insts[n]
		if !in.Kind.Foldable() {
			break
		}
		row := &f.rows[in.Code]
		h := m.Height
		if h < int(row.min) || h > int(row.max) || h-int(row.min) < low {
			break
		}
		if h > top {
			low += h - top
			top = h
		}
		switch in.Kind {
		case decoder.KindPush:
			fe.maps.PushOn(m, fi, f.constBase+rob.Reg(in.Aux))
		case decoder.KindDup:
			fe.maps.PushOn(m, fi, m.Slots[h-int(in.N)])
		case decoder.KindSwap:
			fe.maps.SwapOn(m, fi, int(in.N))
		case decoder.KindPop:
			m.Height--
		}
		gas += row.gas
		n++
	}
	fe.ren.stackLow = low + f.stackBase
	fe.runGas += gas
	fe.inst += int32(n)
	fe.dynamic += uint64(n)
	return n
}

// stopAtFault stops fetch behind an instruction that an oracle says faults. A call
// of a built-in fails in the built-in, which is not in the trace and counts as part
// of the call.
func (fe *frontEnd) stopAtFault(fi int32, row *decoder.Row, dynamic uint64) {
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
	fe.state = fetchForeseen
}

// stackFault finds at rename what the operand stack alone decides.
func (rn *renamer) stackFault(fi int32, f *frame, row *rowFacts) decoder.Fault {
	h := rn.maps.Map[fi].Height
	switch {
	case h < int(row.min):
		return decoder.FaultStackUnderflow
	case h > int(row.max):
		return decoder.FaultStackOverflow
	case f.static && row.refuses:
		return decoder.FaultStatic
	case row.invalid:
		return decoder.FaultInvalidOpcode
	}
	return decoder.NoFault
}

// fillStack brings spilled operands back: the committed stack keeps its top
// StackRegs values, over all frames, in registers. It reports false when fetch
// has to wait for the fill.
func (fe *frontEnd) fillStack(fi int32, f *frame, row *rowFacts) bool {
	top := f.stackBase + fe.maps.Map[fi].Height
	if low := top - int(row.min); low < fe.ren.stackLow && low >= f.stackBase {
		n := fe.ren.stackLow - low
		fe.ren.stackLow = low
		fe.stats.StackFills += uint64(n)
		if wait := n * fe.cfg.Core.Fill; wait > 0 {
			fe.resume = fe.clock.now + uint64(wait)
			return false
		}
	}
	if low := top + 1 - fe.cfg.Core.StackRegs; low > fe.ren.stackLow {
		fe.ren.stackLow = low
	}
	return true
}

// dropStack forgets the values above a frame's own: a return or a squash has taken
// them away, so none of them is ever filled.
func (rn *renamer) dropStack(fi int32) {
	rn.stackLow = min(rn.stackLow, rn.frames[fi].stackBase+rn.maps.Map[fi].Height)
}

// fold performs a rearrangement on the rename map.
func (fe *frontEnd) fold(fi int32, f *frame, in *decoder.Inst) {
	if f.prog.File != nil {
		fe.foldMove(fi, f, in)
		return
	}
	switch in.Kind {
	case decoder.KindPush:
		fe.maps.Push(fi, f.constBase+rob.Reg(in.Aux))
	case decoder.KindDup:
		fe.maps.Push(fi, fe.maps.Slot(fi, int(in.N)-1))
	case decoder.KindSwap:
		fe.maps.Swap(fi, int(in.N))
	case decoder.KindPop:
		fe.maps.Drop(fi, 1)
	}
}

// newEntry appends an entry that carries the pending run.
func (fe *frontEnd) newEntry(fi int32, op isa.Op) (*rob.Entry, uint64) {
	e, seq := fe.buf.Add()
	e.Op = op
	e.Frame = fi
	e.RunStart, e.Inst = fe.run, fe.inst
	e.RunGas = fe.runGas
	e.Height = uint16(fe.height)
	e.Ready = fe.clock.now + uint64(fe.cfg.Core.FrontEnd)
	e.Dynamic = fe.dynamic
	e.DirCP, e.TgtCP = fe.pred.dirCP, fe.pred.tgtCP
	e.Next = -1
	fe.stats.FetchedUops++
	return e, seq
}

// fetched tells the probe of an entry that is complete.
func (fe *frontEnd) fetched(e *rob.Entry, seq uint64) {
	if fe.obs.probe != nil {
		fe.obs.probe.Fetch(fe.clock.now, seq, fe.ren.frames[e.Frame].prog, e)
	}
}

// carryRun emits a micro-op that does nothing but carry a run that has reached
// the decode width.
func (fe *frontEnd) carryRun(fi int32) {
	e, seq := fe.newEntry(fi, isa.Nop)
	e.Flags = rob.First
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	fe.startRun()
}

// fetchFault emits an instruction that cannot execute. Fetch stops behind it.
func (fe *frontEnd) fetchFault(fi int32, fault decoder.Fault) {
	e, seq := fe.newEntry(fi, isa.Fault)
	e.Flags = rob.First | rob.Last | rob.Faulty | rob.Halts
	e.Fault = uint8(fault)
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	fe.dynamic++
	fe.inst++
	fe.startRun()
	fe.state = fetchDead
}

// fetchStackOp emits a stack instruction as a micro-op of its own (policies
// execute and rename).
func (fe *frontEnd) fetchStackOp(fi int32, f *frame, in *decoder.Inst) {
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
		fe.fold(fi, f, in)
	} else if f.prog.File != nil {
		fe.executeMove(e, fi, f, in)
	} else {
		switch in.Kind {
		case decoder.KindPush:
			e.Src[0] = f.constBase + rob.Reg(in.Aux)
		case decoder.KindDup:
			e.Src[0] = fe.maps.Slot(fi, int(in.N)-1)
		case decoder.KindSwap:
			e.Src[0], e.Src[1] = fe.maps.Slot(fi, 0), fe.maps.Slot(fi, int(in.N))
			fe.maps.Swap(fi, int(in.N))
		case decoder.KindPop:
			fe.maps.Drop(fi, 1)
		}
		fe.ren.retainSources(e)
		if op == isa.Move {
			e.Dst = fe.regs.Alloc()
			fe.maps.Push(fi, e.Dst)
		}
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

// fetchUop emits the next micro-op of an instruction and reports whether it was
// the last one; then the instruction's stack effect is renamed and fetch moves on.
func (fe *frontEnd) fetchUop(fi int32, f *frame, in *decoder.Inst, row *decoder.Row) (last bool) {
	k := fe.uop
	u := &row.Uops[k]
	last = k == len(row.Uops)-1
	e, seq := fe.newEntry(fi, u.Op)
	e.Imm = u.Imm
	e.UopIdx = uint8(k)
	if k == 0 {
		e.Flags = rob.First
		fe.ren.setTemp(rob.ZeroReg)
	} else {
		e.RunStart, e.RunGas = e.Inst, 0
	}
	facts := &facts[u.Op]
	m := &fe.maps.Map[fi]
	for i, o := range u.Src[:facts.sources] {
		if o < stackOperands {
			e.Src[i] = m.Slots[m.Height-1-int(o)]
		} else {
			e.Src[i] = fe.ren.operand(fi, f, in, o)
		}
	}
	switch u.Op {
	case isa.Leave, isa.Abort, isa.Builtin:
		e.Src[2], e.Src[3] = f.outOff, f.outLen
	case isa.CopyData:
		e.Next = m.ReturnSpace
	}
	if fe.cfg.Fusion.Pair {
		fe.pairStores(e, seq, fi)
	}
	fe.ren.retainSources(e)
	if facts.result {
		e.Dst = fe.regs.Alloc()
	}
	if !last {
		if facts.result {
			fe.ren.setTemp(e.Dst)
		}
		e.UndoEnd = fe.maps.Mark()
		fe.fetched(e, seq)
		fe.uop++
		fe.height = m.Height
		fe.run, fe.runGas = fe.inst, 0
		return false
	}
	e.Flags |= rob.Last
	if f.rows[in.Code].plain {
		e.Flags |= rob.Plain
	}
	fe.finishInst(e, seq, fi, f, in, row)
	if fe.ren.movesValue(e, row) {
		e.Flags |= rob.Transfers
	}
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	return true
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
func (fe *frontEnd) finishInst(e *rob.Entry, seq uint64, fi int32, f *frame, in *decoder.Inst, row *decoder.Row) {
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
			fe.serialise(e)
		}
	case decoder.KindJump, decoder.KindBranch:
		fe.fetchJump(e, seq, fi, f, in, row)
	case decoder.KindCall:
		fe.fetchCall(e, seq, fi, in, row)
	case decoder.KindCreate:
		fe.maps.Drop(fi, int(row.Pops))
		fe.inst = next
		fe.startRun()
		fe.serialise(e)
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

// serialise stops fetch until the entry has committed.
func (fe *frontEnd) serialise(e *rob.Entry) {
	e.Flags |= rob.Halts
	fe.state = fetchSerial
	fe.serial = e.Op
}
