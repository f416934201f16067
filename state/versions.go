package state

import (
	"iter"
	"slices"
	"sort"

	"github.com/ooovm/ooovm/isa"
)

// Version says which execution of which transaction wrote a value. Transaction
// BeforeBlock stands for the state before the block.
type Version struct{ Tx, Incarnation int32 }

// BeforeBlock is the transaction of values that no transaction has written.
const BeforeBlock = -1

// Reading is what a transaction finds under a key: the value of the highest
// transaction below it, and what went into that value.
type Reading struct {
	Value
	Version Version
	Deltas  []Version // that were added to it, from the highest down
	Known   bool      // false: outside the bundle
	// Estimate is the highest transaction below that has been aborted and is expected to
	// write the key again; BeforeBlock for none. Value is what its last incarnation wrote.
	Estimate int32
}

// SameVersion reports whether two readings come from the same executions.
func (r *Reading) SameVersion(o *Reading) bool {
	return r.Version == o.Version && r.Estimate == o.Estimate && slices.Equal(r.Deltas, o.Deltas)
}

// Versions is the multi-version memory of Block-STM (Gelashvili et al., PPoPP 2023,
// section 3.1) over the state before a block: for every key, what each transaction's
// latest published execution has written. The value that a transaction reads is that
// of the highest one below it. Balances may be written as deltas; a reader adds up
// all of them down to the first plain value. What belongs to an account that came or
// went since was written before is gone.
type Versions struct {
	origin  Origin
	history map[Key]*[]published
	renewed bool                    // an account has come or gone
	keys    [][]Key                 // that each transaction has written, in order
	slots   map[isa.Word][]isa.Word // of each owner, that any transaction has written, in order
}

// Origin is the state before a block.
type Origin interface {
	// Value reads a key; known is false outside the bundle.
	Value(k *Key) (v Value, known bool)
	// Slots are those of an account that are not zero.
	Slots(owner *isa.Word) iter.Seq[isa.Word]
}

// published is one transaction's write of one key.
type published struct {
	version  Version
	estimate bool
	delta    bool
	value    Value
}

// NewVersions makes a memory for so many transactions on a state, which it never
// changes.
func NewVersions(origin Origin, transactions int) *Versions {
	return &Versions{origin: origin, history: make(map[Key]*[]published), keys: make([][]Key, transactions), slots: make(map[isa.Word][]isa.Word)}
}

// below gives the part of a key's history that a transaction sees, oldest first.
func (s *Versions) below(k *Key, tx int) []published {
	h := s.history[*k]
	if h == nil {
		return nil
	}
	n := sort.Search(len(*h), func(i int) bool { return int((*h)[i].version.Tx) >= tx })
	return (*h)[:n]
}

// generation is the execution by which the account, as transaction tx sees it, came or
// went; it is BeforeBlock's for one that has been there, or not, since before the block.
func (s *Versions) generation(owner *isa.Word, tx int) Version {
	if !s.renewed {
		return Version{Tx: BeforeBlock}
	}
	if h := s.below(&Key{Kind: KeyExistence, Owner: *owner}, tx); len(h) > 0 {
		return h[len(h)-1].version
	}
	return Version{Tx: BeforeBlock}
}

// Read returns what transaction tx sees of a key now.
func (s *Versions) Read(k *Key, tx int) Reading {
	if k.Kind == KeyStorage {
		return s.readStorage(&k.Owner, tx)
	}
	r := Reading{Version: Version{Tx: BeforeBlock}, Estimate: BeforeBlock, Known: true}
	generation := Version{Tx: BeforeBlock}
	if k.Kind != KeyExistence {
		generation = s.generation(&k.Owner, tx)
	}
	var sum isa.Word
	h := s.below(k, tx)
	for i := len(h) - 1; i >= 0; i-- {
		p := &h[i]
		if p.version.Tx < generation.Tx {
			break
		}
		if p.estimate && r.Estimate == BeforeBlock {
			r.Estimate = p.version.Tx
		}
		if p.delta {
			sum.Add(&sum, &p.value.Word)
			if r.Deltas == nil {
				r.Deltas = make([]Version, 0, i+1)
			}
			r.Deltas = append(r.Deltas, p.version)
			continue
		}
		r.Value, r.Version = p.value, p.version
		r.Word.Add(&r.Word, &sum)
		return r
	}
	if generation.Tx != BeforeBlock {
		r.Version = generation // the account has come or gone, and nobody wrote the key since
	} else {
		r.Value, r.Known = s.origin.Value(k)
	}
	r.Word.Add(&r.Word, &sum)
	return r
}

