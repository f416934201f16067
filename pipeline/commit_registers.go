package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// commitRegisters retires the oldest entry of a register machine. It reports false when
// the entry faulted and is gone.
//
// An instruction is charged and checked with its first micro-op, so that the others can
// write what they have computed one after the other; its last one ends it.
func (c *Core) commitRegisters(e *rob.Entry, seq rob.Seq, f *frame) bool {
	if e.Flags&rob.First != 0 {
		if e.RunStart != e.Inst && !c.commitMoves(e, f) {
			return false
		}
		if e.Op == isa.Nop && e.Flags&rob.Last == 0 { // it only carries the run
			c.retire(e)
			return true
		}
	}
	in := &f.prog.Insts[e.Inst]
	row := &f.prog.Rows[in.Code]
	if e.Flags&rob.First != 0 && row.Flags&decoder.Effect == 0 && !c.chargeRegisters(e, f, in, row) {
		return false
	}
	if e.Flags&rob.Faulty != 0 {
		if e.Fault != uint8(decoder.FaultStatus) {
			c.err = invariant.Broken("%s at pc %d was found to fault when it executed but not when it was charged", row.Name, in.PC)
		} else {
			c.raise(e, f, e.Inst, c.ret.charged, decoder.FaultStatus)
		}
		return false
	}
	if !in.Kind.Foldable() {
		c.commitResults(e, f)
	}
	if e.Flags&rob.Last != 0 {
		if !c.endRegisters(e, seq, f, in, row) {
			return false
		}
		e = c.win.buf.At(seq)
	}
	c.ren.regs.Release(e.Dst2)
	e.Dst2 = rob.NoReg
	c.retire(e)
	return true
}

// chargeRegisters takes an instruction's cost and finds its faults. It reports false
// when it faulted.
func (c *Core) chargeRegisters(e *rob.Entry, f *frame, in *decoder.Inst, row *decoder.Row) bool {
	fault := decoder.NoFault
	c.ret.charged, c.ret.reshaped = uint64(row.Gas), false
	switch {
	case row.Flags&decoder.Dynamic != 0:
		c.ret.charged, c.ret.reshaped, fault = c.registers.Check(&f.ctx, in)
	case f.ctx.Gas < c.ret.charged:
		fault = decoder.FaultOutOfGas
	default:
		f.ctx.Gas -= c.ret.charged
	}
	if fault != decoder.NoFault {
		c.raise(e, f, e.Inst, c.ret.charged, fault)
		return false
	}
	return true
}

// commitResults writes what a micro-op has computed to committed registers and memory.
func (c *Core) commitResults(e *rob.Entry, f *frame) {
	u := &f.prog.Template(e.Inst)[e.UopIdx]
	switch e.Op {
	case isa.StoreDataN, isa.CopyData:
		c.commitBytes(e, f)
	case isa.Counter:
		v := c.ren.regs.Value(e.Dst)
		v.SetUint64(f.ctx.Gas)
		c.win.wake(c.ren.regs.SetReady(e.Dst))
	}
	if f.prog.Rows[f.prog.Insts[e.Inst].Code].Flags&decoder.Effect != 0 {
		return // the system writes them
	}
	if u.Dst != 0 && u.Dst != f.prog.RegisterFile.Counter && position(u.Dst) < len(f.ctx.Registers) {
		f.ctx.Registers[position(u.Dst)] = c.ren.regs.Value(e.Dst)[0]
	}
	if u.Status != 0 {
		f.ctx.Registers[position(u.Status)] = 0
		if e.Dst2 != rob.NoReg {
			f.ctx.Registers[position(u.Status)] = c.ren.regs.Value(e.Dst2)[0]
		}
	}
}

