package prestate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

func takeApart(t *testing.T, b *traces.Bundle) []state.Prestate {
	t.Helper()
	list, err := tracetest.Trace(b, "prestateTracer", "{}")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	results, err := ParseList(raw)
	if err != nil {
		t.Fatal(err)
	}
	states := make([]state.Prestate, len(results))
	for i := range results {
		states[i] = results[i].State
	}
	return states
}

func TestMainnetComesBack(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "mainnet")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no mainnet blocks at %s", dir)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := traces.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			results := takeApart(t, b)
			again := b.Again()
			again.Prestate = nil
			got, err := Assemble(again, results)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range got.Inferred {
				t.Log(n)
			}
			again = b.Again()
			again.Prestate = got.Prestate
			g, err := traces.Execute(again)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := again.Verify(g.Results); err != nil || !v.OK {
				t.Errorf("gas %d want %d, %v", g.GasUsed, b.Header.GasUsed, err)
			}
		})
	}
}
