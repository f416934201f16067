package pipeline

import (
	"math/bits"
	"slices"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/queue"
	"github.com/ooovm/ooovm/rob"
)

// issue starts ready micro-ops, oldest first, within the issue width and the
// units. A load that finds it must wait gives its port back.
func (win *window) issue() bool {
	if win.core.InOrder {
		return win.issueInOrder()
	}
	units := win.readyUnits // those that can start another micro-op in this cycle
	if units == 0 {
		return false
	}
	budget := win.core.Issue
	ports := win.units
	moved := false
	for budget > 0 && units != 0 {
		best, seq := 0, ^rob.Seq(0)
		for w := units; w != 0; w &= w - 1 {
			u := bits.TrailingZeros16(w) & (unitPlaces - 1)
			if first := win.ready[u][0]; first < seq {
				best, seq = u, first
			}
		}
		if ports[best] == 0 || len(win.busy[best]) > 0 && !win.unitFree(isa.Unit(best)) {
			units &^= 1 << best
			continue
		}
		win.ready[best].Pop()
		if len(win.ready[best]) == 0 {
			units &^= 1 << best
			win.readyUnits &^= 1 << best
		}
		e := win.buf.At(seq)
		if win.tryIssue(e, seq) {
			ports[best]--
			budget--
		}
		moved = true
	}
	return moved
}

// issueInOrder starts micro-ops in program order and stalls on the first that
// cannot start: its operands are not ready, its unit is busy, or it waits.
func (win *window) issueInOrder() bool {
	budget := win.core.Issue
	ports := win.units
	moved := false
	if win.issueNext < win.buf.Head {
		win.issueNext = win.buf.Head
	}
	for budget > 0 && win.issueNext < win.buf.Dispatch {
		seq := win.issueNext
		e := win.buf.At(seq)
		info := &facts[e.Op]
		if info.class == isa.ClassNone {
			win.issueNext++
			continue
		}
		u := info.unit
		if e.Pending > 0 || e.Flags&rob.Parked != 0 || ports[u] == 0 || !win.unitFree(u) || !win.tryIssue(e, seq) {
			break
		}
		ports[u]--
		budget--
		win.issueNext++
		moved = true
	}
	return moved
}

// unitFree reports whether a unit that is not pipelined has an idle instance.
func (win *window) unitFree(u isa.Unit) bool {
	list := win.busy[u]
	if len(list) == 0 {
		return true
	}
	kept := list[:0]
	for _, until := range list {
		if until > win.clock.now {
			kept = append(kept, until)
		}
	}
	win.busy[u] = kept
	return len(kept) < win.units[u]
}

// giveUp frees a unit that is busy until a cycle, with work that nobody wants any more.
func (win *window) giveUp(u isa.Unit, until isa.Cycle) {
	if i := slices.Index(win.busy[u], until); i >= 0 {
		win.busy[u] = slices.Delete(win.busy[u], i, i+1)
	}
}

// tryIssue executes the entry's micro-op; false when it has to wait (it is parked
// then).
func (win *window) tryIssue(e *rob.Entry, seq rob.Seq) bool {
	latency, ok := win.exec.execute(e, seq)
	if !ok {
		return false
	}
	e.Flags |= rob.Issued
	win.iq--
	win.stats.ExecutedUops++
	info := &facts[e.Op]
	if info.traits&traitBusy != 0 && latency > 1 {
		win.busy[info.unit] = append(win.busy[info.unit], win.clock.now+latency)
	}
	e.Ready = win.clock.now + latency
	at := e.Ready
	if info.class == isa.ClassStateKey {
		at = win.clock.now + win.exec.latency[isa.LatState]
	}
	win.events.Add(queue.Event{Cycle: at, Seq: seq, UID: e.UID})
	if win.obs.watches(e) {
		win.obs.probe.Issue(win.clock.now, e, e.Ready)
	}
	return true
}

// writeBack completes what ends in this cycle, oldest first.
func (c *Core) writeBack() bool {
	list := c.win.events.Take(c.clock.now)
	for _, ev := range list {
		if ev.Seq == 0 {
			c.state.retryMisses()
			continue
		}
		if !c.win.buf.Holds(ev.Seq) {
			continue
		}
		e := c.win.buf.At(ev.Seq)
		if e.UID != ev.UID || e.Flags&rob.Issued == 0 {
			continue
		}
		c.complete(e, ev.Seq)
	}
	return len(list) > 0
}

// complete makes an entry's result visible and acts on what it has found out.
func (c *Core) complete(e *rob.Entry, seq rob.Seq) {
	class := facts[e.Op].class
	if class == isa.ClassStateKey && e.Ready > c.clock.now {
		// The key is known; the old value is still on its way.
		c.win.events.Add(queue.Event{Cycle: e.Ready, Seq: seq, UID: e.UID})
		c.resolveState(e.Queue)
		return
	}
	e.Flags |= rob.Done
	if e.Dst != rob.NoReg && e.Flags&rob.ResultAtCommit == 0 {
		c.win.wake(c.ren.regs.SetReady(e.Dst))
	}
	if e.Dst2 != rob.NoReg {
		c.win.wake(c.ren.regs.SetReady(e.Dst2))
	}
	switch class {
	case isa.ClassStateLoad:
		if c.state.at(e.Queue).predicted {
			c.verifyValue(e, seq)
		}
	case isa.ClassStoreAddr:
		c.completeStoreAddr(e)
	case isa.ClassStoreData:
		c.mem.provideData(c.mem.store(e.Queue))
	case isa.ClassStateKey:
		c.resolveState(e.Queue)
	case isa.ClassStateData:
		o := c.state.at(e.Queue)
		o.dataKnown = true
		c.state.wakeState(o)
	case isa.ClassBranch:
		c.resolveBranch(e, seq)
	case isa.ClassControl:
		if e.Op == isa.Target {
			c.resolveTarget(e, seq)
		} else if returns(e.Op) {
			c.completeReturn(e)
		} else if c.opt.prefix != nil {
			c.opt.prefix.note(e, seq)
		}
	}
}

// wake goes through a register's waiters.
func (win *window) wake(w rob.Wait) {
	for w != 0 {
		seq := w.Seq(win.buf.Head)
		e := win.buf.At(seq)
		w = e.Link[w.Source()]
		e.Pending--
		if e.Pending == 0 {
			win.pushReady(e, seq)
		}
	}
}
