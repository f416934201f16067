// Package corpustest finds the real inputs of tests that have them: the blocks of the 56-block
// corpus (docs/corpus.csv), programs, official test archives. They are not part of the repository;
// a test that needs one that is not there is skipped and says so.
package corpustest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The variables do not begin as those do that set configuration keys, of which an unknown one is an
// error.
const (
	// blocksVariable names the folder of blocks, NUMBER.json with .gz, .zst or nothing after it, as
	// `ooovm trace fetch --list docs/corpus.csv -o DIR` makes it. Default: mainnet/ of dataVariable.
	blocksVariable = "OOOVMTEST_CORPUS"
	// dataVariable names the folder of everything else. Default: ../shared beside the repository.
	dataVariable = "OOOVMTEST_DATA"
)

var blockFile = regexp.MustCompile(`^[0-9]+\.json(\.gz|\.zst)?$`)

// Data is the path of a file or folder other than a block.
func Data(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{data(t)}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("it needs %s, which is not there (%s names the folder)", filepath.Join(elem...), dataVariable)
	}
	return path
}

// Blocks are the paths of all blocks, in the order of their names.
func Blocks(t testing.TB) []string {
	t.Helper()
	dir := Dir(t)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, e := range entries {
		if blockFile.MatchString(e.Name()) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		skipBlocks(t)
	}
	return paths
}

// Block is the path of a block.
func Block(t testing.TB, number uint64) string {
	t.Helper()
	for _, ext := range []string{".gz", ".zst", ""} {
		path := filepath.Join(Dir(t), fmt.Sprintf("%d.json%s", number, ext))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("it needs block %d of the 56-block corpus (%s names the folder)", number, blocksVariable)
	return ""
}

// Dir is the folder of the blocks.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(blocksVariable)
	if dir == "" {
		dir = filepath.Join(data(t), "mainnet")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		skipBlocks(t)
	}
	return dir
}

func skipBlocks(t testing.TB) {
	t.Helper()
	t.Skipf("it needs the 56-block corpus, docs/corpus.csv (%s names the folder)", blocksVariable)
}

func data(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(dataVariable); dir != "" {
		return dir
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, "..", "shared")
		}
		above := filepath.Dir(root)
		if above == root {
			t.Fatal("no go.mod in any folder above")
		}
		root = above
	}
}
