package corpus

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/traces/generator"
)

// folder has three small blocks and a file that is none.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for file, p := range map[string]generator.Params{
		"a.json":     {Workload: "transfers", Transactions: 3, Seed: 1, Fork: "cancun"},
		"b.json.gz":  {Workload: "erc20", Transactions: 4, Seed: 1},
		"c.json.zst": {Workload: "merkle", Transactions: 2, Seed: 1, Fork: "osaka"},
	} {
		write(t, filepath.Join(dir, file), p)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("not a block"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path string, p generator.Params) {
	t.Helper()
	b, err := generator.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
}

func choose(t *testing.T, dir, where string) string {
	t.Helper()
	paths, _, err := Choose(t.Context(), []string{dir}, where, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p)[:1])
	}
	return strings.Join(names, " ")
}

// TestChoose: an index changes no answer.
func TestChoose(t *testing.T) {
	plain, indexed := folder(t), folder(t)
	if _, _, _, err := Index(t.Context(), indexed, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ where, want string }{
		{"", "a b c"},
		{`fork == "cancun"`, "a"},
		{`fork in ["osaka", "prague"] && transactions < 4`, "c"},
		{`gas == 63e3`, "a"},
		{`name startsWith "b"`, "b"},
		{`number > 22999999 and chain == 1`, "b c"},
		{`instructions == 0`, "a"},
		{`mix["hash"] > 0.01`, "b c"},
		{`"hash" not in mix`, "a"},
	} {
		if got := choose(t, plain, c.where); got != c.want {
			t.Errorf("%s, no index: %q, want %q", c.where, got, c.want)
		}
		if got := choose(t, indexed, c.where); got != c.want {
			t.Errorf("%s, index: %q, want %q", c.where, got, c.want)
		}
	}
}

// TestIndexFollowsFiles: only changed files are executed again, what is gone is gone,
// and a file that has changed since is not what the index says.
func TestIndexFollowsFiles(t *testing.T) {
	dir := folder(t)
	counts := func(wantAll, wantExecuted int) []byte {
		t.Helper()
		all, executed, ignored, err := Index(t.Context(), dir, func(err error) { t.Error(err) })
		if err != nil || all != wantAll || executed != wantExecuted {
			t.Fatalf("%d blocks, %d executed, %v; want %d and %d", all, executed, err, wantAll, wantExecuted)
		}
		if !slices.Contains(ignored, filepath.Join(dir, "notes.txt")) {
			t.Errorf("ignored: %v", ignored)
		}
		text, err := os.ReadFile(filepath.Join(dir, IndexFile))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := counts(3, 3)
	if !bytes.Equal(first, counts(3, 0)) {
		t.Error("the index of an unchanged folder has changed")
	}
	write(t, filepath.Join(dir, "a.json"), generator.Params{Workload: "transfers", Transactions: 5, Seed: 1})
	if got := choose(t, dir, "transactions == 5"); got != "a" {
		t.Errorf("of a changed file: %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "b.json.gz")); err != nil {
		t.Fatal(err)
	}
	counts(2, 1)
}

// TestErrors: what is wrong with an expression, in one line with what there is.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ where, want string }{
		{"foo > 1", "column 1: unknown name foo (names: name, hash,"},
		{"gas >", "column 5: unexpected token EOF"},
		{"gas + 1", "expected bool, but got int"},
	} {
		if _, err := Compile(c.where); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.where, err, c.want)
		}
	}
}

// TestForeignIndex: index.json of somebody else is neither read nor written over.
func TestForeignIndex(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, IndexFile)
	if err := os.WriteFile(path, []byte(`[{"number":1}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := Index(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), "it is left alone") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != `[{"number":1}]` {
		t.Errorf("written over: %s", text)
	}
	if got := choose(t, dir, "transactions == 2"); got != "c" {
		t.Errorf("selected %q", got)
	}
}
