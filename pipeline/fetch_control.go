package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// known gives a register's value where rename can see it: constants.
func (c *Core) known(r rob.Reg) (*isa.Word, bool) {
	if r.IsConst() {
		return c.regs.Value(r), true
	}
	return nil, false
}

// fetchJump predicts the next instruction of a jump or branch. Where rename can
// see condition and target, a wrong prediction costs a front-end bubble only.
func (c *Core) fetchJump(e *rob.Entry, seq uint64, fi int32, f *frame, in *decoder.Inst, row *decoder.Row) {
	fall := c.fetch.inst + 1
	if c.fetch.tested {
		c.fetch.tested = false
		e.Imm = branchIfZero
	}
	ref := predictor.Ref{
		Site: siteOf(f, c.fetch.inst), Dynamic: e.Dynamic, Backward: in.Aux >= 0 && in.Aux <= c.fetch.inst,
	}
	taken := true
	if row.Kind == decoder.KindBranch {
		taken = c.direction.Predict(ref)
		c.direction.Shift(ref, taken)
		c.dirCP = c.direction.Checkpoint()
		c.Stats.Branches++
	}
	next := fall
	if taken {
		e.Flags |= rob.PredictedTaken
		next = c.predictTarget(ref, f, in, row, fall)
		if in.Aux < 0 && c.returns != nil && c.returns.FromStack() {
			e.Flags |= rob.Popped
		}
	}
	c.maps.Drop(fi, int(row.Pops))

	bubble := false
	if actual, ok := c.resolveAtRename(e, f, fall); ok && actual != next {
		bubble = true
		c.Stats.FrontEndRedirects++
		if row.Kind == decoder.KindBranch {
			was := c.takenConst(e)
			c.repairDirection(ref, e, was)
			setFlag(e, rob.PredictedTaken, was)
		}
		next = actual
		if next < 0 {
			// Jumping nowhere: the fault is raised at commit.
			e.Next = -1
			c.fetch.inst = fall
			c.startRun()
			c.fetch.state = fetchDead
			return
		}
	}
	e.Next = next
	if taken && in.Aux < 0 && next >= 0 {
		c.shiftTarget(ref, next)
	}
	if next < 0 {
		c.fetch.state = fetchTarget
		c.fetch.waitFor = seq
		c.refill(CauseTarget)
		c.fetch.inst = fall
		c.startRun()
		return
	}
	c.fetch.inst = next
	c.redirected = next != fall
	c.startRun()
	if bubble {
		c.fetch.resume = c.cycle + uint64(c.cfg.Core.FrontEnd)
		c.refill(CauseFrontEnd)
	}
}

func setFlag(e *rob.Entry, f rob.Flags, on bool) {
	if on {
		e.Flags |= f
	} else {
		e.Flags &^= f
	}
}

// shiftTarget appends the target that fetch follows to the target history.
func (c *Core) shiftTarget(ref predictor.Ref, next int32) {
	c.target.Shift(ref, next)
	c.tgtCP = c.target.Checkpoint()
}

// takenConst tells whether a branch's condition, known at rename, takes it.
func (c *Core) takenConst(e *rob.Entry) bool {
	w, ok := c.known(e.Src[1])
	return ok && taken(e, w)
}

// repairDirection replaces the outcome that was shifted into the history.
func (c *Core) repairDirection(ref predictor.Ref, e *rob.Entry, taken bool) {
	c.direction.Restore(e.DirCP)
	c.direction.Shift(ref, taken)
	c.dirCP = c.direction.Checkpoint()
}

// predictTarget gives the predicted target instruction, or -1.
func (c *Core) predictTarget(ref predictor.Ref, f *frame, in *decoder.Inst, row *decoder.Row, fall int32) int32 {
	if in.Aux >= 0 {
		if row.Kind == decoder.KindJump && in.N == 1 {
			c.target.Call(ref, fall)
			c.tgtCP = c.target.Checkpoint()
		}
		return in.Aux
	}
	t := c.target.Predict(ref)
	c.tgtCP = c.target.Checkpoint()
	if pc, ok := predictor.IsCodePosition(t); ok {
		if int(pc) >= len(f.prog.Label) {
			return -1
		}
		return f.prog.Label[pc]
	}
	// Fetch cannot follow a prediction that is no jump target.
	if t < 0 || int(t) >= len(f.prog.Insts) || f.prog.File == nil && f.prog.Insts[t].Kind != decoder.KindNop {
		return -1
	}
	return t
}

// resolveAtRename gives the next instruction of a jump or branch whose operands
// are constants: -1 for an invalid target.
func (c *Core) resolveAtRename(e *rob.Entry, f *frame, fall int32) (next int32, ok bool) {
	if e.Op == isa.Branch {
		cond, known := c.known(e.Src[1])
		if !known {
			return 0, false
		}
		if !taken(e, cond) {
			return fall, true
		}
	}
	if !e.Src[0].IsConst() {
		return 0, false
	}
	return c.targetOf(e, f), true
}

