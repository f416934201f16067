package machine

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// none stands for no transaction, no core.
const none = -1

// Incarnation is one execution of one transaction: what it saw, what it leaves
// behind, and what it took.
type Incarnation struct {
	Tx     int
	Number int   // how often the transaction was begun before
	Err    error // the transaction is not valid in the state that it saw
	Result any   // what System.Close gave
	Writes []state.Write

	Instructions uint64    // committed by the core
	Cycles       isa.Cycle // on the core, waits included
	Waited       isa.Cycle // of these, for other transactions
	Finding      Finding

	view    view
	log     *pipeline.OpLog // of a policy that wants it
	outcome Guard           // of its repair
	profile *profile        // of a schedule model
}

// Repaired reports whether what the incarnation leaves behind has been repaired. Its
// instructions ran with stale values then, and cannot be compared one by one.
func (x *Incarnation) Repaired() bool { return x.outcome == GuardsHeld }

// version names the incarnation's writes.
func (x *Incarnation) version() state.Version {
	return state.Version{Tx: int32(x.Tx), Incarnation: int32(x.Number)}
}

// view is the state as one incarnation sees it: the multi-version memory, each key as
// it was when the incarnation first looked. It is the state.Base of its world.
// A write that is published later does not reach loads that are in flight.
type view struct {
	store     *state.Versions
	tx        int
	now       *isa.Cycle
	unit      *unit // on which it is executed
	began     isa.Cycle
	seen      map[state.Key]*sight
	reads     []*sight // those that committed effects depend on, in order
	pending   int      // transaction that the last load found about to write, or none
	announced bool     // writes may be announced before they are there
	conflicts *conflictPredictor
	blocked   int // transaction whose expected write commit has run into, or none
}

// sight is one key as it was first seen.
type sight struct {
	key     state.Key
	reading state.Reading
	offset  isa.Cycle // cycles after the incarnation's begin
	exact   bool
	bounded bool
	bound   isa.Word
}

func newView(store *state.Versions, tx int, now *isa.Cycle, u *unit) view {
	return view{store: store, tx: tx, now: now, unit: u, began: *now, seen: make(map[state.Key]*sight), pending: none, blocked: none}
}

func (v *view) see(k *state.Key) *sight {
	s := v.seen[*k]
	if s == nil {
		v.unit.meet(v.now)
		s = &sight{key: *k, reading: v.store.Read(k, v.tx), offset: *v.now - v.began}
		v.seen[*k] = s
	}
	return s
}

// Load implements state.Base.
func (v *view) Load(k *state.Key) (state.Value, bool) {
	s := v.see(k)
	return s.reading.Value, s.reading.Known
}

// Pending implements state.Base.
func (v *view) Pending(k *state.Key) bool {
	if !v.announced {
		return false
	}
	v.unit.meet(v.now)
	on, ok := v.store.Pending(k, v.tx)
	if !ok && v.conflicts != nil {
		on, ok = v.conflicts.predict(k, v.tx)
	}
	v.pending = on
	return ok
}

// Read implements state.Base.
func (v *view) Read(k *state.Key) {
	s := v.see(k)
	v.depend(s)
	s.exact = true
}

// AtLeast implements state.Base.
func (v *view) AtLeast(k *state.Key, bound *isa.Word) {
	s := v.see(k)
	v.depend(s)
	if !s.bounded || bound.Gt(&s.bound) {
		s.bounded, s.bound = true, *bound
	}
}

// depend notes a committed read. Commit cannot wait: when it depends on a value that
// is about to be replaced, the incarnation has to be given up.
func (v *view) depend(s *sight) {
	if !s.exact && !s.bounded {
		v.reads = append(v.reads, s)
	}
	if s.reading.Estimate != state.BeforeBlock && v.blocked == none {
		v.blocked = int(s.reading.Estimate)
	}
}

// Current reports whether everything that the incarnation depends on is still of the
// version that it saw (Block-STM's validation).
func (x *Incarnation) Current() bool {
	return x.holds(func(s *sight, now *state.Reading) bool { return now.SameVersion(&s.reading) })
}

// Unchanged reports the same by value, as Monad compares.
func (x *Incarnation) Unchanged() bool {
	return x.holds(func(s *sight, now *state.Reading) bool { return now.Same(&s.reading.Value) })
}

func (x *Incarnation) holds(same func(s *sight, now *state.Reading) bool) bool {
	for _, s := range x.view.reads {
		now := x.view.store.Read(&s.key, x.Tx)
		if now.Estimate != state.BeforeBlock {
			return false
		}
		if s.exact {
			if !same(s, &now) {
				return false
			}
		} else if now.Word.Lt(&s.bound) {
			return false
		}
	}
	return true
}

// Reads is how many keys a validation looks at.
func (x *Incarnation) Reads() int { return len(x.view.reads) }

// renewed reports whether the account that the incarnation saw came, or went, since the
// block began: then it has nothing of what was there before.
func (v *view) renewed(owner *isa.Word) bool {
	s := v.seen[state.Key{Kind: state.KeyExistence, Owner: *owner}]
	return s != nil && s.reading.Version.Tx != state.BeforeBlock
}

// footprint describes a run in block order for the oracle.
func (x *Incarnation) footprint(origin state.Origin) oracle.Footprint {
	f := oracle.Footprint{Cycles: uint64(x.Cycles), Writes: x.Writes}
	for _, s := range x.view.reads {
		r := oracle.Read{Key: s.key, Offset: uint64(s.offset), Exact: s.exact, Code: len(s.reading.Code) > 0}
		if s.reading.Version.Tx != state.BeforeBlock {
			r.Writers = append(r.Writers, s.reading.Version.Tx)
		}
		for _, d := range s.reading.Deltas {
			r.Writers = append(r.Writers, d.Tx)
		}
		if !s.exact && !x.view.renewed(&s.key.Owner) {
			before, _ := origin.Value(&s.key)
			r.Met = !before.Word.Lt(&s.bound)
		}
		f.Reads = append(f.Reads, r)
	}
	return f
}
