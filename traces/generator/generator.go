// Package generator makes blocks to measure: valid blocks of a mainnet-like chain
// whose transactions do one thing (plain transfers, swaps, ...) or a stated mix of
// things. The contracts are the project's own (folder contracts). go-ethereum
// executes every block while it is made, on a state that go-ethereum has set up by
// running the same contracts, so that header, receipts and state root are what a
// node would have sealed.
//
// Equal Params give equal bundles, byte for byte and on every host: keys, amounts
// and order come from integer draws of a seeded generator, and signatures are
// deterministic (RFC 6979).
package generator

import (
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
)

// Params say which block to make.
type Params struct {
	Workload     string // name of one of Workloads
	Transactions int
	Seed         uint64

	Senders  int    // accounts that sign transactions and hold tokens; 0: one for two transactions
	Pools    int    // swap pools, in a chain of tokens: pool i trades token i for token i+1; 0: 2
	GasLimit uint64 // of the block, in gas; 0: mainnet's 60 million
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
	if err := p.complete(); err != nil {
		return nil, err
	}
	config := params.MainnetChainConfig
	accounts, err := newAccounts(p.Seed, p.Senders)
	if err != nil {
		return nil, err
	}
	parent := parentHeader(p.Seed, p.GasLimit)
	ground, err := settle(config, parent, p, accounts)
	if err != nil {
		return nil, fmt.Errorf("set up the state: %w", err)
	}
	header := childHeader(config, parent, p.Seed)
	d := &drafter{
		dice:     newDice(p.Seed),
		seed:     p.Seed,
		accounts: accounts,
		town:     ground.town,
		signer:   types.MakeSigner(config, header.Number, header.Time),
		baseFee:  header.BaseFee,
	}
	txs, err := d.transactions(w, p.Transactions)
	if err != nil {
		return nil, err
	}
	return ground.bundle("synthetic-"+w.Name, config, header, txs)
}

// bundle seals the block and checks it.
func (g *ground) bundle(name string, config *params.ChainConfig, header *types.Header, txs types.Transactions) (*traces.Bundle, error) {
	sealed, prestate, err := g.seal(config, header, txs)
	if err != nil {
		return nil, err
	}
	b := &traces.Bundle{
		Name:        name,
		ChainID:     config.ChainID.Uint64(),
		Config:      config,
		Header:      sealed.Header(),
		BlockHash:   sealed.Hash(),
		Txs:         sealed.Transactions(),
		Withdrawals: sealed.Withdrawals(),
		Prestate:    prestate,
		BlockHashes: blockHashes(sealed),
	}
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	return b, b.Check()
}

// complete checks the numbers and fills in defaults.
func (p *Params) complete() error {
	if p.Senders == 0 {
		p.Senders = max(2, p.Transactions/2)
	}
	if p.Pools == 0 {
		p.Pools = defaultPools
	}
	if p.GasLimit == 0 {
		p.GasLimit = defaultGasLimit
	}
	for _, n := range []struct {
		name       string
		value, max int
	}{
		{"transactions", p.Transactions, maxTransactions},
		{"senders", p.Senders, maxSenders},
		{"pools", p.Pools, maxPools},
	} {
		if n.value < 1 || n.value > n.max {
			return fmt.Errorf("%s: %d is not between 1 and %d", n.name, n.value, n.max)
		}
	}
	return nil
}
