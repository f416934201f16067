package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

// filesOf writes a block and what a prestateTracer says of its transactions.
func filesOf(t *testing.T, b *traces.Bundle, spoil func([]tracetest.Result)) (block, traced string) {
	t.Helper()
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Block json.RawMessage `json:"block"`
	}
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	results, err := tracetest.Trace(b, "prestateTracer", "{}")
	if err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(results)
	}
	raw, err := json.Marshal(results)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "block.json", doc.Block), write(t, "traced.json", raw)
}

// TestWhatTheBlockMakes: an account that the first transaction funds is not in the state before
// the block, although the second one's result tells of it; a result that tells of it otherwise
// is a difference, which names its transaction.
func TestWhatTheBlockMakes(t *testing.T) {
	funded := common.HexToAddress("0xf4e5")
	looker := common.HexToAddress("0xbea0")
	code := append(append([]byte{0x73}, funded[:]...), 0x31, 0x60, 0, 0x55) // PUSH20 BALANCE PUSH1 SSTORE
	b := tracetest.Block(t, "cancun", state.Prestate{state.Address(looker): {Nonce: 1, Code: code}}, []tracetest.Tx{
		{From: 0, To: &funded, Value: 9}, {From: 1, To: &looker},
	})
	block, traced := filesOf(t, b, nil)
	got, err := Import([]string{block, traced}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Bundle.Prestate; p[state.Address(funded)] != nil || p[state.Address(tracetest.Coinbase)] != nil || len(p) != 3 {
		t.Errorf("the pre-state has %d accounts, want the senders and the contract", len(p))
	}
	block, traced = filesOf(t, b, func(results []tracetest.Result) {
		results[1].Result = bytes.Replace(results[1].Result, []byte(`"0x9"`), []byte(`"0x8"`), 1)
	})
	_, err = Import([]string{block, traced}, Options{ChainID: 1})
	var differs *DifferenceError
	if want := "traced.json: transaction 1: its result says that the balance of " + funded.Hex() + " is 8 before it; the transactions before it lead to 9"; !errors.As(err, &differs) || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestMainnetPrestates: two real blocks whose transactions make what later ones read are
// imported from their transactions' results, and reproduce their headers.
func TestMainnetPrestates(t *testing.T) {
	for _, name := range []string{"2641321", "21077746"} {
		b, err := traces.Load(filepath.Join("..", "..", "..", "shared", "mainnet", name+".json.gz"))
		if err != nil {
			t.Skipf("no mainnet blocks: %v", err)
		}
		block, traced := filesOf(t, b, nil)
		got, err := Import([]string{block, traced}, Options{ChainID: 1})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got.Bundle.Provenance.Warnings) > 0 {
			t.Errorf("%s: %q", name, got.Bundle.Provenance.Warnings)
		}
	}
}
