package generator

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/traces"
)

var update = flag.Bool("update", false, "write the embedded block")

// embedded is the block that package traces embeds.
var embedded = Params{Workload: "mainnet-mix", Transactions: 120, Seed: 1}

// TestEmbeddedBlock: the committed file is what the generator makes today.
func TestEmbeddedBlock(t *testing.T) {
	const file = "../embedded/synthetic-mixed.json.zst"
	made := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := generate(t, embedded).Save(made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", file, len(want))
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go test ./traces/generator -run TestEmbeddedBlock -update", file)
	}
}

// TestEmbeddedLoads: the embedded bytes are a sound bundle of the stated size, with
// one revert and one creation.
func TestEmbeddedLoads(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "synthetic-mixed" {
		t.Errorf("it is named %q", b.Name)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	g, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	failed, creations, running := 0, 0, 0
	for i, r := range g.Results {
		if !r.Success {
			failed++
		}
		if b.Txs[i].To() == nil {
			creations++
		}
		if g.TxStart[i+1] > g.TxStart[i] {
			running++
		}
	}
	if failed != 1 || creations != 1 {
		t.Errorf("%d failed transactions and %d creations, want one of each", failed, creations)
	}
	if n := len(g.Steps); n < 100_000 || n > 200_000 {
		t.Errorf("%d instructions, want 100,000 to 200,000", n)
	}
	t.Logf("%d transactions, %d with code, %d instructions, %d gas, %d accounts", len(b.Txs), running, len(g.Steps), g.GasUsed, len(b.Prestate))
}
