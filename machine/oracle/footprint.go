// Package oracle knows what no scheduler can know before a block has run: what each
// transaction will read and write, and how long it takes. Policies that take
// declared access sets read them here, and here alone; their rows say "oracle". The
// knowledge comes from a reference run of the block, one transaction after the other
// on one core, over the same view of the state: the golden run's records of
// instructions leave out what envelopes, transfers and creations access.
package oracle

import (
	"slices"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Read is one key that a transaction's committed effects depend on.
type Read struct {
	Key     state.Key
	Offset  uint64  // cycles from the transaction's begin to the first load of the key
	Writers []int32 // transactions whose writes went into the value, none below 0
	Exact   bool    // false: only that the value is not below a bound
	Met     bool    // the value before the block would have met the bound
	Code    bool    // the key is that of code, and there was some
}

// Footprint is what one transaction does in block order.
type Footprint struct {
	Cycles uint64
	Reads  []Read
	Writes []state.Write
}

// Writers lists, for every transaction, those before it that it depends on: it reads
// a key that they were the last to write, or a balance that they changed. This is
// the block's true dataflow; all else can be renamed away.
func Writers(block []Footprint) [][]int {
	before := make([][]int, len(block))
	for j := range block {
		for i := range block[j].Reads {
			before[j] = append(before[j], block[j].Reads[i].on()...)
		}
		before[j] = settle(before[j])
	}
	return before
}

// on lists the writers that the read has to wait for.
func (r *Read) on() []int {
	if !r.Exact && r.Met {
		return nil
	}
	list := make([]int, len(r.Writers))
	for i, w := range r.Writers {
		list[i] = int(w)
	}
	return list
}

// settle sorts a list and drops what stands in it twice.
func settle(list []int) []int {
	slices.Sort(list)
	return slices.Compact(list)
}

// Span is the length in cycles of the block's longest chain of transactions on
// unbounded cores, when every load waits until its writer has finished (Tinf, in
// the sense of Blumofe and Leiserson, JACM 1999). A transaction takes the time that
// it takes in the reference run, and goes on from the load that waited.
func Span(block []Footprint) (cycles uint64) {
	end := make([]uint64, len(block))
	for j := range block {
		f := &block[j]
		end[j] = f.Cycles
		for i := range f.Reads {
			r := &f.Reads[i]
			for _, w := range r.on() {
				end[j] = max(end[j], end[w]+f.Cycles-min(r.Offset, f.Cycles))
			}
		}
		cycles = max(cycles, end[j])
	}
	return cycles
}

// Work is the sum of all transactions' cycles (T1).
func Work(block []Footprint) (cycles uint64) {
	for i := range block {
		cycles += block[i].Cycles
	}
	return cycles
}

// Mode is how a lock is taken.
type Mode uint8

// The modes. Deltas are changes of a balance that commute: they wait for nobody, but
// who reads the balance later waits for them.
const (
	ModeRead Mode = 1 << iota
	ModeDelta
	ModeWrite
	// modeStay is reading what hardly ever changes: that an account exists, and its code.
	// Together with a delta it is part of the delta, else it is a read.
	modeStay
)

// Lock is what a mapping makes of keys: the unit on which transactions conflict.
type Lock struct {
	Owner isa.Word
	Slot  isa.Word
	Part  uint8 // keeps apart what has the same owner and slot
}

// Mapping gives the lock for a key; ok is false when the key takes none.
type Mapping func(f *Footprint, k *state.Key) (l Lock, ok bool)

// Need is one lock that a transaction takes.
type Need struct {
	Lock Lock
	Mode Mode
}

// Needs lists the locks of a transaction, in order of first access.
func (f *Footprint) Needs(m Mapping) []Need {
	var list []Need
	at := make(map[Lock]int)
	take := func(k *state.Key, mode Mode) {
		l, ok := m(f, k)
		if !ok {
			return
		}
		i, twice := at[l]
		if !twice {
			i = len(list)
			at[l] = i
			list = append(list, Need{Lock: l})
		}
		list[i].Mode |= mode
	}
	for i := range f.Reads {
		r := &f.Reads[i]
		switch {
		case !r.Exact:
			take(&r.Key, ModeDelta) // a bound check gets on with credits and debits
		case r.Key.Kind == state.KeyExistence || r.Key.Kind == state.KeyCode:
			take(&r.Key, modeStay)
		default:
			take(&r.Key, ModeRead)
		}
	}
	for i := range f.Writes {
		mode := ModeWrite
		if f.Writes[i].Delta {
			mode = ModeDelta
		}
		take(&f.Writes[i].Key, mode)
	}
	for i := range list {
		if m := &list[i].Mode; *m&modeStay != 0 {
			if *m &^= modeStay; *m == 0 {
				*m = ModeRead
			}
		}
	}
	return list
}

// holders are the transactions that a later one may have to wait for at a lock.
type holders struct{ readers, deltas, writers []int }

// Conflicts lists, for every transaction, those before it that take one of its locks
// in a mode that its own does not get on with. Those that are waited for through
// others are left out: an edge goes to the nearest only, as in a priority graph.
func Conflicts(needs [][]Need) [][]int {
	before := make([][]int, len(needs))
	locks := make(map[Lock]*holders)
	for j, list := range needs {
		for _, n := range list {
			h := locks[n.Lock]
			if h == nil {
				h = new(holders)
				locks[n.Lock] = h
			}
			switch {
			case n.Mode&ModeWrite != 0 || n.Mode == ModeRead|ModeDelta:
				before[j] = slices.Concat(before[j], h.writers, h.readers, h.deltas)
				*h = holders{writers: []int{j}}
			case n.Mode == ModeRead:
				before[j] = slices.Concat(before[j], h.writers, h.deltas)
				h.readers = append(h.readers, j)
			default:
				h.deltas = append(h.deltas, j) // reads nothing, and is added to whatever is there
			}
		}
		before[j] = settle(before[j])
	}
	return before
}

// Merge joins two lists of transactions to wait for.
func Merge(a, b [][]int) [][]int {
	both := make([][]int, len(a))
	for j := range a {
		both[j] = settle(append(slices.Clone(a[j]), b[j]...))
	}
	return both
}
