package corpustest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBlocks: bundles of every form are blocks, and nothing else in the folder is.
func TestBlocks(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(blocksVariable, dir)
	for _, name := range []string{"1.json", "2.json.gz", "3.json.zst", "index.json", "3.json.zst.part", "published.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, path := range Blocks(t) {
		names = append(names, filepath.Base(path))
	}
	if got, want := strings.Join(names, " "), "1.json 2.json.gz 3.json.zst"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for number, want := range map[uint64]string{1: "1.json", 2: "2.json.gz", 3: "3.json.zst"} {
		if got := filepath.Base(Block(t, number)); got != want {
			t.Errorf("block %d is %s, want %s", number, got, want)
		}
	}
}

// TestSkipped: what is not there skips the test.
func TestSkipped(t *testing.T) {
	for name, need := range map[string]func(*testing.T){
		"no folder": func(t *testing.T) { t.Setenv(blocksVariable, filepath.Join(t.TempDir(), "none")); Blocks(t) },
		"no blocks": func(t *testing.T) { t.Setenv(blocksVariable, t.TempDir()); Blocks(t) },
		"no block":  func(t *testing.T) { t.Setenv(blocksVariable, t.TempDir()); Block(t, 7) },
		"no data":   func(t *testing.T) { t.Setenv(dataVariable, t.TempDir()); Data(t, "fuel", "programs.json") },
		"no corpus": func(t *testing.T) { t.Setenv(dataVariable, t.TempDir()); t.Setenv(blocksVariable, ""); Dir(t) },
	} {
		passed := true
		t.Run(name, func(t *testing.T) {
			defer func() { passed = !t.Skipped() }()
			need(t)
		})
		if passed {
			t.Errorf("%s: the test was not skipped", name)
		}
	}
}
