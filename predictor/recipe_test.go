package predictor_test

import (
	"testing"

	"golang.org/x/crypto/sha3"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

func word(n uint64) *isa.Word { return &isa.Word{n} }

// keccakOf hashes words one behind the other.
func keccakOf(words ...*isa.Word) (w isa.Word) {
	h := sha3.NewLegacyKeccak256()
	for _, x := range words {
		b := x.Bytes32()
		h.Write(b[:])
	}
	w.SetBytes(h.Sum(nil))
	return w
}

func whole(nodes ...predictor.Node) (pieces []predictor.Piece) {
	for _, n := range nodes {
		pieces = append(pieces, predictor.Piece{Node: n, Len: 32})
	}
	return pieces
}

// entry is a call by 7 of 5 with the words 100, 101, ... behind a selector.
func entry() *predictor.Entry {
	e := &predictor.Entry{Self: *word(5), Caller: *word(7), Value: *word(9), Context: []isa.Word{*word(11)}, Input: make([]byte, 4+32*3)}
	for i := range 3 {
		b := word(100 + uint64(i)).Bytes32()
		copy(e.Input[4+32*i:], b[:])
	}
	e.Load = func(owner, slot *isa.Word) (isa.Word, bool) { // slot 3 of 5 holds 33; slot 4 is not on chip
		return *word(33), owner.Uint64() == 5 && slot.Uint64() == 3
	}
	return e
}

// The recipes of Solidity's storage layout.
func TestRecipesEvaluate(t *testing.T) {
	g := predictor.NewGraph()
	constant := func(n uint64) predictor.Node { return g.Const(word(n)) }
	argument := func(i uint64) predictor.Node { return g.Input(constant(4 + 32*i)) }
	mapping := func(key, slot predictor.Node) predictor.Node { return g.Hash(g.Join(whole(key, slot))) }
	add := func(a, b predictor.Node) predictor.Node { return g.Op(isa.Add, a, b, predictor.Opaque) }
	inner := keccakOf(word(100), word(2))
	array := keccakOf(word(6))
	array.AddUint64(&array, 101)
	for _, test := range []struct {
		name string
		node predictor.Node
		want isa.Word
	}{
		{"constant slot", constant(8), *word(8)},
		{"self", g.Self(), *word(5)},
		{"value sent", g.Value(), *word(9)},
		{"context", g.Context(0), *word(11)},
		{"argument", argument(1), *word(101)},
		{"argument behind the input", argument(7), isa.Word{}},
		{"mapping by caller", mapping(g.Caller(), constant(1)), keccakOf(word(7), word(1))},
		{"mapping by argument", mapping(argument(0), constant(2)), keccakOf(word(100), word(2))},
		{"nested mapping", mapping(g.Caller(), mapping(argument(0), constant(2))), keccakOf(word(7), &inner)},
		{"array element", add(g.Hash(g.Join(whole(constant(6)))), argument(1)), array},
		{"what storage holds", g.Stored(g.Self(), constant(3)), *word(33)},
		{"mapping by what storage holds", mapping(g.Stored(g.Self(), constant(3)), constant(1)), keccakOf(word(33), word(1))},
		{"masked", g.Op(isa.And, argument(0), constant(0xf), predictor.Opaque), *word(100 & 0xf)},
	} {
		if test.node == predictor.Opaque {
			t.Errorf("%s: opaque", test.name)
			continue
		}
		if got, ok := g.Eval(test.node, entry()); !ok || got != test.want {
			t.Errorf("%s: %s, %v; want %s", test.name, got.Hex(), ok, test.want.Hex())
		}
	}
}

// A key behind a pointer that is not on chip names the pointer.
func TestRecipeNamesWhatIsMissing(t *testing.T) {
	g, e := predictor.NewGraph(), entry()
	if _, ok := g.Eval(g.Stored(g.Self(), g.Const(word(4))), e); ok {
		t.Fatal("evaluated")
	}
	if want := (predictor.Key{Account: *word(5), Slot: *word(4), Storage: true}); e.Missing != want {
		t.Errorf("missing %+v", e.Missing)
	}
}

// Equal expressions have one name, and constants are folded.
func TestGraphSharesAndFolds(t *testing.T) {
	g := predictor.NewGraph()
	two, three := g.Const(word(2)), g.Const(word(3))
	if g.Op(isa.Add, two, three, predictor.Opaque) != g.Const(word(5)) {
		t.Error("2 + 3 is no constant")
	}
	hash := keccakOf(word(2), word(3))
	if g.Hash(g.Join(whole(two, three))) != g.Const(&hash) {
		t.Error("the hash of constants is no constant")
	}
	first := g.Op(isa.Add, g.Caller(), two, predictor.Opaque)
	if again := g.Op(isa.Add, g.Caller(), two, predictor.Opaque); first != again {
		t.Error("one expression, two names")
	}
	if g.Op(isa.Add, g.Caller(), predictor.Opaque, predictor.Opaque) != predictor.Opaque {
		t.Error("an operand is opaque, the sum is not")
	}
}

// Expressions stop growing: chains of storage reads and large trees are opaque.
func TestGraphBoundsExpressions(t *testing.T) {
	g := predictor.NewGraph()
	chain, tree := g.Caller(), g.Caller()
	for range 100 {
		chain = g.Stored(g.Self(), chain)
		tree = g.Op(isa.Add, tree, g.Value(), predictor.Opaque)
	}
	if chain != predictor.Opaque || tree != predictor.Opaque {
		t.Error("expressions without bound")
	}
}

// A caller passes its second argument on as the first: the callee's recipe in the
// caller's terms gives the same key.
func TestRecipeInTheCallersTerms(t *testing.T) {
	g := predictor.NewGraph()
	callee := g.Hash(g.Join(whole(g.Input(g.Const(word(4))), g.Caller())))
	bind := &predictor.Binding{
		Self: g.Const(word(60)), Caller: g.Self(), Value: g.Const(word(0)), Through: -1,
		Input: func(at uint64) predictor.Node {
			if at == 4 {
				return g.Input(g.Const(word(36)))
			}
			return predictor.Opaque
		},
	}
	got, ok := g.Eval(g.Rebase(callee, bind), entry())
	if want := keccakOf(word(101), word(5)); !ok || got != want {
		t.Errorf("%s, want %s", got.Hex(), want.Hex())
	}
	if g.Rebase(g.Input(g.Const(word(36))), bind) != predictor.Opaque {
		t.Error("an argument that the caller does not know")
	}
}

// A proxy hands its whole input on: offsets that are computed stay expressions.
func TestRecipeThroughAProxy(t *testing.T) {
	g := predictor.NewGraph()
	dynamic := g.Input(g.Op(isa.Add, g.Value(), g.Const(word(27)), predictor.Opaque)) // 9 + 27 is argument 1
	bind := &predictor.Binding{Self: g.Self(), Caller: g.Caller(), Value: g.Value(), Through: 0, Input: func(uint64) predictor.Node { return predictor.Opaque }}
	if got, ok := g.Eval(g.Rebase(dynamic, bind), entry()); !ok || got != *word(101) {
		t.Errorf("%s, %v", got.Hex(), ok)
	}
}
