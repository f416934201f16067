package fuel

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// slotBytes is the size of a slot's value for the instructions that have no length.
const slotBytes = 32

// maxSlots bounds how many slots one instruction can name: fuel-vm counts them in 32 bits.
const maxSlots = 1 << 32

// Append is the offset that SUPD and SUPI take for the end of the value.
const Append = ^uint64(0)

// slotAt names the running contract's slot whose key lies at ptr.
func (s *Session) slotAt(ptr uint64) (slot Slot, p Panic) {
	if !s.Internal() {
		return slot, PanicExpectedInternalContext
	}
	key, p := s.Memory.ReadID(ptr)
	return Slot{s.Contract(), key}, p
}

// readSlot reads a slot, uses the value, and charges for the read: hot if the
// transaction has read or written the slot before. The charge comes after the use, and what it gives before what use gave.
func (s *Session) readSlot(slot Slot, use func(Value) Panic) Panic {
	cost := CostStorageReadCold
	if s.warm[slot] {
		cost = CostStorageReadHot
	}
	value := s.World.Slot(slot)
	used := use(value)
	rate := s.Params.Gas.Rate(cost)
	if !rate.Defined {
		return PanicGasCostNotDefined
	}
	if p := s.Charge(rate.Of(uint64(len(value.Bytes)))); p != NoPanic {
		return p
	}
	s.warm[slot] = true
	return used
}

// writeSlot writes a slot and charges for the write and for growth. The world keeps the value.
func (s *Session) writeSlot(slot Slot, value []byte) Panic {
	old := uint64(len(s.World.Slot(slot).Bytes))
	length := uint64(len(value))
	if length > s.Params.MaxSlotLength {
		return PanicStorageOutOfBounds
	}
	s.World.SetSlot(slot, Value{value, true})
	s.warm[slot] = true
	rate := s.Params.Gas.Rate(CostStorageWrite)
	if !rate.Defined {
		return PanicGasCostNotDefined
	}
	if p := s.Charge(rate.Of(length)); p != NoPanic {
		return p
	}
	if length <= old {
		return NoPanic
	}
	return s.chargeNewBytes(length - old)
}

// ReadWord reads word number index of a slot (SRW).
func (s *Session) ReadWord(keyPtr uint64, index uint32) (value uint64, set bool, p Panic) {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return 0, false, p
	}
	p = s.readSlot(slot, func(v Value) Panic {
		if set = v.Set; !set {
			return NoPanic
		}
		at := 8 * int(index)
		if at+8 > len(v.Bytes) {
			return PanicStorageOutOfBounds
		}
		value = binary.BigEndian.Uint64(v.Bytes[at:])
		return NoPanic
	})
	return value, set, p
}

// WriteWord makes a slot of a word and zeros (SWW). created reports that the slot was not set.
func (s *Session) WriteWord(keyPtr, value uint64) (created bool, p Panic) {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return false, p
	}
	if p := s.readSlot(slot, func(v Value) Panic { created = !v.Set; return NoPanic }); p != NoPanic {
		return false, p
	}
	b := make([]byte, slotBytes)
	binary.BigEndian.PutUint64(b, value)
	return created, s.writeSlot(slot, b)
}

// eachSlot visits n slots with ascending keys.
func eachSlot(first Slot, n uint64, visit func(i uint64, slot Slot) Panic) Panic {
	slot, ok := first, true
	for i := range n {
		if !ok {
			return PanicTooManySlots
		}
		if p := visit(i, slot); p != NoPanic {
			return p
		}
		slot.Key, ok = slot.Key.Next()
	}
	return NoPanic
}

// ReadSlots copies n slots to memory (SRWQ); those that are not set read as zero,
// and all is then false.
func (s *Session) ReadSlots(dst, keyPtr, n uint64) (all bool, p Panic) {
	if !s.Internal() {
		return false, PanicExpectedInternalContext
	}
	if n >= maxSlots {
		return false, PanicTooManySlots
	}
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return false, p
	}
	all = true
	p = eachSlot(slot, n, func(i uint64, slot Slot) Panic {
		return s.readSlot(slot, func(v Value) Panic {
			if v.Set && len(v.Bytes) != slotBytes {
				return PanicStorageOutOfBounds
			}
			var b [slotBytes]byte
			copy(b[:], v.Bytes)
			all = all && v.Set
			at, carry := bits.Add64(dst, slotBytes*i, 0)
			if carry != 0 {
				return PanicMemoryOverflow
			}
			return s.Memory.Put(s.Owner(), at, b[:])
		})
	})
	return all, p
}

