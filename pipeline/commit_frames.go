package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// commitCall enters the callee. A call that fails before it begins squashes what
// was fetched in it.
func (c *Core) commitCall(e *rob.Entry, seq rob.Seq, f *frame, in *decoder.Inst) {
	child := &c.ren.frames[e.Other]
	halted := e.Flags&rob.StopsFetch != 0
	account := &c.ret.callee
	*account = *c.ren.regs.Value(child.account)
	if f.parent >= 0 {
		c.pred.callTarget.Train(c.ren.ref(e), account)
	}
	mem := child.ctx.Memory
	if child.prog == nil || child.prog.Builtin == 0 {
		mem = mem[:0]
	} // else the built-in ran ahead, and its output is there
	child.ctx = decoder.Context{Memory: mem, Depth: f.ctx.Depth + 1}
	var entered bool
	if f.parent < 0 {
		entered = c.sys.Start(&child.ctx)
	} else {
		entered = c.sys.Enter(&f.ctx, &child.ctx, in, &c.ret.args)
	}
	if entered {
		c.Stats.Calls++
		c.obs.logEnter(e, e.Other)
		if c.obs.ledger != nil {
			c.ledgerEnter(e.Other, account)
		}
		prog := c.sys.CodeOf(account)
		if halted {
			c.ren.setProgram(child, prog)
			c.front.steer(e.Other, 0, c.clock.now+1, CauseSerial)
		} else if prog != child.prog {
			c.err = invariant.Broken("call at pc %d committed into another program than was fetched", in.PC)
		}
		child.ctx.Prog, child.ctx.Memory = child.prog, mem
		if c.opt.prefetch != nil {
			c.opt.prefetch.entered(e)
		}
		if c.obs.checker != nil {
			c.obs.checker.Enter(child.ctx.Depth)
		}
		return
	}
	// The frame never began: give its registers back and let the caller see zero.
	next := e.Other
	c.squashAfter(e, seq, CauseFault)
	c.failedCall(e.Frame, next, c.ren.frames[next].resume)
	c.win.buf.At(seq).UndoEnd = c.ren.maps.Mark()
}

// failedCall gives the caller the zero of a call that failed before it began.
func (c *Core) failedCall(caller, child rob.FrameID, resume isa.InstIndex) {
	p := &c.ren.frames[caller]
	out, n, _ := c.tx.outputRange(child)
	if child >= 0 {
		c.ren.dropFrame(child)
	}
	c.ren.dropStack(caller)
	c.ren.maps.Push(caller, rob.ZeroReg)
	c.ren.setReturned(caller, -1)
	p.ctx.Returned = 0
	c.ret.left = isa.Word{}
	c.noteResult(caller)
	if p.parent >= 0 { // a transaction's own creation that fails has opened no frame
		c.leaveChecked(p, out, n, true)
	}
	c.front.steer(caller, resume, c.clock.now+1, CauseFault)
}

// setReturned renames the returned range to nothing.
func (rn *renamer) setReturned(frame, space rob.FrameID) {
	rn.maps.SetEnv(frame, rob.EnvReturnOffset, rob.ZeroReg)
	rn.maps.SetEnv(frame, rob.EnvReturnLength, rob.ZeroReg)
	rn.maps.SetReturn(frame, space)
}

// outputRange is the part of the caller's memory where the caller wants what a
// frame returns.
func (t *transactions) outputRange(child rob.FrameID) (off, n uint64, ok bool) {
	if child < 0 {
		return 0, 0, false
	}
	f := &t.ren.frames[child]
	return t.bounded(t.regs.Value(f.outOff), t.regs.Value(f.outLen))
}

