package fuel

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/ooovm/ooovm/budget"
)

// Slot names a storage slot or, with an asset in place of the key, a balance.
type Slot struct{ Contract, Key ID }

func compareSlots(a, b Slot) int {
	return cmp.Or(bytes.Compare(a.Contract[:], b.Contract[:]), bytes.Compare(a.Key[:], b.Key[:]))
}

// Value is what a slot holds. A slot that is set may be empty; that is not the same
// as one that is not.
type Value struct {
	Bytes []byte
	Set   bool
}

// Balance is what a contract has of an asset. An entry once made stays, at zero too.
type Balance struct {
	Amount uint64
	Set    bool
}

// World is the chain's state that scripts can reach: contracts with their code,
// storage and balances, and blobs. Changes are journaled and can be undone.
type World struct {
	code     map[ID][]byte
	blobs    map[ID][]byte
	slots    map[Slot][]byte
	balances map[Slot]uint64
	journal  []worldChange

	Memory *budget.Budget // of what scripts write, nil for any
}

// changeBytes is what a change takes beside the bytes of its slot: in the journal, and in the maps.
const changeBytes = 512

// grows is what an error calls what scripts write.
const grows = "what the program writes to the state"

// worldChange is one record of the journal: what a slot or a balance was before.
type worldChange struct {
	slot     Slot
	isAmount bool
	value    Value
	balance  Balance
}

// NewWorld gives an empty world.
func NewWorld() *World {
	return &World{
		code: map[ID][]byte{}, blobs: map[ID][]byte{}, slots: map[Slot][]byte{}, balances: map[Slot]uint64{},
	}
}

// Deploy adds a contract. It is not journaled: it is for building the state before a block.
func (w *World) Deploy(id ID, code []byte) { w.code[id] = code }

// AddBlob adds a blob, likewise.
func (w *World) AddBlob(id ID, blob []byte) { w.blobs[id] = blob }

// Code gives a contract's code.
func (w *World) Code(id ID) (code []byte, exists bool) {
	code, exists = w.code[id]
	return code, exists
}

// Blob gives a blob.
func (w *World) Blob(id ID) (blob []byte, exists bool) {
	blob, exists = w.blobs[id]
	return blob, exists
}

// Slot reads a storage slot. The bytes must not be changed.
func (w *World) Slot(s Slot) Value {
	b, set := w.slots[s]
	return Value{b, set}
}

// SetSlot writes a storage slot, or removes it. The world keeps the bytes.
func (w *World) SetSlot(s Slot, v Value) {
	w.Memory.Need(changeBytes+int64(len(v.Bytes)), grows)
	w.journal = append(w.journal, worldChange{slot: s, value: w.Slot(s)})
	w.putSlot(s, v)
}

func (w *World) putSlot(s Slot, v Value) {
	if v.Set {
		w.slots[s] = v.Bytes
	} else {
		delete(w.slots, s)
	}
}

// Balance reads a balance; Slot.Key is the asset.
func (w *World) Balance(s Slot) Balance {
	b, set := w.balances[s]
	return Balance{b, set}
}

// SetBalance writes a balance.
func (w *World) SetBalance(s Slot, amount uint64) {
	w.Memory.Need(changeBytes, grows)
	w.journal = append(w.journal, worldChange{slot: s, isAmount: true, balance: w.Balance(s)})
	w.balances[s] = amount
}

// Snapshot names the present state, for Revert and Since.
func (w *World) Snapshot() int { return len(w.journal) }

// Revert undoes what has changed since the snapshot.
func (w *World) Revert(snapshot int) {
	for i := len(w.journal) - 1; i >= snapshot; i-- {
		switch c := &w.journal[i]; {
		case !c.isAmount:
			w.putSlot(c.slot, c.value)
		case c.balance.Set:
			w.balances[c.slot] = c.balance.Amount
		default:
			delete(w.balances, c.slot)
		}
	}
	w.journal = w.journal[:snapshot]
}

// SlotChange is a slot that was written, perhaps with the value that it had.
type SlotChange struct {
	Slot     Slot
	Old, New Value
}

// BalanceChange is a balance that was written.
type BalanceChange struct {
	Slot     Slot
	Old, New Balance
}

// Since gives the slots and balances that were written since the snapshot, each
// once, by contract and key.
func (w *World) Since(snapshot int) (slots []SlotChange, balances []BalanceChange) {
	type name struct {
		slot     Slot
		isAmount bool
	}
	seen := map[name]bool{}
	for i := snapshot; i < len(w.journal); i++ {
		c := &w.journal[i]
		if n := (name{c.slot, c.isAmount}); seen[n] {
			continue
		} else {
			seen[n] = true
		}
		if c.isAmount {
			balances = append(balances, BalanceChange{c.slot, c.balance, w.Balance(c.slot)})
		} else {
			slots = append(slots, SlotChange{c.slot, c.value, w.Slot(c.slot)})
		}
	}
	slices.SortFunc(slots, func(a, b SlotChange) int { return compareSlots(a.Slot, b.Slot) })
	slices.SortFunc(balances, func(a, b BalanceChange) int { return compareSlots(a.Slot, b.Slot) })
	return slots, balances
}

// Next gives the key that follows, ok false behind the last of the 2^256.
func (id ID) Next() (next ID, ok bool) {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			return id, true
		}
	}
	return id, false
}
