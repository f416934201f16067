package oracle

import (
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

func slot(owner, n uint64) state.Key {
	return state.Key{Kind: state.KeySlot, Owner: isa.Word{owner}, Slot: isa.Word{n}}
}

func hashedSlot(owner, n uint64) state.Key {
	k := slot(owner, n)
	k.Slot[3] = 1
	return k
}

func balance(owner uint64) state.Key {
	return state.Key{Kind: state.KeyBalance, Owner: isa.Word{owner}}
}

func reads(k state.Key, offset uint64, writers ...int32) Read {
	return Read{Key: k, Offset: offset, Writers: writers, Exact: true}
}

func writes(keys ...state.Key) (list []state.Write) {
	for _, k := range keys {
		list = append(list, state.Write{Key: k})
	}
	return list
}

// chain: 0 writes what 1 reads after 3 of its 10 cycles, 2 is apart, 3 writes what 2 has
// written without reading it.
var chain = []Footprint{
	{Cycles: 20, Writes: writes(slot(1, 0))},
	{Cycles: 10, Reads: []Read{reads(slot(1, 0), 3, 0)}, Writes: writes(slot(1, 1))},
	{Cycles: 5, Writes: writes(slot(1, 2))},
	{Cycles: 5, Writes: writes(slot(1, 2))},
}

func TestSpan(t *testing.T) {
	// Transaction 1 waits at its load from 3 to 20, and has 7 cycles to go.
	if n := Span(chain); n != 27 {
		t.Errorf("the longest chain takes %d cycles, want 27", n)
	}
	if n := Work(chain); n != 40 {
		t.Errorf("all work is %d cycles, want 40", n)
	}
}

func TestBoundsWaitForNobodyWhenMet(t *testing.T) {
	r := Read{Key: balance(1), Writers: []int32{0}, Met: true}
	if on := r.on(); on != nil {
		t.Errorf("waits for %v", on)
	}
	r.Met = false
	if on := r.on(); !reflect.DeepEqual(on, []int{0}) {
		t.Errorf("waits for %v, want 0", on)
	}
}

func TestMappings(t *testing.T) {
	for _, x := range []struct {
		name string
		m    Mapping
		want [][]int
	}{
		// By key only 1 waits for 0, and 3 for 2, whose slot it writes too.
		{"key", ByKey, [][]int{nil, {0}, nil, {2}}},
		// By address all are one account: a chain.
		{"address", ByAddress, [][]int{nil, {0}, {1}, {2}}},
	} {
		got := Locks(chain, x.m)
		for i := range got {
			if len(got[i]) != len(x.want[i]) || len(got[i]) > 0 && !reflect.DeepEqual(got[i], x.want[i]) {
				t.Errorf("%s: transaction %d waits for %v, want %v", x.name, i, got[i], x.want[i])
			}
		}
	}
}

// TestHolders: entries of mappings are locks of their own, plain variables are not.
func TestHolders(t *testing.T) {
	block := []Footprint{
		{Writes: writes(hashedSlot(1, 1))},
		{Writes: writes(hashedSlot(1, 2))},
		{Writes: writes(slot(1, 1))},
		{Writes: writes(slot(1, 2))},
	}
	if n := Independent(Locks(block, ByHolder)); n != 3 {
		t.Errorf("%d transactions are independent, want 3", n)
	}
}

// TestDeltas: credits get on with each other; who reads the sum waits for both.
func TestDeltas(t *testing.T) {
	credit := []state.Write{{Key: balance(9), Delta: true}}
	block := []Footprint{{Writes: credit}, {Writes: credit}, {Reads: []Read{reads(balance(9), 0, 1, 0)}}}
	got := Conflicts(all(block, ByKey))
	if len(got[0]) != 0 || len(got[1]) != 0 || !reflect.DeepEqual(got[2], []int{0, 1}) {
		t.Errorf("they wait for %v", got)
	}
}

func TestOwned(t *testing.T) {
	nonce := func(sender uint64) state.Key { return state.Key{Kind: state.KeyNonce, Owner: isa.Word{sender}} }
	block := []Footprint{
		{Writes: writes(nonce(1), slot(5, 0))},
		{Writes: writes(nonce(2), slot(6, 0))},
		{Writes: writes(nonce(3), slot(6, 0))},
	}
	if got := Owned(block, ByHolder); !reflect.DeepEqual(got, []bool{true, false, false}) {
		t.Errorf("owned objects only: %v", got)
	}
}