// fetchCall makes the callee's frame and goes on in it.
func (c *Core) fetchCall(e *rob.Entry, seq uint64, fi int32, in *decoder.Inst, row *decoder.Row) {
	s := row.Call
	resume := c.fetch.inst + 1
	child := c.newFrame()
	f := &c.frames[fi] // newFrame may have moved the frames
	ch := &c.frames[child]
	mem := ch.ctx.Memory
	account := c.operand(fi, f, in, s.Account)
	*ch = frame{
		parent: fi, resume: resume, refs: 1, static: f.static || s.Static,
		outOff: c.operand(fi, f, in, s.OutputOffset), outLen: c.operand(fi, f, in, s.OutputLength),
		account: account, context: f.bank, bank: f.bank, tx: f.tx, space: child,
		ctx: decoder.Context{Memory: mem[:0]},
	}
	c.regs.Retain(ch.outOff)
	c.regs.Retain(ch.outLen)
	c.regs.Retain(ch.account)
	env := [rob.NumEnv]rob.Reg{
		rob.EnvSelf:         c.operand(fi, f, in, s.Self),
		rob.EnvCaller:       c.operand(fi, f, in, s.Caller),
		rob.EnvValue:        c.operand(fi, f, in, s.Value),
		rob.EnvInputOffset:  c.operand(fi, f, in, s.InputOffset),
		rob.EnvInputLength:  c.operand(fi, f, in, s.InputLength),
		rob.EnvReturnOffset: rob.ZeroReg,
		rob.EnvReturnLength: rob.ZeroReg,
	}
	c.maps.Drop(fi, int(row.Pops))
	ch.stackBase = f.stackBase + c.maps.Map[fi].Height
	c.maps.InitFrame(child, env)
	c.maps.LogFrame(child)
	e.Next = child

	ref := predictor.Ref{Site: siteOf(f, c.fetch.inst), Dynamic: e.Dynamic, Path: f.path}
	prog, callee := c.resolvedCallee(e, seq, row, account)
	if prog == nil {
		var guessed bool
		if c.callee, guessed = c.callTarget.Predict(ref); guessed {
			prog, callee = c.sys.CodeOf(&c.callee), &c.callee
		}
	}
	ch.path = pathInto(f.path, ref.Site, callee)
	c.setProgram(ch, prog)
	if c.prefetch != nil {
		c.prefetch.enter(c, e, seq)
	}
	if prog != nil && prog.File != nil {
		c.openOutermost(child)
	}
	c.fetch.frame, c.fetch.inst = child, 0
	c.startRun()
	if row.Flags&decoder.Serial != 0 {
		c.serialise(e)
		return
	}
	if prog == nil {
		c.fetch.state = fetchTarget
		c.fetch.waitFor = seq
		c.refill(CauseCall)
	}
}

// resolvedCallee gives the program called where rename can see the account, or
// where the Target micro-op has already executed, else nil.
func (c *Core) resolvedCallee(e *rob.Entry, seq uint64, row *decoder.Row, account rob.Reg) (*decoder.Program, *isa.Word) {
	if w, ok := c.known(account); ok {
		return c.sys.CodeOf(w), w
	}
	for k := len(row.Uops) - 1; k >= 0; k-- {
		if row.Uops[k].Op != isa.Target {
			continue
		}
		t := seq - uint64(int(e.UopIdx)-k)
		if t < c.buf.Head || c.buf.At(t).Flags&rob.Done != 0 {
			w := c.regs.Value(account)
			return c.sys.CodeOf(w), w
		}
	}
	return nil, nil
}

// pathInto names the chain of calls that leads into a callee; account is nil where
// fetch does not know it.
func pathInto(path, site uint64, account *isa.Word) uint64 {
	if account == nil {
		return mix(path, site)
	}
	return mix(path^account[0], site^account[1]^account[2])
}

// fetchLeave ends the frame: the caller gets the success word and the returned
// range, and fetch goes on behind the call.
func (c *Core) fetchLeave(e *rob.Entry, fi int32, f *frame, row *decoder.Row) {
	p := f.parent
	c.maps.Drop(fi, int(row.Pops))
	c.maps.LogHeight(p)
	c.dropStack(p)
	c.maps.Push(p, e.Dst)
	offset, length := e.Src[0], e.Src[1]
	space := fi
	switch {
	case row.Kind == decoder.KindBuiltin:
		e.Dst2 = c.regs.Alloc()
		offset, length = rob.ZeroReg, e.Dst2
	case row.Kind == decoder.KindDestroy, f.creation && row.Kind != decoder.KindAbort:
		offset, length, space = rob.ZeroReg, rob.ZeroReg, -1
	}
	c.maps.SetEnv(p, rob.EnvReturnOffset, offset)
	c.maps.SetEnv(p, rob.EnvReturnLength, length)
	if space >= 0 {
		c.frames[space].refs++
	}
	c.maps.SetReturn(p, space)
	c.fetch.frame, c.fetch.inst = p, f.resume
	c.startRun()
	if row.Flags&decoder.Serial != 0 || f.creation {
		c.serialise(e)
	}
}
