package machine

import (
	"iter"

	"github.com/ooovm/ooovm/isa"
)

// ahead is a core that runs ahead of the machine's time. What a core does in a cycle depends on
// the other cores only where it looks at the state between transactions, and concerns them only
// when its incarnation ends, or waits for one of them. From one such cycle to the next it runs
// alone, with its tables in the host's caches; then it stops, in the middle of a cycle if need
// be, until the machine's time has come to it. It is a coroutine for that.
type ahead struct {
	resume  func() (isa.Cycle, bool)
	stop    func()
	yield   func(isa.Cycle) bool
	stopped bool
	ended   bool // the cycle in which it goes on is over: the machine has to look at the core
}

// start makes the core's coroutine. It gives cycles in which it wants to go on, or has
// something to show.
func (u *unit) start(now *isa.Cycle) {
	u.resume, u.stop = iter.Pull(func(yield func(isa.Cycle) bool) {
		u.yield = yield
		for !u.stopped {
			at := u.advance(*now)
			u.stopped = u.stopped || !yield(at)
		}
	})
}

// advance steps the core from a cycle on, until something depends on other cores: it gives the
// cycle after which it has stopped then, or never if it cannot go on.
func (u *unit) advance(at isa.Cycle) isa.Cycle {
	for !u.stopped {
		u.core.Step(at)
		if u.concerns() {
			u.ended = true
			return at
		}
		next, ok := u.core.Next()
		if !ok {
			return never
		}
		at = next
	}
	return never
}

// concerns reports whether the machine has to look at the core after a step.
func (u *unit) concerns() bool {
	return u.x.view.blocked != none || !u.core.Running() || u.core.Parked() || u.waiting
}

// meet lets the machine's time come to the core's, before it looks at what others have left.
func (u *unit) meet(now *isa.Cycle) {
	if u == nil {
		return // time is that of a test
	}
	if at := u.core.Cycle(); at > *now && !u.stopped && !u.yield(at) {
		u.stopped = true // the run is given up; what the core finds now goes nowhere
	}
}
