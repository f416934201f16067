package generator

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// TestPowers: the contract's modular powers are those of math/big.
func TestPowers(t *testing.T) {
	b := generate(t, Params{Workload: "bignum", Transactions: 4, Seed: 11})
	g, err := traces.Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, tx := range b.Txs {
		words := tx.Data()[4:]
		number := func(first int) *big.Int { // four words, the lowest first
			x := new(big.Int)
			for w := first + 3; w >= first; w-- {
				x.Lsh(x, 256).Or(x, new(big.Int).SetBytes(words[32*w:32*w+32]))
			}
			return x
		}
		exponent := new(big.Int).SetBytes(words[4*32 : 5*32])
		power := new(big.Int).Exp(number(0), exponent, number(5)).FillBytes(make([]byte, 128))
		var low []byte
		for w := 3; w >= 0; w-- {
			low = append(low, power[32*w:32*w+32]...)
		}
		if got := g.Results[i].Logs[0].Data[32:]; state.Hash(got) != state.Hash(crypto.Keccak256Hash(low)) {
			t.Errorf("transaction %d: exponent %v: another power", i, exponent)
		}
	}
}

// TestRangesTrade: swaps of a concentrated pool cross ticks, and pay within a tenth of
// the price of one, at which the pool begins.
func TestRangesTrade(t *testing.T) {
	b := generate(t, Params{Workload: "clmm", Transactions: 30, Seed: 11, Pools: 1})
	g, err := traces.Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	swapped := state.Hash(crypto.Keccak256Hash([]byte("Swapped(address,int256,int256,uint160,uint128,int24)")))
	depths := map[string]bool{}
	for i, r := range g.Results {
		for _, l := range r.Logs {
			if l.Topics[0] != swapped {
				continue
			}
			a, c := new(big.Int).SetBytes(l.Data[:32]), new(big.Int).SetBytes(l.Data[32:64])
			for _, x := range []*big.Int{a, c} {
				if x.Bit(255) == 1 {
					x.Sub(new(big.Int).Lsh(big.NewInt(1), 256), x)
				}
			}
			ratio := new(big.Int).Div(a.Mul(a, big.NewInt(1000)), c).Int64()
			if ratio < 900 || ratio > 1100 {
				t.Errorf("transaction %d trades at %d of 1000", i, ratio)
			}
			depths[string(l.Data[96:128])] = true
		}
	}
	if len(depths) < 4 {
		t.Errorf("only %d different liquidities", len(depths))
	}
}

// TestForks: a block stands in the time of its fork.
func TestForks(t *testing.T) {
	for _, fork := range Forks() {
		b := generate(t, Params{Workload: "erc20", Transactions: 2, Seed: 1, Fork: fork})
		if b.Fork() != fork || b.Config != params.MainnetChainConfig {
			t.Errorf("%s: a block of %s", fork, b.Fork())
		}
	}
}

// TestHotKeys: the higher the exponent, the more calls go to the first pool.
func TestHotKeys(t *testing.T) {
	last := 0
	for _, hot := range []int{0, 100, 300} {
		b := generate(t, Params{Workload: "swap-pools", Transactions: 60, Seed: 2, Senders: 8, Pools: 6, Hot: hot})
		counts, most := map[string]int{}, 0
		for _, tx := range b.Txs {
			counts[tx.To().Hex()]++
			most = max(most, counts[tx.To().Hex()])
		}
		if most <= last {
			t.Errorf("hot %d: %d calls of the hottest pool, %d before", hot, most, last)
		}
		last = most
	}
}
