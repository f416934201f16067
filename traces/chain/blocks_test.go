package chain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
)

// TestBlocks: the accepted blocks of a file come in order, each with the whole state before it, under
// a name of its own; what is wrong with a test comes as an error, and the next test after it.
func TestBlocks(t *testing.T) {
	m := newMaker(t, "Shanghai")
	a := m.blocks(2, nil)
	b := m.blocks(2, func(_ int, g *core.BlockGen) { g.SetCoinbase(common.Address{9}) })
	wrong := edit(a[1], func(h *types.Header, _ *types.Body) { h.Root[0]++ })
	long := "tests/x.py::test_" + strings.Repeat("/ü", 200)
	text, err := json.Marshal(map[string]any{
		long:      m.test(append(valid(a...), entry{encode(wrong), "BlockException.INVALID_STATE_ROOT"}), a[1]),
		"x wrong": m.test(valid(a[0]), a[1]),
		"y":       m.test(valid(b...), b[1]),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tests.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	all := func(match string, most int) (hashes []common.Hash, names map[string]bool, errs []string) {
		names = make(map[string]bool)
		var pattern *regexp.Regexp
		if match != "" {
			pattern = regexp.MustCompile(match)
		}
		for bundle, err := range Blocks(t.Context(), path, pattern) {
			if err != nil {
				errs = append(errs, err.Error())
				continue
			}
			if hashes = append(hashes, bundle.BlockHash); len(hashes) == most {
				break
			}
			if !bundle.Whole || bundle.Prestate == nil || bundle.Check() != nil {
				t.Errorf("%s: %v", bundle.Name, bundle.Check())
			}
			if len(bundle.Name) > 128 || strings.ContainsAny(bundle.Name, "/\\: ") {
				t.Errorf("%q is no name of a file", bundle.Name)
			}
			names[bundle.Name] = true
		}
		return hashes, names, errs
	}
	hashes, names, errs := all("", 0)
	if want := []common.Hash{a[0].Hash(), a[1].Hash(), a[0].Hash(), b[0].Hash(), b[1].Hash()}; !slices.Equal(hashes, want) || len(names) != len(want) {
		t.Errorf("%d blocks, %d names", len(hashes), len(names))
	}
	if len(errs) != 1 || !strings.Contains(errs[0], "tests.json:x wrong: the last block is") {
		t.Errorf("errors %q", errs)
	}
	if hashes, _, errs = all(":y$", 0); len(hashes) != 2 || errs != nil {
		t.Errorf("of one test: %d blocks, errors %q", len(hashes), errs)
	}
	if hashes, _, errs = all("", 1); len(hashes) != 1 || errs != nil {
		t.Errorf("given up after one: %d blocks, errors %q", len(hashes), errs)
	}
}

// FuzzItem: no encoding of a block ends otherwise than in a refusal or a block.
func FuzzItem(f *testing.F) {
	m := newMaker(f, "Cancun")
	blocks := m.blocks(2, nil)
	test := read(f, m.test(valid(blocks...), blocks[1]))
	f.Add(encode(blocks[0]))
	f.Add(encode(blocks[1]))
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
