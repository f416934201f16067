package corpus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core"

	"github.com/ooovm/ooovm/traces/chain/chaintest"
)

// TestExactNames gives back every block of tests whose names are also expressions of others, or
// none at all.
func TestExactNames(t *testing.T) {
	names := []string{"plain", "plain.", "a[z-b]", "a[b", "a(b", "x:y [fork_Cancun-k-b]", "n/0", "n", "", "dir/p.py::t[1]", `back\slash`, "a+*b"}
	m := chaintest.New(t, "Cancun")
	blocks := m.Blocks(2, func(int, *core.BlockGen) {})
	test := m.Test(chaintest.Valid(blocks...), blocks[1])
	tests := make(map[string]any)
	for _, name := range names {
		tests[name] = test
	}
	text, err := json.Marshal(tests)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "a:b c")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "tests.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	all, ok, err := expandTests(file)
	if err != nil || !ok || len(all) != 2*len(names) {
		t.Fatalf("%d blocks, %v", len(all), err)
	}
	results := make(map[string]bool)
	for _, ref := range all {
		if got, _, err := expandTests(ref); err != nil || !slices.Equal(got, []string{ref}) {
			t.Errorf("%s names %q, %v", ref, got, err)
		}
		if b, err := Open(t.Context(), ref); err != nil || b.Path != ref {
			t.Errorf("%s: %v", ref, err)
		}
		if name := Name(ref); results[name] {
			t.Errorf("%s: two blocks are called %s", ref, name)
		} else {
			results[name] = true
		}
	}
	for _, name := range names {
		want := []string{file + ":" + name + "/0", file + ":" + name + "/1"}
		switch name {
		case "":
			want = all
		case "n/0": // a block of another test, too
			want = []string{file + ":n/0"}
		}
		if got, _, err := expandTests(file + ":" + name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q names %q, %v", name, got, err)
		}
	}
}

// TestOneNameOfABlock refuses what is almost the place of a block.
func TestOneNameOfABlock(t *testing.T) {
	m := chaintest.New(t, "Cancun")
	blocks := m.Blocks(1, func(int, *core.BlockGen) {})
	text, err := json.Marshal(map[string]any{"made": m.Test(chaintest.Valid(blocks...), blocks[0])})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tests.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"-1", "-0", "+0", "00", "1", "18446744073709551616", "", " 0"} {
		ref := file + ":made/" + place
		if got, _, err := expandTests(ref); err == nil {
			t.Errorf("%s names %q", ref, got)
		}
		if _, err := Open(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "FIXTURE:TEST/N") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}
