package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/rob"
)

// dispatch moves entries from the front end into the reorder buffer, the issue
// queue and the load, store and state queues, in order, while there is room.
func (win *window) dispatch() bool {
	b := win.buf
	n := 0
	win.stalled = nil
	for n < win.core.Width && b.Dispatch < b.Tail {
		seq := b.Dispatch
		e := b.At(seq)
		if e.Ready > win.clock.now {
			break
		}
		if win.stalled = win.room(e); win.stalled != nil && (win.opt.runahead == nil || !win.opt.runahead.begin()) {
			*win.stalled++
			break
		}
		b.Dispatch++
		n++
		e.Flags |= rob.Dispatched
		win.enqueue(e, seq)
		if win.obs.watches(e) {
			win.obs.probe.Dispatch(win.clock.now, e)
		}
	}
	return n > 0
}

// room reports which full structure holds the entry back, or nil.
func (win *window) room(e *rob.Entry) *uint64 {
	cfg := &win.core
	switch {
	case win.buf.Occupancy() >= cfg.ROB:
		return &win.stats.FullROB
	case e.Dst != rob.NoReg && win.inflight >= cfg.Regs:
		return &win.stats.FullRegs
	}
	facts := &facts[e.Op]
	switch {
	case facts.class == isa.ClassNone:
		return nil
	case win.iq >= cfg.IQ:
		return &win.stats.FullIQ
	case facts.class == isa.ClassALU:
		return nil
	case readsMemory(e) && int(win.mem.lTail-win.mem.lHead) >= cfg.LoadQ:
		return &win.stats.FullLoadQ
	}
	switch facts.class {
	case isa.ClassStoreAddr:
		if int(win.mem.sTail-win.mem.sHead) >= cfg.StoreQ {
			return &win.stats.FullStoreQ
		}
	case isa.ClassStateLoad, isa.ClassStateKey:
		if int(win.state.tail-win.state.head) >= cfg.StateQ {
			return &win.stats.FullStateQ
		}
	case isa.ClassControl:
		if returns(e.Op) && int(win.mem.sTail-win.mem.sHead) >= cfg.StoreQ {
			return &win.stats.FullStoreQ
		}
	}
	return nil
}

// readsMemory reports whether the entry takes a place in the load queue.
func readsMemory(e *rob.Entry) bool {
	return facts[e.Op].traits&traitReads != 0 && (e.Op != isa.CopyData || isa.CopySource(e.Imm) <= isa.CopyReturn)
}

// returns reports whether the micro-op may write to the caller's memory what the
// frame returns: it takes a place in the store queue.
func returns(op isa.Op) bool { return facts[op].traits&traitReturns != 0 }

// enqueue takes the entry's places and links it to the producers it waits for.
func (win *window) enqueue(e *rob.Entry, seq rob.Seq) {
	if e.Dst != rob.NoReg {
		win.inflight++
	}
	facts := &facts[e.Op]
	if facts.class == isa.ClassNone {
		e.Flags |= rob.Done
		return
	}
	win.iq++
	if facts.class > isa.ClassALU {
		win.enterQueues(e, seq, facts)
	}
	for i := range e.Src[:facts.sources] {
		r := e.Src[i]
		if r == rob.NoReg || win.regs.Ready(r) || readAtCommit(e.Op, i) {
			continue
		}
		e.Link[i] = win.regs.AddWaiter(r, rob.MakeWait(seq, i))
		e.Pending++
	}
	if e.Pending == 0 {
		win.pushReady(e, seq)
	}
}

