package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Several cores on one block are stepped by a machine, which lets time pass on all
// of them together: it begins transactions, steps whichever core can do something in
// a cycle, and aborts what has become pointless. Core.Run is the same for one core.

// outside is what a core knows of state that other cores are changing meanwhile.
// It is empty on a core whose system is no decoder.View.
type outside struct {
	ren  *renamer
	regs *rob.Registers

	view    decoder.View // nil: nobody else changes the state
	waiting []parked     // accesses that wait for another transaction
}

// Begin puts the envelope of a transaction on a drained core: fetch starts in the
// cycle after the given one. dynamic is the number of the block's instruction that
// the transaction starts with. The cycles that the core was idle before are lost to
// CauseDrain.
func (c *Core) Begin(env *decoder.Envelope, dynamic uint64, cycle isa.Cycle) {
	if cycle > c.clock.now {
		c.forget(cycle)
		c.Stats.Slots[CauseDrain] += uint64(cycle-c.clock.now) * c.Stats.Width
		c.clock.now = cycle
	}
	c.tx.root = c.begin(env, dynamic)
	c.run.lastCommit = c.clock.now
	c.run.steps, c.run.moved = 0, true
	c.run.limited = c.VerifyEvery > 0 || c.MaxCycles > 0
}

// Running reports whether the transaction has neither ended nor failed.
func (c *Core) Running() bool { return !c.tx.finished && c.err == nil }

// Next is the first cycle in which the core can do anything. ok is false when it
// waits for something outside, or for nothing at all.
func (c *Core) Next() (cycle isa.Cycle, ok bool) {
	if c.run.moved || c.opt.chaos != nil {
		return c.clock.now + 1, true
	}
	return c.nextEvent()
}

// Step simulates one cycle, after passing over those before it, in which the core
// could do nothing: Next has said so.
func (c *Core) Step(cycle isa.Cycle) {
	if cycle > c.clock.now+1 {
		c.idle(cycle - 1)
	}
	c.run.moved = c.tick()
	if c.run.limited || c.run.steps%stopInterval == 0 || c.clock.now-c.run.lastCommit > c.run.watchdog {
		c.guard()
	}
	c.run.steps++
}

// End closes a transaction that is not Running any more. The error is a difference
// found by the checker, a limit, or a fault of the simulator itself.
func (c *Core) End() error {
	if c.err == nil {
		c.ren.setTemp(rob.ZeroReg)
		c.ren.dropFrame(c.tx.root)
	}
	return c.err
}

// Abort gives a transaction up at the end of a cycle: everything in flight is
// squashed and every open frame dropped, so that the core is drained. What has
// committed stays counted; undoing its effects is the system's affair.
func (c *Core) Abort(cycle isa.Cycle) {
	c.idle(cycle)
	b := c.win.buf
	frame := c.front.frame
	if b.Head < b.Tail {
		e := *b.At(b.Head)
		frame = e.Frame
		c.squashFrom(b.Head, CauseDrain)
		c.pred.restore(e.DirCP, e.TgtCP)
	} else {
		c.ren.maps.UndoTo(c.ren.retiredTo) // of a run that no entry carries yet
	}
	c.mem.squashMemory(0)
	c.state.squash(0)
	c.forget(cycle)
	c.outside.waiting = c.outside.waiting[:0]
	c.ren.setTemp(rob.ZeroReg)
	for frame >= 0 {
		parent := c.ren.frames[frame].parent
		c.ren.dropFrame(frame)
		frame = parent
	}
	c.tx.finished = true
}

// forget drops the events of a drained core, which concern nobody any more, before its
// time jumps over their cycles.
func (c *Core) forget(cycle isa.Cycle) {
	c.win.events.Reset(cycle)
	c.state.missRetry = 0
	c.state.misses = c.state.misses[:0]
	c.state.balance = c.state.balance[:0]
	if c.opt.prefix != nil {
		c.opt.prefix.waiting = c.opt.prefix.waiting[:0]
	}
}

// Waits reports whether the oldest micro-op waits for another transaction, so that
// the core gets no further by itself. The view is asked again for it.
func (c *Core) Waits() bool {
	if len(c.outside.waiting) == 0 || c.win.buf.Head == c.win.buf.Dispatch {
		return false
	}
	e := c.win.buf.At(c.win.buf.Head)
	if e.Flags&rob.Parked == 0 {
		return false
	}
	for _, w := range c.outside.waiting {
		if w.seq != c.win.buf.Head || w.uid != e.UID {
			continue
		}
		if c.outside.pending(e) {
			return true
		}
		c.Wake(c.clock.now) // something else has settled the value meanwhile
		break
	}
	return false
}

// Wake lets the accesses that wait for other transactions look again, in the cycle
// after the given one, up to which the core could do nothing else.
func (c *Core) Wake(cycle isa.Cycle) {
	waiting := c.outside.waiting
	if len(waiting) == 0 {
		return
	}
	c.idle(cycle)
	c.outside.waiting = waiting[:0]
	for _, w := range waiting {
		c.win.unpark(w)
	}
	c.run.moved = true
}

// Parked reports whether accesses wait for other transactions, so that Wake has an effect.
func (c *Core) Parked() bool { return len(c.outside.waiting) > 0 }

// waitsOutside parks a state access while another transaction is about to write its
// key.
func (o *outside) waitsOutside(e *rob.Entry, seq rob.Seq) bool {
	if o.view == nil || !o.pending(e) {
		return false
	}
	e.Flags |= rob.Parked
	o.waiting = append(o.waiting, parked{seq, e.UID})
	return true
}

// pending asks the view about the key of a state access.
func (o *outside) pending(e *rob.Entry) bool {
	switch e.Op {
	case isa.AccountLoad:
		account := o.ren.account(e)
		return o.view.AccountPending(isa.AccountField(e.Imm), &account)
	case isa.StateLoad, isa.StateKey:
		return o.view.StoragePending(isa.Space(e.Imm), o.regs.Value(e.Src[0]), o.regs.Value(e.Src[1]))
	}
	return false
}

// account is the account that an AccountLoad names.
func (rn *renamer) account(e *rob.Entry) (w isa.Word) {
	isa.Exec(isa.Account, &w, rn.regs.Value(e.Src[0]), nil, nil)
	return w
}

// noteRead tells the view what a state load that commits has read.
func (o *outside) noteRead(e *rob.Entry) {
	switch e.Op {
	case isa.StateLoad:
		o.view.StorageRead(isa.Space(e.Imm), o.regs.Value(e.Src[0]), o.regs.Value(e.Src[1]))
	case isa.AccountLoad:
		account := o.ren.account(e)
		o.view.AccountRead(isa.AccountField(e.Imm), &account)
	}
}