// WriteSlots writes n slots from memory (SWWQ) and counts those that were not set.
func (s *Session) WriteSlots(keyPtr, src, n uint64) (created uint64, p Panic) {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return 0, p
	}
	if n >= maxSlots {
		return 0, PanicTooManySlots
	}
	p = eachSlot(slot, n, func(i uint64, slot Slot) Panic {
		p := s.readSlot(slot, func(v Value) Panic {
			if !v.Set {
				created++
			}
			return NoPanic
		})
		if p != NoPanic {
			return p
		}
		at, carry := bits.Add64(src, slotBytes*i, 0)
		if carry != 0 {
			return PanicMemoryOverflow
		}
		value, p := s.Memory.Read(at, slotBytes)
		if p != NoPanic {
			return p
		}
		return s.writeSlot(slot, slices.Clone(value))
	})
	return created, p
}

// ClearAndTell removes n slots and reports whether all of them were set (SCWQ).
func (s *Session) ClearAndTell(keyPtr, n uint64) (all bool, p Panic) {
	if n >= maxSlots {
		return false, PanicTooManySlots
	}
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return false, p
	}
	all = true
	p = eachSlot(slot, n, func(_ uint64, slot Slot) Panic {
		return s.readSlot(slot, func(v Value) Panic { all = all && v.Set; return NoPanic })
	})
	if p != NoPanic {
		return false, p
	}
	return all, s.clearSlots(slot, n)
}

// ClearSlots removes n slots (SCLR).
func (s *Session) ClearSlots(keyPtr, n uint64) Panic {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return p
	}
	if n >= maxSlots {
		return PanicTooManySlots
	}
	return s.clearSlots(slot, n)
}

// clearSlots charges before it looks at the slots: the price, not the number that a program names, bounds the work.
func (s *Session) clearSlots(first Slot, n uint64) Panic {
	if !first.Key.spans(n) {
		return PanicTooManySlots
	}
	rate := s.Params.Gas.Rate(CostStorageClear)
	if !rate.Defined {
		return PanicGasCostNotDefined
	}
	if p := s.Charge(rate.Of(n)); p != NoPanic {
		return p
	}
	return eachSlot(first, n, func(_ uint64, slot Slot) Panic {
		s.World.SetSlot(slot, Value{})
		s.warm[slot] = true
		return NoPanic
	})
}

// spans reports whether n keys from id on exist: none is behind the last of the 2^256.
func (id ID) spans(n uint64) bool {
	for _, b := range id[:24] {
		if b != 0xff {
			return true
		}
	}
	low := binary.BigEndian.Uint64(id[24:])
	return n == 0 || low+(n-1) >= low
}

// ReadBytes copies a part of a slot to memory (SRDD, SRDI). set false: it is not set, and nothing is written.
func (s *Session) ReadBytes(dst, keyPtr, offset, length uint64) (set bool, p Panic) {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return false, p
	}
	if offset >= maxSlots || length >= maxSlots {
		return false, PanicMemoryOverflow
	}
	p = s.readSlot(slot, func(v Value) Panic {
		if set = v.Set; !set {
			return NoPanic
		}
		if offset+length > uint64(len(v.Bytes)) {
			return PanicStorageOutOfBounds
		}
		return s.Memory.Put(s.Owner(), dst, v.Bytes[offset:offset+length])
	})
	return set, p
}

// WriteBytes makes a slot of a range of memory (SWRD, SWRI).
func (s *Session) WriteBytes(keyPtr, src, length uint64) Panic {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return p
	}
	data, p := s.Memory.Read(src, length)
	if p != NoPanic {
		return p
	}
	return s.writeSlot(slot, slices.Clone(data))
}

// UpdateBytes overwrites a part of a slot with a range of memory and grows it as needed (SUPD, SUPI).
func (s *Session) UpdateBytes(keyPtr, src, offset, length uint64) Panic {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return p
	}
	var value []byte
	if p := s.readSlot(slot, func(v Value) Panic { value = slices.Clone(v.Bytes); return NoPanic }); p != NoPanic {
		return p
	}
	switch {
	case offset == Append:
		offset = uint64(len(value))
	case offset >= maxSlots:
		return PanicMemoryOverflow
	case offset > uint64(len(value)):
		return PanicStorageOutOfBounds
	}
	if length >= maxSlots {
		return PanicMemoryOverflow
	}
	end := offset + length
	if end > s.Params.MaxSlotLength {
		return PanicStorageOutOfBounds
	}
	data, p := s.Memory.Read(src, length)
	if p != NoPanic {
		return p
	}
	if end > uint64(len(value)) {
		value = append(value, make([]byte, end-uint64(len(value)))...)
	}
	copy(value[offset:], data)
	return s.writeSlot(slot, value)
}

// SlotLength gives the size of a slot's value (SPLD).
func (s *Session) SlotLength(keyPtr uint64) (length uint64, set bool, p Panic) {
	slot, p := s.slotAt(keyPtr)
	if p != NoPanic {
		return 0, false, p
	}
	p = s.readSlot(slot, func(v Value) Panic {
		length, set = uint64(len(v.Bytes)), v.Set
		return NoPanic
	})
	return length, set, p
}
