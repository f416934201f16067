package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// fetchCycle decodes and renames along the predicted path, up to the decode
// width in instructions and the width in micro-ops.
func (c *Core) fetchCycle() bool {
	if c.fetch.state == fetchForeseen && c.buf.Head == c.buf.Tail {
		c.fetch.state = fetchRuns
	}
	if c.fetch.state != fetchRuns || c.fetch.resume > c.cycle {
		return false
	}
	room := c.cfg.Core.Width*c.cfg.Core.FrontEnd - int(c.buf.Tail-c.buf.Dispatch)
	uops := min(c.cfg.Core.Width, room)
	insts, taken := c.cfg.Core.Decode, c.cfg.Core.Taken
	moved := false
	for uops > 0 && insts > 0 && taken > 0 && c.fetch.state == fetchRuns && c.fetch.resume <= c.cycle {
		fi := c.fetch.frame
		f := &c.frames[fi]
		if c.policy == stackFold && c.fetch.uop == 0 && c.foresees == nil && f.prog.File == nil {
			run := int(c.fetch.inst - c.fetch.run)
			if n := c.foldRun(fi, f, min(insts, c.cfg.Core.Decode-run)); n > 0 {
				moved = true
				insts -= n
				if run+n >= c.cfg.Core.Decode {
					c.carryRun(fi)
					uops--
					continue
				}
				if insts == 0 {
					break
				}
			}
		}
		in := &f.prog.Insts[c.fetch.inst]
		if c.fetch.uop == 0 && f.prog.File == nil {
			row := &f.rows[in.Code]
			if !c.fillStack(fi, f, row) {
				return true
			}
			if fault := c.stackFault(fi, f, row); fault != decoder.NoFault {
				c.fetchFault(fi, fault)
				return true
			}
			if c.fuses && c.fuse(fi, f, in) {
				in = &f.prog.Insts[c.fetch.inst]
				if !c.fillStack(fi, f, &f.rows[in.Code]) {
					return true
				}
			}
		}
		moved = true
		dynamic := c.fetch.dynamic
		if in.Kind.Foldable() {
			insts--
			if c.policy == stackFold {
				c.fold(fi, f, in)
				c.fetch.runGas += f.rows[in.Code].gas
				c.fetch.inst++
				c.fetch.dynamic++
				if int(c.fetch.inst-c.fetch.run) >= c.cfg.Core.Decode {
					c.carryRun(fi)
					uops--
				}
			} else {
				c.fetchStackOp(fi, f, in)
				uops--
			}
			if c.foresees != nil {
				c.stopAtFault(fi, &f.prog.Rows[in.Code], dynamic)
			}
			continue
		}
		row := &f.prog.Rows[in.Code]
		var last bool
		if f.prog.File == nil {
			last = c.fetchUop(fi, f, in, row)
		} else {
			last = c.fetchFromFile(fi, f, in, row)
		}
		uops--
		if last {
			insts--
			if c.redirected {
				c.redirected = false
				taken--
			} else if c.fetch.frame != fi {
				taken--
			}
			if c.foresees != nil {
				c.stopAtFault(fi, row, dynamic)
			}
		}
	}
	return moved
}

// foldRun folds the stack instructions at the fetch position, at most limit of
// them, and gives their number. It stops before one that faults or has to wait for
// spilled operands, which is fetchCycle's to treat.
func (c *Core) foldRun(fi int32, f *frame, limit int) (n int) {
	m := &c.maps.Map[fi]
	insts := f.prog.Insts[c.fetch.inst:]
	low := c.stackLow - f.stackBase // lowest position of this stack held in registers
	top := low + c.cfg.Core.StackRegs - 1
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
			c.maps.PushOn(m, fi, f.constBase+rob.Reg(in.Aux))
		case decoder.KindDup:
			c.maps.PushOn(m, fi, m.Slots[h-int(in.N)])
		case decoder.KindSwap:
			c.maps.SwapOn(m, fi, int(in.N))
		case decoder.KindPop:
			m.Height--
		}
		gas += row.gas
		n++
	}
	c.stackLow = low + f.stackBase
	c.fetch.runGas += gas
	c.fetch.inst += int32(n)
	c.fetch.dynamic += uint64(n)
	return n
}

// stopAtFault stops fetch behind an instruction that an oracle says faults. A call
// of a built-in fails in the built-in, which is not in the trace and counts as part
// of the call.
func (c *Core) stopAtFault(fi int32, row *decoder.Row, dynamic uint64) {
	switch {
	case row.Kind == decoder.KindBuiltin:
		if c.frames[c.frames[fi].parent].site == 0 {
			return // called by the envelope
		}
		dynamic--
	case row.Flags&decoder.Uncounted != 0:
		return
	case row.Kind == decoder.KindCall && c.frames[c.fetch.frame].site == 0:
		return
	}
	if c.fetch.state != fetchRuns || !c.foresees.Faults(predictor.Ref{Dynamic: dynamic}) {
		return
	}
	if c.fetch.run != c.fetch.inst && c.policy == stackFold && c.fetch.frame == fi {
		c.carryRun(fi)
	}
	c.fetch.state = fetchForeseen
}

