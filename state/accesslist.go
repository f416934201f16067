package state

import "github.com/ooovm/ooovm/isa"

// accessList holds the addresses and slots that a transaction has accessed
// (EIP-2929), each with the epoch of that transaction: entries of older epochs
// count as absent, so that no transaction pays for clearing it. It decides gas,
// never latency.
type accessList struct {
	addresses map[Address]uint64
	slots     map[slotKey]uint64
}

func newAccessList() accessList {
	return accessList{addresses: make(map[Address]uint64), slots: make(map[slotKey]uint64)}
}

func (l *accessList) removeAddress(a Address) { delete(l.addresses, a) }

func (l *accessList) removeSlot(a Address, slot *isa.Word) { delete(l.slots, slotKey{a, *slot}) }

// AddressWarm reports whether the transaction has accessed the address.
func (w *World) AddressWarm(a Address) bool { return w.warm.addresses[a] == w.epoch }

// SlotWarm reports whether the transaction has accessed the slot.
func (w *World) SlotWarm(a Address, slot *isa.Word) bool {
	return w.warm.slots[slotKey{a, *slot}] == w.epoch
}

// WarmAddress adds an address to the access list.
func (w *World) WarmAddress(a Address) {
	if w.AddressWarm(a) {
		return
	}
	w.record(entry{kind: changeWarmAddress, address: a})
	w.warm.addresses[a] = w.epoch
}

// WarmSlot adds a slot and its address to the access list.
func (w *World) WarmSlot(a Address, slot *isa.Word) {
	w.WarmAddress(a)
	if w.SlotWarm(a, slot) {
		return
	}
	w.record(entry{kind: changeWarmSlot, address: a, key: *slot})
	w.warm.slots[slotKey{a, *slot}] = w.epoch
}
