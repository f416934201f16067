// Package state holds the chain state that a simulated block runs on: typed
// keys, the journaled world state, access lists and receipts' raw material. It
// knows no timing.
package state

import "github.com/ooovm/ooovm/isa"

// Address is a 20-byte account address.
type Address [20]byte

// Hash is a 32-byte digest.
type Hash [32]byte

// AddressOf takes the low 20 bytes of a word, as every instruction that names an
// account does.
func AddressOf(w *isa.Word) Address { return Address(w.Bytes20()) }

// Word gives the address as a word.
func (a Address) Word() isa.Word {
	var w isa.Word
	w.SetBytes20(a[:])
	return w
}

// Log is one committed log entry.
type Log struct {
	Address Address
	Topics  []Hash
	Data    []byte
}
