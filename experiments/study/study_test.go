package study

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/sweep"
)

func options(t *testing.T, dir string) Options {
	t.Helper()
	return Options{Out: dir, Tool: sweep.Tool{Version: "test", Executable: strings.Repeat("0", 64)}, Stop: context.Background()}
}

// Every study runs on the embedded block, all of them in well under two minutes.
func TestStudiesOnTheEmbeddedBlock(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every study")
	}
	dir := t.TempDir()
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			opt := options(t, dir)
			if s == &gas { // on blocks of its own it takes longer than all others
				opt.Blocks = tinyPrograms(t)
			}
			r, err := s.Run(opt)
			if err != nil {
				t.Fatal(err)
			}
			if r.Missing > 0 {
				t.Errorf("%d of %d points have no right result", r.Missing, r.Points)
			}
			if strings.Contains(r.Text, "undefined") || strings.Contains(r.Text, "{{") {
				t.Error(r.Text)
			}
			for _, path := range r.Files {
				if info, err := os.Stat(path); err != nil || info.Size() == 0 {
					t.Errorf("%s: %v, or empty", path, err)
				}
			}
		})
	}
}

// A study that is there is not measured again, and comes out the same.
func TestAgainIsTheSame(t *testing.T) {
	dir := t.TempDir()
	opt := options(t, dir)
	read := func() (all []byte) {
		t.Helper()
		r, err := definitions.Run(opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range r.Files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	first := read()
	done := filepath.Join(dir, "definitions", dataDir, "main", "points")
	before, err := os.Stat(done)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, read()) {
		t.Error("differs when taken up again")
	}
	opt.Redraw = true
	if !bytes.Equal(first, read()) {
		t.Error("differs when drawn again")
	}
	if after, err := os.Stat(done); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("measured again: %v", err)
	}
}

func TestClassesByInstructionsATransaction(t *testing.T) {
	for _, c := range []struct{ instructions, transactions, want string }{
		{"0", "0", "transfers"},
		{"4990", "10", "transfers"},
		{"5000", "10", "tokens"},
		{"24999", "10", "tokens"},
		{"25000", "10", "exchanges"},
	} {
		got := class(func(column string) string {
			return map[string]string{"instructions": c.instructions, "transactions": c.transactions}[column]
		})
		if got != c.want {
			t.Errorf("%s instructions in %s transactions: %s, want %s", c.instructions, c.transactions, got, c.want)
		}
	}
}

// Queues of the window grow with the reorder buffer, from what the preset has at 256.
func TestWindowsKeepProportion(t *testing.T) {
	axes, zip := windows(64, 256)
	want := "core.rob: [64, 256]; core.iq: [24, 96]; core.loadq: [18, 72]; core.storeq: [16, 64]; core.stateq: [16, 64]; core.regs: [48, 192]"
	if got := strings.Join(axes, "; "); got != want || len(zip) != len(axes) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// first and last are places of an axis unless the axis has values of these names.
func TestLastIsAPlaceUnlessItIsAName(t *testing.T) {
	table, err := sweep.ReadTable(strings.NewReader(`block,status,predictor.value,core.rob,cycles
a,ok,last,8,100
a,ok,oracle,64,50
`))
	if err != nil {
		t.Fatal(err)
	}
	n := Numbers{t: table}
	for place, want := range map[string]string{"predictor.value=last": "100", "core.rob=last": "50", "core.rob=first": "100"} {
		if got, err := n.Total("cycles", place); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", place, got, err, want)
		}
	}
}
