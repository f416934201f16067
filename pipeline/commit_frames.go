package pipeline

import (
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// commitCall enters the callee. A call that fails before it begins squashes what
// was fetched in it.
func (c *Core) commitCall(e *rob.Entry, seq uint64, f *frame, in *decoder.Inst) {
	child := &c.frames[e.Next]
	halted := e.Flags&rob.Halts != 0
	account := &c.callee
	*account = *c.regs.Value(child.account)
	if f.parent >= 0 {
		c.callTarget.Train(c.ref(e), account)
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
		entered = c.sys.Enter(&f.ctx, &child.ctx, in, &c.args)
	}
	if entered {
		c.Stats.Calls++
		c.logEnter(e, e.Next)
		if c.ledger != nil {
			c.bookEnter(e.Next, account)
		}
		prog := c.sys.CodeOf(account)
		if halted {
			c.setProgram(child, prog)
			c.steer(e.Next, 0, c.cycle+1, CauseSerial)
		} else if prog != child.prog {
			c.err = fmt.Errorf("simulator error: call at pc %d committed into another program than was fetched", in.PC)
		}
		child.ctx.Prog, child.ctx.Memory = child.prog, mem
		if c.prefetch != nil {
			c.prefetch.entered(c, e)
		}
		if c.checker != nil {
			c.checker.Enter(child.ctx.Depth)
		}
		return
	}
	// The frame never began: give its registers back and let the caller see zero.
	next := e.Next
	c.squashAfter(e, seq, CauseFault)
	c.failedCall(e.Frame, next, c.frames[next].resume)
	c.buf.At(seq).UndoEnd = c.maps.Mark()
}

// failedCall gives the caller the zero of a call that failed before it began.
func (c *Core) failedCall(caller, child, resume int32) {
	p := &c.frames[caller]
	out, n, _ := c.outputRange(child)
	if child >= 0 {
		c.dropFrame(child)
	}
	c.dropStack(caller)
	c.maps.Push(caller, rob.ZeroReg)
	c.setReturned(caller, -1)
	p.ctx.Returned = 0
	c.left = isa.Word{}
	c.noteResult(caller)
	if p.parent >= 0 { // a transaction's own creation that fails has opened no frame
		c.leaveChecked(p, out, n, true)
	}
	c.steer(caller, resume, c.cycle+1, CauseFault)
}

// setReturned renames the returned range to nothing.
func (c *Core) setReturned(frame, space int32) {
	c.maps.SetEnv(frame, rob.EnvReturnOffset, rob.ZeroReg)
	c.maps.SetEnv(frame, rob.EnvReturnLength, rob.ZeroReg)
	c.maps.SetReturn(frame, space)
}

// outputRange is the part of the caller's memory where the caller wants what a
// frame returns.
func (c *Core) outputRange(child int32) (off, n uint64, ok bool) {
	if child < 0 {
		return 0, 0, false
	}
	f := &c.frames[child]
	return c.bounded(c.regs.Value(f.outOff), c.regs.Value(f.outLen))
}

// commitCreate enters the initialisation code of a new account.
func (c *Core) commitCreate(e *rob.Entry, in *decoder.Inst) {
	caller, resume := e.Frame, e.Inst+1
	child := c.newFrame()
	f := &c.frames[caller]
	ch := &c.frames[child]
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
		if off, n, ok := c.bounded(&c.args[1], &c.args[2]); ok {
			init = append([]byte(nil), f.ctx.Memory[off:off+n]...)
		}
		entered = c.sys.Create(&f.ctx, &ch.ctx, in, &c.args, init)
	}
	zero := rob.ZeroReg
	self, caddr, value := ch.ctx.Self.Word(), ch.ctx.Caller.Word(), ch.ctx.Value
	env := [rob.NumEnv]rob.Reg{zero, zero, zero, zero, zero, zero, zero}
	if entered {
		env[rob.EnvSelf], env[rob.EnvCaller], env[rob.EnvValue] = c.valueReg(&self), c.valueReg(&caddr), c.valueReg(&value)
	}
	c.maps.InitFrame(child, env)
	for _, r := range env[:3] {
		c.regs.Release(r) // the map holds it now
	}
	if entered {
		c.Stats.Calls++
		c.logEnter(e, child)
		ch.stackBase = f.stackBase + c.maps.Map[caller].Height
		c.setProgram(ch, ch.ctx.Prog)
		if c.ledger != nil {
			c.bookEnter(child, &self)
		}
		c.traceCreation(child)
		if c.checker != nil {
			c.checker.Enter(ch.ctx.Depth)
		}
		c.steer(child, 0, c.cycle+1, CauseSerial)
		return
	}
	c.failedCall(caller, child, resume)
	e.UndoEnd = c.maps.Mark()
}

// valueReg makes a register that holds a value from the start.
func (c *Core) valueReg(w *isa.Word) rob.Reg {
	r := c.regs.Alloc()
	*c.regs.Value(r) = *w
	c.regs.SetReady(r)
	if c.oplog != nil {
		c.oplog.forget(r)
	}
	return r
}

