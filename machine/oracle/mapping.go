package oracle

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// ByKey is the finest mapping: every key is a lock of its own.
func ByKey(_ *Footprint, k *state.Key) (Lock, bool) {
	return Lock{k.Owner, k.Slot, uint8(k.Kind)}, true
}

// ByAddress has one lock for an account with all that belongs to it.
func ByAddress(_ *Footprint, k *state.Key) (Lock, bool) {
	return Lock{Owner: k.Owner}, true
}

// The slots of mappings and dynamic arrays are hashes (Solidity, "Layout of state
// variables in storage"); those of plain variables are counted from zero. A slot with
// anything above its lowest limb is taken for a hash.
func hashed(k *state.Key) bool {
	return k.Kind == state.KeySlot && !k.Slot.IsUint64()
}

// ByHolder has a lock for each entry of a contract's mappings, which mostly is what
// one holder has there, and one for everything else of an account.
func ByHolder(_ *Footprint, k *state.Key) (Lock, bool) {
	if hashed(k) {
		return Lock{Owner: k.Owner, Slot: k.Slot, Part: 1}, true
	}
	return Lock{Owner: k.Owner}, true
}

// ByContract has a lock for each contract whose code is entered or whose storage is
// accessed. Accounts without code take none.
func ByContract(f *Footprint, k *state.Key) (Lock, bool) {
	if k.Kind == state.KeySlot {
		return Lock{Owner: k.Owner}, true
	}
	if k.Kind != state.KeyCode {
		return Lock{}, false
	}
	return Lock{Owner: k.Owner}, f.hasCode(k)
}

// hasCode reports whether the footprint touches storage of the code's owner, or
// leaves code there, or has found code.
func (f *Footprint) hasCode(k *state.Key) bool {
	for i := range f.Reads {
		if r := &f.Reads[i]; r.Key == *k {
			return r.Code
		}
	}
	return true // it is written
}

// BySlot has a lock for each storage slot and none for accounts: the definition of
// the studies that leave balances out (ethresear.ch 22150).
func BySlot(_ *Footprint, k *state.Key) (Lock, bool) {
	return Lock{Owner: k.Owner, Slot: k.Slot}, k.Kind == state.KeySlot
}

// Independent counts the transactions that wait for no other before them.
func Independent(before [][]int) (n int) {
	for _, list := range before {
		if len(list) == 0 {
			n++
		}
	}
	return n
}

// Stale lists, for every transaction, those before it that write a lock which it
// reads or writes: what makes an optimistic run wrong. Two readers, and a reader
// before a writer, get on.
func Stale(needs [][]Need) [][]int {
	before := make([][]int, len(needs))
	type last struct {
		writer int
		deltas []int
	}
	locks := make(map[Lock]*last)
	for j, list := range needs {
		for _, n := range list {
			h := locks[n.Lock]
			if h == nil {
				h = &last{writer: -1}
				locks[n.Lock] = h
			}
			if n.Mode != ModeDelta {
				if h.writer >= 0 {
					before[j] = append(before[j], h.writer)
				}
				before[j] = append(before[j], h.deltas...)
			}
			switch {
			case n.Mode&ModeWrite != 0:
				h.writer, h.deltas = j, nil
			case n.Mode&ModeDelta != 0:
				h.deltas = append(h.deltas, j)
			}
		}
		before[j] = settle(before[j])
	}
	return before
}

// Owned reports, for every transaction, whether all its locks are of objects that
// only transactions of its own sender touch. Deltas do not touch, and code that is
// only read belongs to nobody.
func Owned(block []Footprint, m Mapping) []bool {
	needs := all(block, m)
	senders := make([]isa.Word, len(block))
	owner := make(map[Lock]isa.Word)
	shared := make(map[Lock]bool)
	written := make(map[Lock]bool)
	for j, list := range needs {
		senders[j] = block[j].sender()
		for _, n := range list {
			if n.Mode == ModeDelta {
				continue
			}
			if first, known := owner[n.Lock]; known && first != senders[j] {
				shared[n.Lock] = true
			} else {
				owner[n.Lock] = senders[j]
			}
			written[n.Lock] = written[n.Lock] || n.Mode&ModeWrite != 0
		}
	}
	owned := make([]bool, len(block))
	for j, list := range needs {
		owned[j] = true
		for _, n := range list {
			if n.Mode != ModeDelta && shared[n.Lock] && written[n.Lock] {
				owned[j] = false
			}
		}
	}
	return owned
}

// sender is the account whose nonce the transaction counts first.
func (f *Footprint) sender() isa.Word {
	for i := range f.Writes {
		if k := &f.Writes[i].Key; k.Kind == state.KeyNonce {
			return k.Owner
		}
	}
	return isa.Word{}
}
