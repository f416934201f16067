package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/core/vm/program"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

// filesOf writes a block and what a prestateTracer says of its transactions.
func filesOf(t testing.TB, b *traces.Bundle, spoil func([]tracetest.Result)) (block, traced string) {
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

// TestBlockHashes: a hash of an ancestor that the block reads is in no pre-state. It comes from a
// file; or from what the block compares it with, if the header comes out then; or the bundle says
// that it is not known, or the error.
func TestBlockHashes(t *testing.T) {
	at := common.HexToAddress("0xbea0")
	hash := program.New().Push(2).Op(vm.NUMBER, vm.SUB, vm.BLOCKHASH)
	reads := func(p *program.Program, ops ...vm.OpCode) []byte { return p.Op(ops...).Bytes() }
	prefix := hash.Bytes()
	code := func(rest []byte) []byte { return append(append([]byte{}, prefix...), rest...) }
	for _, c := range []struct {
		name  string
		code  []byte
		alone string // part of the warning without a file
		fails string // or of the error
	}{
		{"compared", code(reads(program.New().Push(0).Op(vm.CALLDATALOAD, vm.EQ).Push(0), vm.SSTORE, vm.STOP)), "no file has it; it is what the block compares it with, and the header comes out", ""},
		{"subtracted", code(reads(program.New().Push(0).Op(vm.CALLDATALOAD, vm.SUB, vm.ISZERO).Push(0), vm.SSTORE, vm.STOP)), "no file has it; it is what the block compares it with", ""},
		{"stored", code(reads(program.New().Push(0), vm.SSTORE, vm.STOP)), "", "which no file has: a file {"},
		{"dropped", code([]byte{byte(vm.POP), byte(vm.STOP)}), "the block reads it, and no file has it; it is zero, and the header comes out", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := tracetest.Block(t, "cancun", state.Prestate{state.Address(at): {Nonce: 1, Code: c.code}}, []tracetest.Tx{{From: 0, To: &at, Data: tracetest.Grandparent[:]}})
			number := b.Header.Number.Uint64() - 2
			block, traced := filesOf(t, b, nil)
			got, err := Import([]string{block, traced}, Options{ChainID: 1})
			switch {
			case c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)):
				t.Errorf("got %v, want %q", err, c.fails)
			case c.fails == "" && err != nil:
				t.Error(err)
			case c.fails == "" && (len(got.Bundle.Provenance.Warnings) != 1 || !strings.Contains(got.Bundle.Provenance.Warnings[0], c.alone)):
				t.Errorf("warnings %q, want %q", got.Bundle.Provenance.Warnings, c.alone)
			}
			hashes := write(t, "hashes.json", fmt.Appendf(nil, `{"%d":"%v"}`, number, tracetest.Grandparent))
			got, err = Import([]string{block, traced, hashes}, Options{ChainID: 1})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Bundle.Provenance.Warnings) > 0 || got.Bundle.BlockHashes[number] != tracetest.Grandparent {
				t.Errorf("hash %v, warnings %q", got.Bundle.BlockHashes[number], got.Bundle.Provenance.Warnings)
			}
		})
	}
}

// TestMainnetPrestates: real blocks are imported from what a prestateTracer says of their
// transactions, and reproduce their headers; nothing is inferred but hashes of ancestors, and a
// block that needs one that cannot be is imported with a file of them. The first block comes out
// wrong when the first result that tells of a key wins; the others read hashes.
func TestMainnetPrestates(t *testing.T) {
	for _, number := range []uint64{2641321, 21077746, 22188088, 7279999, 8889776} {
		name := strconv.FormatUint(number, 10)
		b, err := traces.Load(corpustest.Block(t, number))
		if err != nil {
			t.Fatal(err)
		}
		block, traced := filesOf(t, b, nil)
		got, err := Import([]string{block, traced}, Options{ChainID: 1})
		if err != nil && strings.Contains(err.Error(), ", which no file has: ") {
			t.Logf("%s: %v", name, err)
			hashes, failed := json.Marshal(b.BlockHashes)
			if failed != nil {
				t.Fatal(failed)
			}
			got, err = Import([]string{block, traced, write(t, "hashes.json", hashes)}, Options{ChainID: 1})
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range got.Bundle.Provenance.Warnings {
			if !strings.HasPrefix(w, "hash of block ") {
				t.Errorf("%s: %s", name, w)
			}
			t.Logf("%s: %s", name, w)
		}
	}
}