// commitCreate enters the initialization code of a new account.
func (c *Core) commitCreate(e *rob.Entry, in *decoder.Inst) {
	caller, resume := e.Frame, e.Inst+1
	child := c.ren.newFrame()
	f := &c.ren.frames[caller]
	ch := &c.ren.frames[child]
	*ch = frame{
		parent: caller, resume: resume, refs: 1, static: f.static, creation: true,
		outOff: rob.ZeroReg, outLen: rob.ZeroReg, account: rob.ZeroReg, context: f.bank, bank: f.bank, tx: f.tx, space: child,
		ctx: decoder.Context{Memory: ch.ctx.Memory[:0], Depth: f.ctx.Depth + 1},
	}
	var entered bool
	if f.parent < 0 {
		entered = c.sys.Start(&ch.ctx)
	} else {
		var init []byte
		if off, n, ok := c.tx.bounded(&c.ret.args[1], &c.ret.args[2]); ok {
			init = append([]byte(nil), f.ctx.Memory[off:off+n]...)
		}
		entered = c.sys.Create(&f.ctx, &ch.ctx, in, &c.ret.args, init)
	}
	zero := rob.ZeroReg
	self, caddr, value := ch.ctx.Self.Word(), ch.ctx.Caller.Word(), ch.ctx.Value
	env := [rob.NumEnv]rob.Reg{zero, zero, zero, zero, zero, zero, zero}
	if entered {
		env[rob.EnvSelf], env[rob.EnvCaller], env[rob.EnvValue] = c.ren.valueReg(&self), c.ren.valueReg(&caddr), c.ren.valueReg(&value)
	}
	c.ren.maps.InitFrame(child, env)
	for _, r := range env[:3] {
		c.ren.regs.Release(r) // the map holds it now
	}
	if entered {
		c.Stats.Calls++
		c.obs.logEnter(e, child)
		ch.stackBase = f.stackBase + c.ren.maps.Map[caller].Height
		c.ren.setProgram(ch, ch.ctx.Prog)
		if c.obs.ledger != nil {
			c.ledgerEnter(child, &self)
		}
		if c.opt.prefetch != nil {
			c.opt.prefetch.Created(child)
		}
		if c.obs.checker != nil {
			c.obs.checker.Enter(ch.ctx.Depth)
		}
		c.front.steer(child, 0, c.clock.now+1, CauseSerial)
		return
	}
	c.failedCall(caller, child, resume)
	e.UndoEnd = c.ren.maps.Mark()
}

// valueReg makes a register that holds a value from the start.
func (rn *renamer) valueReg(w *isa.Word) rob.Reg {
	r := rn.regs.Alloc()
	*rn.regs.Value(r) = *w
	rn.regs.SetReady(r)
	if rn.obs.oplog != nil {
		rn.obs.oplog.forget(r)
	}
	return r
}

// commitLeave ends a frame.
func (c *Core) commitLeave(e *rob.Entry, f *frame, in *decoder.Inst, kind decoder.Kind) {
	fi, pi := e.Frame, f.parent
	p := &c.ren.frames[pi]
	var data []byte
	switch kind {
	case decoder.KindBuiltin:
		data = f.ctx.Memory
	case decoder.KindDestroy:
		c.sys.Destroy(&f.ctx, in, &c.ret.args)
	default:
		if off, n, ok := c.tx.bounded(c.ren.regs.Value(e.Src[0]), c.ren.regs.Value(e.Src[1])); ok && n > 0 {
			data = f.ctx.Memory[off : off+n]
		}
	}
	var returned []byte
	c.ret.left, returned = c.sys.Leave(&f.ctx, &p.ctx, kind == decoder.KindAbort, decoder.NoFault, data)
	p.ctx.Returned = uint64(len(returned))
	if e.Dst != rob.NoReg {
		if e.Flags&rob.ResultAtCommit != 0 {
			*c.ren.regs.Value(e.Dst) = c.ret.left
			c.win.wake(c.ren.regs.SetReady(e.Dst))
		} else if *c.ren.regs.Value(e.Dst) != c.ret.left {
			c.err = invariant.Broken("frame at depth %d left with %s, fetched with %s", f.ctx.Depth, &c.ret.left, c.ren.regs.Value(e.Dst))
			return
		}
	}
	out, n, _ := c.tx.outputRange(fi)
	if returns(e.Op) {
		s := c.mem.store(e.Queue)
		if s.n > 0 {
			copy(p.ctx.Memory[s.off:s.off+s.n], returned)
		}
		c.mem.sHead = e.Queue + 1
	}
	c.obs.logLeave(e, pi, kind, returned)
	if c.obs.ledger != nil {
		c.obs.ledger.Leave(c.clock.now)
	}
	c.noteResult(pi)
	c.leaveChecked(p, out, n, false)
	if e.Flags&rob.StopsFetch != 0 {
		c.resumeSerial()
	}
	if c.opt.prefetch != nil {
		c.opt.prefetch.left(e, fi, kind, out, n)
	}
	c.ren.dropFrame(fi)
}

