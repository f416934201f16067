package pipeline

import (
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// storeKind says what a store queue entry holds.
type storeKind uint8

const (
	storeWord  storeKind = iota // 32 bytes of a register
	storeByte                   // the low byte of a register
	storeBlock                  // bytes of its own
	storeBytes                  // the low bytes of a register
	storeAlias                  // what a callee returned, read through to the callee's memory
)

// store is one store queue entry: a byte range of one frame's memory.
type store struct {
	seq       rob.Seq
	uid       uint32
	kind      storeKind
	addrKnown bool
	dataKnown bool
	frame     rob.FrameID
	source    rob.FrameID // storeAlias: the callee
	ref       predictor.Ref
	off, n    uint64
	sourceOff uint64 // storeAlias
	sourceTop uint64 // storeAlias: youngest store of the callee, 0 for none
	prev      uint64 // next older store of the same frame, 0 for none
	bypassed  bool   // a load has gone before it while its address was unknown
	reg       rob.Reg
	data      []byte
	waiters   []parked // loads that wait for this store
}

// load is one load queue entry: what a load has read.
type load struct {
	seq      rob.Seq
	uid      uint32
	issued   bool
	frame    rob.FrameID
	off, n   uint64
	older    uint64 // youngest older store of the frame it reads, 0 for none
	supplied uint64 // every byte came from stores at or above this queue position
}

// parked names an entry that waits; it is void when the entry was squashed.
type parked struct {
	seq rob.Seq
	uid uint32
}

// memoryQueue is the load and the store queue. Positions start at 1 and grow for
// ever; the ring index is the position's low bits. The stores of each frame are
// linked, so that a load looks only at those that can matter.
//
// The queues are in program order and hold what is in flight; of a frame, lastStore is the
// youngest store (verifyQueues). Dispatch appends, the executor reads and parks, write-back
// makes addresses and data known, commit moves the heads, a squash the tails. What a load
// that has gone ahead of a store should have waited for, resolve returns: only Core squashes.
type memoryQueue struct {
	ren   *renamer
	regs  *rob.Registers
	win   *window
	buf   *rob.Buffer
	pred  *predictors
	stats *Stats

	stores       rob.Ring[store]
	loads        rob.Ring[load]
	sHead, sTail uint64
	lHead, lTail uint64
	peeked       []byte // scratch for committed memory that the system keeps
}

func (m *memoryQueue) init() {
	m.stores, m.loads = rob.NewRing[store](128), rob.NewRing[load](128)
	m.sHead, m.sTail, m.lHead, m.lTail = 1, 1, 1, 1
}

func (m *memoryQueue) store(p uint64) *store { return m.stores.At(p) }
func (m *memoryQueue) load(p uint64) *load   { return m.loads.At(p) }

func (m *memoryQueue) addStore() (*store, uint64) {
	if m.stores.Full(m.sHead, m.sTail) {
		m.stores.Double(m.sHead, m.sTail)
	}
	p := m.sTail
	m.sTail++
	s := m.store(p)
	data, waiters := s.data[:0], s.waiters[:0]
	*s = store{}
	s.data, s.waiters = data, waiters
	return s, p
}

func (m *memoryQueue) addLoad() (*load, uint64) {
	if m.loads.Full(m.lHead, m.lTail) {
		m.loads.Double(m.lHead, m.lTail)
	}
	p := m.lTail
	m.lTail++
	l := m.load(p)
	*l = load{}
	return l, p
}

// squashMemory drops every load and store from seq on.
func (m *memoryQueue) squashMemory(seq rob.Seq) {
	for m.sTail > m.sHead && m.store(m.sTail-1).seq >= seq {
		m.sTail--
		s := m.store(m.sTail)
		m.ren.frames[s.frame].lastStore = s.prev
	}
	for m.lTail > m.lHead && m.load(m.lTail-1).seq >= seq {
		m.lTail--
	}
}

// gatherResult is the outcome of reading memory through the store queue.
type gatherResult struct {
	blocked  bool
	on       uint64 // store queue position to wait for
	supplied uint64 // lowest store position that supplied a byte; 0 when committed memory did
}

// gather reads len(dst) bytes at off of a frame's memory as the load e sees it:
// the frame's stores from queue position from on, youngest first, over committed
// memory.
// The load's own bets are decided by the dependence predictor; nothing is bet
// through an alias.
func (m *memoryQueue) gather(e *rob.Entry, frame rob.FrameID, off uint64, dst []byte, from uint64, mayBet bool, r *gatherResult) {
	end := off + uint64(len(dst))
	for p := from; p >= m.sHead; {
		s := m.store(p)
		if !s.addrKnown {
			if mayBet && m.bypass(e, s) {
				s.bypassed = true
				p = s.prev
				continue
			}
			r.blocked, r.on = true, p
			return
		}
		lo, hi := max(off, s.off), min(end, s.off+s.n)
		if lo >= hi {
			p = s.prev
			continue
		}
		if !s.dataKnown {
			r.blocked, r.on = true, p
			return
		}
		part := dst[lo-off : hi-off]
		if r.supplied > p {
			r.supplied = p
		}
		switch s.kind {
		case storeWord:
			b := m.regs.Value(s.reg).Bytes32()
			copy(part, b[lo-s.off:])
		case storeByte:
			part[0] = byte(m.regs.Value(s.reg)[0])
		case storeBytes:
			b := m.regs.Value(s.reg).Bytes32()
			copy(part, b[32-s.n+lo-s.off:])
		case storeBlock:
			// A copy that will fault may have gathered less, or nothing.
			n := 0
			if at := lo - s.off; at < uint64(len(s.data)) {
				n = copy(part, s.data[at:])
			}
			clear(part[n:])
		case storeAlias:
			keep := r.supplied
			m.gather(e, s.source, s.sourceOff+(lo-s.off), part, s.sourceTop, false, r)
			if r.blocked {
				return
			}
			r.supplied = keep
		}
		if lo > off {
			m.gather(e, frame, off, dst[:lo-off], s.prev, mayBet, r)
			if r.blocked {
				return
			}
		}
		if hi < end {
			m.gather(e, frame, hi, dst[hi-off:], s.prev, mayBet, r)
		}
		return
	}
	r.supplied = 0
	if space := m.ren.frames[frame].ctx.Space; space != nil {
		copy(dst, m.peek(space, off, len(dst)))
		return
	}
	mem := m.ren.frames[frame].ctx.Memory
	n := 0
	if off < uint64(len(mem)) {
		n = copy(dst, mem[off:])
	}
	clear(dst[n:])
}

// bypass asks the memory dependence predictor.
func (m *memoryQueue) bypass(e *rob.Entry, s *store) bool {
	ok := m.pred.memOrder.Bypass(m.ren.ref(e), s.ref)
	if !ok {
		m.stats.MemoryWaits++
	}
	return ok
}

// resolve makes a store's address known: loads that waited for it try again. It returns
// the oldest younger load that has read these bytes too early, 0 for none.
func (m *memoryQueue) resolve(p uint64, off, n uint64) (early rob.Seq) {
	s := m.store(p)
	s.addrKnown, s.off, s.n = true, off, n
	m.countFalseWaits(s)
	m.wakeStore(s)
	if n == 0 || !s.bypassed {
		return 0
	}
	// Loads are in program order: walk back from the youngest to those older than the store.
	var victim *load
	for q := m.lTail; q > m.lHead; {
		q--
		l := m.load(q)
		if l.seq < s.seq {
			break
		}
		if l.issued && p <= l.older && l.frame == s.frame && l.supplied <= p && l.off < off+n && off < l.off+l.n {
			victim = l
		}
	}
	if victim == nil {
		return 0
	}
	m.stats.MemoryViolations++
	e := m.buf.At(victim.seq)
	m.pred.memOrder.Violation(m.ren.ref(e), s.ref)
	return victim.seq
}

// countFalseWaits counts the loads that waited for the address of a store that does not
// write what they read. Those that read through an alias are left out.
func (m *memoryQueue) countFalseWaits(s *store) {
	for _, w := range s.waiters {
		if !m.buf.Holds(w.seq) {
			continue
		}
		e := m.buf.At(w.seq)
		if e.UID != w.uid {
			continue
		}
		if l := m.load(uint64(e.LoadQ)); l.frame == s.frame && (l.off >= s.off+s.n || s.off >= l.off+l.n) {
			m.stats.MemoryFalseWaits++
		}
	}
}

// provideData makes a store's data known.
func (m *memoryQueue) provideData(s *store) {
	s.dataKnown = true
	m.wakeStore(s)
}

// wakeStore lets the loads that wait for a store try again.
func (m *memoryQueue) wakeStore(s *store) {
	waiters := s.waiters
	s.waiters = s.waiters[:0]
	for _, w := range waiters {
		m.win.unpark(w)
	}
}

// unpark puts a waiting entry back among those that can issue.
func (win *window) unpark(w parked) {
	if !win.buf.Holds(w.seq) {
		return
	}
	e := win.buf.At(w.seq)
	if e.UID != w.uid || e.Flags&rob.Parked == 0 {
		return
	}
	e.Flags &^= rob.Parked
	win.pushReady(e, w.seq)
}

func (win *window) pushReady(e *rob.Entry, seq rob.Seq) {
	if !win.core.InOrder {
		u := facts[e.Op].unit
		win.ready[u].Push(seq)
		win.readyUnits |= 1 << u
	}
}
