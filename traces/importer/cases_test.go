package importer

import (
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestCases: inputs that failed once, where they are there.
func TestCases(t *testing.T) {
	dir := corpustest.Data(t, "cases")
	is := func(fork string) func(*testing.T, *traces.Bundle) {
		return func(t *testing.T, b *traces.Bundle) {
			if b.Fork() != fork {
				t.Errorf("it is of %s, want %s", b.Fork(), fork)
			}
		}
	}
	var stops string
	same := func(t *testing.T, b *traces.Bundle) {
		if all := b.ContentHash + b.BlockHash.Hex(); stops == "" {
			stops = all
		} else if all != stops {
			t.Error("another bundle")
		}
	}
	for _, c := range []struct {
		file, fork string
		check      func(*testing.T, *traces.Bundle)
	}{
		{"evmone-new.jsonl", "", func(t *testing.T, b *traces.Bundle) {
			for a, acct := range b.Prestate {
				if a != state.Address(statedSender) && a != state.Address(statedReceiver) || len(acct.Storage) > 0 {
					t.Errorf("account %x with %d slots is in no step", a, len(acct.Storage))
				}
			}
		}},
		{"with-stop.jsonl", "", same},
		{"without-stop.jsonl", "", same},
		{"clz.jsonl", "Osaka", is("osaka")},
		{"clz.jsonl", "", is("osaka")},
		{"byzantium-sload.json", "Byzantium", is("byzantium")},
		{"blobbasefee.json", "", func(t *testing.T, b *traces.Bundle) {
			if fee := eip4844.CalcBlobFee(b.Config, b.Header); fee.Uint64() != 7 {
				t.Errorf("the blob base fee is %v, want 7", fee)
			}
		}},
		{"blockhash.json", "", func(t *testing.T, b *traces.Bundle) {
			if n := b.Header.Number.Uint64(); n <= 5 || n > 261 || b.BlockHashes[5] == (common.Hash{}) {
				t.Errorf("block %d has the hash %v for block 5", n, b.BlockHashes[5])
			}
		}},
		{"bom.json", "", func(*testing.T, *traces.Bundle) {}},
	} {
		t.Run(c.file+c.fork, func(t *testing.T) {
			got, err := Import([]string{filepath.Join(dir, c.file)}, Options{ChainID: 1, Fork: c.fork})
			if err != nil {
				t.Fatal(err)
			}
			if got.Mismatch != nil {
				t.Error(got.Mismatch)
			}
			c.check(t, got.Bundle)
			reload(t, c.file, got.Bundle)
		})
	}
}
