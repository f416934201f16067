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
	view    decoder.View // nil: nobody else changes the state
	waiting []parked     // accesses that wait for another transaction
}

// Begin puts the envelope of a transaction on a drained core: fetch starts in the
// cycle after the given one. dynamic is the number of the block's instruction that
// the transaction starts with. The cycles that the core was idle before are lost to
// CauseDrain.
func (c *Core) Begin(env *decoder.Envelope, dynamic, cycle uint64) {
	if cycle > c.cycle {
		c.forget(cycle)
		c.Stats.Slots[CauseDrain] += (cycle - c.cycle) * c.Stats.Width
		c.cycle = cycle
	}
	c.root = c.begin(env, dynamic)
	c.lastCommit = c.cycle
	c.steps, c.moved = 0, true
}

// Running reports whether the transaction has neither ended nor failed.
func (c *Core) Running() bool { return !c.finished && c.err == nil }

// Next is the first cycle in which the core can do anything. ok is false when it
// waits for something outside, or for nothing at all.
func (c *Core) Next() (cycle uint64, ok bool) {
	if c.moved || c.chaos != nil {
		return c.cycle + 1, true
	}
	return c.nextEvent()
}

// Step simulates one cycle, after passing over those before it, in which the core
// could do nothing: Next has said so.
func (c *Core) Step(cycle uint64) {
	c.idle(cycle - 1)
	c.moved = c.tick()
	c.guard()
	c.steps++
}

// End closes a transaction that is not Running any more. The error is a difference
// found by the checker, a limit, or a fault of the simulator itself.
func (c *Core) End() error {
	if c.err == nil {
		c.setTemp(rob.ZeroReg)
		c.dropFrame(c.root)
	}
	return c.err
}

// Abort gives a transaction up at the end of a cycle: everything in flight is
// squashed and every open frame dropped, so that the core is drained. What has
// committed stays counted; undoing its effects is the system's affair.
func (c *Core) Abort(cycle uint64) {
	c.idle(cycle)
	b := c.buf
	frame := c.fetch.frame
	if b.Head < b.Tail {
		e := *b.At(b.Head)
		frame = e.Frame
		c.squashFrom(b.Head, CauseDrain)
		c.direction.Restore(e.DirCP)
		c.target.Restore(e.TgtCP)
		c.dirCP, c.tgtCP = e.DirCP, e.TgtCP
	} else {
		c.maps.UndoTo(c.retiredTo) // of a run that no entry carries yet
	}
	c.squashMemory(0)
	c.state.squash(0)
	c.forget(cycle)
	c.outside.waiting = c.outside.waiting[:0]
	c.setTemp(rob.ZeroReg)
	for frame >= 0 {
		parent := c.frames[frame].parent
		c.dropFrame(frame)
		frame = parent
	}
	c.finished = true
}

// forget drops the events of a drained core, which concern nobody any more, before its
// time jumps over their cycles.
func (c *Core) forget(cycle uint64) {
	c.events.reset(cycle)
	c.state.missRetry = 0
	c.state.misses = c.state.misses[:0]
	c.state.balance = c.state.balance[:0]
	if c.prefix != nil {
		c.prefix.waiting = c.prefix.waiting[:0]
	}
}

// Waits reports whether the oldest micro-op waits for another transaction, so that
// the core gets no further by itself. The view is asked again for it.
func (c *Core) Waits() bool {
	if len(c.outside.waiting) == 0 || c.buf.Head == c.buf.Dispatch {
		return false
	}
	e := c.buf.At(c.buf.Head)
	if e.Flags&rob.Parked == 0 {
		return false
	}
	for _, w := range c.outside.waiting {
		if w.seq != c.buf.Head || w.uid != e.UID {
			continue
		}
		if c.pending(e) {
			return true
		}
		c.Wake(c.cycle) // something else has settled the value meanwhile
		break
	}
	return false
}

// Wake lets the accesses that wait for other transactions look again, in the cycle
// after the given one, up to which the core could do nothing else.
func (c *Core) Wake(cycle uint64) {
	waiting := c.outside.waiting
	if len(waiting) == 0 {
		return
	}
	c.idle(cycle)
	c.outside.waiting = waiting[:0]
	for _, w := range waiting {
		c.unpark(w)
	}
	c.moved = true
}

// waitsOutside parks a state access while another transaction is about to write its
// key.
func (c *Core) waitsOutside(e *rob.Entry, seq uint64) bool {
	if c.outside.view == nil || !c.pending(e) {
		return false
	}
	e.Flags |= rob.Parked
	c.outside.waiting = append(c.outside.waiting, parked{seq, e.UID})
	return true
}

// pending asks the view about the key of a state access.
func (c *Core) pending(e *rob.Entry) bool {
	switch e.Op {
	case isa.AccountLoad:
		account := c.account(e)
		return c.outside.view.AccountPending(e.Imm, &account)
	case isa.StateLoad, isa.StateKey:
		return c.outside.view.StoragePending(e.Imm, c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1]))
	}
	return false
}

// account is the account that an AccountLoad names.
func (c *Core) account(e *rob.Entry) (w isa.Word) {
	isa.Exec(isa.Account, &w, c.regs.Value(e.Src[0]), nil, nil)
	return w
}

// noteRead tells the view what a state load that commits has read.
func (c *Core) noteRead(e *rob.Entry) {
	switch e.Op {
	case isa.StateLoad:
		c.outside.view.StorageRead(e.Imm, c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1]))
	case isa.AccountLoad:
		account := c.account(e)
		c.outside.view.AccountRead(e.Imm, &account)
	}
}
