// Package tracetest runs go-ethereum's tracers over a bundle, as a node does that answers
// debug_traceBlockByNumber. Only tests use it.
package tracetest

import (
	"encoding/json"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth/tracers"
	_ "github.com/ethereum/go-ethereum/eth/tracers/native" // registers the tracers

	"github.com/ooovm/ooovm/traces"
)

// Result is one element of a node's answer.
type Result struct {
	TxHash common.Hash     `json:"txHash"`
	Result json.RawMessage `json:"result"`
}

// Trace is what a tracer of go-ethereum says of every transaction of a block.
func Trace(b *traces.Bundle, tracer, config string) ([]Result, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	results := make([]Result, len(b.Txs))
	var now *tracers.Tracer // nil outside of transactions
	var failed error
	env := &tracing.VMContext{
		Coinbase: b.Header.Coinbase, BlockNumber: new(big.Int).Set(b.Header.Number), Time: b.Header.Time, BaseFee: b.Header.BaseFee,
	}
	run := traces.Execution{
		Bundle: b,
		Hooks: &tracing.Hooks{
			OnEnter: func(depth int, typ byte, from, to common.Address, input []byte, gas uint64, value *big.Int) {
				if now != nil && now.OnEnter != nil {
					now.OnEnter(depth, typ, from, to, input, gas, value)
				}
			},
			OnExit: func(depth int, output []byte, gasUsed uint64, err error, reverted bool) {
				if now != nil && now.OnExit != nil {
					now.OnExit(depth, output, gasUsed, err, reverted)
				}
			},
			OnOpcode: func(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, rData []byte, depth int, err error) {
				if now != nil && now.OnOpcode != nil {
					now.OnOpcode(pc, op, gas, cost, scope, rData, depth, err)
				}
			},
		},
		Begin: func(st *gethstate.StateDB) { env.StateDB = st },
		Before: func(tx int) {
			ctx := &tracers.Context{BlockHash: b.BlockHash, BlockNumber: b.Header.Number, TxIndex: tx, TxHash: b.Txs[tx].Hash()}
			var err error
			if now, err = tracers.DefaultDirectory.New(tracer, ctx, json.RawMessage(config), b.Config); err != nil {
				failed = err
				return
			}
			now.OnTxStart(env, b.Txs[tx], b.Senders[tx])
		},
		After: func(tx int, _ *gethstate.StateDB) {
			if now == nil {
				return
			}
			now.OnTxEnd(&types.Receipt{}, nil)
			result, err := now.GetResult()
			if err != nil {
				failed = err
			}
			results[tx], now = Result{b.Txs[tx].Hash(), result}, nil
		},
	}
	if _, err := run.Run(); err != nil {
		return nil, err
	}
	return results, failed
}
