package machine

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// conflictPredictor predicts conflicts between transactions: a load that is predicted to need
// what an earlier transaction has not written yet waits for it, instead of being found
// stale later. It is the store-set predictor (Chrysos and Emer, ISCA 1998) across
// transactions: a validation that fails puts what wrote the key into the set of what
// read it, and both are known by the code and the entry that a transaction calls, as a
// transaction does not come twice.
type conflictPredictor struct {
	m       *Machine
	always  bool // predict a conflict with every transaction below
	sets    map[reader]map[uint64]bool
	classes []uint64 // of every transaction
}

// reader is a load to the predictor: the kind of transaction, and whose state it reads.
type reader struct {
	class uint64
	owner isa.Word
	kind  state.KeyKind
}

func newConflictPredictor(m *Machine, mapping string) *conflictPredictor {
	switch mapping {
	case "key-always":
		return &conflictPredictor{m: m, always: true}
	case "key-sets":
		f := &conflictPredictor{m: m, sets: map[reader]map[uint64]bool{}, classes: make([]uint64, m.block.Transactions)}
		for tx := range f.classes {
			f.classes[tx] = m.block.Class(tx)
		}
		return f
	}
	return nil
}

// predict gives the nearest transaction below that the load has to wait for.
func (f *conflictPredictor) predict(k *state.Key, tx int) (on int, ok bool) {
	on = f.m.hidden.last(tx - 1)
	if f.always || on == none {
		return on, on != none
	}
	set := f.sets[reader{f.classes[tx], k.Owner, k.Kind}]
	if set == nil {
		return none, false
	}
	for on != none && !set[f.classes[on]] {
		on = f.m.hidden.last(on - 1)
	}
	return on, on != none
}

// learn notes who wrote what an incarnation has read stale.
func (f *conflictPredictor) learn(x *Incarnation) {
	if f.always {
		return
	}
	for _, r := range x.view.reads {
		now := f.m.store.Read(&r.key, x.Tx)
		if now.Version == r.reading.Version || now.Version.Tx == state.BeforeBlock {
			continue
		}
		at := reader{f.classes[x.Tx], r.key.Owner, r.key.Kind}
		if f.sets[at] == nil {
			f.sets[at] = map[uint64]bool{}
		}
		f.sets[at][f.classes[now.Version.Tx]] = true
	}
}