// enterQueues takes the entry's places in the load, store and state queues.
func (win *window) enterQueues(e *rob.Entry, seq rob.Seq, facts *opFacts) {
	var older uint64 // youngest store that a load can read from
	if readsMemory(e) && facts.class != isa.ClassStoreData {
		older = win.ren.frames[win.ren.rangeOf(e)].lastStore
	}
	switch facts.class {
	case isa.ClassStoreAddr:
		s, p := win.mem.addStore()
		s.seq, s.uid, s.frame, s.ref = seq, e.UID, win.ren.frames[e.Frame].space, win.ren.ref(e)
		win.mem.linkStore(s, p)
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
		e.Queue = win.mem.sTail - 1
		if e.Op == isa.CopyData {
			older = win.mem.olderOfCopy(e)
		}
	case isa.ClassStateLoad:
		o, p := win.state.add()
		o.seq, o.uid, o.space, o.ref, o.tx = seq, e.UID, hierarchy.Account, win.ren.ref(e), win.ren.frames[e.Frame].tx
		if e.Op == isa.StateLoad {
			o.space = isa.Space(e.Imm)
		}
		e.Queue = p
		if win.pred.values != nil {
			win.val.predictValue(e, o)
		}
	case isa.ClassStateKey:
		o, p := win.state.add()
		o.seq, o.uid, o.space, o.ref, o.tx, o.isStore = seq, e.UID, isa.Space(e.Imm), win.ren.ref(e), win.ren.frames[e.Frame].tx, true
		e.Queue = p
	case isa.ClassStateData:
		e.Queue = win.state.tail - 1
		win.state.at(e.Queue).reg = e.Src[0]
	}
	if readsMemory(e) {
		l, p := win.mem.addLoad()
		l.seq, l.uid, l.older = seq, e.UID, older
		e.LoadQ = uint32(p)
	}
	if returns(e.Op) {
		f := &win.ren.frames[e.Frame]
		s, p := win.mem.addStore()
		s.seq, s.uid, s.kind, s.frame, s.source, s.ref = seq, e.UID, storeAlias, f.parent, e.Frame, win.ren.ref(e)
		s.sourceTop = f.lastStore
		win.mem.linkStore(s, p)
		e.Queue = p
	}
	if e.Flags&rob.Transfers != 0 {
		win.state.transfers = append(win.state.transfers, seq)
	}
}

// linkStore makes a store the youngest of its frame.
func (m *memoryQueue) linkStore(s *store, p uint64) {
	f := &m.ren.frames[s.frame]
	s.prev, f.lastStore = f.lastStore, p
}

// rangeOf is the frame whose memory a load reads.
func (rn *renamer) rangeOf(e *rob.Entry) rob.FrameID {
	if e.Op == isa.LoadInput || e.Op == isa.Builtin || e.Op == isa.CopyData && isa.CopySource(e.Imm) == isa.CopyInput {
		return rn.frames[e.Frame].parent
	}
	return rn.frames[e.Frame].space
}

// olderOfCopy is the youngest store that a block copy's source can come from.
func (m *memoryQueue) olderOfCopy(e *rob.Entry) uint64 {
	switch {
	case isa.CopySource(e.Imm) == isa.CopyMemory:
		return m.store(e.Queue).prev
	case isa.CopySource(e.Imm) == isa.CopyInput:
		return m.ren.frames[m.ren.rangeOf(e)].lastStore
	case isa.CopySource(e.Imm) == isa.CopyReturn && e.Other >= 0:
		return m.ren.frames[e.Other].lastStore
	}
	return 0
}

// readAtCommit reports whether only the commit of a micro-op reads a source, which
// is there by then: the gas that a call forwards.
func readAtCommit(op isa.Op, source int) bool { return op == isa.Enter && source == 0 }

// movesValue reports whether the instruction's commit may change balances. A call
// whose value is the constant zero cannot.
func (rn *renamer) movesValue(e *rob.Entry, row *decoder.Row) bool {
	if row.Flags&decoder.Transfer == 0 {
		return false
	}
	if row.Kind == decoder.KindCall && rn.frames[e.Frame].parent >= 0 {
		if w, ok := rn.known(rn.maps.Map[e.Other].Env[rob.EnvValue]); ok && w.IsZero() {
			return false
		}
	}
	return true
}
