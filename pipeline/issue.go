package pipeline

import (
	"math/bits"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// issue starts ready micro-ops, oldest first, within the issue width and the
// units. A load that finds it must wait gives its port back.
func (c *Core) issue() bool {
	if c.cfg.Core.InOrder {
		return c.issueInOrder()
	}
	units := c.readyUnits // those that can start another micro-op in this cycle
	if units == 0 {
		return false
	}
	budget := c.cfg.Core.Issue
	ports := c.units
	moved := false
	for budget > 0 && units != 0 {
		best, seq := 0, ^uint64(0)
		for w := units; w != 0; w &= w - 1 {
			u := bits.TrailingZeros16(w) & 15
			if first := c.ready[u][0]; first < seq {
				best, seq = u, first
			}
		}
		if ports[best] == 0 || !c.unitFree(isa.Unit(best)) {
			units &^= 1 << best
			continue
		}
		c.ready[best].pop()
		if len(c.ready[best]) == 0 {
			units &^= 1 << best
			c.readyUnits &^= 1 << best
		}
		e := c.buf.At(seq)
		if c.tryIssue(e, seq) {
			ports[best]--
			budget--
		}
		moved = true
	}
	return moved
}

// issueInOrder starts micro-ops in program order and stalls on the first that
// cannot start: its operands are not ready, its unit is busy, or it waits.
func (c *Core) issueInOrder() bool {
	budget := c.cfg.Core.Issue
	ports := c.units
	moved := false
	if c.issueNext < c.buf.Head {
		c.issueNext = c.buf.Head
	}
	for budget > 0 && c.issueNext < c.buf.Dispatch {
		seq := c.issueNext
		e := c.buf.At(seq)
		info := &facts[e.Op]
		if info.class == isa.ClassNone {
			c.issueNext++
			continue
		}
		u := info.unit
		if e.Pending > 0 || e.Flags&rob.Parked != 0 || ports[u] == 0 || !c.unitFree(u) || !c.tryIssue(e, seq) {
			break
		}
		ports[u]--
		budget--
		c.issueNext++
		moved = true
	}
	return moved
}

// unitFree reports whether a unit that is not pipelined has an idle instance.
func (c *Core) unitFree(u isa.Unit) bool {
	list := c.busy[u]
	if len(list) == 0 {
		return true
	}
	kept := list[:0]
	for _, until := range list {
		if until > c.cycle {
			kept = append(kept, until)
		}
	}
	c.busy[u] = kept
	return len(kept) < c.units[u]
}

// tryIssue executes the entry's micro-op; false when it has to wait (it is parked
// then).
func (c *Core) tryIssue(e *rob.Entry, seq uint64) bool {
	latency, ok := c.execute(e, seq)
	if !ok {
		return false
	}
	e.Flags |= rob.Issued
	c.iq--
	c.Stats.ExecutedUops++
	info := &facts[e.Op]
	if info.traits&traitBusy != 0 && latency > 1 {
		c.busy[info.unit] = append(c.busy[info.unit], c.cycle+latency)
	}
	e.Ready = c.cycle + latency
	at := e.Ready
	if info.class == isa.ClassStateKey {
		at = c.cycle + uint64(c.latency[isa.LatState])
	}
	c.events.add(event{cycle: at, seq: seq, uid: e.UID})
	if c.watched(e) {
		c.probe.Issue(c.cycle, e, e.Ready)
	}
	return true
}

// writeBack completes what ends in this cycle, oldest first.
func (c *Core) writeBack() bool {
	list := c.events.take(c.cycle)
	for _, ev := range list {
		if ev.seq == 0 {
			c.retryMisses()
			continue
		}
		if !c.buf.Holds(ev.seq) {
			continue
		}
		e := c.buf.At(ev.seq)
		if e.UID != ev.uid || e.Flags&rob.Issued == 0 {
			continue
		}
		c.complete(e, ev.seq)
	}
	return len(list) > 0
}

// complete makes an entry's result visible and acts on what it has found out.
func (c *Core) complete(e *rob.Entry, seq uint64) {
	class := facts[e.Op].class
	if class == isa.ClassStateKey && e.Ready > c.cycle {
		// The key is known; the old value is still on its way.
		c.events.add(event{cycle: e.Ready, seq: seq, uid: e.UID})
		c.resolveState(e.Queue)
		return
	}
	e.Flags |= rob.Done
	if e.Dst != rob.NoReg && e.Flags&rob.Late == 0 {
		c.wake(c.regs.SetReady(e.Dst))
	}
	if e.Dst2 != rob.NoReg {
		c.wake(c.regs.SetReady(e.Dst2))
	}
	switch class {
	case isa.ClassStateLoad:
		if c.state.at(e.Queue).predicted {
			c.verifyValue(e, seq)
		}
	case isa.ClassStoreAddr:
		c.completeStoreAddr(e)
	case isa.ClassStoreData:
		c.provideData(c.mem.store(e.Queue))
	case isa.ClassStateKey:
		c.resolveState(e.Queue)
	case isa.ClassStateData:
		o := c.state.at(e.Queue)
		o.dataKnown = true
		c.wakeState(o)
	case isa.ClassBranch:
		c.resolveBranch(e, seq)
	case isa.ClassControl:
		if e.Op == isa.Target {
			c.resolveTarget(e, seq)
		} else if returns(e.Op) {
			c.completeReturn(e)
		} else if c.prefix != nil {
			c.prefix.note(e, seq)
		}
	}
}

// wake goes through a register's waiters.
func (c *Core) wake(w rob.Wait) {
	for w != 0 {
		seq := w.Seq(c.buf.Head)
		e := c.buf.At(seq)
		w = e.Link[w.Source()]
		e.Pending--
		if e.Pending == 0 {
			c.pushReady(e, seq)
		}
	}
}
