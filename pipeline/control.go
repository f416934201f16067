package pipeline

import (
	"context"
	"errors"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// ErrMaxCycles says that a run has reached its limit of cycles.
var ErrMaxCycles = errors.New("the limit of cycles was reached")

// stopInterval is how many simulated steps pass between two looks at Stop.
const stopInterval = 4096

// Limits are what ends a run that does not end by itself.
type Limits struct {
	// VerifyEvery calls Verify after every so many simulated steps, 0 for never.
	VerifyEvery uint64
	// MaxCycles ends a run with ErrMaxCycles, 0 for no limit. Stop ends it with its
	// own error once it is done.
	MaxCycles isa.Cycle
	Stop      context.Context
}

// runControl is what decides whether a core goes on.
type runControl struct {
	watchdog   isa.Cycle // longest time without a commit
	limited    bool      // guard has to look at every step
	lastCommit isa.Cycle
	steps      uint64 // of the present transaction
	moved      bool   // a stage moved in the last one
}

// guard ends a transaction that exceeds a limit or breaks an invariant.
func (c *Core) guard() {
	switch {
	case c.clock.now-c.run.lastCommit > c.run.watchdog && !c.tx.finished && !c.computes():
		c.err = c.stuck()
	case c.VerifyEvery > 0 && c.run.steps%c.VerifyEvery == 0 && c.Running():
		c.err = c.Verify()
	case c.MaxCycles > 0 && c.clock.now > c.MaxCycles:
		c.err = ErrMaxCycles
	case c.Stop != nil && c.run.steps%stopInterval == 0 && c.Stop.Err() != nil:
		c.err = c.Stop.Err()
	}
}

// computes reports whether the oldest is a built-in under way, or waits for one: these take as
// long as their input says.
func (c *Core) computes() bool {
	b := c.win.buf
	if b.Head == b.Dispatch {
		return false
	}
	e := b.At(b.Head)
	if e.Op != isa.Builtin && e.Op != isa.System {
		return false
	}
	return e.Flags&rob.Issued != 0 || !c.win.unitFree(isa.UnitCrypto)
}

// nextEvent is the next cycle in which something happens by itself, when no stage
// could move in the present one.
func (c *Core) nextEvent() (next isa.Cycle, ok bool) {
	next, ok = c.win.events.Next()
	if b := c.win.buf; b.Dispatch < b.Tail {
		if r := b.At(b.Dispatch).Ready; r > c.clock.now && (!ok || r < next) {
			next, ok = r, true
		}
	}
	if c.opt.prefetch != nil {
		if at, some := c.opt.prefetch.Next(); some && (!ok || at < next) {
			next, ok = at, true
		}
	}
	if c.front.state == fetchRuns && c.front.resume > c.clock.now && (!ok || c.front.resume < next) {
		next, ok = c.front.resume, true
	}
	for u := range c.win.busy {
		if len(c.win.ready[u]) == 0 && !c.cfg.Core.InOrder {
			continue
		}
		for _, until := range c.win.busy[u] {
			if until > c.clock.now && (!ok || until < next) {
				next, ok = until, true
			}
		}
	}
	return next, ok
}

// idle moves time to a cycle in which nothing happens, and gives the lost slots to
// the cause that holds the machine now.
func (c *Core) idle(to isa.Cycle) {
	if to <= c.clock.now {
		return
	}
	idle := uint64(to - c.clock.now)
	c.clock.now = to
	c.chargeLost(idle * c.Stats.Width)
	c.Stats.Skipped += idle
	if c.win.stalled != nil {
		*c.win.stalled += idle
	}
}
