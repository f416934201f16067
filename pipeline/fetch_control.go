package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// known returns a register's value where rename can see it: constants.
func (rn *renamer) known(r rob.Reg) (*isa.Word, bool) {
	if r.IsConst() {
		return rn.regs.Value(r), true
	}
	return nil, false
}

// fetchJump predicts the next instruction of a jump or branch. Where rename can
// see condition and target, a wrong prediction costs a front-end bubble only.
func (fe *frontEnd) fetchJump(e *rob.Entry, seq rob.Seq, fi rob.FrameID, f *frame, in *decoder.Inst, row *decoder.Row) {
	fall := fe.inst + 1
	if fe.tested {
		fe.tested = false
		e.Imm = isa.Imm(isa.Branch, isa.BranchIfZero)
	}
	ref := predictor.Ref{
		Site: siteOf(f, fe.inst), Dynamic: e.Dynamic, Backward: in.Aux >= 0 && isa.InstIndex(in.Aux) <= fe.inst,
	}
	taken := true
	if row.Kind == decoder.KindBranch {
		taken = fe.pred.direction.Predict(ref)
		fe.pred.direction.Shift(ref, taken)
		fe.pred.dirCP = fe.pred.direction.Checkpoint()
		fe.stats.Branches++
	}
	next := fall
	if taken {
		e.Flags |= rob.PredictedTaken
		next = fe.predictTarget(ref, f, in, row, fall)
		if in.Aux < 0 && fe.pred.returns != nil && fe.pred.returns.FromStack() {
			e.Flags |= rob.Popped
		}
	}
	fe.maps.Drop(fi, int(row.Pops))

	bubble := false
	if actual, ok := fe.ren.resolveAtRename(e, f, fall); ok && actual != next {
		bubble = true
		fe.stats.FrontEndRedirects++
		if row.Kind == decoder.KindBranch {
			was := fe.ren.takenConst(e)
			fe.pred.repairDirection(ref, e, was)
			setFlag(e, rob.PredictedTaken, was)
		}
		next = actual
		if next < 0 {
			// Jumping nowhere: the fault is raised at commit.
			e.Next = -1
			fe.inst = fall
			fe.startRun()
			fe.state = fetchDead
			return
		}
	}
	e.Next = next
	if taken && in.Aux < 0 && next >= 0 {
		fe.pred.shiftTarget(ref, next)
	}
	if next < 0 {
		fe.state = fetchTarget
		fe.waitFor = seq
		fe.refill(CauseTarget)
		fe.inst = fall
		fe.startRun()
		return
	}
	fe.inst = next
	fe.redirected = next != fall
	fe.startRun()
	if bubble {
		fe.resume = fe.clock.now + isa.Cycle(fe.core.FrontEnd)
		fe.refill(CauseFrontEnd)
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
func (s *predictors) shiftTarget(ref predictor.Ref, next isa.InstIndex) {
	s.target.Shift(ref, next)
	s.tgtCP = s.target.Checkpoint()
}

// takenConst tells whether a branch's condition, known at rename, takes it.
func (rn *renamer) takenConst(e *rob.Entry) bool {
	w, ok := rn.known(e.Src[1])
	return ok && taken(e, w)
}

// repairDirection replaces the outcome that was shifted into the history.
func (s *predictors) repairDirection(ref predictor.Ref, e *rob.Entry, taken bool) {
	s.direction.Restore(e.DirCP)
	s.direction.Shift(ref, taken)
	s.dirCP = s.direction.Checkpoint()
}

// predictTarget returns the predicted target instruction, or -1.
func (fe *frontEnd) predictTarget(ref predictor.Ref, f *frame, in *decoder.Inst, row *decoder.Row, fall isa.InstIndex) isa.InstIndex {
	if in.Aux >= 0 {
		if row.Kind == decoder.KindJump && in.N == 1 {
			fe.pred.target.Call(ref, fall)
			fe.pred.tgtCP = fe.pred.target.Checkpoint()
		}
		return isa.InstIndex(in.Aux)
	}
	t := fe.pred.target.Predict(ref)
	fe.pred.tgtCP = fe.pred.target.Checkpoint()
	if pc, ok := predictor.IsCodePosition(t); ok {
		if int(pc) >= len(f.prog.Label) {
			return -1
		}
		return f.prog.Label[pc]
	}
	// Fetch cannot follow a prediction that is no jump target.
	if t < 0 || int(t) >= len(f.prog.Insts) || !f.machine.lands(&f.prog.Insts[t]) {
		return -1
	}
	return t
}

// resolveAtRename returns the next instruction of a jump or branch whose operands
// are constants: -1 for an invalid target.
func (rn *renamer) resolveAtRename(e *rob.Entry, f *frame, fall isa.InstIndex) (next isa.InstIndex, ok bool) {
	if e.Op == isa.Branch {
		cond, known := rn.known(e.Src[1])
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
	return rn.targetOf(e, f), true
}

// fetchCall makes the callee's frame and goes on in it.
func (fe *frontEnd) fetchCall(e *rob.Entry, seq rob.Seq, fi rob.FrameID, in *decoder.Inst, row *decoder.Row) {
	s := row.Call
	resume := fe.inst + 1
	child := fe.ren.newFrame()
	f := &fe.ren.frames[fi] // newFrame may have moved the frames
	ch := &fe.ren.frames[child]
	mem := ch.ctx.Memory
	account := fe.ren.operand(fi, f, in, s.Account)
	*ch = frame{
		parent: fi, resume: resume, refs: 1, static: f.static || s.Static,
		outOff: fe.ren.operand(fi, f, in, s.OutputOffset), outLen: fe.ren.operand(fi, f, in, s.OutputLength),
		account: account, context: f.bank, bank: f.bank, tx: f.tx, space: child,
		ctx: decoder.Context{Memory: mem[:0]},
	}
	fe.regs.Retain(ch.outOff)
	fe.regs.Retain(ch.outLen)
	fe.regs.Retain(ch.account)
	env := [rob.NumEnv]rob.Reg{
		rob.EnvSelf:         fe.ren.operand(fi, f, in, s.Self),
		rob.EnvCaller:       fe.ren.operand(fi, f, in, s.Caller),
		rob.EnvValue:        fe.ren.operand(fi, f, in, s.Value),
		rob.EnvInputOffset:  fe.ren.operand(fi, f, in, s.InputOffset),
		rob.EnvInputLength:  fe.ren.operand(fi, f, in, s.InputLength),
		rob.EnvReturnOffset: rob.ZeroReg,
		rob.EnvReturnLength: rob.ZeroReg,
	}
	fe.maps.Drop(fi, int(row.Pops))
	ch.stackBase = f.stackBase + fe.maps.Map[fi].Height
	fe.maps.InitFrame(child, env)
	fe.maps.LogFrame(child)
	e.Other = child

	ref := predictor.Ref{Site: siteOf(f, fe.inst), Dynamic: e.Dynamic, Path: f.path}
	prog, callee := fe.resolvedCallee(e, seq, row, account)
	if prog == nil {
		var guessed bool
		if fe.callee, guessed = fe.pred.callTarget.Predict(ref); guessed {
			prog, callee = fe.sys.CodeOf(&fe.callee), &fe.callee
		}
	}
	ch.path = pathInto(f.path, ref.Site, callee)
	fe.ren.setProgram(ch, prog)
	if fe.opt.prefetch != nil {
		fe.opt.prefetch.enter(e, seq)
	}
	if prog != nil {
		ch.machine.open(fe.tx, child)
	}
	fe.frame, fe.inst = child, 0
	fe.startRun()
	if row.Flags&decoder.Serial != 0 {
		fe.serialize(e)
		return
	}
	if prog == nil {
		fe.state = fetchTarget
		fe.waitFor = seq
		fe.refill(CauseCall)
	}
}

// resolvedCallee returns the program called where rename can see the account, or
// where the Target micro-op has already executed, else nil.
func (fe *frontEnd) resolvedCallee(e *rob.Entry, seq rob.Seq, row *decoder.Row, account rob.Reg) (*decoder.Program, *isa.Word) {
	if w, ok := fe.ren.known(account); ok {
		return fe.sys.CodeOf(w), w
	}
	for k := len(row.Uops) - 1; k >= 0; k-- {
		if row.Uops[k].Op != isa.Target {
			continue
		}
		t := seq - rob.Seq(int(e.UopIdx)-k)
		if t < fe.buf.Head || fe.buf.At(t).Flags&rob.Done != 0 {
			w := fe.regs.Value(account)
			return fe.sys.CodeOf(w), w
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
// range, and fetch goes on after the call.
func (fe *frontEnd) fetchLeave(e *rob.Entry, fi rob.FrameID, f *frame, row *decoder.Row) {
	p := f.parent
	fe.maps.Drop(fi, int(row.Pops))
	fe.maps.LogHeight(p)
	fe.ren.dropStack(p)
	fe.maps.Push(p, e.Dst)
	offset, length := e.Src[0], e.Src[1]
	space := fi
	switch {
	case row.Kind == decoder.KindBuiltin:
		e.Dst2 = fe.regs.Alloc()
		offset, length = rob.ZeroReg, e.Dst2
	case row.Kind == decoder.KindDestroy, f.creation && row.Kind != decoder.KindAbort:
		offset, length, space = rob.ZeroReg, rob.ZeroReg, -1
	}
	fe.maps.SetEnv(p, rob.EnvReturnOffset, offset)
	fe.maps.SetEnv(p, rob.EnvReturnLength, length)
	if space >= 0 {
		fe.ren.frames[space].refs++
	}
	fe.maps.SetReturn(p, space)
	fe.frame, fe.inst = p, f.resume
	fe.startRun()
	if row.Flags&decoder.Serial != 0 || f.creation {
		fe.serialize(e)
	}
}
