// Package generator makes blocks to measure: valid blocks of a mainnet-like chain
// whose transactions do one thing (plain transfers, swaps, ...) or a stated mix of
// things. The contracts are the project's own (folder contracts). go-ethereum's chain
// maker seals every block, on a state that go-ethereum has set up by running the same
// contracts, so that header, receipts and state root are what a node would have sealed.
//
// Equal Params give equal bundles, byte for byte and on every host: keys, amounts
// and order come from integer draws of a seeded generator, and signatures are
// deterministic (RFC 6979).
package generator

import (
	"cmp"
	"fmt"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/traces"
)

// Defaults and bounds of Params.
const (
	defaultGasLimit = 60_000_000 // mainnet's from November 2025
	defaultPools    = 2
	maxTransactions = 100_000
	maxSenders      = 100_000
	maxPools        = 1_000
	maxDepth        = 64
	maxHot          = 600
)

// Params say which block to make.
type Params struct {
	Workload     string // name of one of Workloads
	Transactions int
	Seed         uint64

	Senders  int    // accounts that sign transactions and hold tokens; 0: the workload's own, mostly one for two transactions
	Pools    int    // swap pools, in a chain of tokens: pool i trades token i for token i+1; also heaps and boards; 0: 2
	Depth    int    // hops of a route, relays of a call, height of a Merkle tree; 0: the workload's own
	GasLimit uint64 // of the block, in gas; 0: mainnet's 60 million
	Fork     string // one of Forks; empty: prague
	// Hot draws receivers, pools and other keys by Zipf's law: key i, counted from 1, has the
	// weight i^-s, where s is Hot in hundredths. 0 draws evenly; the higher, the hotter the
	// first keys.
	Hot int
}

// New makes a block and the part of the state that it reads. The bundle is checked
// (Bundle.Check) and carries its content hash.
func New(p Params) (*traces.Bundle, error) {
	b, err := build(p)
	if err != nil {
		return nil, fmt.Errorf("generate %s: %w", p.Workload, err)
	}
	return b, nil
}

func build(p Params) (*traces.Bundle, error) {
	w, err := find(p.Workload)
	if err != nil {
		return nil, err
	}
	if err := p.complete(w); err != nil {
		return nil, err
	}
	where, err := findPlace(p.Fork)
	if err != nil {
		return nil, err
	}
	config := params.MainnetChainConfig
	accounts, err := newAccounts(p.Seed, p.Senders)
	if err != nil {
		return nil, err
	}
	parent := where.parentHeader(config, p.Seed, p.GasLimit)
	ground, err := settle(config, parent, p, w, accounts)
	if err != nil {
		return nil, fmt.Errorf("set up the state: %w", err)
	}
	header := where.childHeader(config, parent, p.Seed)
	d := newDrafter(config, header, p, accounts, ground.town)
	txs, err := d.transactions(w, p.Transactions)
	if err != nil {
		return nil, err
	}
	return ground.bundle("synthetic-"+w.Name, config, header, txs)
}

// complete checks the numbers and fills in defaults.
func (p *Params) complete(w Workload) error {
	if p.Senders == 0 {
		p.Senders = max(2, p.Transactions*cmp.Or(w.senders, 50)/100)
	}
	if p.Depth == 0 {
		p.Depth = max(1, w.depth)
	}
	if p.Pools == 0 {
		p.Pools = cmp.Or(w.pools, defaultPools)
		if w.onePool {
			p.Pools = 1
		}
	}
	if p.GasLimit == 0 {
		p.GasLimit = defaultGasLimit
	}
	if p.Fork == "" {
		p.Fork = DefaultFork
	}
	for _, n := range []struct {
		name            string
		value, min, max int
	}{
		{"transactions", p.Transactions, 1, maxTransactions},
		{"senders", p.Senders, 1, maxSenders},
		{"pools", p.Pools, 1, maxPools},
		{"depth", p.Depth, 1, maxDepth},
		{"hot", p.Hot, 0, maxHot},
	} {
		if n.value < n.min || n.value > n.max {
			return fmt.Errorf("%s: %d is not between %d and %d", n.name, n.value, n.min, n.max)
		}
	}
	if w.onePool && p.Pools != 1 {
		return fmt.Errorf("pools: %s has one", w.Name)
	}
	if w.hops && p.Pools < p.Depth {
		p.Pools = p.Depth
	}
	return nil
}

func newDrafter(config *params.ChainConfig, header *types.Header, p Params, accounts []*account, t *town) *drafter {
	return &drafter{
		dice: newDice(p.Seed), seed: p.Seed, depth: p.Depth, skew: p.Hot, accounts: accounts, town: t,
		signer: types.MakeSigner(config, header.Number, header.Time), baseFee: header.BaseFee,
		tables: map[int][]uint64{}, cells: map[*account]int{}, canceled: map[*account]bool{},
	}
}
