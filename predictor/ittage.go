package predictor

import "github.com/ooovm/ooovm/isa"

func init() {
	const doc = "tagged tables of geometric target-history lengths over a last-target table (A. Seznec, A 64-Kbytes ITTAGE Indirect Branch Predictor, CBP-3 2011)"
	Targets.Register(Maker[Target]{Name: "ittage", Params: []string{"targetbits"}, Doc: doc, New: func(p Params) Target { return makeITTAGE(p, 0) }})
	Targets.Register(Maker[Target]{Name: "ittage+ras", Params: []string{"targetbits", "returnstack"}, Doc: "return stack as in btb+ras for jumps that have gone to its top, counted by site; else ittage", New: func(p Params) Target { return makeITTAGE(p, p.StackDepth) }})
}

const (
	ittageTables  = 5
	ittageTagBits = 10
	// ittageStates is how many histories back a checkpoint can reach; an older one
	// restores an empty history, which only costs predictions.
	ittageStates = 1 << 12
	// historyTargetBits is what one target adds to the history.
	historyTargetBits = 4
)

// ittageLengths are the history lengths of the tagged tables, in targets.
var ittageLengths = [ittageTables]int{1, 2, 4, 8, 16}

// ittageEntry has a target and how often it was right lately.
type ittageEntry struct {
	target     isa.InstIndex
	tag        uint16
	confidence uint8 // 0..3
	useful     bool
	valid      bool
}

// ittageState is everything speculative at one point: the path of targets, and the
// return stack's position and top entry.
type ittageState struct {
	history uint64 // the youngest target in the low bits
	stack   uint64
}

// ittage keeps a ring of states; a checkpoint is a position in it.
type ittage struct {
	base      btb
	tables    [ittageTables][]ittageEntry
	indexBits int
	returns   *returnStack // nil without
	leaves    []counter    // by site: whether its jumps go to the top of the return stack
	now       ittageState
	at        uint64
	states    []ittageState
	random    uint64
	popped    bool // the last prediction came from the return stack
}

func makeITTAGE(p Params, depth int) *ittage {
	t := &ittage{
		base: makeBTB(p), indexBits: max(p.TableBits-2, 1),
		states: make([]ittageState, ittageStates), random: 0x2545f4914f6cdd1d,
	}
	for i := range t.tables {
		t.tables[i] = make([]ittageEntry, 1<<t.indexBits)
	}
	if depth > 0 {
		t.leaves = newCounters(p.TableBits)
		t.returns = &returnStack{btb: btb{table: make([]btbEntry, 1), shift: 63}, entries: make([]isa.InstIndex, depth)}
	}
	return t
}

// at gives the entry and the tag of a site under a history.
func (t *ittage) entry(table int, site, history uint64) (*ittageEntry, uint16) {
	if bits := ittageLengths[table] * historyTargetBits; bits < 64 {
		history &= 1<<bits - 1
	}
	h := hashSite(hashSite(site) ^ history*0xff51afd7ed558ccd ^ uint64(table))
	return &t.tables[table][h>>(64-t.indexBits)], uint16(h & (1<<ittageTagBits - 1))
}

// match finds the longest match and the next longest, nil where there is none.
func (t *ittage) match(site, history uint64) (first, second *ittageEntry, table int) {
	table = -1
	for i := ittageTables - 1; i >= 0; i-- {
		e, tag := t.entry(i, site, history)
		if !e.valid || e.tag != tag {
			continue
		}
		if first != nil {
			return first, e, table
		}
		first, table = e, i
	}
	return first, nil, table
}

// guess is the target of the longest match that has been right lately; without one,
// the last target of the site.
func (t *ittage) guess(r Ref, history uint64) isa.InstIndex {
	unproved := isa.InstIndex(-1)
	for i := ittageTables - 1; i >= 0; i-- {
		e, tag := t.entry(i, r.Site, history)
		switch {
		case !e.valid || e.tag != tag:
		case e.confidence > 0:
			return e.target
		case unproved < 0:
			unproved = e.target
		}
	}
	if target := t.base.Predict(r); target >= 0 {
		return target
	}
	return unproved
}

func (t *ittage) Predict(r Ref) isa.InstIndex {
	if t.popped = t.returns != nil && t.returns.top > 0 && t.leaves[t.leaf(r)] >= 2; t.popped {
		target := t.returns.Predict(r)
		t.advance()
		return target
	}
	return t.guess(r, t.now.history)
}

// leaf is the place of a site among the counters that tell returns from other jumps:
// function pointers and jump tables have no return point to pop.
func (t *ittage) leaf(r Ref) uint64 { return hashSite(r.Site) >> t.base.shift }

// FromStack tells whether the last prediction was a return point.
func (t *ittage) FromStack() bool { return t.popped }

func (t *ittage) Call(r Ref, returnTo isa.InstIndex) {
	if t.returns != nil {
		t.returns.Call(r, returnTo)
		t.advance()
	}
}

// Shift appends a target to the path.
func (t *ittage) Shift(r Ref, target isa.InstIndex) {
	folded := hashSite(hashSite(r.Site)+uint64(uint32(target))) >> (64 - historyTargetBits)
	t.now.history = t.now.history<<historyTargetBits ^ folded
	t.advance()
}

// advance makes the present state the one of the next position.
func (t *ittage) advance() {
	t.at++
	if t.returns != nil {
		t.now.stack = t.returns.Checkpoint()
	}
	t.states[t.at%ittageStates] = t.now
}

func (t *ittage) Checkpoint() uint64 { return t.at }

func (t *ittage) Restore(position uint64) {
	if position == t.at {
		return
	}
	if t.now = (ittageState{}); t.at-position < ittageStates {
		t.now = t.states[position%ittageStates]
	}
	t.at = position
	if t.returns != nil {
		t.returns.Restore(t.now.stack)
	}
}

// Train teaches the provider and the base, and takes an entry of a longer history
// when the prediction was wrong.
func (t *ittage) Train(r Ref, position uint64, target isa.InstIndex) {
	before := &t.states[position%ittageStates]
	history := before.history
	if t.returns != nil && before.stack>>32 > 0 {
		t.leaves[t.leaf(r)].train(isa.InstIndex(uint32(before.stack)) == target)
	}
	right := t.guess(r, history) == target
	first, second, table := t.match(r.Site, history)
	t.base.Train(r, position, target)
	if first != nil {
		if first.target == target {
			first.confidence = min(first.confidence+1, 3)
			first.useful = first.useful || second == nil || second.target != target
		} else if first.confidence > 0 {
			first.confidence--
		} else {
			first.target = target
			first.useful = false
		}
	}
	if right {
		return
	}
	t.random ^= t.random << 13 // xorshift64 (G. Marsaglia, 2003)
	t.random ^= t.random >> 7
	t.random ^= t.random << 17
	start := table + 1
	if start < ittageTables-1 && t.random&3 == 0 {
		start++
	}
	for i := start; i < ittageTables; i++ {
		e, tag := t.entry(i, r.Site, history)
		if e.valid && e.useful {
			e.useful = false
			continue
		}
		*e = ittageEntry{target: target, tag: tag, valid: true}
		return
	}
}
