package traces

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ooovm/ooovm/state"
)

// indexed is what the index of the mainnet folder says of a block.
type indexed struct {
	Number uint64
	Fork   string
	File   string
	Txs    int
	Gas    uint64
	Ops    int
}

func mainnetIndex(t testing.TB) (string, []indexed) {
	dir := mainnetDir(t)
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Blocks []indexed }
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	return dir, index.Blocks
}

// TestMainnetGolden: every bundle loads and proves itself, and its golden run gives
// the header's gas, bloom and receipts root, and the number of instructions that
// the index has. Every tenth block in short mode.
func TestMainnetGolden(t *testing.T) {
	dir, blocks := mainnetIndex(t)
	var load, check, plain, recorded time.Duration
	var steps, accesses int
	for i, block := range blocks {
		if testing.Short() && i%10 != 0 {
			continue
		}
		mark := time.Now()
		lap := func(to *time.Duration) { *to, mark = *to+time.Since(mark), time.Now() }

		b, err := Load(filepath.Join(dir, block.File))
		if err != nil {
			t.Fatal(err)
		}
		lap(&load)
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		lap(&check)
		if b.Fork() != block.Fork {
			t.Errorf("%s: fork %s, want %s", b.Name, b.Fork(), block.Fork)
		}
		if _, err := Execute(b); err != nil { // hashes code, recovers nothing
			t.Fatal(err)
		}
		mark = time.Now()
		if _, err := Execute(b); err != nil {
			t.Fatal(err)
		}
		lap(&plain)
		g, err := Record(b)
		if err != nil {
			t.Fatal(err)
		}
		lap(&recorded)
		steps, accesses = steps+g.Steps.Len(), accesses+g.Accesses.Len()
		if g.Steps.Len() != block.Ops || len(b.Txs) != block.Txs {
			t.Errorf("%s: %d steps, %d transactions, want %d, %d", b.Name, g.Steps.Len(), len(b.Txs), block.Ops, block.Txs)
		}
		v, err := b.Verify(g.Results)
		if err != nil {
			t.Fatal(err)
		}
		if !v.OK || (v.ReceiptsRoot == nil) == b.Rules().IsByzantium {
			t.Errorf("%s: verdict %+v", b.Name, v)
		}
		if g.GasUsed != block.Gas || len(g.Receipts) != block.Txs {
			t.Errorf("%s: gas %d, want %d", b.Name, g.GasUsed, block.Gas)
		}
	}
	t.Logf("load %v, check %v, golden run %v, recorded %v, %d steps, %d accesses", load, check, plain, recorded, steps, accesses)
}

// TestMainnetPostState: a world made of the golden post-state equals it.
func TestMainnetPostState(t *testing.T) {
	dir, blocks := mainnetIndex(t)
	for i, block := range blocks {
		if testing.Short() && i%10 != 2 {
			continue
		}
		b, err := Load(filepath.Join(dir, block.File))
		if err != nil {
			t.Fatal(err)
		}
		g, err := Record(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := ComparePostState(state.NewWorld(after(g)), g); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
	}
}

// BenchmarkGolden times a golden run of one block with and without recording.
func BenchmarkGolden(b *testing.B) {
	bundle, err := Load(filepath.Join(mainnetDir(b), "17640079.json.gz"))
	if err != nil {
		b.Fatal(err)
	}
	for _, mode := range []struct {
		name string
		run  func(*Bundle) (*Golden, error)
	}{{"execute", Execute}, {"record", Record}} {
		b.Run(mode.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := mode.run(bundle); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