// commitBytes writes a store to committed memory.
func (c *Core) commitBytes(e *rob.Entry, f *frame) {
	s := c.mem.store(e.Queue)
	c.mem.sHead = e.Queue + 1
	if s.n == 0 {
		return
	}
	if s.kind == storeBytes {
		b := c.ren.regs.Value(s.reg).Bytes32()
		f.ctx.Space.Poke(s.off, b[32-s.n:])
		return
	}
	data := s.data
	if uint64(len(data)) < s.n {
		data = c.exec.buffer(s.n)
		clear(data[copy(data, s.data):])
	}
	f.ctx.Space.Poke(s.off, data)
	if cap(s.data) > speculativeBytes {
		s.data = nil
	}
}

// clearCommitted makes the status registers zero, but for one.
func (f *frame) clearCommitted(but decoder.Operand) {
	for _, s := range f.prog.RegisterFile.Status {
		if s != but {
			f.ctx.Registers[position(s)] = 0
		}
	}
}

// commitMoves commits the moves that an entry carries. It reports false when one of
// them runs out of gas.
func (c *Core) commitMoves(e *rob.Entry, f *frame) bool {
	for i := e.RunStart; i < e.Inst; i++ {
		in := &f.prog.Insts[i]
		row := &f.prog.Rows[in.Code]
		cost := uint64(row.Gas)
		if f.ctx.Gas < cost {
			c.raise(e, f, i, cost, decoder.FaultOutOfGas)
			return false
		}
		f.ctx.Gas -= cost
		c.move(f, i)
		c.Stats.Instructions++
		c.obs.report(f, in, row, nil, cost, false)
		if !c.check() {
			return false
		}
	}
	return true
}

// move makes a KindMove or KindNop on the committed registers.
func (c *Core) move(f *frame, inst isa.InstIndex) {
	if f.prog.Insts[inst].Kind == decoder.KindMove {
		u := &f.prog.Template(inst)[0]
		to := &f.ctx.Registers[position(u.Dst)]
		switch o := u.Src[0]; o {
		case decoder.Constant:
			*to = f.prog.Consts[u.K][0]
		case decoder.Zero:
			*to = 0
		default:
			*to = f.ctx.Registers[position(o)]
		}
	}
	f.clearCommitted(0)
}

// endRegisters ends an instruction. It reports false when it faulted.
func (c *Core) endRegisters(e *rob.Entry, seq rob.Seq, f *frame, in *decoder.Inst, row *decoder.Row) bool {
	var out decoder.Outcome
	switch {
	case in.Kind.Foldable():
		c.move(f, e.Inst)
	case row.Flags&decoder.Effect != 0:
		if out = c.registers.Execute(&f.ctx, in); out.Fault != decoder.NoFault {
			c.raise(e, f, e.Inst, out.Cost, out.Fault)
			return false
		}
		c.ret.charged = out.Cost
		if !c.agrees(e, f) {
			return false
		}
	case row.Flags&decoder.ClearsStatus != 0:
		f.clearCommitted(statusOf(f.prog.Template(e.Inst)))
	}
	c.Stats.Instructions++
	var result *isa.Word
	if e.Dst != rob.NoReg {
		result = c.ren.regs.Value(e.Dst)
	}
	c.obs.stream.commit(in.PC, in.Code, f.ctx.Gas, result)
	c.obs.report(f, in, row, result, c.ret.charged, false)
	switch {
	case e.Op == isa.System:
		c.goOn(e, f, &out)
	case row.Kind == decoder.KindJump, row.Kind == decoder.KindBranch:
		c.train(e, row)
	case row.Kind == decoder.KindReturn:
		c.ren.frames[f.parent].ctx.Gas = out.Gas
		c.ret.left.SetOne()
		c.noteResult(f.parent)
		c.ren.dropFrame(e.Frame)
	case c.ret.reshaped:
		c.squashAfter(e, seq, CauseMemoryOrder)
		c.front.steer(e.Frame, e.Inst+1, c.clock.now+1, CauseMemoryOrder)
	}
	return c.check()
}

