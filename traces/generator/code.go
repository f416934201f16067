package generator

import (
	"fmt"

	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/traces"
)

// Code makes a block of a fork, empty for the default one, that calls a contract of the given
// code so many times, without data, each time with the gas given.
func Code(name, fork string, code []byte, transactions int, gas uint64) (*traces.Bundle, error) {
	b, err := codeBlock(name, fork, code, transactions, gas)
	if err != nil {
		return nil, fmt.Errorf("generate %s: %w", name, err)
	}
	return b, nil
}

func codeBlock(name, fork string, code []byte, transactions int, gas uint64) (*traces.Bundle, error) {
	const seed = 1
	p := Params{Transactions: transactions, Seed: seed, Fork: fork}
	if err := p.complete(Workload{Name: name}); err != nil {
		return nil, err
	}
	where, err := findPlace(p.Fork)
	if err != nil {
		return nil, err
	}
	config := params.MainnetChainConfig
	accounts, err := newAccounts(seed, 1)
	if err != nil {
		return nil, err
	}
	parent := where.parentHeader(config, seed, p.GasLimit)
	g, s, err := breakGround(config, parent, p)
	if err != nil {
		return nil, err
	}
	s.fund(accounts[0].address, 1000)
	at := addressOf(seed, "code", 0)
	s.st.SetCode(at, code, tracing.CodeChangeGenesis)
	s.st.SetNonce(at, 1, tracing.NonceChangeGenesis)
	if err := g.commit(s.st); err != nil {
		return nil, err
	}
	header := where.childHeader(config, parent, seed)
	d := newDrafter(config, header, p, accounts, &s.town)
	txs := make([]*types.Transaction, transactions)
	for i := range txs {
		if txs[i], err = d.sign(accounts[0], message{to: &at, gas: gas}); err != nil {
			return nil, err
		}
	}
	return g.bundle(name, config, header, txs)
}
