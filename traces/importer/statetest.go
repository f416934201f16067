package importer

import (
	"errors"
	"fmt"
	"maps"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// errBlobFee is a subtest whose blob base fee no header can be given for.
var errBlobFee = errors.New("its blob base fee is not that of an empty excess")

// StateTests makes a bundle of every subtest of a file of state tests, or of those of one
// fork, and hands each over with why there is none. ignored hears of files that are no
// state tests.
func StateTests(path, fork string, each func(name string, got *Imported, err error) error, ignored func(path, why string)) error {
	return fixtures.Scan([]string{path}, &fixtures.Handler{Ignored: ignored, Broken: func(err *fixtures.FileError) error { return err }, Test: func(t *fixtures.Test) error {
		for _, sub := range t.Subtests() {
			if fork != "" && sub.Fork != fork {
				continue
			}
			name := fmt.Sprintf("%s-%s-%d", t.Name, sub.Fork, sub.Index)
			got, err := subtest(sub, name)
			if err := each(name, got, err); err != nil {
				return err
			}
		}
		return nil
	}})
}

func subtest(s fixtures.Subtest, name string) (*Imported, error) {
	if !s.Supported() {
		return nil, fmt.Errorf("fork %s is not supported", s.Fork)
	}
	m, err := s.Message()
	if err != nil {
		return nil, err
	}
	env, call := m.Env, m.Call
	tx, err := transactionOf(call, env)
	if err != nil {
		return nil, err
	}
	h := &types.Header{
		Number: new(big.Int).SetUint64(env.Number), Time: env.Time, Coinbase: common.Address(env.Coinbase), GasLimit: env.GasLimit,
		Difficulty: env.Difficulty.ToBig(), BaseFee: env.BaseFee.ToBig(),
	}
	if env.Rules.IsMerge {
		h.Difficulty, h.MixDigest = new(big.Int), env.Random.Bytes32()
	}
	if env.Rules.IsCancun && env.BlobBaseFee != (isa.Word{1}) {
		return nil, errBlobFee
	}
	b := &traces.Bundle{
		Name: name, ChainID: env.Config.ChainID.Uint64(), Config: env.Config, Header: h, Txs: types.Transactions{tx},
		Prestate: maps.Clone(s.Prestate()), BlockHashes: map[uint64]common.Hash{}, Memory: budget.OfRun(),
	}
	for n := env.Number; n > 0 && env.Number-n < 256; n-- {
		b.BlockHashes[n-1] = common.Hash(env.BlockHash(n - 1))
	}
	b.StateSenders([]common.Address{call.From})
	if err := complete(b); err != nil {
		return nil, err
	}
	if err := seal(b); err != nil {
		return nil, err
	}
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	b.Provenance = &traces.Provenance{Source: "import", Dialect: string(StateTest), Warnings: []string{
		"the block: the header is made from the test's environment, with gas, bloom and receipts as go-ethereum computes them",
	}}
	if err := b.Check(); err != nil {
		return nil, err
	}
	if err := sound(b); err != nil {
		return nil, err
	}
	return &Imported{Bundle: b}, asExpected(b, s.Expectation())
}

// asExpected compares the block with what the test says of it: its logs, and that its
// transaction is not rejected. The root of the post-state is that of a state without the
// system calls of a block, and is not compared.
func asExpected(b *traces.Bundle, want *fixtures.Expectation) error {
	if want.Exception != "" {
		return &DifferenceError{fmt.Errorf("go-ethereum executes the transaction, the test has it rejected (%s)", want.Exception)}
	}
	golden, err := traces.Execute(b)
	if err != nil {
		return err
	}
	logs, err := state.LogsHash(golden.Results[0].Logs)
	if err != nil {
		return err
	}
	if logs != state.Hash(want.Logs) {
		return &DifferenceError{fmt.Errorf("its logs hash to %v, the test says %v", common.Hash(logs), want.Logs)}
	}
	return nil
}

// transactionOf makes an unsigned transaction of a message.
func transactionOf(m *core.Message, env *state.BlockEnv) (*types.Transaction, error) {
	var words [4]uint256.Int
	for i, v := range []*big.Int{m.Value, m.GasFeeCap, m.GasTipCap, m.BlobGasFeeCap} {
		if v != nil && (v.Sign() < 0 || words[i].SetFromBig(v)) {
			return nil, fmt.Errorf("%v is not a number of 256 bits", v)
		}
	}
	value, feeCap, tipCap, blobCap := &words[0], &words[1], &words[2], &words[3]
	switch {
	case m.SetCodeAuthorizations != nil && m.To != nil:
		return types.NewTx(&types.SetCodeTx{
			ChainID: uint256.MustFromBig(env.Config.ChainID), Nonce: m.Nonce, GasTipCap: tipCap, GasFeeCap: feeCap, Gas: m.GasLimit,
			To: *m.To, Value: value, Data: m.Data, AccessList: m.AccessList, AuthList: m.SetCodeAuthorizations,
		}), nil
	case m.BlobHashes != nil && m.To != nil:
		return types.NewTx(&types.BlobTx{
			ChainID: uint256.MustFromBig(env.Config.ChainID), Nonce: m.Nonce, GasTipCap: tipCap, GasFeeCap: feeCap, Gas: m.GasLimit,
			To: *m.To, Value: value, Data: m.Data, AccessList: m.AccessList, BlobFeeCap: blobCap, BlobHashes: m.BlobHashes,
		}), nil
	case m.SetCodeAuthorizations != nil || m.BlobHashes != nil:
		return nil, errors.New("a transaction of its type cannot create a contract")
	case env.Rules.IsLondon:
		return types.NewTx(&types.DynamicFeeTx{
			ChainID: env.Config.ChainID, Nonce: m.Nonce, GasTipCap: m.GasTipCap, GasFeeCap: m.GasFeeCap, Gas: m.GasLimit,
			To: m.To, Value: m.Value, Data: m.Data, AccessList: m.AccessList,
		}), nil
	case m.AccessList != nil:
		return types.NewTx(&types.AccessListTx{
			ChainID: env.Config.ChainID, Nonce: m.Nonce, GasPrice: m.GasPrice, Gas: m.GasLimit, To: m.To, Value: m.Value, Data: m.Data, AccessList: m.AccessList,
		}), nil
	}
	return types.NewTx(&types.LegacyTx{Nonce: m.Nonce, GasPrice: m.GasPrice, Gas: m.GasLimit, To: m.To, Value: m.Value, Data: m.Data}), nil
}
