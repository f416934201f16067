package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// dispatch moves entries from the front end into the reorder buffer, the issue
// queue and the load, store and state queues, in order, while there is room.
func (c *Core) dispatch() bool {
	b := c.buf
	n := 0
	c.stalled = nil
	for n < c.cfg.Core.Width && b.Dispatch < b.Tail {
		seq := b.Dispatch
		e := b.At(seq)
		if e.Ready > c.cycle {
			break
		}
		if c.stalled = c.room(e); c.stalled != nil && (c.runahead == nil || !c.runahead.begin(c)) {
			*c.stalled++
			break
		}
		b.Dispatch++
		n++
		e.Flags |= rob.Dispatched
		c.enqueue(e, seq)
		if c.watched(e) {
			c.probe.Dispatch(c.cycle, e)
		}
	}
	return n > 0
}

// room reports which full structure holds the entry back, or nil.
func (c *Core) room(e *rob.Entry) *uint64 {
	cfg := &c.cfg.Core
	switch {
	case c.buf.Occupancy() >= cfg.ROB:
		return &c.Stats.FullROB
	case e.Dst != rob.NoReg && c.inflight >= cfg.Regs:
		return &c.Stats.FullRegs
	}
	facts := &facts[e.Op]
	switch {
	case facts.class == isa.ClassNone:
		return nil
	case c.iq >= cfg.IQ:
		return &c.Stats.FullIQ
	case facts.class == isa.ClassALU:
		return nil
	case readsMemory(e) && int(c.mem.lTail-c.mem.lHead) >= cfg.LoadQ:
		return &c.Stats.FullLoadQ
	}
	switch facts.class {
	case isa.ClassStoreAddr:
		if int(c.mem.sTail-c.mem.sHead) >= cfg.StoreQ {
			return &c.Stats.FullStoreQ
		}
	case isa.ClassStateLoad, isa.ClassStateKey:
		if int(c.state.tail-c.state.head) >= cfg.StateQ {
			return &c.Stats.FullStateQ
		}
	case isa.ClassControl:
		if returns(e.Op) && int(c.mem.sTail-c.mem.sHead) >= cfg.StoreQ {
			return &c.Stats.FullStoreQ
		}
	}
	return nil
}

// readsMemory reports whether the entry takes a place in the load queue.
func readsMemory(e *rob.Entry) bool {
	return facts[e.Op].traits&traitReads != 0 && (e.Op != isa.CopyData || e.Imm <= isa.CopyReturn)
}

// returns reports whether the micro-op may write to the caller's memory what the
// frame returns: it takes a place in the store queue.
func returns(op isa.Op) bool { return facts[op].traits&traitReturns != 0 }

// enqueue takes the entry's places and links it to the producers it waits for.
func (c *Core) enqueue(e *rob.Entry, seq uint64) {
	if e.Dst != rob.NoReg {
		c.inflight++
	}
	facts := &facts[e.Op]
	if facts.class == isa.ClassNone {
		e.Flags |= rob.Done
		return
	}
	c.iq++
	if facts.class > isa.ClassALU {
		c.enterQueues(e, seq, facts)
	}
	for i := range e.Src[:facts.sources] {
		r := e.Src[i]
		if r == rob.NoReg || c.regs.Ready(r) || readAtCommit(e.Op, i) {
			continue
		}
		e.Link[i] = c.regs.AddWaiter(r, rob.MakeWait(seq, i))
		e.Pending++
	}
	if e.Pending == 0 {
		c.pushReady(e, seq)
	}
}