// noteResult keeps the word that the outermost frame left with.
func (c *Core) noteResult(parent rob.FrameID) {
	if c.ren.frames[parent].parent < 0 {
		c.ret.result = c.ret.left
	}
}

// leaveChecked tells the checker that control came back to the caller p.
func (c *Core) leaveChecked(p *frame, out, n uint64, failed bool) {
	if c.obs.checker == nil {
		return
	}
	var region []byte
	if n > 0 && out+n <= uint64(len(p.ctx.Memory)) {
		region = p.ctx.Memory[out : out+n]
	}
	if failed {
		c.obs.checker.CallFailed(&c.ret.left, out, region)
	} else {
		c.obs.checker.Leave(&c.ret.left, out, region)
	}
	c.check()
}

// raise makes an instruction's fault architectural: everything from its entry on
// is squashed, its frame is undone, and the caller goes on with zero.
func (c *Core) raise(e *rob.Entry, f *frame, inst isa.InstIndex, cost uint64, fault decoder.Fault) {
	fi, pi := e.Frame, f.parent
	in := &f.prog.Insts[inst]
	row := &f.prog.Rows[in.Code]
	counted := row.Flags&decoder.Uncounted == 0
	dynamic := e.Dynamic - uint64(e.Inst-inst)
	next, resume := f.machine.fails(c, fi, in, row, fault)
	if counted {
		c.obs.report(f, in, row, nil, cost, true)
		c.Stats.Instructions++
		dynamic++
		if !c.check() {
			return
		}
	}
	c.obs.stream.commit(in.PC, in.Code, ^cost, nil)
	c.Stats.Uops++
	c.Stats.SquashedUops-- // squashed below, but it did commit: as a fault
	c.run.lastCommit = c.clock.now
	if e.Flags&rob.Issued != 0 {
		c.Stats.Executed++
		c.Stats.WrongPathUops--
	}
	c.obs.logFault(e, pi)
	if c.obs.ledger != nil && pi >= 0 {
		c.obs.ledger.Leave(c.clock.now)
	}
	x := *e
	pi = next
	c.squashFrom(c.win.buf.Head, CauseFault)
	c.mem.squashMemory(0)
	c.state.squash(0)
	c.pred.restore(x.DirCP, x.TgtCP)
	p := &c.ren.frames[pi]
	c.ret.left, _ = c.sys.Leave(&f.ctx, &p.ctx, false, fault, nil)
	p.ctx.Returned = 0
	out, n, _ := c.tx.outputRange(fi)
	c.ren.dropStack(pi)
	c.ren.maps.Push(pi, rob.ZeroReg)
	c.ren.setReturned(pi, -1)
	c.ren.maps.RetireTo(c.ren.maps.Position())
	c.ren.retiredTo = c.ren.maps.Position()
	c.noteResult(pi)
	c.leaveChecked(p, out, n, false)
	if c.opt.prefetch != nil {
		c.opt.prefetch.Left(fi, 0, 0, 0, 0, false)
	}
	c.ren.dropFrames(fi, pi)
	c.front.dynamic = dynamic
	c.front.steer(pi, resume, c.clock.now+1, CauseFault)
}

// commitHalt closes the transaction; next is the frame of the one that fetch went on
// into, or -1.
func (c *Core) commitHalt(f *frame, next rob.FrameID) {
	c.sys.Finish(&f.ctx, c.ret.result)
	c.tx.finished, c.tx.next = next < 0, next+1
}

// counted reports whether the entry's instruction is one of the trace.
func (rn *renamer) counted(e *rob.Entry) bool {
	f := &rn.frames[e.Frame]
	return f.prog.Rows[f.prog.Insts[e.Inst].Code].Flags&decoder.Uncounted == 0
}
