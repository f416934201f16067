package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// stateOp is one state queue entry: a load or a store of one key.
type stateOp struct {
	seq       uint64
	uid       uint32
	isStore   bool
	keyKnown  bool
	dataKnown bool
	issued    bool // loads
	bypassed  bool // stores: a load has gone before it while its key was unknown
	space     uint8
	key       int32
	tx        uint32 // of its frame
	supplied  uint64 // loads: queue position of the store that gave the value; 0 when committed state did
	reg       rob.Reg
	ref       predictor.Ref
	waiters   []parked

	// Of loads whose value may be predicted.
	predicted, wrong bool
	about            uint64   // what the predictor is asked about, 0 for nothing
	actual           isa.Word // of a predicted one that has executed
}

// stateQueue orders state loads and stores by key as the memory queue orders
// memory by bytes. Positions start at 1.
type stateQueue struct {
	ops        rob.Ring[stateOp]
	head, tail uint64
	keys       keyTable
	levels     hierarchy
	key        stateKey // of the load being executed: kept here, it needs no allocation
	transfers  []uint64 // uncommitted instructions that may move value, in order
	balance    []parked // balance reads that wait for them
	misses     []parked // accesses that wait for a miss register
	missRetry  uint64   // cycle of the event that lets them try again; 0 when none
}

func (q *stateQueue) init(cfg StateConfig) {
	q.ops = rob.NewRing[stateOp](64)
	q.head, q.tail = 1, 1
	q.keys.reset()
	q.levels.reset(cfg)
}

func (q *stateQueue) at(p uint64) *stateOp { return q.ops.At(p) }

func (q *stateQueue) add() (*stateOp, uint64) {
	q.ops.Room(q.head, q.tail)
	p := q.tail
	q.tail++
	o := q.at(p)
	waiters := o.waiters[:0]
	*o = stateOp{}
	o.waiters, o.key = waiters, -1
	return o, p
}

// squash drops everything from seq on.
func (q *stateQueue) squash(seq uint64) {
	for q.tail > q.head && q.at(q.tail-1).seq >= seq {
		q.tail--
	}
	n := len(q.transfers)
	for n > 0 && q.transfers[n-1] >= seq {
		n--
	}
	q.transfers = q.transfers[:n]
}

// touch starts an access to a key in the hierarchy. ok is false when it has to
// wait for a miss register; the entry is parked then.
func (c *Core) touch(e *rob.Entry, seq uint64, key int32) (extra uint64, ok bool) {
	q := &c.state
	if c.prefetch != nil {
		c.prefetch.demand(c, e, seq, key)
	}
	start := c.cycle + uint64(c.latency[isa.LatState])
	extra, lv, ok := q.levels.access(key, start)
	if !ok {
		e.Flags |= rob.Parked
		q.misses = append(q.misses, parked{seq, e.UID})
		if q.missRetry == 0 {
			at := max(q.levels.retry(), start+1) - uint64(c.latency[isa.LatState])
			q.missRetry = max(at, c.cycle+1)
			c.events.add(event{cycle: q.missRetry})
		}
		c.Stats.MissStalls++
		return 0, false
	}
	if c.runahead != nil && lv != levelHit && c.runahead.covers(seq) {
		c.noteRunahead(key)
	}
	switch lv {
	case levelHit:
		c.Stats.StateHits++
	case levelNear:
		c.Stats.StateNear++
		e.Flags |= rob.Near
	case levelFar:
		c.Stats.StateFar++
		e.Flags |= rob.Far
	}
	return extra, true
}

// retryMisses lets the accesses that found no miss register try again.
func (c *Core) retryMisses() {
	q := &c.state
	q.missRetry = 0
	waiting := q.misses
	q.misses = q.misses[:0]
	for _, w := range waiting {
		c.unpark(w)
	}
}