// commitLeave ends a frame.
func (c *Core) commitLeave(e *rob.Entry, f *frame, in *decoder.Inst, kind decoder.Kind) {
	fi, pi := e.Frame, f.parent
	p := &c.frames[pi]
	var data []byte
	switch kind {
	case decoder.KindBuiltin:
		data = f.ctx.Memory
	case decoder.KindDestroy:
		c.sys.Destroy(&f.ctx, in, &c.args)
	default:
		if off, n, ok := c.bounded(c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1])); ok && n > 0 {
			data = f.ctx.Memory[off : off+n]
		}
	}
	var returned []byte
	c.left, returned = c.sys.Leave(&f.ctx, &p.ctx, kind == decoder.KindAbort, decoder.NoFault, data)
	p.ctx.Returned = uint64(len(returned))
	if e.Dst != rob.NoReg {
		if e.Flags&rob.Late != 0 {
			*c.regs.Value(e.Dst) = c.left
			c.wake(c.regs.SetReady(e.Dst))
		} else if *c.regs.Value(e.Dst) != c.left {
			c.err = fmt.Errorf("simulator error: frame at depth %d left with %s, fetched with %s", f.ctx.Depth, &c.left, c.regs.Value(e.Dst))
			return
		}
	}
	out, n, _ := c.outputRange(fi)
	if returns(e.Op) {
		s := c.mem.store(e.Queue)
		if s.n > 0 {
			copy(p.ctx.Memory[s.off:s.off+s.n], returned)
		}
		c.mem.sHead = e.Queue + 1
	}
	c.logLeave(e, pi, kind, returned)
	if c.ledger != nil {
		c.ledger.Leave(c.cycle)
	}
	c.noteResult(pi)
	c.leaveChecked(p, out, n, false)
	if e.Flags&rob.Halts != 0 {
		c.resumeSerial()
	}
	c.traceLeave(e, fi, kind, out, n)
	c.dropFrame(fi)
}

// noteResult keeps the word that the outermost frame left with.
func (c *Core) noteResult(parent int32) {
	if c.frames[parent].parent < 0 {
		c.result = c.left
	}
}

// leaveChecked tells the checker that control came back to the caller p.
func (c *Core) leaveChecked(p *frame, out, n uint64, failed bool) {
	if c.checker == nil {
		return
	}
	var region []byte
	if n > 0 && out+n <= uint64(len(p.ctx.Memory)) {
		region = p.ctx.Memory[out : out+n]
	}
	if failed {
		c.checker.CallFailed(&c.left, out, region)
	} else {
		c.checker.Leave(&c.left, out, region)
	}
	c.check()
}

// raise makes an instruction's fault architectural: everything from its entry on
// is squashed, its frame is undone, and the caller goes on with zero.
func (c *Core) raise(e *rob.Entry, f *frame, inst int32, cost uint64, fault decoder.Fault) {
	fi, pi := e.Frame, f.parent
	in := &f.prog.Insts[inst]
	row := &f.prog.Rows[in.Code]
	counted := row.Flags&decoder.Uncounted == 0
	dynamic := e.Dynamic - uint64(e.Inst-inst)
	if f.prog.File != nil && (fault == decoder.FaultStatus || row.Flags&decoder.Dynamic == 0) {
		c.files.Fail(&f.ctx, in, fault)
	}
	if counted {
		c.report(f, in, row, nil, cost, true)
		c.Stats.Instructions++
		dynamic++
		if !c.check() {
			return
		}
	}
	c.hasher.commit(in.PC, in.Code, ^cost, nil)
	c.Stats.Uops++
	c.Stats.SquashedUops-- // squashed below, but it did commit: as a fault
	c.lastCommit = c.cycle
	if e.Flags&rob.Issued != 0 {
		c.Stats.Executed++
		c.Stats.WrongPathUops--
	}
	c.logFault(e, pi)
	if c.ledger != nil && pi >= 0 {
		c.ledger.Leave(c.cycle)
	}
	x := *e
	resume := f.resume
	if f.prog.File != nil {
		pi, resume = c.root, c.outermost(fi).resume
	}
	c.squashFrom(c.buf.Head, CauseFault)
	c.squashMemory(0)
	c.state.squash(0)
	c.direction.Restore(x.DirCP)
	c.target.Restore(x.TgtCP)
	c.dirCP, c.tgtCP = x.DirCP, x.TgtCP
	p := &c.frames[pi]
	c.left, _ = c.sys.Leave(&f.ctx, &p.ctx, false, fault, nil)
	p.ctx.Returned = 0
	out, n, _ := c.outputRange(fi)
	c.dropStack(pi)
	c.maps.Push(pi, rob.ZeroReg)
	c.setReturned(pi, -1)
	c.maps.RetireTo(c.maps.Position())
	c.retiredTo = c.maps.Position()
	c.noteResult(pi)
	c.leaveChecked(p, out, n, false)
	c.traceFault(fi)
	c.dropFrames(fi, pi)
	c.fetch.dynamic = dynamic
	c.steer(pi, resume, c.cycle+1, CauseFault)
}

// commitHalt closes the transaction; next is the frame of the one that fetch went on
// into, or -1.
func (c *Core) commitHalt(f *frame, next int32) {
	c.sys.Finish(&f.ctx, c.result)
	c.finished, c.window.next = next < 0, next+1
}

// counted reports whether the entry's instruction is one of the trace.
func (c *Core) counted(e *rob.Entry) bool {
	f := &c.frames[e.Frame]
	return f.prog.Rows[f.prog.Insts[e.Inst].Code].Flags&decoder.Uncounted == 0
}
