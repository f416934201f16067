package isa

import "fmt"

// Immediate is a family of values of Imm. A micro-operation keeps its Imm as a bare byte,
// and its Op says of which family: Imm makes the byte, a conversion back reads it.
type Immediate interface {
	~uint8
	// Of reports whether the family is the operation's.
	Of(op Op) bool
}

// Imm returns an immediate as a micro-operation keeps it. It panics on an immediate of
// another operation: an error of the program.
func Imm[I Immediate](op Op, imm I) uint8 {
	if !imm.Of(op) {
		panic(fmt.Sprintf("isa: %T %d is no immediate of %s", imm, uint8(imm), Table[op].Name))
	}
	return uint8(imm)
}

// NarrowOp says what a Narrow computes: the operation in the low 4 bits, above them the
// width (0 for 8 bits, 1 for 16, 2 for 32).
type NarrowOp uint8

// The operations of Narrow.
const (
	NarrowAdd NarrowOp = iota
	NarrowSub
	NarrowMul
	NarrowExp
	NarrowShl
	NarrowXnor
)

// Of implements Immediate.
func (NarrowOp) Of(op Op) bool { return op == Narrow }

// ByteCount is how many bytes a load or store of a register machine moves.
type ByteCount uint8

// Of implements Immediate.
func (ByteCount) Of(op Op) bool { return op == LoadBytes || op == StoreAddrN || op == StoreDataN }

// CopySource says which range a CopyData reads.
type CopySource uint8

// The sources of CopyData.
const (
	CopyMemory      CopySource = iota // the frame's own memory
	CopyInput                         // the frame's input
	CopyReturn                        // what the last call returned
	CopyCode                          // the frame's own code
	CopyForeignCode                   // the code of the account in source 2
	CopyZero                          // nothing: zeros
)

// Of implements Immediate.
func (CopySource) Of(op Op) bool { return op == CopyData }

// Digest says what a Hash computes.
type Digest uint8

// The digests of Hash.
const (
	HashKeccak256 Digest = iota
	HashSHA256
)

// Of implements Immediate.
func (Digest) Of(op Op) bool { return op == Hash }

// Space is a storage space of an account.
type Space uint8

// The storage spaces.
const (
	Persistent Space = iota
	Transient
)

// Of implements Immediate.
func (Space) Of(op Op) bool { return op == StateLoad || op == StateKey }

// AccountField says what an AccountLoad reads.
type AccountField uint8

// The fields of AccountLoad.
const (
	FieldBalance AccountField = iota
	FieldCodeSize
	FieldCodeHash
)

// Of implements Immediate.
func (AccountField) Of(op Op) bool { return op == AccountLoad }

// TouchAccess says what a Touch does with its account.
type TouchAccess uint8

// The accesses of Touch.
const (
	TouchRead TouchAccess = iota
	TouchWrite
)

// Of implements Immediate.
func (TouchAccess) Of(op Op) bool { return op == Touch }

// LookupTable is a table of the environment. The system that reads it numbers its tables.
type LookupTable uint8

// Of implements Immediate.
func (LookupTable) Of(op Op) bool { return op == Lookup }

// CounterKind says what a Counter reads.
type CounterKind uint8

// The counters.
const (
	CounterGas CounterKind = iota
	CounterMemory
)

// Of implements Immediate.
func (CounterKind) Of(op Op) bool { return op == Counter }

// BranchSense says which condition takes a Branch.
type BranchSense uint8

// The senses of Branch. No program has the second: a test for zero is fused into it.
const (
	BranchIfNotZero BranchSense = iota
	BranchIfZero
)

// Of implements Immediate.
func (BranchSense) Of(op Op) bool { return op == Branch }
