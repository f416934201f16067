package pipeline

import "fmt"

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
		{"commit slots accounted for", slots, c.cycle * c.Stats.Width},
		{"physical registers in use", uint64(c.regs.Live()), 0},
		{"registers of uncommitted producers", uint64(c.inflight), 0},
		{"entries in the issue queue", uint64(c.iq), 0},
		{"entries in the reorder buffer and the front end", c.buf.Tail - c.buf.Head, 0},
		{"stores in flight", c.mem.sTail - c.mem.sHead, 0},
		{"loads in flight", c.mem.lTail - c.mem.lHead, 0},
		{"state accesses in flight", c.state.tail - c.state.head, 0},
		{"value transfers in flight", uint64(len(c.state.transfers)), 0},
		{"stores of unknown address", uint64(c.mem.unknownAddresses), 0},
		{"frames in use", uint64(len(c.frames) - len(c.freeFrames)), 0},
		{"undo records", c.maps.Position() - c.retiredTo, 0},
	} {
		if x.got != x.want {
			return fmt.Errorf("simulator error: %d %s after a transaction, want %d", x.got, x.what, x.want)
		}
	}
	return nil
}
