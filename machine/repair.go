package machine

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
)

// repair is ParallelEVM (EuroSys 2025): transactions run optimistically and are merged
// in block order; where a merge finds stale storage, only the micro-ops that depend on
// it are executed again, from the incarnation's log. A guard that fails, or stale state
// other than storage, runs the whole transaction again, as monad does.
type repair struct {
	monad
	redo int // core that is about to repair the transaction whose turn it is, or none
}

func newRepair(m *Machine, mapping string) Policy {
	return &repair{monad: *newMonad(m, mapping).(*monad), redo: none}
}

func (p *repair) Next(core int) (Task, Loss, bool) {
	if p.redo == core {
		p.redo = none
		return Task{Kind: Redo, Tx: p.turn}, LossOrder, true
	}
	return p.monad.Next(core)
}

// Own is also the core that found out, for the repair.
func (p *repair) Own(from int) int {
	if p.redo >= from {
		return p.redo // nobody runs the same transaction again
	}
	return p.monad.Own(from)
}

func (p *repair) Validated(core int, x *Incarnation) {
	if !x.Unchanged() && x.outcome == untried && x.log != nil && x.Err == nil {
		p.redo = core // it keeps the turn: merging stays set
		return
	}
	x.dropLog()
	p.monad.Validated(core, x)
}

// Guard says how a repair has ended.
type Guard uint8

// The outcomes: every guard held, or which one failed first.
const (
	untried     Guard = iota
	GuardsHeld        // repaired
	GuardState        // stale state other than storage: a nonce, a balance, code
	GuardBranch       // a branch would go the other way, or elsewhere
	GuardKey          // a storage key would differ
	GuardMemory       // an address or a length in memory would differ
	GuardGas          // a store would cost something else
	GuardHash         // a hash or a built-in would have other bytes
	GuardCall         // an operand of a call or of the end of a frame would differ
	GuardOther        // a creation, and all else
	NumGuards
)

// GuardNames are the names of the outcomes in reports.
var GuardNames = [NumGuards]string{"", "repaired", "other state", "branch", "key", "address", "gas", "hashed bytes", "call", "other"}

// redo repairs an incarnation whose turn it is: everything before it is merged, so
// that what it finds now is final. It gives the cycles that this takes on its core:
// the micro-ops of the slice through its issue width, or the longest chain of their
// latencies, whichever is longer.
func (m *Machine) redo(x *Incarnation, cfg *pipeline.Config) (cycles isa.Cycle) {
	latency := cfg.Latencies()
	s := &slice{
		log:   x.log,
		cost:  func(op isa.Op) isa.Cycle { return latency[isa.Table[op].Latency] },
		made:  map[int32]remade{},
		bytes: map[rob.FrameID]map[uint64]remadeByte{},
		cells: map[cell]words{},
	}
	stale := map[cell]words{}
	for _, r := range x.view.reads {
		now := m.store.Read(&r.key, x.Tx)
		switch {
		case r.exact && now.Same(&r.reading.Value):
		case r.exact && r.key.Kind == state.KeySlot:
			stale[cell{isa.Persistent, r.key.Owner, r.key.Slot}] = words{then: r.reading.Word, now: now.Word}
		case r.exact || now.Word.Lt(&r.bound):
			x.outcome = GuardState
			m.Stats.Guards[GuardState]++
			return 0
		}
	}
	s.base = func(owner, slot *isa.Word) words {
		if w, ok := stale[cell{isa.Persistent, *owner, *slot}]; ok {
			return w
		}
		if r := x.view.seen[state.Key{Kind: state.KeySlot, Owner: *owner, Slot: *slot}]; r != nil {
			return words{then: r.reading.Word, now: r.reading.Word}
		}
		return words{}
	}
	x.outcome = s.run()
	m.Stats.RepairedUops += s.uops
	issue := uint64(cfg.Core.Issue)
	cycles = max(s.depth, isa.Cycle((s.uops+issue-1)/issue))
	if x.outcome == GuardsHeld && !s.patch(x) {
		x.outcome = GuardOther
	}
	m.Stats.Guards[x.outcome]++
	if x.outcome != GuardsHeld {
		return cycles
	}
	for _, r := range x.view.reads {
		if r.exact && r.key.Kind == state.KeySlot {
			r.reading = m.store.Read(&r.key, x.Tx)
		}
	}
	x.Finding = Finding{} // its instructions ran with stale values
	return cycles
}
