package generator

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/traces"
)

// embedded is the block that package traces embeds.
var embedded = Params{Workload: "mainnet-mix", Transactions: 120, Seed: 1}

// TestEmbeddedBlock: the committed file is what the generator makes today.
func TestEmbeddedBlock(t *testing.T) {
	const file = "../embedded/synthetic-mix.json.zst"
	made := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := generate(t, embedded).Save(made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go generate ./traces", file)
	}
}

// TestEmbeddedLoads: the embedded bytes are a sound bundle of the stated size, with
// a part of its transactions failing and one creation.
func TestEmbeddedLoads(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "synthetic-mix" {
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
	if failed != 2 || creations != 1 {
		t.Errorf("%d failed transactions and %d creations, want two and one", failed, creations)
	}
	if n := g.Steps.Len(); n < 100_000 || n > 200_000 {
		t.Errorf("%d instructions, want 100,000 to 200,000", n)
	}
	t.Logf("%d transactions, %d with code, %d instructions, %d gas, %d accounts", len(b.Txs), running, g.Steps.Len(), g.GasUsed, len(b.Prestate))
}
