package pipeline

import "github.com/ooovm/ooovm/isa"

// Kinds of state keys. Storage spaces come first, numbered as in isa.
const (
	keyAccount uint8 = 2 // balance, nonce, code of an account
	keyKinds   uint8 = 3
)

// stateKey is one location of the chain state.
type stateKey struct {
	owner, slot isa.Word
	kind        uint8
}

// keyTable gives every state key that a block touches a small number, in order of
// first touch. Open addressing, linear probing.
type keyTable struct {
	keys  []stateKey
	index []int32 // key number + 1
}

func (t *keyTable) reset() {
	t.keys = t.keys[:0]
	if t.index == nil {
		t.index = make([]int32, 1024)
	}
	clear(t.index)
}

func (k *stateKey) hash() uint64 {
	h := uint64(k.kind) + 0x9e3779b97f4a7c15
	for _, w := range [...]uint64{k.owner[0], k.owner[1], k.owner[2], k.slot[0], k.slot[1], k.slot[2], k.slot[3]} {
		h = (h ^ w) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}

// intern gives the key's number.
func (t *keyTable) intern(k *stateKey) int32 {
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
