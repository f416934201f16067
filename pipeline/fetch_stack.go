package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// The front end of a stack machine: instructions that move values are folded onto the
// rename map, an instruction's template names its operands by their place on the stack, and
// what the stack alone decides faults at rename.

// fetch takes the stack instructions at the fetch position as one run, and then the
// instruction after them, and so on.
func (stackMachine) fetch(fe *frontEnd, fi rob.FrameID) (rests bool) {
	folds := fe.policy == stackFold && fe.pred.faults == nil
	for fe.fetches() && fe.frame == fi {
		f := &fe.ren.frames[fi] // a call may move them
		in := &f.prog.Insts[fe.inst]
		if fe.uop == 0 {
			if folds && in.Kind.Foldable() {
				run := int(fe.inst - fe.run)
				n := fe.foldRun(fi, f, min(fe.room.insts, fe.core.Decode-run))
				fe.room.insts -= n
				if run+n >= fe.core.Decode {
					fe.carryRun(fi)
					fe.room.uops--
					continue
				}
				if fe.room.insts == 0 {
					return true
				}
			}
			if in = fe.startable(fi, f); in == nil {
				return true
			}
			if in.Kind.Foldable() {
				fe.fetchFolded(fi, f, in)
				continue
			}
		}
		row := &f.prog.Rows[in.Code]
		dynamic := fe.dynamic
		fe.room.uops--
		if fe.fetchUop(fi, f, in, row) {
			fe.fetchedInst(fi, row, dynamic)
		}
	}
	return false
}

// startable returns the instruction at the fetch position if it can be renamed: its operands
// are in registers and the stack allows it. What faults is fetched as a fault. An
// instruction that is fused into the jump after it is skipped. It returns nil when fetch
// rests.
func (fe *frontEnd) startable(fi rob.FrameID, f *frame) *decoder.Inst {
	in := &f.prog.Insts[fe.inst]
	row := &f.rows[in.Code]
	height := fe.maps.Map[fi].Height
	if !fe.fillStack(f, row, height) {
		return nil
	}
	if fault := f.stackFault(row, height); fault != decoder.NoFault {
		fe.fetchFault(fi, fault)
		return nil
	}
	if fe.fuses && fe.fuse(fi, f, in) {
		in = &f.prog.Insts[fe.inst]
		if !fe.fillStack(f, &f.rows[in.Code], fe.maps.Map[fi].Height) {
			return nil
		}
	}
	return in
}

// fold performs a rearrangement on the rename map.
func (stackMachine) fold(fe *frontEnd, fi rob.FrameID, f *frame, in *decoder.Inst) {
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

// move renames a stack instruction that takes a unit (policy execute).
func (stackMachine) move(fe *frontEnd, e *rob.Entry, fi rob.FrameID, f *frame, in *decoder.Inst) {
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
	if e.Op == isa.Move {
		e.Dst = fe.regs.Alloc()
		fe.maps.Push(fi, e.Dst)
	}
}

// foldRun folds the stack instructions at the fetch position, at most limit of
// them, and returns their number. It stops before one that faults or has to wait for
// spilled operands, which is fetchCycle's to treat.
func (fe *frontEnd) foldRun(fi rob.FrameID, f *frame, limit int) (n int) {
	m := &fe.maps.Map[fi]
	insts := f.prog.Insts[fe.inst:]
	insts = insts[:max(0, min(limit, len(insts)))]
	low := fe.ren.stackLow - f.stackBase // lowest position of this stack held in registers
	top := low + fe.core.StackRegs - 1
	gas := uint32(0)
	for i := range insts {
		in := &insts[i]
		if in.Kind > decoder.KindNop { // a stack machine has no other foldable kind
			break
		}
		row := &f.rows[in.Code]
		h := m.Height
		if rest := h - int(row.min); rest < 0 || rest < low || h > int(row.max) {
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
	fe.inst += isa.InstIndex(n)
	fe.dynamic += uint64(n)
	return n
}

// stackFault finds at rename what a stack of some height alone decides.
func (f *frame) stackFault(row *rowFacts, height int) decoder.Fault {
	switch {
	case height < int(row.min):
		return decoder.FaultStackUnderflow
	case height > int(row.max):
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
func (fe *frontEnd) fillStack(f *frame, row *rowFacts, height int) bool {
	top := f.stackBase + height
	if low := top - int(row.min); low < fe.ren.stackLow && low >= f.stackBase {
		n := fe.ren.stackLow - low
		fe.ren.stackLow = low
		fe.stats.StackFills += uint64(n)
		if wait := n * fe.core.Fill; wait > 0 {
			fe.resume = fe.clock.now + isa.Cycle(wait)
			return false
		}
	}
	if low := top + 1 - fe.core.StackRegs; low > fe.ren.stackLow {
		fe.ren.stackLow = low
	}
	return true
}

// fetchUop emits the next micro-op of an instruction and reports whether it was
// the last one; then the instruction's stack effect is renamed and fetch moves on.
func (fe *frontEnd) fetchUop(fi rob.FrameID, f *frame, in *decoder.Inst, row *decoder.Row) (last bool) {
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
	slots, top := m.Slots, m.Height-1
	for i, o := range u.Src[:facts.sources] {
		var r rob.Reg
		if o < decoder.StackOperands {
			r = slots[top-int(o)]
		} else if r = fe.ren.operand(fi, f, in, o); r == rob.NoReg {
			continue
		}
		e.Src[i] = r
		fe.regs.Retain(r)
	}
	switch u.Op {
	case isa.Leave, isa.Abort, isa.Builtin:
		e.Src[2], e.Src[3] = f.outOff, f.outLen
		fe.regs.Retain(f.outOff)
		fe.regs.Retain(f.outLen)
	case isa.CopyData:
		e.Other = m.ReturnSpace
	}
	if fe.cfg.Fusion.Pair {
		fe.pairStores(e, seq, fi)
	}
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

// dropStack forgets the values above a frame's own: a return or a squash has taken
// them away, so none of them is ever filled.
func (rn *renamer) dropStack(fi rob.FrameID) {
	rn.stackLow = min(rn.stackLow, rn.frames[fi].stackBase+rn.maps.Map[fi].Height)
}