// stackFault finds at rename what the operand stack alone decides.
func (c *Core) stackFault(fi int32, f *frame, row *rowFacts) decoder.Fault {
	h := c.maps.Map[fi].Height
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
func (c *Core) fillStack(fi int32, f *frame, row *rowFacts) bool {
	top := f.stackBase + c.maps.Map[fi].Height
	if low := top - int(row.min); low < c.stackLow && low >= f.stackBase {
		n := c.stackLow - low
		c.stackLow = low
		c.Stats.StackFills += uint64(n)
		if wait := n * c.cfg.Core.Fill; wait > 0 {
			c.fetch.resume = c.cycle + uint64(wait)
			return false
		}
	}
	if low := top + 1 - c.cfg.Core.StackRegs; low > c.stackLow {
		c.stackLow = low
	}
	return true
}

// dropStack forgets the values above a frame's own: a return or a squash has taken
// them away, so none of them is ever filled.
func (c *Core) dropStack(fi int32) {
	c.stackLow = min(c.stackLow, c.frames[fi].stackBase+c.maps.Map[fi].Height)
}

// fold performs a rearrangement on the rename map.
func (c *Core) fold(fi int32, f *frame, in *decoder.Inst) {
	if f.prog.File != nil {
		c.foldMove(fi, f, in)
		return
	}
	switch in.Kind {
	case decoder.KindPush:
		c.maps.Push(fi, f.constBase+rob.Reg(in.Aux))
	case decoder.KindDup:
		c.maps.Push(fi, c.maps.Slot(fi, int(in.N)-1))
	case decoder.KindSwap:
		c.maps.Swap(fi, int(in.N))
	case decoder.KindPop:
		c.maps.Drop(fi, 1)
	}
}

// newEntry appends an entry that carries the pending run.
func (c *Core) newEntry(fi int32, op isa.Op) (*rob.Entry, uint64) {
	e, seq := c.buf.Add()
	e.Op = op
	e.Frame = fi
	e.RunStart, e.Inst = c.fetch.run, c.fetch.inst
	e.RunGas = c.fetch.runGas
	e.Height = uint16(c.fetch.height)
	e.Ready = c.cycle + uint64(c.cfg.Core.FrontEnd)
	e.Dynamic = c.fetch.dynamic
	e.DirCP, e.TgtCP = c.dirCP, c.tgtCP
	e.Next = -1
	c.Stats.FetchedUops++
	return e, seq
}

// fetched tells the probe of an entry that is complete.
func (c *Core) fetched(e *rob.Entry, seq uint64) {
	if c.watched(e) {
		c.probe.Fetch(c.cycle, seq, c.frames[e.Frame].prog, e)
	}
}

// carryRun emits a micro-op that does nothing but carry a run that has reached
// the decode width.
func (c *Core) carryRun(fi int32) {
	e, seq := c.newEntry(fi, isa.Nop)
	e.Flags = rob.First
	e.UndoEnd = c.maps.Mark()
	c.fetched(e, seq)
	c.startRun()
}

// fetchFault emits an instruction that cannot execute. Fetch stops behind it.
func (c *Core) fetchFault(fi int32, fault decoder.Fault) {
	e, seq := c.newEntry(fi, isa.Fault)
	e.Flags = rob.First | rob.Last | rob.Faulty | rob.Halts
	e.Fault = uint8(fault)
	e.UndoEnd = c.maps.Mark()
	c.fetched(e, seq)
	c.fetch.dynamic++
	c.fetch.inst++
	c.startRun()
	c.fetch.state = fetchDead
}

// fetchStackOp emits a stack instruction as a micro-op of its own (policies
// execute and rename).
func (c *Core) fetchStackOp(fi int32, f *frame, in *decoder.Inst) {
	op := isa.Nop
	if c.policy == stackExecute {
		op = isa.Argument
		switch in.Kind {
		case decoder.KindPush, decoder.KindDup, decoder.KindMove:
			op = isa.Move
		}
	}
	e, seq := c.newEntry(fi, op)
	e.Flags = rob.First | rob.Last
	if op == isa.Nop {
		c.fold(fi, f, in)
	} else if f.prog.File != nil {
		c.executeMove(e, fi, f, in)
	} else {
		switch in.Kind {
		case decoder.KindPush:
			e.Src[0] = f.constBase + rob.Reg(in.Aux)
		case decoder.KindDup:
			e.Src[0] = c.maps.Slot(fi, int(in.N)-1)
		case decoder.KindSwap:
			e.Src[0], e.Src[1] = c.maps.Slot(fi, 0), c.maps.Slot(fi, int(in.N))
			c.maps.Swap(fi, int(in.N))
		case decoder.KindPop:
			c.maps.Drop(fi, 1)
		}
		c.retainSources(e)
		if op == isa.Move {
			e.Dst = c.regs.Alloc()
			c.maps.Push(fi, e.Dst)
		}
	}
	e.UndoEnd = c.maps.Mark()
	c.fetched(e, seq)
	c.fetch.inst++
	c.fetch.dynamic++
	c.startRun()
}

func (c *Core) retainSources(e *rob.Entry) {
	for i := range e.Src[:facts[e.Op].sources] {
		if r := e.Src[i]; r != rob.NoReg {
			c.regs.Retain(r)
		}
	}
}

// fetchUop emits the next micro-op of an instruction and reports whether it was
// the last one; then the instruction's stack effect is renamed and fetch moves on.
func (c *Core) fetchUop(fi int32, f *frame, in *decoder.Inst, row *decoder.Row) (last bool) {
	k := c.fetch.uop
	u := &row.Uops[k]
	last = k == len(row.Uops)-1
	e, seq := c.newEntry(fi, u.Op)
	e.Imm = u.Imm
	e.UopIdx = uint8(k)
	if k == 0 {
		e.Flags = rob.First
		c.setTemp(rob.ZeroReg)
	} else {
		e.RunStart, e.RunGas = e.Inst, 0
	}
	facts := &facts[u.Op]
	m := &c.maps.Map[fi]
	for i, o := range u.Src[:facts.sources] {
		if o < stackOperands {
			e.Src[i] = m.Slots[m.Height-1-int(o)]
		} else {
			e.Src[i] = c.operand(fi, f, in, o)
		}
	}
	switch u.Op {
	case isa.Leave, isa.Abort, isa.Builtin:
		e.Src[2], e.Src[3] = f.outOff, f.outLen
	case isa.CopyData:
		e.Next = m.ReturnSpace
	}
	if c.cfg.Fusion.Pair {
		c.pair(e, seq, fi)
	}
	c.retainSources(e)
	if facts.result {
		e.Dst = c.regs.Alloc()
	}
	if !last {
		if facts.result {
			c.setTemp(e.Dst)
		}
		e.UndoEnd = c.maps.Mark()
		c.fetched(e, seq)
		c.fetch.uop++
		c.fetch.height = m.Height
		c.fetch.run, c.fetch.runGas = c.fetch.inst, 0
		return false
	}
	e.Flags |= rob.Last
	if f.rows[in.Code].plain {
		e.Flags |= rob.Plain
	}
	c.finishInst(e, seq, fi, f, in, row)
	if c.movesValue(e, row) {
		e.Flags |= rob.Transfers
	}
	e.UndoEnd = c.maps.Mark()
	c.fetched(e, seq)
	return true
}

// setTemp keeps the result of a micro-op for the rest of its instruction, also when
// that micro-op has retired by then.
func (c *Core) setTemp(r rob.Reg) {
	c.regs.Retain(r)
	c.regs.Release(c.temp)
	c.temp = r
}

// finishInst renames the whole instruction's effect on the stack and decides
// where fetch goes next.
func (c *Core) finishInst(e *rob.Entry, seq uint64, fi int32, f *frame, in *decoder.Inst, row *decoder.Row) {
	c.fetch.uop = 0
	if row.Flags&decoder.Uncounted == 0 {
		c.fetch.dynamic++
	}
	next := c.fetch.inst + 1
	switch row.Kind {
	case decoder.KindExec:
		m := &c.maps.Map[fi]
		m.Height -= int(row.Pops)
		if row.Pushes > 0 {
			c.maps.PushOn(m, fi, e.Dst)
		}
		c.fetch.inst = next
		c.startRun()
		if row.Flags&decoder.Serial != 0 {
			c.serialise(e)
		}
	case decoder.KindJump, decoder.KindBranch:
		c.fetchJump(e, seq, fi, f, in, row)
	case decoder.KindCall:
		c.fetchCall(e, seq, fi, in, row)
	case decoder.KindCreate:
		c.maps.Drop(fi, int(row.Pops))
		c.fetch.inst = next
		c.startRun()
		c.serialise(e)
	case decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy, decoder.KindBuiltin:
		c.fetchLeave(e, fi, f, row)
	case decoder.KindReturn:
		c.fetchReturn(e, fi, f)
	case decoder.KindHalt:
		if c.window.upcoming != nil && c.fetchNext(e, f.tx) {
			return
		}
		c.fetch.state = fetchDead
		c.fetch.inst = next
		c.startRun()
	}
}

// serialise stops fetch until the entry has committed.
func (c *Core) serialise(e *rob.Entry) {
	e.Flags |= rob.Halts
	c.fetch.state = fetchSerial
	c.fetch.serial = e.Op
}
