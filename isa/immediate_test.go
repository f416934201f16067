package isa

import (
	"slices"
	"testing"
)

// families lists the operations of every family, asked of its type.
var families = map[string]func(Op) bool{
	"NarrowOp":     NarrowOp(0).Of,
	"WideOp":       WideOp(0).Of,
	"ByteCount":    ByteCount(0).Of,
	"CopySource":   CopySource(0).Of,
	"Digest":       Digest(0).Of,
	"Space":        Space(0).Of,
	"AccountField": AccountField(0).Of,
	"TouchAccess":  TouchAccess(0).Of,
	"LookupTable":  LookupTable(0).Of,
	"CounterKind":  CounterKind(0).Of,
	"BranchSense":  BranchSense(0).Of,
}

// TestFamilyOfOp checks that every operation has the immediates of its one family, or none.
func TestFamilyOfOp(t *testing.T) {
	want := map[Op]string{
		Narrow: "NarrowOp", Wide: "WideOp", LoadBytes: "ByteCount", StoreAddrN: "ByteCount", StoreDataN: "ByteCount",
		CopyData: "CopySource", Hash: "Digest", StateLoad: "Space", StateKey: "Space", AccountLoad: "AccountField",
		Touch: "TouchAccess", Lookup: "LookupTable", Counter: "CounterKind", Branch: "BranchSense",
	}
	for op := range NumOps {
		var got, expected []string
		for name, of := range families {
			if of(op) {
				got = append(got, name)
			}
		}
		if want[op] != "" {
			expected = []string{want[op]}
		}
		if !slices.Equal(got, expected) {
			t.Errorf("%s has immediates of %v, want %v", Table[op].Name, got, expected)
		}
	}
}

// TestImmOfAnotherOp checks that a value of one family does not become an immediate of
// an operation of another, though both are the byte 1.
func TestImmOfAnotherOp(t *testing.T) {
	if got := Imm(StateLoad, Transient); got != 1 {
		t.Errorf("the immediate of a transient load is %d, want 1", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a load of storage takes a counter for its space")
		}
	}()
	Imm(StateLoad, CounterMemory)
}
