package pipeline

import (
	"math/bits"
	"math/rand/v2"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// resolveBranch compares a jump's real target with the prediction that fetch
// followed.
func (c *Core) resolveBranch(e *rob.Entry, seq rob.Seq) {
	f := &c.ren.frames[e.Frame]
	fall := e.Inst + 1
	jumps := e.Op == isa.Jump || taken(e, c.ren.regs.Value(e.Src[1]))
	next := fall
	if jumps {
		next = c.ren.targetOf(e, f)
	}
	ref := c.ren.ref(e)
	wrongWay := e.Op == isa.Branch && jumps != (e.Flags&rob.PredictedTaken != 0)
	cause := CauseTarget
	if wrongWay {
		cause = CauseBranch
	}
	if next < 0 {
		// An invalid target: nothing follows; the fault is raised at commit.
		e.Flags |= rob.Faulty
		e.Fault = uint8(decoder.FaultInvalidJump)
		if e.Next >= 0 {
			c.countMispredict(wrongWay)
			c.squashAfter(e, seq, cause)
			c.front.steer(e.Frame, fall, c.clock.now+1, cause)
		}
		c.front.state = fetchDead
		return
	}
	if e.Next == next {
		return
	}
	waited := e.Next < 0 && c.front.state == fetchTarget && c.front.waitFor == seq
	if !waited || wrongWay {
		c.countMispredict(wrongWay)
		if e.Flags&rob.Popped != 0 && !wrongWay {
			c.Stats.ReturnMispredicts++
		}
	}
	if !waited {
		c.squashAfter(e, seq, cause)
	}
	if e.Op == isa.Branch {
		c.pred.repairDirection(ref, e, jumps)
	}
	e.Next = next
	if jumps && f.prog.Insts[e.Inst].Aux < 0 {
		c.pred.shiftTarget(ref, next)
	}
	c.front.steer(e.Frame, next, c.clock.now+1, cause)
}

// targetOf returns the instruction that a jump whose operands are there goes to, -1
// when it is no jump target.
func (rn *renamer) targetOf(e *rob.Entry, f *frame) isa.InstIndex {
	if t := f.prog.Insts[e.Inst].Aux; t >= 0 {
		return isa.InstIndex(t) // the constant pushed just before it says so
	}
	return f.prog.Target(rn.regs.Value(e.Src[0]))
}

func (c *Core) countMispredict(wrongWay bool) {
	if wrongWay {
		c.Stats.DirectionMispredicts++
	} else {
		c.Stats.TargetMispredicts++
	}
}

// resolveTarget compares the program that a call really enters with the one that
// fetch went on in.
func (c *Core) resolveTarget(e *rob.Entry, seq rob.Seq) {
	f := &c.ren.frames[e.Frame]
	row := &f.prog.Rows[f.prog.Insts[e.Inst].Code]
	enter := seq + rob.Seq(len(row.Uops)-1-int(e.UopIdx))
	if enter >= c.win.buf.Tail {
		return // not renamed yet: rename will see the target
	}
	x := c.win.buf.At(enter)
	if x.Op != isa.Enter {
		return // a creation
	}
	child := x.Other
	callee := c.ren.regs.Value(c.ren.frames[child].account)
	prog := c.sys.CodeOf(callee)
	c.ren.frames[child].path = pathInto(f.path, siteOf(f, e.Inst), callee)
	if prog == c.ren.frames[child].prog {
		return
	}
	if c.front.state == fetchTarget && c.front.waitFor == enter {
		c.ren.setProgram(&c.ren.frames[child], prog)
		c.front.steer(child, 0, c.clock.now+1, CauseCall)
		return
	}
	halted := x.Flags&rob.StopsFetch != 0
	c.Stats.CallMispredicts++
	c.squashAfter(x, enter, CauseCall)
	c.ren.setProgram(&c.ren.frames[child], prog)
	c.front.steer(child, 0, c.clock.now+1, CauseCall)
	if halted {
		c.front.state = fetchSerial
	}
}

// resolveStore makes a store's range known and squashes from the oldest younger load that
// has read these bytes too early.
func (c *Core) resolveStore(p, off, n uint64) {
	if early := c.mem.resolve(p, off, n); early > 0 {
		c.squashInstruction(early, CauseMemoryOrder)
	}
}

// resolveState makes a state store's key known and squashes from the oldest younger load
// that has read it too early.
func (c *Core) resolveState(p uint64) {
	if early := c.state.resolveKey(p); early > 0 {
		c.squashInstruction(early, CauseStateOrder)
	}
}

// squashAfter removes everything younger than an entry, which stays. The caller
// must steer fetch: its position is on the path that is gone.
func (c *Core) squashAfter(e *rob.Entry, seq rob.Seq, cause Cause) {
	c.squashFrom(seq+1, cause)
	c.pred.direction.Restore(e.DirCP)
	c.pred.target.Restore(e.TgtCP)
	ref := c.ren.ref(e)
	in := &c.ren.frames[e.Frame].prog.Insts[e.Inst]
	// Redo what the entry itself did to the predictors' histories.
	switch e.Op {
	case isa.Branch:
		c.pred.direction.Shift(ref, e.Flags&rob.PredictedTaken != 0)
	case isa.Jump:
		switch {
		case in.Aux < 0:
			c.pred.target.Predict(ref)
		case in.N == 1:
			c.pred.target.Call(ref, e.Inst+1)
		}
	}
	c.pred.dirCP, c.pred.tgtCP = c.pred.direction.Checkpoint(), c.pred.target.Checkpoint()
	c.front.dynamic = e.Dynamic
	if c.ren.counted(e) {
		c.front.dynamic++
	}
}

// squashInstruction removes the instruction of an entry and everything younger,
// and fetches it again. None of its micro-ops can have retired: something older
// than the instruction is still in flight, or the caller has made sure.
func (c *Core) squashInstruction(seq rob.Seq, cause Cause) {
	first := seq - rob.Seq(c.win.buf.At(seq).UopIdx)
	x := *c.win.buf.At(first)
	c.squashFrom(first, cause)
	c.pred.restore(x.DirCP, x.TgtCP)
	c.front.dynamic = x.Dynamic - uint64(x.Inst-x.RunStart)
	c.front.steer(x.Frame, x.RunStart, c.clock.now+1, cause)
}

// squashFrom removes every entry from seq on and undoes its renaming, youngest
// first.
func (c *Core) squashFrom(seq rob.Seq, cause Cause) {
	b := c.win.buf
	c.Stats.Squashes[cause]++
	// What fetch has renamed but not yet put into an entry.
	last := c.ren.retiredTo
	if b.Tail > b.Head {
		last = c.ren.maps.At(b.At(b.Tail - 1).UndoEnd)
	}
	c.ren.maps.UndoTo(last)
	c.ren.maps.Map[c.front.frame].Height = c.front.height
	for b.Tail > seq {
		s := b.Tail - 1
		e := b.At(s)
		end := c.ren.retiredTo
		if s > b.Head {
			end = c.ren.maps.At(b.At(s - 1).UndoEnd)
		}
		c.ren.maps.UndoTo(end)
		c.ren.maps.Map[e.Frame].Height = int(e.Height)
		c.discard(e, s)
		b.Tail--
	}
	if b.Dispatch > b.Tail {
		b.Dispatch = b.Tail
	}
	if c.win.issueNext > seq {
		c.win.issueNext = seq
	}
	for w := c.win.readyUnits; w != 0; w &= w - 1 {
		u := bits.TrailingZeros16(w)
		if c.win.ready[u].Squash(seq); len(c.win.ready[u]) == 0 {
			c.win.readyUnits &^= 1 << u
		}
	}
	c.mem.squashMemory(seq)
	c.state.squash(seq)
	c.front.refill(cause)
}

// discard gives back what a squashed entry holds.
func (c *Core) discard(e *rob.Entry, seq rob.Seq) {
	if e.Flags&rob.Dispatched != 0 {
		if e.Flags&(rob.Issued|rob.Done) == 0 {
			c.win.iq--
			// Last source first: a register that is read twice has them in that order.
			for i := len(e.Src) - 1; i >= 0; i-- {
				if r := e.Src[i]; r != rob.NoReg && !c.ren.regs.Ready(r) {
					c.ren.regs.RemoveWaiter(r, rob.MakeWait(seq, i), e.Link[i])
				}
			}
		}
		if e.Dst != rob.NoReg {
			c.win.inflight--
		}
		if e.Flags&rob.Issued != 0 {
			c.Stats.WrongPathUops++
		}
	}
	for i := range e.Src[:facts[e.Op].sources] {
		c.ren.regs.Release(e.Src[i])
	}
	c.ren.regs.Release(e.Dst)
	c.ren.regs.Release(e.Dst2)
	if e.Op == isa.Builtin { // its output; the frame may turn out to run another program
		f := &c.ren.frames[e.Frame]
		f.ctx.Memory = f.ctx.Memory[:0]
		if e.Flags&(rob.Issued|rob.Done) == rob.Issued {
			c.win.giveUp(isa.UnitCrypto, e.Ready)
		}
	}
	c.Stats.SquashedUops++
	if c.obs.watches(e) {
		c.obs.probe.Squash(c.clock.now, e)
	}
}

// chaosSquash squashes at random, to prove that recovery is complete.
type chaosSquash struct {
	rng        *rand.PCG
	perMillion uint64
	lastHead   uint64 // the oldest entry that was hit last
}

func newChaosSquash(perMillion int, seed uint64) *chaosSquash {
	return &chaosSquash{rng: rand.NewPCG(seed, 0xc4a05), perMillion: uint64(perMillion)}
}

// chaosStep squashes from a random instruction of the reorder buffer, but never
// twice from the same oldest one, so that the machine gets on.
func (c *Core) chaosStep() (moved bool) {
	k := c.opt.chaos
	if k.rng.Uint64()%1_000_000 >= k.perMillion {
		return false
	}
	n := uint64(c.win.buf.Dispatch - c.win.buf.Head)
	if n == 0 {
		return false
	}
	seq := c.win.buf.Head + rob.Seq(k.rng.Uint64()%n)
	e := c.win.buf.At(seq)
	if rob.Seq(e.UopIdx) > seq-c.win.buf.Head {
		return // part of the instruction has retired
	}
	if first := seq - rob.Seq(e.UopIdx); first == c.win.buf.Head {
		if k.lastHead == c.Stats.Instructions+1 {
			return false
		}
		k.lastHead = c.Stats.Instructions + 1
	}
	c.squashInstruction(seq, CauseChaos)
	return false
}