// executeStateLoad issues a state load. done is false when it has to wait.
func (c *Core) executeStateLoad(e *rob.Entry, seq uint64) (latency uint64, done bool) {
	q := &c.state
	latency = uint64(c.latency[isa.LatState])
	o := q.at(e.Queue)
	key := &q.key
	*key = stateKey{owner: *c.regs.Value(e.Src[0]), kind: keyAccount}
	switch e.Op {
	case isa.Lookup:
		*c.regs.Value(e.Dst) = c.sys.Lookup(e.Imm, c.regs.Value(e.Src[0]))
		return latency, true
	case isa.StateLoad:
		key.kind, key.slot = e.Imm, *c.regs.Value(e.Src[1])
	case isa.AccountLoad:
		if c.readsBalance(e) && len(q.transfers) > 0 && q.transfers[0] < seq {
			e.Flags |= rob.Parked
			q.balance = append(q.balance, parked{seq, e.UID})
			c.Stats.TransferWaits++
			return 0, false
		}
		isa.Exec(isa.Account, &key.owner, &key.owner, nil, nil)
	}
	n := q.keys.intern(key)
	o.key = n
	var from *stateOp
	o.supplied = 0
	transient := e.Op == isa.StateLoad && e.Imm == isa.Transient
	if e.Op == isa.StateLoad {
		for p := e.Queue; p > q.head; {
			p--
			s := q.at(p)
			if !s.isStore || s.space != e.Imm || transient && s.tx != o.tx {
				continue
			}
			if !s.keyKnown {
				if c.stateOrder.Bypass(c.ref(e), s.ref) {
					s.bypassed = true
					continue
				}
				c.Stats.StateWaits++
				if e.Imm == isa.Transient {
					c.Stats.Transient.Waits++
				}
				c.parkOn(e, seq, s)
				return 0, false
			}
			if s.key != n {
				continue
			}
			if !s.dataKnown {
				c.parkOn(e, seq, s)
				return 0, false
			}
			from, o.supplied = s, p
			break
		}
	}
	if from == nil && c.waitsOutside(e, seq) {
		return 0, false
	}
	if from != nil || transient {
		// Forwarded, or on chip anyway: no access to the hierarchy.
	} else {
		extra, ok := c.touch(e, seq, n)
		if !ok {
			return 0, false
		}
		latency += extra
	}
	o.issued, o.keyKnown = true, true
	if e.Dst2 != rob.NoReg {
		*c.regs.Value(e.Dst2) = isa.Word{}
		if from != nil || c.files.Exists(&key.owner, &key.slot) {
			c.regs.Value(e.Dst2).SetOne()
		}
	}
	var to *isa.Word
	if o.predicted {
		to = &o.actual
	} else if e.Op != isa.Touch {
		to = c.regs.Value(e.Dst)
	}
	switch {
	case e.Op == isa.Touch:
	case from != nil:
		*to = *c.regs.Value(from.reg)
		c.Stats.StateForwards++
		if e.Imm == isa.Transient {
			c.Stats.Transient.Forwards++
		}
	case transient && o.tx != c.window.tx:
		*to = isa.Word{} // its transaction begins with none
	case e.Op == isa.StateLoad:
		*to = c.sys.ReadStorage(e.Imm, &key.owner, &key.slot)
	default:
		*to = c.sys.ReadAccount(e.Imm, &key.owner)
	}
	return latency, true
}

func (c *Core) readsBalance(e *rob.Entry) bool {
	f := &c.frames[e.Frame]
	in := &f.prog.Insts[e.Inst]
	return f.prog.Rows[in.Code].Flags&decoder.ReadsBalance != 0
}

func (c *Core) parkOn(e *rob.Entry, seq uint64, s *stateOp) {
	e.Flags |= rob.Parked
	s.waiters = append(s.waiters, parked{seq, e.UID})
}

// executeStateKey issues the key part of a state store: the charge at commit reads
// the old value, so the store completes when the hierarchy has delivered it; the
// key is known to younger loads at once.
func (c *Core) executeStateKey(e *rob.Entry, seq uint64) (latency uint64, done bool) {
	q := &c.state
	latency = uint64(c.latency[isa.LatState])
	key := stateKey{owner: *c.regs.Value(e.Src[0]), slot: *c.regs.Value(e.Src[1]), kind: e.Imm}
	n := q.keys.intern(&key)
	if e.Imm == isa.Persistent {
		if c.waitsOutside(e, seq) {
			return 0, false
		}
		extra, ok := c.touch(e, seq, n)
		if !ok {
			return 0, false
		}
		latency += extra
	}
	q.at(e.Queue).key = n
	return latency, true
}

// resolveState makes a state store's key known, wakes the loads that waited for
// it and squashes the oldest younger load that read the key too early.
func (c *Core) resolveState(p uint64) {
	q := &c.state
	s := q.at(p)
	if s.keyKnown {
		return
	}
	s.keyKnown = true
	c.countFalseStateWaits(s)
	c.wakeState(s)
	if !s.bypassed {
		return
	}
	var victim *stateOp
	for r := p + 1; r < q.tail; r++ {
		o := q.at(r)
		if !o.isStore && o.issued && o.space == s.space && o.key == s.key && o.supplied < p && (s.space != isa.Transient || o.tx == s.tx) {
			victim = o
			break
		}
	}
	if victim == nil {
		return
	}
	c.Stats.StateViolations++
	if s.space == isa.Transient {
		c.Stats.Transient.Violations++
	}
	c.stateOrder.Violation(victim.ref, s.ref)
	c.squashInstruction(victim.seq, CauseStateOrder)
}

// countFalseStateWaits counts the loads that waited for the key of a store to another.
func (c *Core) countFalseStateWaits(s *stateOp) {
	for _, w := range s.waiters {
		if !c.buf.Holds(w.seq) {
			continue
		}
		e := c.buf.At(w.seq)
		if e.UID != w.uid || c.state.at(e.Queue).key == s.key {
			continue
		}
		c.Stats.StateFalseWaits++
		if s.space == isa.Transient {
			c.Stats.Transient.FalseWaits++
		}
	}
}

func (c *Core) wakeState(s *stateOp) {
	waiters := s.waiters
	s.waiters = s.waiters[:0]
	for _, w := range waiters {
		c.unpark(w)
	}
}
