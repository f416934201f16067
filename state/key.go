package state

import "github.com/ooovm/ooovm/isa"

// KeyKind says what of an owner a key names.
type KeyKind uint8

// The kinds. Whoever reads any other key of an owner reads its existence as well, so
// that creation and destruction conflict with everything below them.
const (
	KeyExistence KeyKind = iota // 0 or 1; its version is the owner's generation
	KeyBalance
	KeyNonce
	KeyCode
	KeySlot
	KeyStorage // 0 or 1: whether any slot is set (EIP-7610); it follows from the slots, and is never written
)

// String names the kind.
func (k KeyKind) String() string {
	return [...]string{"existence", "balance", "nonce", "code", "slot", "storage"}[k]
}

// Key names the smallest piece of state that transactions conflict on.
type Key struct {
	Kind  KeyKind
	Owner isa.Word
	Slot  isa.Word // KeySlot only
}

// Value is what a key has.
type Value struct {
	Word isa.Word
	Code []byte // KeyCode only, with its hash
	Hash Hash
}

// Same reports whether two values of one key are equal.
func (v *Value) Same(o *Value) bool { return v.Word == o.Word && v.Hash == o.Hash }

// Write is what a transaction leaves behind for a key. A delta is added to the
// balance that is there (modulo 2^256), so that deltas commute.
type Write struct {
	Key   Key
	Value Value
	Delta bool
}
