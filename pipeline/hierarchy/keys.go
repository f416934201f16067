package hierarchy

import "github.com/ooovm/ooovm/isa"

// Account is the kind of a key that stands for balance, nonce and code of an account. The
// other kinds are the storage spaces, numbered as in isa.
const Account isa.Space = 2

// Key is one location of the chain state.
type Key struct {
	Owner, Slot isa.Word
	Kind        isa.Space
}

// Keys gives every state key that a block touches a small number, in order of
// first touch. Open addressing, linear probing.
type Keys struct {
	keys  []Key
	index []int32 // key number + 1
}

// Reset forgets all keys.
func (t *Keys) Reset() {
	t.keys = t.keys[:0]
	if t.index == nil {
		t.index = make([]int32, 1024)
	}
	clear(t.index)
}

func (k *Key) hash() uint64 {
	h := uint64(k.Kind) + 0x9e3779b97f4a7c15
	for _, w := range [...]uint64{k.Owner[0], k.Owner[1], k.Owner[2], k.Slot[0], k.Slot[1], k.Slot[2], k.Slot[3]} {
		h = (h ^ w) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}

// Number returns the key's number.
func (t *Keys) Number(k *Key) int32 {
	mask := uint64(len(t.index) - 1)
	i := k.hash() & mask
	for ; t.index[i] != 0; i = (i + 1) & mask {
		if n := t.index[i] - 1; t.keys[n] == *k {
			return n
		}
	}
	t.keys = append(t.keys, *k)
	n := int32(len(t.keys) - 1)
	t.index[i] = n + 1
	if 2*len(t.keys) > len(t.index) {
		t.index = make([]int32, 2*len(t.index))
		mask = uint64(len(t.index) - 1)
		for n := range t.keys {
			i := t.keys[n].hash() & mask
			for t.index[i] != 0 {
				i = (i + 1) & mask
			}
			t.index[i] = int32(n) + 1
		}
	}
	return n
}
