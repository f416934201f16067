package fuel

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID is a 32-byte name: of a contract, an asset, an address, a transaction, a storage slot.
type ID [32]byte

// String gives it in hexadecimal, without a prefix.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 64 hexadecimal digits.
func ParseID(s string) (id ID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return id, err
	}
	if len(b) != len(id) {
		return id, fmt.Errorf("%d bytes where 32 are wanted", len(b))
	}
	copy(id[:], b)
	return id, nil
}

// PadLength rounds up to whole words; it saturates below the end of the range.
func PadLength(n uint64) (padded uint64, ok bool) {
	padded = (n + 7) &^ 7
	return padded, padded >= n
}

// Pad appends zeros up to a whole word.
func Pad(b []byte) []byte { return append(b, make([]byte, -len(b)&7)...) }

// writer builds the canonical encoding: everything is a multiple of 8 bytes, integers
// are big-endian words (fuel-specs, transaction format).
type writer struct{ b []byte }

func (w *writer) word(v uint64)  { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *writer) id(id ID)       { w.b = append(w.b, id[:]...) }
func (w *writer) bytes(b []byte) { w.b = Pad(append(w.b, b...)) }
func (w *writer) words(v ...uint64) {
	for _, x := range v {
		w.word(x)
	}
}
