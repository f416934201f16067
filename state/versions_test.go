package state

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
)

// before has one account: balance 100, nonce 3, slot 1 is 11.
func before() *World {
	return NewWorld(Prestate{{1}: {Balance: isa.Word{100}, Nonce: 3, Storage: map[isa.Word]isa.Word{{1}: {11}}}})
}

func keyOf(kind KeyKind, slot uint64) Key {
	k := Key{Kind: kind, Owner: Address{1}.Word()}
	if kind == KeySlot {
		k.Slot = isa.Word{slot}
	}
	return k
}

func set(kind KeyKind, slot, value uint64) Write {
	return Write{Key: keyOf(kind, slot), Value: Value{Word: isa.Word{value}}}
}

func add(value uint64) Write {
	w := set(KeyBalance, 0, value)
	w.Delta = true
	return w
}

// TestVersionsRead: a reader sees the highest transaction below it, adds deltas up,
// and sees nothing of an account that went.
func TestVersionsRead(t *testing.T) {
	s := NewVersions(before(), 10)
	s.Publish(Version{2, 0}, []Write{set(KeySlot, 1, 22), add(5)})
	s.Publish(Version{4, 1}, []Write{set(KeySlot, 1, 44), add(7)})
	s.Publish(Version{6, 0}, []Write{set(KeyExistence, 0, 0)})
	s.Publish(Version{8, 0}, []Write{set(KeyExistence, 0, 1), set(KeyBalance, 0, 1), set(KeySlot, 2, 88)})
	for _, x := range []struct {
		name    string
		tx      int
		key     Key
		value   uint64
		version Version
		deltas  int
		known   bool
	}{
		{"before the block", 1, keyOf(KeySlot, 1), 11, Version{BeforeBlock, 0}, 0, true},
		{"not its own write", 2, keyOf(KeySlot, 1), 11, Version{BeforeBlock, 0}, 0, true},
		{"the one below", 3, keyOf(KeySlot, 1), 22, Version{2, 0}, 0, true},
		{"the highest below", 5, keyOf(KeySlot, 1), 44, Version{4, 1}, 0, true},
		{"a slot that nobody knows", 5, keyOf(KeySlot, 9), 0, Version{BeforeBlock, 0}, 0, false},
		{"one delta", 3, keyOf(KeyBalance, 0), 105, Version{BeforeBlock, 0}, 1, true},
		{"two deltas", 5, keyOf(KeyBalance, 0), 112, Version{BeforeBlock, 0}, 2, true},
		{"existence gone", 7, keyOf(KeyExistence, 0), 0, Version{6, 0}, 0, true},
		{"a slot of what is gone", 7, keyOf(KeySlot, 1), 0, Version{6, 0}, 0, true},
		{"a balance that is gone", 7, keyOf(KeyBalance, 0), 0, Version{6, 0}, 0, true},
		{"an old slot of the next account there", 9, keyOf(KeySlot, 1), 0, Version{8, 0}, 0, true},
		{"its new slot", 9, keyOf(KeySlot, 2), 88, Version{8, 0}, 0, true},
		{"its balance", 9, keyOf(KeyBalance, 0), 1, Version{8, 0}, 0, true},
		{"its nonce", 9, keyOf(KeyNonce, 0), 0, Version{8, 0}, 0, true},
	} {
		r := s.Read(&x.key, x.tx)
		if r.Word != (isa.Word{x.value}) || r.Version != x.version || len(r.Deltas) != x.deltas || r.Known != x.known {
			t.Errorf("%s: %+v, want %d of %v with %d deltas, known %v", x.name, r, x.value, x.version, x.deltas, x.known)
		}
	}
}

// TestVersionsPublish: a new incarnation replaces everything of the last one, and says
// whether it has written what that had not.
func TestVersionsPublish(t *testing.T) {
	s := NewVersions(before(), 3)
	one, two := keyOf(KeySlot, 1), keyOf(KeySlot, 2)
	if !s.Publish(Version{0, 0}, []Write{set(KeySlot, 1, 5), set(KeySlot, 2, 6)}) {
		t.Error("the first writes are not new")
	}
	if s.Publish(Version{0, 1}, []Write{set(KeySlot, 2, 7)}) {
		t.Error("a key that was written before is new")
	}
	if r := s.Read(&one, 1); r.Word != (isa.Word{11}) || r.Version.Tx != BeforeBlock {
		t.Errorf("what is not written again stays: %+v", r)
	}
	if r := s.Read(&two, 1); r.Word != (isa.Word{7}) || r.Version != (Version{0, 1}) {
		t.Errorf("read %+v", r)
	}
	if !s.Publish(Version{0, 2}, []Write{set(KeySlot, 1, 5), set(KeySlot, 2, 6)}) {
		t.Error("a key that the last incarnation had not written is not new")
	}
}

// TestVersionsExpect: what an aborted transaction wrote is an estimate until it is
// published again, for those above it only.
func TestVersionsExpect(t *testing.T) {
	s := NewVersions(before(), 5)
	k, other := keyOf(KeySlot, 1), keyOf(KeySlot, 2)
	s.Publish(Version{1, 0}, []Write{set(KeySlot, 1, 5)})
	old := s.Read(&k, 3)
	s.Expect(1)
	if on, ok := s.Pending(&k, 3); !ok || on != 1 {
		t.Errorf("pending on %d, %v", on, ok)
	}
	if r := s.Read(&k, 3); r.SameVersion(&old) || r.Word != (isa.Word{5}) {
		t.Errorf("an estimate reads as %+v", r)
	}
	for _, x := range []struct {
		key *Key
		tx  int
	}{{&k, 1}, {&k, 0}, {&other, 3}} {
		if on, ok := s.Pending(x.key, x.tx); ok {
			t.Errorf("transaction %d waits for %d at %v", x.tx, on, x.key)
		}
	}
	s.Publish(Version{1, 1}, []Write{set(KeySlot, 1, 5)})
	if _, ok := s.Pending(&k, 3); ok {
		t.Error("pending after the next incarnation")
	}
	if r := s.Read(&k, 3); r.SameVersion(&old) || !r.Same(&old.Value) {
		t.Error("the same value from another incarnation is the same version, or another value")
	}
}
