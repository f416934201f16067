package chain

import (
	"strings"
	"testing"

	"github.com/ooovm/ooovm/traces/chain/chaintest"

	"github.com/ethereum/go-ethereum/core/types"
)

// TestOpen: the valid blocks of a test are at hand one by one, each with the whole state before it,
// whatever has to be refused before; a test that goes otherwise than it has to is an error.
func TestOpen(t *testing.T) {
	m := chaintest.New(t, "Shanghai")
	a := m.Blocks(2, nil)
	wrong := chaintest.Edit(a[1], func(h *types.Header, _ *types.Body) { h.Root[0]++ })
	long := "tests/x.py::test_" + strings.Repeat("/ü", 200)
	test := read(t, m.Test([]chaintest.Entry{{RLP: chaintest.Encode(a[0])}, {RLP: chaintest.Encode(wrong), Exception: "BlockException.INVALID_STATE_ROOT"}, {RLP: chaintest.Encode(a[1])}}, a[1]))
	test.Name = long
	for index, want := range map[int]*types.Block{0: a[0], 2: a[1]} {
		b, err := Open(t.Context(), test, index)
		if err != nil {
			t.Fatal(err)
		}
		if b.BlockHash != want.Hash() || !b.Whole || b.Prestate == nil || b.Check() != nil {
			t.Errorf("item %d: block %v, %v", index, b.BlockHash, b.Check())
		}
		if len(b.Name) > 128 || strings.ContainsAny(b.Name, "/\\: ") {
			t.Errorf("%q is no name of a file", b.Name)
		}
	}
	test.Items[1].Exception = "BlockException.INVALID_GAS_USED"
	if _, err := Open(t.Context(), test, 2); err == nil || !strings.Contains(err.Error(), "blocks[1]: ") {
		t.Errorf("after a block refused for another reason: %v", err)
	}
}

// FuzzItem: no encoding of a block ends otherwise than in a refusal or a block.
func FuzzItem(f *testing.F) {
	m := chaintest.New(f, "Cancun")
	blocks := m.Blocks(2, nil)
	test := read(f, m.Test(chaintest.Valid(blocks...), blocks[1]))
	f.Add(chaintest.Encode(blocks[0]))
	f.Add(chaintest.Encode(blocks[1]))
	f.Add([]byte{0xc0})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := New(test)
		if err != nil {
			t.Fatal(err)
		}
		bundle, refused, err := c.Propose(&Item{Field: "blocks[0]", RLP: data, Invalid: true})
		if (bundle == nil) == (refused == nil && err == nil) {
			t.Errorf("bundle %v, refused %v, error %v", bundle != nil, refused, err)
		}
	})
}