// agrees compares the registers that the system has written with what the last
// micro-op has computed for them.
func (c *Core) agrees(e *rob.Entry, f *frame) bool {
	u := &f.prog.Template(e.Inst)[e.UopIdx]
	for _, x := range [...]struct {
		to decoder.Operand
		r  rob.Reg
	}{{u.Dst, e.Dst}, {u.Status, e.Dst2}} {
		if x.to == 0 || position(x.to) >= len(f.ctx.Registers) {
			continue
		}
		if got, want := c.ren.regs.Value(x.r)[0], f.ctx.Registers[position(x.to)]; got != want {
			c.err = invariant.Broken("%s computes %d for register %d, the system %d", isa.Table[e.Op].Name, got, position(x.to), want)
			return false
		}
	}
	return true
}

// goOn takes over what a serial instruction has done, after which fetch waits.
func (c *Core) goOn(e *rob.Entry, f *frame, out *decoder.Outcome) {
	fi, parent := e.Frame, f.parent
	registers := f.ctx.Registers
	switch out.Continuation {
	case decoder.Continue:
		if out.Prog != nil {
			c.ren.setProgram(f, out.Prog)
			f.ctx.Prog = out.Prog
		}
		c.ren.renameCommitted(fi, registers, out.Changed)
		c.front.steer(fi, out.Inst, c.clock.now+1, CauseSerial)
	case decoder.EnterFrame:
		c.enterCallee(e, out)
	case decoder.LeaveFrame:
		resume := f.resume
		p := &c.ren.frames[parent]
		p.ctx.Gas = out.Gas
		c.ren.renameCommitted(parent, registers, out.Changed)
		c.ren.dropFrame(fi)
		c.front.steer(parent, resume, c.clock.now+1, CauseSerial)
	case decoder.EndProgram:
		resume := c.tx.outermost(fi).resume
		c.ren.dropFrames(fi, c.tx.root)
		c.front.steer(c.tx.root, resume, c.clock.now+1, CauseSerial)
	}
	e.UndoEnd = c.ren.maps.Mark()
}

// enterCallee opens the frame of a call that has committed: its registers are the
// caller's but for those that the call has changed.
func (c *Core) enterCallee(e *rob.Entry, out *decoder.Outcome) {
	caller := e.Frame
	child := c.ren.newFrame()
	f, ch := &c.ren.frames[caller], &c.ren.frames[child]
	ctx := f.ctx
	*ch = frame{
		parent: caller, resume: out.Inst, refs: 1, space: f.space,
		outOff: rob.ZeroReg, outLen: rob.ZeroReg, account: rob.ZeroReg, context: f.bank, bank: f.bank, tx: f.tx,
		ctx: decoder.Context{
			Memory: ch.ctx.Memory[:0], Depth: ctx.Depth + 1, Prog: out.Prog, Gas: out.Gas,
			Registers: ctx.Registers, Space: ctx.Space,
		},
	}
	zero, self := rob.ZeroReg, c.ren.valueReg(&out.Self)
	c.ren.maps.InitFrame(child, [rob.NumEnv]rob.Reg{rob.EnvSelf: self, rob.EnvCaller: zero, rob.EnvValue: zero, rob.EnvInputOffset: zero, rob.EnvInputLength: zero, rob.EnvReturnOffset: zero, rob.EnvReturnLength: zero})
	c.ren.regs.Release(self) // the map holds it now
	c.ren.maps.InitRegisters(child, c.ren.maps.Map[caller].Slots)
	c.ren.renameCommitted(child, ctx.Registers, out.Changed)
	ch.stackBase = f.stackBase + c.ren.maps.Map[caller].Height
	c.ren.setProgram(ch, out.Prog)
	c.Stats.Calls++
	if c.obs.checker != nil {
		c.obs.checker.Enter(ch.ctx.Depth)
	}
	c.front.steer(child, 0, c.clock.now+1, CauseSerial)
}