// readStorage reads KeyStorage: it asks every slot that can be set, as tx sees it. Each
// execution that has written one of them goes into the value, as a delta goes into a
// balance, so that a transaction which relies on the answer is found stale whichever
// slot changes.
func (s *Versions) readStorage(owner *isa.Word, tx int) Reading {
	r := Reading{Version: s.generation(owner, tx), Estimate: BeforeBlock, Known: true}
	k := Key{Kind: KeySlot, Owner: *owner}
	for _, k.Slot = range s.slots[*owner] {
		slot := s.Read(&k, tx)
		r.Estimate = max(r.Estimate, slot.Estimate)
		if slot.Version.Tx != BeforeBlock && slot.Version != r.Version {
			r.Deltas = append(r.Deltas, slot.Version)
		}
		if !slot.Word.IsZero() {
			r.Word.SetOne()
		}
	}
	if r.Version.Tx != BeforeBlock {
		return r // the slots from before the block went with the account that had them
	}
	for k.Slot = range s.origin.Slots(owner) {
		if slot := s.Read(&k, tx); !slot.Word.IsZero() {
			r.Word.SetOne()
			break
		}
	}
	return r
}

// Pending is the highest transaction below tx that is expected to write the key
// again; ok is false when there is none.
func (s *Versions) Pending(k *Key, tx int) (on int, ok bool) {
	r := s.Read(k, tx)
	if r.Estimate == BeforeBlock && k.Kind != KeyExistence {
		r = s.Read(&Key{Kind: KeyExistence, Owner: k.Owner}, tx)
	}
	return int(r.Estimate), r.Estimate != BeforeBlock
}

// Publish replaces everything that a transaction has published by the writes of a
// newer incarnation. It reports whether one of them is of a key that the last one
// had not written.
func (s *Versions) Publish(v Version, writes []Write) (widened bool) {
	before := s.keys[v.Tx]
	written := make(map[Key]struct{}, len(writes))
	keys := make([]Key, 0, len(writes))
	for i := range writes {
		x := &writes[i]
		written[x.Key] = struct{}{}
		keys = append(keys, x.Key)
		if s.put(&x.Key, published{version: v, delta: x.Delta, value: x.Value}) {
			widened = true
		}
	}
	for i := range before {
		if _, again := written[before[i]]; !again {
			s.remove(&before[i], v.Tx)
		}
	}
	s.keys[v.Tx] = keys
	return widened
}

// put stores one write and reports whether the transaction had none of the key.
func (s *Versions) put(k *Key, p published) (isNew bool) {
	h := s.history[*k]
	if h == nil {
		h = new([]published)
		s.history[*k] = h
		switch k.Kind {
		case KeyExistence:
			s.renewed = true
		case KeySlot:
			s.slots[k.Owner] = append(s.slots[k.Owner], k.Slot)
		}
	}
	n := sort.Search(len(*h), func(i int) bool { return (*h)[i].version.Tx >= p.version.Tx })
	if n < len(*h) && (*h)[n].version.Tx == p.version.Tx {
		(*h)[n] = p
		return false
	}
	*h = slices.Insert(*h, n, p)
	return true
}

func (s *Versions) remove(k *Key, tx int32) {
	h := s.history[*k]
	*h = slices.DeleteFunc(*h, func(p published) bool { return p.version.Tx == tx })
}

// Expect turns everything that a transaction has published into estimates: it has
// been aborted and will probably write the same keys again.
func (s *Versions) Expect(tx int) {
	for i := range s.keys[tx] {
		h := *s.history[s.keys[tx][i]]
		for j := range h {
			if int(h[j].version.Tx) == tx {
				h[j].estimate = true
			}
		}
	}
}
