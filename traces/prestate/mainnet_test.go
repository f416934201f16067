package prestate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

// takenApart is what a node's prestateTracer says of the transactions of a block.
func takenApart(t *testing.T, b *traces.Bundle, config string) []state.Prestate {
	t.Helper()
	list, err := tracetest.Trace(b, "prestateTracer", config)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	results, err := ParseResults(raw, b.Txs)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// reads hears which keys a block's transactions read of the state before it: those that only
// the block's system calls, fork transition and withdrawals read are not in their results.
type reads struct {
	gethstate.Reader
	within   bool // a transaction executes
	accounts map[common.Address]bool
	slots    map[common.Address]map[common.Hash]bool
}

func readsOf(t *testing.T, b *traces.Bundle) *reads {
	t.Helper()
	base, err := b.Base()
	if err != nil {
		t.Fatal(err)
	}
	r := &reads{Reader: base, accounts: make(map[common.Address]bool), slots: make(map[common.Address]map[common.Hash]bool)}
	e := traces.Execution{
		Bundle: b, State: r,
		Before: func(int) { r.within = true },
		After:  func(int, *gethstate.StateDB) { r.within = false },
	}
	if _, err := e.Run(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reads) Account(a common.Address) (*types.StateAccount, error) {
	if r.within {
		r.accounts[a] = true
	}
	return r.Reader.Account(a)
}

func (r *reads) Storage(a common.Address, slot common.Hash) (common.Hash, error) {
	if r.within {
		if r.slots[a] == nil {
			r.slots[a] = make(map[common.Hash]bool)
		}
		r.slots[a][slot] = true
	}
	return r.Reader.Storage(a, slot)
}

// differing compares two pre-states in what the transactions read: an account in its balance,
// nonce and code, all zero where it is absent; a slot in its value. It counts what it compared.
func (r *reads) differing(want, got state.Prestate) (compared int, differs []string) {
	of := func(p state.Prestate, a common.Address) *state.Account {
		if acct := p[state.Address(a)]; acct != nil {
			return acct
		}
		return new(state.Account)
	}
	for a := range r.accounts {
		compared++
		if w, g := of(want, a), of(got, a); w.Balance != g.Balance || w.Nonce != g.Nonce || !bytes.Equal(w.Code, g.Code) {
			differs = append(differs, fmt.Sprintf("account %v: balance %s, nonce %d, %d bytes of code; want %s, %d, %d", a, g.Balance.Dec(), g.Nonce, len(g.Code), w.Balance.Dec(), w.Nonce, len(w.Code)))
		}
	}
	for a, slots := range r.slots {
		for slot := range slots {
			compared++
			var key isa.Word
			key.SetBytes32(slot[:])
			if w, g := of(want, a).Storage[key], of(got, a).Storage[key]; w != g {
				differs = append(differs, fmt.Sprintf("slot %v of %v: %s, want %s", slot, a, g.Hex(), w.Hex()))
			}
		}
	}
	return compared, differs
}

// TestMainnetComesBack: a real block that is taken apart into what go-ethereum's prestateTracer
// says of its transactions comes back. For every account that its transactions read, balance,
// nonce and code are as they were (an empty account and none are the same), and so is every
// slot that they read; the header comes out, and nothing had to be inferred. Every tenth block
// in short mode.
func TestMainnetComesBack(t *testing.T) {
	for i, file := range corpustest.Blocks(t) {
		if testing.Short() && i%10 != 0 {
			continue
		}
		t.Run(traces.BundleName(file), func(t *testing.T) {
			b, err := traces.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			results := takenApart(t, b, "{}")
			again := b.Again()
			again.Prestate = nil
			got, err := Assemble(again, results)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Inferred) > 0 {
				t.Errorf("inferred: %v", got.Inferred)
			}
			r := readsOf(t, b)
			compared, differs := r.differing(b.Prestate, got.Prestate)
			if len(differs) > 0 {
				t.Errorf("%d of %d keys differ, as %s", len(differs), compared, differs[0])
			}
			if compared == 0 && len(b.Txs) > 0 {
				t.Error("nothing was compared")
			}
			again = b.Again()
			again.Prestate = got.Prestate
			golden, err := traces.Execute(again)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := again.Verify(golden.Results); err != nil || !v.OK {
				t.Errorf("the header does not come out: %+v (%v)", v, err)
			}
		})
	}
}
