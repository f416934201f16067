package generator

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

func generate(t testing.TB, p Params) *traces.Bundle {
	t.Helper()
	b, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reload writes the bundle to a file and reads it again.
func reload(t testing.TB, b *traces.Bundle) *traces.Bundle {
	t.Helper()
	path := filepath.Join(t.TempDir(), b.Name+".json.zst")
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	out, err := traces.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t testing.TB, b *traces.Bundle) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := b.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// each runs a test on a block of every workload, with every kind of transaction in
// it.
func each(t *testing.T, test func(t *testing.T, w Workload, p Params)) {
	for i, w := range Workloads() {
		t.Run(w.Name, func(t *testing.T) {
			n := 40
			if len(w.mix) > 4 {
				n = 120
			}
			test(t, w, Params{Workload: w.Name, Transactions: n, Seed: uint64(40 + i), Senders: 10, Pools: poolsOf(w)})
		})
	}
}

// TestRoundTrip: a saved bundle is the same bundle when loaded.
func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, w Workload, p Params) {
		b := generate(t, p)
		loaded := reload(t, b)
		if !bytes.Equal(text(t, b), text(t, loaded)) {
			t.Error("the loaded bundle differs")
		}
		if loaded.Name != "synthetic-"+w.Name || loaded.ContentHash != b.ContentHash {
			t.Errorf("loaded name %q, content hash %q", loaded.Name, loaded.ContentHash)
		}
	})
}

// TestGoldenReproducesHeader: go-ethereum gives the header's gas, bloom, receipts
// root and requests hash from nothing but what is in the bundle, and reads no slot
// of the pre-state's accounts that is not listed.
func TestGoldenReproducesHeader(t *testing.T) {
	each(t, func(t *testing.T, _ Workload, p Params) {
		b := reload(t, generate(t, p))
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		g, err := traces.Record(b)
		if err != nil {
			t.Fatal(err)
		}
		v, err := b.Verify(g.Results)
		if err != nil {
			t.Fatal(err)
		}
		if !v.OK || v.ReceiptsRoot == nil || v.Prestate == nil {
			t.Errorf("verdict %+v", v)
		}
		if got := types.CalcRequestsHash(g.Requests); got != *b.Header.RequestsHash {
			t.Errorf("requests hash %v, header %v", got, *b.Header.RequestsHash)
		}
		_, slots := g.Touched()
		for owner, list := range slots {
			acct, exists := b.Prestate[owner]
			for _, slot := range list {
				if !exists {
					break
				}
				if _, listed := acct.Storage[slot]; !listed {
					t.Errorf("%#x: slot %s is read, but not listed", owner, slot.Hex())
				}
			}
		}
		t.Logf("%d transactions, %d gas, %d instructions", len(b.Txs), g.GasUsed, g.Steps.Len())
	})
}

// TestDeterministic: equal parameters give equal bytes.
func TestDeterministic(t *testing.T) {
	each(t, func(t *testing.T, _ Workload, p Params) {
		if !bytes.Equal(text(t, generate(t, p)), text(t, generate(t, p))) {
			t.Error("two runs differ")
		}
	})
}

// TestSeedMatters: another seed gives another block.
func TestSeedMatters(t *testing.T) {
	each(t, func(t *testing.T, _ Workload, p Params) {
		a := generate(t, p)
		p.Seed++
		b := generate(t, p)
		if a.BlockHash == b.BlockHash || a.ContentHash == b.ContentHash || a.Txs[0].Hash() == b.Txs[0].Hash() {
			t.Error("the seed changes too little")
		}
	})
}

// TestOutcomes: transactions fail where they are meant to, and nowhere else.
func TestOutcomes(t *testing.T) {
	failures := map[string]int{
		"reverts":     25, // 30 refusals, of which one in six is caught
		"mainnet-mix": 2,
	}
	each(t, func(t *testing.T, w Workload, p Params) {
		g, err := traces.Execute(generate(t, p))
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, r := range g.Results {
			if !r.Success {
				failed++
			}
		}
		if failed != failures[w.Name] {
			t.Errorf("%d transactions fail, want %d", failed, failures[w.Name])
		}
	})
}

// TestCreationsCreate: every creation leaves code behind, whichever way it goes.
func TestCreationsCreate(t *testing.T) {
	b := generate(t, Params{Workload: "creation", Transactions: 8, Seed: 5})
	g, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	created := 0
	accounts, _ := g.Touched()
	for _, a := range accounts {
		_, existed := b.Prestate[a]
		if acct, _, _ := g.Account(a); !existed && len(acct.Code) > 0 {
			created++
		}
	}
	if created != len(b.Txs) {
		t.Errorf("%d contracts created by %d transactions", created, len(b.Txs))
	}
}

// TestSwapsKeepK: a swap pays out, and the product of the reserves never falls.
func TestSwapsKeepK(t *testing.T) {
	b := generate(t, Params{Workload: "swap", Transactions: 40, Seed: 9})
	g, err := traces.Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	sync := state.Hash(crypto.Keccak256Hash([]byte("Sync(uint112,uint112)")))
	product := tokens(1_000_000)
	product.Mul(product, product)
	swaps := 0
	for i, r := range g.Results {
		for _, l := range r.Logs {
			if l.Topics[0] != sync {
				continue
			}
			swaps++
			k, y := number(0).SetBytes(l.Data[:32]), number(0).SetBytes(l.Data[32:])
			if k.Mul(k, y); k.Lt(product) {
				t.Errorf("transaction %d: k falls from %s to %s", i, product.Dec(), k.Dec())
			}
			product = k
		}
	}
	if swaps != len(b.Txs) {
		t.Errorf("%d swaps in %d transactions", swaps, len(b.Txs))
	}
}

// TestApportion: shares add up, exactly and in the order of the largest remainders.
func TestApportion(t *testing.T) {
	for _, c := range []struct {
		n       int
		weights []int
		want    []int
	}{
		{120, []int{48, 36, 26, 8, 1, 1}, []int{48, 36, 26, 8, 1, 1}},
		{10, []int{1, 1, 1}, []int{4, 3, 3}},
		{5, []int{7, 1}, []int{4, 1}},
		{1, []int{1, 3}, []int{0, 1}},
		{0, []int{1}, []int{0}},
	} {
		mix := make([]share, len(c.weights))
		for i, w := range c.weights {
			mix[i].weight = w
		}
		got := apportion(c.n, mix)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%d by %v: %v, want %v", c.n, c.weights, got, c.want)
				break
			}
		}
	}
}

// TestBadParams: what cannot be made is refused with the reason.
func TestBadParams(t *testing.T) {
	for _, c := range []struct {
		p    Params
		want string
	}{
		{Params{Workload: "nft", Transactions: 1}, "no such workload (transfers, erc20,"},
		{Params{Workload: "mainnet-mix"}, "transactions: 0 is not between"},
		{Params{Workload: "mainnet-mix", Transactions: -3}, "transactions: -3 is not between"},
		{Params{Workload: "mainnet-mix", Transactions: 1, Senders: -1}, "senders: -1"},
		{Params{Workload: "mainnet-mix", Transactions: 1, Pools: 1 << 20}, "pools: 1048576"},
		{Params{Workload: "transfers", Transactions: 20, GasLimit: 100_000}, "only 4 of 20 transactions fit into a block of 100000 gas"},
	} {
		if _, err := New(c.p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.p, err, c.want)
		}
	}
}

// poolsOf gives three pools to a workload that may have them.
func poolsOf(w Workload) int {
	if w.onePool {
		return 1
	}
	return 3
}
