package pipeline

import (
	"fmt"

	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Drained checks what must hold between transactions: nothing in flight, nothing
// leaked, every commit slot accounted for.
func (c *Core) Drained() error {
	var slots uint64
	for _, n := range c.Stats.Slots {
		slots += n
	}
	for _, x := range []struct {
		what string
		got  uint64
		want uint64
	}{
		{"commit slots accounted for", slots, uint64(c.clock.now) * c.Stats.Width},
		{"micro-ops fetched that committed or were squashed", c.Stats.Uops + c.Stats.SquashedUops, c.Stats.FetchedUops},
		{"physical registers in use", uint64(c.ren.regs.Live()), 0},
		{"registers of uncommitted producers", uint64(c.win.inflight), 0},
		{"entries in the issue queue", uint64(c.win.iq), 0},
		{"entries in the reorder buffer and the front end", uint64(c.win.buf.Tail - c.win.buf.Head), 0},
		{"stores in flight", c.mem.sTail - c.mem.sHead, 0},
		{"loads in flight", c.mem.lTail - c.mem.lHead, 0},
		{"state accesses in flight", c.state.tail - c.state.head, 0},
		{"value transfers in flight", uint64(len(c.state.transfers)), 0},
		{"frames in use", uint64(len(c.ren.frames) - len(c.ren.freeFrames)), 0},
		{"undo records", c.ren.maps.Position() - c.ren.retiredTo, 0},
	} {
		if x.got != x.want {
			return invariant.Broken("%d %s after a transaction, want %d", x.got, x.what, x.want)
		}
	}
	return nil
}

// Verify recounts everything that the core keeps incrementally. It is slow: a
// checked run calls it every few cycles, others never.
func (c *Core) Verify() error {
	for _, check := range []func() error{c.verifySlots, c.verifyRegisters, c.verifyBuffer, c.verifyQueues} {
		if err := check(); err != nil {
			return fmt.Errorf("invariant broken at cycle %d: %w", c.clock.now, err)
		}
	}
	return nil
}

// verifySlots: every commit slot of every cycle has a cause.
func (c *Core) verifySlots() error {
	var slots uint64
	for _, n := range c.Stats.Slots {
		slots += n
	}
	if want := uint64(c.clock.now) * c.Stats.Width; slots != want {
		return fmt.Errorf("%d commit slots have a cause, there were %d", slots, want)
	}
	return nil
}

// verifyRegisters: reference counts are what refers, and free registers and live
// ones are all.
func (c *Core) verifyRegisters() error {
	refs := make([]int, c.ren.regs.Size())
	count := func(regs ...rob.Reg) {
		for _, r := range regs {
			if r != rob.NoReg && !r.IsConst() {
				refs[r]++
			}
		}
	}
	count(c.ren.temp)
	for seq := c.win.buf.Head; seq < c.win.buf.Tail; seq++ {
		e := c.win.buf.At(seq)
		count(e.Src[:]...)
		count(e.Dst, e.Dst2)
	}
	idle := make([]bool, len(c.ren.frames))
	for _, i := range c.ren.freeFrames {
		idle[i] = true
	}
	for i := range c.ren.frames {
		if idle[i] {
			continue
		}
		f, m := &c.ren.frames[i], &c.ren.maps.Map[i]
		count(f.outOff, f.outLen, f.account)
		count(m.Slots...)
		count(m.Env[:]...)
	}
	c.ren.maps.Log(func(r rob.Reg) { count(r) })
	live := 0
	for r, n := range refs {
		if got := c.ren.regs.Refs(rob.Reg(r)); got != n {
			return fmt.Errorf("register %d has %d references, its count is %d", r, n, got)
		}
		if n > 0 {
			live++
		}
	}
	if live != c.ren.regs.Live() || live+c.ren.regs.Free() != c.ren.regs.Size() {
		return fmt.Errorf("%d registers are referred to, %d live and %d free are %d", live, c.ren.regs.Live(), c.ren.regs.Free(), c.ren.regs.Size())
	}
	return nil
}

// verifyBuffer: sizes are within their limits, counters are what they count, and an
// entry's flags follow each other.
func (c *Core) verifyBuffer() error {
	b, cfg := c.win.buf, &c.cfg.Core
	if b.Head > b.Dispatch || b.Dispatch > b.Tail {
		return fmt.Errorf("reorder buffer %d..%d, front end to %d", b.Head, b.Dispatch, b.Tail)
	}
	beyond := c.opt.runahead != nil && c.opt.runahead.active // of the window and its queues
	waiting, producing := 0, 0
	uids := map[uint32]rob.Seq{}
	for seq := b.Head; seq < b.Tail; seq++ {
		e := b.At(seq)
		if other, twice := uids[e.UID]; twice {
			return fmt.Errorf("entries %d and %d are the same", other, seq)
		}
		uids[e.UID] = seq
		in := e.Flags&rob.Dispatched != 0
		if in != (seq < b.Dispatch) {
			return fmt.Errorf("entry %d is dispatched: %v, at %d of %d", seq, in, seq, b.Dispatch)
		}
		if e.Flags&rob.Done != 0 && !in || e.Flags&rob.Issued != 0 && e.Pending > 0 {
			return fmt.Errorf("entry %d has flags %b and %d pending sources", seq, e.Flags, e.Pending)
		}
		if !in {
			continue
		}
		if e.Dst != rob.NoReg {
			producing++
		}
		if isa.Table[e.Op].Class == isa.ClassNone {
			continue
		}
		if e.Flags&rob.Issued == 0 {
			waiting++
			missing := 0
			for i, r := range e.Src {
				if r != rob.NoReg && !c.ren.regs.Ready(r) && !readAtCommit(e.Op, i) {
					missing++
				}
			}
			if missing != int(e.Pending) {
				return fmt.Errorf("entry %d waits for %d sources, %d are not ready", seq, e.Pending, missing)
			}
		}
	}
	for _, x := range []struct {
		what             string
		got, want, limit int
	}{
		{"entries of the reorder buffer", b.Occupancy(), b.Occupancy(), cfg.ROB},
		{"entries of the issue queue", c.win.iq, waiting, cfg.IQ},
		{"registers of uncommitted producers", c.win.inflight, producing, cfg.Regs},
	} {
		if x.got != x.want || x.got > x.limit && !beyond {
			return fmt.Errorf("%d %s, counted %d, limit %d", x.got, x.what, x.want, x.limit)
		}
	}
	return nil
}

// verifyQueues: the memory and state queues are in program order, and what is in
// them is in flight.
func (c *Core) verifyQueues() error {
	b, last := c.win.buf, rob.Seq(0)
	for p := c.mem.sHead; p < c.mem.sTail; p++ {
		// The address part of a store may have retired before its data part.
		if s := c.mem.store(p); s.seq <= last || s.seq+1 < b.Head || s.seq >= b.Dispatch {
			return fmt.Errorf("store %d is of entry %d, after %d, with %d..%d in flight", p, s.seq, last, b.Head, b.Dispatch)
		}
		last = c.mem.store(p).seq
	}
	last = 0
	for p := c.mem.lHead; p < c.mem.lTail; p++ {
		l := c.mem.load(p)
		if l.seq <= last || l.seq < b.Head || l.seq >= b.Dispatch || b.At(l.seq).UID != l.uid {
			return fmt.Errorf("load %d is of entry %d, after %d, with %d..%d in flight", p, l.seq, last, b.Head, b.Dispatch)
		}
		last = l.seq
	}
	last = 0
	for p := c.state.head; p < c.state.tail; p++ {
		o := c.state.at(p)
		if o.seq <= last || o.seq+1 < b.Head || o.seq >= b.Dispatch {
			return fmt.Errorf("state access %d is of entry %d, after %d, with %d..%d in flight", p, o.seq, last, b.Head, b.Dispatch)
		}
		last = o.seq
	}
	limit := &c.cfg.Core
	for _, x := range []struct {
		what  string
		n     uint64
		limit int
	}{
		{"stores", c.mem.sTail - c.mem.sHead, limit.StoreQ},
		{"loads", c.mem.lTail - c.mem.lHead, limit.LoadQ},
		{"state accesses", c.state.tail - c.state.head, limit.StateQ},
	} {
		if x.n > uint64(x.limit) && (c.opt.runahead == nil || !c.opt.runahead.active) {
			return fmt.Errorf("%d %s in flight, the queue holds %d", x.n, x.what, x.limit)
		}
	}
	return nil
}
