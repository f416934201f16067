package generator

import (
	"fmt"

	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	gethstate "github.com/ethereum/go-ethereum/core/state"

	"github.com/ooovm/ooovm/traces"
)

// Code makes a block that calls a contract of the given code so many times, without
// data, each time with the gas given.
func Code(name string, code []byte, transactions int, gas uint64) (*traces.Bundle, error) {
	b, err := codeBlock(name, code, transactions, gas)
	if err != nil {
		return nil, fmt.Errorf("generate %s: %w", name, err)
	}
	return b, nil
}

func codeBlock(name string, code []byte, transactions int, gas uint64) (*traces.Bundle, error) {
	const seed = 1
	p := Params{Transactions: transactions, Seed: seed}
	if err := p.complete(); err != nil {
		return nil, err
	}
	config := params.MainnetChainConfig
	accounts, err := newAccounts(seed, 1)
	if err != nil {
		return nil, err
	}
	parent := parentHeader(seed, p.GasLimit)
	g := &ground{db: gethstate.NewDatabaseForTesting()}
	st, err := gethstate.New(types.EmptyRootHash, g.db)
	if err != nil {
		return nil, err
	}
	s := &settler{st: st}
	s.systemContracts()
	s.fund(parent.Coinbase, 1)
	s.fund(accounts[0].address, 1000)
	at := addressOf(seed, "code", 0)
	st.SetCode(at, code, tracing.CodeChangeGenesis)
	st.SetNonce(at, 1, tracing.NonceChangeGenesis)
	if g.root, err = st.Commit(parent.Number.Uint64(), true, true); err != nil {
		return nil, err
	}
	parent.Root = g.root
	header := childHeader(config, parent, seed)
	d := &drafter{
		dice: newDice(seed), seed: seed, accounts: accounts,
		signer: types.MakeSigner(config, header.Number, header.Time), baseFee: header.BaseFee,
	}
	txs := make([]*types.Transaction, transactions)
	for i := range txs {
		if txs[i], err = d.sign(accounts[0], message{to: &at, gas: gas}); err != nil {
			return nil, err
		}
	}
	return g.bundle(name, config, header, txs)
}
