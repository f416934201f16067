package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/pipeline/queue"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// stateOp is one state queue entry: a load or a store of one key.
type stateOp struct {
	seq       rob.Seq
	uid       uint32
	isStore   bool
	keyKnown  bool
	dataKnown bool
	issued    bool // loads
	bypassed  bool // stores: a load has gone before it while its key was unknown
	space     isa.Space
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
// memory by bytes. Positions start at 1. It owns the numbers of keys and the hierarchy too,
// which the prefetcher shares.
//
// The queue is in program order and holds what is in flight (verifyQueues); transfers are the
// sequence numbers of what may still change balances, oldest first. Dispatch appends, the
// executor reads and parks, write-back makes keys and data known, commit moves the head, a
// squash the tail.
type stateQueue struct {
	ren   *renamer
	win   *window
	buf   *rob.Buffer
	pred  *predictors
	stats *Stats

	ops        rob.Ring[stateOp]
	head, tail uint64
	keys       hierarchy.Keys
	levels     hierarchy.Levels
	key        hierarchy.Key // of the load being executed: kept here, it needs no allocation
	transfers  []rob.Seq     // uncommitted instructions that may move value, in order
	balance    []parked      // balance reads that wait for them
	misses     []parked      // accesses that wait for a miss register
	missRetry  isa.Cycle     // cycle of the event that lets them try again; 0 when none
}

func (q *stateQueue) init(cfg StateConfig) {
	q.ops = rob.NewRing[stateOp](64)
	q.head, q.tail = 1, 1
	q.keys.Reset()
	q.levels.Reset(hierarchy.Config{Buffer: cfg.Buffer, Near: cfg.Near, Far: cfg.Far, Interval: cfg.Interval, Misses: cfg.Misses})
}

func (q *stateQueue) at(p uint64) *stateOp { return q.ops.At(p) }

func (q *stateQueue) add() (*stateOp, uint64) {
	if q.ops.Full(q.head, q.tail) {
		q.ops.Double(q.head, q.tail)
	}
	p := q.tail
	q.tail++
	o := q.at(p)
	waiters := o.waiters[:0]
	*o = stateOp{}
	o.waiters, o.key = waiters, -1
	return o, p
}

// squash drops everything from seq on.
func (q *stateQueue) squash(seq rob.Seq) {
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
func (ex *executor) touch(e *rob.Entry, seq rob.Seq, key int32) (extra isa.Cycle, ok bool) {
	q := ex.state
	if ex.opt.prefetch != nil && (ex.opt.runahead == nil || !ex.opt.runahead.covers(seq)) {
		ex.opt.prefetch.Demand(key)
	}
	start := ex.clock.now + ex.latency[isa.LatState]
	extra, lv, ok := q.levels.Access(key, start)
	if !ok {
		e.Flags |= rob.Parked
		q.misses = append(q.misses, parked{seq, e.UID})
		if q.missRetry == 0 {
			at := max(q.levels.Retry(), start+1) - ex.latency[isa.LatState]
			q.missRetry = max(at, ex.clock.now+1)
			ex.win.events.Add(queue.Event{Cycle: q.missRetry})
		}
		ex.stats.MissStalls++
		return 0, false
	}
	if ex.opt.runahead != nil && lv != hierarchy.Hit && ex.opt.runahead.covers(seq) {
		ex.opt.prefetch.Runahead(key)
	}
	switch lv {
	case hierarchy.Hit:
		ex.stats.StateHits++
	case hierarchy.Near:
		ex.stats.StateNear++
		e.Flags |= rob.Near
	case hierarchy.Far:
		ex.stats.StateFar++
		e.Flags |= rob.Far
	}
	return extra, true
}

// retryMisses lets the accesses that found no miss register try again.
func (q *stateQueue) retryMisses() {
	q.missRetry = 0
	waiting := q.misses
	q.misses = q.misses[:0]
	for _, w := range waiting {
		q.win.unpark(w)
	}
}

// executeStateLoad issues a state load. done is false when it has to wait.
func (ex *executor) executeStateLoad(e *rob.Entry, seq rob.Seq) (latency isa.Cycle, done bool) {
	q := ex.state
	latency = ex.latency[isa.LatState]
	if e.Op == isa.Lookup {
		*ex.regs.Value(e.Dst) = ex.sys.Lookup(isa.LookupTable(e.Imm), ex.regs.Value(e.Src[0]))
		return latency, true
	}
	if e.Op == isa.AccountLoad && ex.ren.readsBalance(e) && q.waitsForTransfer(e, seq) {
		return 0, false
	}
	key := ex.keyOf(e)
	o := q.at(e.Queue)
	o.key = q.keys.Number(key)
	from, waits := q.forward(e, seq, o)
	if waits || from == nil && ex.outside.waitsOutside(e, seq) {
		return 0, false
	}
	if from == nil && !isTransient(e) { // else forwarded, or on chip anyway
		extra, ok := ex.touch(e, seq, o.key)
		if !ok {
			return 0, false
		}
		latency += extra
	}
	o.issued, o.keyKnown = true, true
	ex.deliver(e, o, key, from)
	return latency, true
}

func isTransient(e *rob.Entry) bool {
	return e.Op == isa.StateLoad && isa.Space(e.Imm) == isa.Transient
}

// keyOf is the key that a state load accesses. The pointer is valid until the next call.
func (ex *executor) keyOf(e *rob.Entry) *hierarchy.Key {
	key := &ex.state.key
	*key = hierarchy.Key{Owner: *ex.regs.Value(e.Src[0]), Kind: hierarchy.Account}
	switch e.Op {
	case isa.StateLoad:
		key.Kind, key.Slot = isa.Space(e.Imm), *ex.regs.Value(e.Src[1])
	case isa.AccountLoad:
		isa.Exec(isa.Account, &key.Owner, &key.Owner, nil, nil)
	}
	return key
}

// waitsForTransfer parks a read of a balance until nothing older can change balances.
func (q *stateQueue) waitsForTransfer(e *rob.Entry, seq rob.Seq) bool {
	if len(q.transfers) == 0 || q.transfers[0] >= seq {
		return false
	}
	e.Flags |= rob.Parked
	q.balance = append(q.balance, parked{seq, e.UID})
	q.stats.TransferWaits++
	return true
}

// forward finds the youngest older store to the key of a load; from is nil when committed
// state has the value. waits is true when the load is parked on a store.
func (q *stateQueue) forward(e *rob.Entry, seq rob.Seq, o *stateOp) (from *stateOp, waits bool) {
	o.supplied = 0
	if e.Op != isa.StateLoad {
		return nil, false
	}
	transient := isa.Space(e.Imm) == isa.Transient
	for p := e.Queue; p > q.head; {
		p--
		s := q.at(p)
		if !s.isStore || s.space != isa.Space(e.Imm) || transient && s.tx != o.tx {
			continue
		}
		switch {
		case !s.keyKnown:
			if q.pred.stateOrder.Bypass(q.ren.ref(e), s.ref) {
				s.bypassed = true
				continue
			}
			q.stats.StateWaits++
			if transient {
				q.stats.Transient.Waits++
			}
			q.parkOn(e, seq, s)
			return nil, true
		case s.key != o.key:
			continue
		case !s.dataKnown:
			q.parkOn(e, seq, s)
			return nil, true
		}
		o.supplied = p
		return s, false
	}
	return nil, false
}

// deliver makes the result of a state load: that of the store from, or what is committed.
// Where the value was predicted, it is kept to be compared.
func (ex *executor) deliver(e *rob.Entry, o *stateOp, key *hierarchy.Key, from *stateOp) {
	if e.Dst2 != rob.NoReg {
		*ex.regs.Value(e.Dst2) = isa.Word{}
		if from != nil || ex.registers.Exists(&key.Owner, &key.Slot) {
			ex.regs.Value(e.Dst2).SetOne()
		}
	}
	if e.Op == isa.Touch {
		return
	}
	to := &o.actual
	if !o.predicted {
		to = ex.regs.Value(e.Dst)
	}
	switch {
	case from != nil:
		*to = *ex.regs.Value(from.reg)
		ex.stats.StateForwards++
		if isa.Space(e.Imm) == isa.Transient {
			ex.stats.Transient.Forwards++
		}
	case isTransient(e) && o.tx != ex.tx.number:
		*to = isa.Word{} // its transaction begins with none
	case e.Op == isa.StateLoad:
		*to = ex.sys.ReadStorage(isa.Space(e.Imm), &key.Owner, &key.Slot)
	default:
		*to = ex.sys.ReadAccount(isa.AccountField(e.Imm), &key.Owner)
	}
}

func (rn *renamer) readsBalance(e *rob.Entry) bool {
	f := &rn.frames[e.Frame]
	in := &f.prog.Insts[e.Inst]
	return f.prog.Rows[in.Code].Flags&decoder.ReadsBalance != 0
}

func (q *stateQueue) parkOn(e *rob.Entry, seq rob.Seq, s *stateOp) {
	e.Flags |= rob.Parked
	s.waiters = append(s.waiters, parked{seq, e.UID})
}

// executeStateKey issues the key part of a state store: the charge at commit reads
// the old value, so the store completes when the hierarchy has delivered it; the
// key is known to younger loads at once.
func (ex *executor) executeStateKey(e *rob.Entry, seq rob.Seq) (latency isa.Cycle, done bool) {
	q := ex.state
	latency = ex.latency[isa.LatState]
	key := hierarchy.Key{Owner: *ex.regs.Value(e.Src[0]), Slot: *ex.regs.Value(e.Src[1]), Kind: isa.Space(e.Imm)}
	n := q.keys.Number(&key)
	if isa.Space(e.Imm) == isa.Persistent {
		if ex.outside.waitsOutside(e, seq) {
			return 0, false
		}
		extra, ok := ex.touch(e, seq, n)
		if !ok {
			return 0, false
		}
		latency += extra
	}
	q.at(e.Queue).key = n
	return latency, true
}

// resolveKey makes a state store's key known and wakes the loads that waited for it. It
// returns the oldest younger load that has read the key too early, 0 for none.
func (q *stateQueue) resolveKey(p uint64) (early rob.Seq) {
	s := q.at(p)
	if s.keyKnown {
		return 0
	}
	s.keyKnown = true
	q.countFalseStateWaits(s)
	q.wakeState(s)
	if !s.bypassed {
		return 0
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
		return 0
	}
	q.stats.StateViolations++
	if s.space == isa.Transient {
		q.stats.Transient.Violations++
	}
	q.pred.stateOrder.Violation(victim.ref, s.ref)
	return victim.seq
}

// countFalseStateWaits counts the loads that waited for the key of a store to another.
func (q *stateQueue) countFalseStateWaits(s *stateOp) {
	for _, w := range s.waiters {
		if !q.buf.Holds(w.seq) {
			continue
		}
		e := q.buf.At(w.seq)
		if e.UID != w.uid || q.at(e.Queue).key == s.key {
			continue
		}
		q.stats.StateFalseWaits++
		if s.space == isa.Transient {
			q.stats.Transient.FalseWaits++
		}
	}
}

func (q *stateQueue) wakeState(s *stateOp) {
	waiters := s.waiters
	s.waiters = s.waiters[:0]
	for _, w := range waiters {
		q.win.unpark(w)
	}
}