// enterQueues takes the entry's places in the load, store and state queues.
func (c *Core) enterQueues(e *rob.Entry, seq uint64, facts *opFacts) {
	var older uint64 // youngest store that a load can read from
	if readsMemory(e) && facts.class != isa.ClassStoreData {
		older = c.frames[c.rangeOf(e)].lastStore
	}
	switch facts.class {
	case isa.ClassStoreAddr:
		s, p := c.mem.addStore()
		s.seq, s.uid, s.frame, s.ref = seq, e.UID, c.frames[e.Frame].space, c.ref(e)
		c.linkStore(s, p)
		switch e.Op {
		case isa.StoreAddrN:
			s.kind = storeBytes
		case isa.StoreAddr:
			s.kind = storeWord
		case isa.StoreAddr1:
			s.kind = storeByte
		case isa.CopyAddr:
			s.kind = storeBlock
		}
		e.Queue = p
	case isa.ClassStoreData:
		e.Queue = c.mem.sTail - 1
		if e.Op == isa.CopyData {
			older = c.olderOfCopy(e)
		}
	case isa.ClassStateLoad:
		o, p := c.state.add()
		o.seq, o.uid, o.space, o.ref, o.tx = seq, e.UID, keyAccount, c.ref(e), c.frames[e.Frame].tx
		if e.Op == isa.StateLoad {
			o.space = e.Imm
		}
		e.Queue = p
		if c.values != nil {
			c.predictValue(e, o)
		}
	case isa.ClassStateKey:
		o, p := c.state.add()
		o.seq, o.uid, o.space, o.ref, o.tx, o.isStore = seq, e.UID, e.Imm, c.ref(e), c.frames[e.Frame].tx, true
		e.Queue = p
	case isa.ClassStateData:
		e.Queue = c.state.tail - 1
		c.state.at(e.Queue).reg = e.Src[0]
	}
	if readsMemory(e) {
		l, p := c.mem.addLoad()
		l.seq, l.uid, l.older = seq, e.UID, older
		e.LoadQ = uint32(p)
	}
	if returns(e.Op) {
		f := &c.frames[e.Frame]
		s, p := c.mem.addStore()
		s.seq, s.uid, s.kind, s.frame, s.source, s.ref = seq, e.UID, storeAlias, f.parent, e.Frame, c.ref(e)
		s.sourceTop = f.lastStore
		c.linkStore(s, p)
		e.Queue = p
	}
	if e.Flags&rob.Transfers != 0 {
		c.state.transfers = append(c.state.transfers, seq)
	}
}

// linkStore makes a store the youngest of its frame.
func (c *Core) linkStore(s *store, p uint64) {
	f := &c.frames[s.frame]
	s.prev, f.lastStore = f.lastStore, p
}

// rangeOf is the frame whose memory a load reads.
func (c *Core) rangeOf(e *rob.Entry) int32 {
	if e.Op == isa.LoadInput || e.Op == isa.Builtin || e.Op == isa.CopyData && e.Imm == isa.CopyInput {
		return c.frames[e.Frame].parent
	}
	return c.frames[e.Frame].space
}

// olderOfCopy is the youngest store that a block copy's source can come from.
func (c *Core) olderOfCopy(e *rob.Entry) uint64 {
	switch {
	case e.Imm == isa.CopyMemory:
		return c.mem.store(e.Queue).prev
	case e.Imm == isa.CopyInput:
		return c.frames[c.rangeOf(e)].lastStore
	case e.Imm == isa.CopyReturn && e.Next >= 0:
		return c.frames[e.Next].lastStore
	}
	return 0
}

// readAtCommit reports whether only the commit of a micro-op reads a source, which
// is there by then: the gas that a call forwards.
func readAtCommit(op isa.Op, source int) bool { return op == isa.Enter && source == 0 }

// movesValue reports whether the instruction's commit may change balances. A call
// whose value is the constant zero cannot.
func (c *Core) movesValue(e *rob.Entry, row *decoder.Row) bool {
	if row.Flags&decoder.Transfer == 0 {
		return false
	}
	if row.Kind == decoder.KindCall && c.frames[e.Frame].parent >= 0 {
		if w, ok := c.known(c.maps.Map[e.Next].Env[rob.EnvValue]); ok && w.IsZero() {
			return false
		}
	}
	return true
}
