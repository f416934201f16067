package fuzz

import (
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// regressions are the differences that campaigns have found, as small as they can
// be made, with their cause.
var regressions = []struct {
	name   string
	fork   evm.Fork
	code   []string // of the contracts, the first of which is called, in hexadecimal
	change func(*pipeline.Config)
}{
	{
		// CODECOPY of 40,000 bytes in a frame that cannot pay for them, though the
		// transaction could; MLOAD behind it reads what the copy has not gathered.
		name: "load from a block copy that runs out of gas as the oldest",
		fork: evm.Prague,
		code: []string{
			"5f5f5f5f5f 73c000000000000000000000000000000000000005 611388 f1",
			"619c40 5f 5f 39 6007 51",
		},
	},
	{
		// CODECOPY of 2^64-26 bytes, then MLOAD: the copy's range was kept although no
		// gas can pay for it.
		name: "load from a block copy without bounds",
		fork: evm.Prague,
		code: []string{"6000 67ffffffffffffffe6 6074 82 39 6080 51", ""},
	},
	{
		// Seven calls of the identity contract, then one at the same place of a contract
		// that reads its memory: it found there what the identity, entered on the wrong
		// path, had returned. Two loads of far slots keep the call from committing first.
		name: "precompiled contract run on a wrong path",
		fork: evm.Prague,
		code: []string{
			"5f19 5f52 5f 5b 80 54 81 01 6101f4 01 54 50 5f 5f 6020 5f 5f 85 6007 90 04 73c000000000000000000000000000000000000001 02 6004 01 5a f1 50 6001 01 80 6008 11 6005 57",
			"5f 51 6001 55",
		},
	},
	{
		// KECCAK256 of 128 KiB that have been paid for, with less gas left than they cost.
		name: "long range in memory that is there",
		fork: evm.Prague,
		code: []string{
			"6020 5f 5f 5f 5f 73c000000000000000000000000000000000000005 620124f8 f1 50 5f 51 6001 55",
			"6201ffdf 51 50 62020000 5f 20 5f 52 6020 5f f3",
		},
	},
	{
		// RETURN of nothing from an absurd offset, which costs nothing; the caller
		// copies this nothing.
		name: "empty returned range at an offset above 64 bits",
		fork: evm.London,
		code: []string{
			"6020 606c 6021 80 6000 73c000000000000000000000000000000000000005 614f3f f1 3d 6000 610a55 3e 6001 6000 55",
			"6000 733fffffffffffffffffffffffffffffffffffffff f3",
		},
	},
	{
		// PUSH2 0, JUMPI with nothing else on the stack: the constant was fused into a
		// branch that underflows.
		name: "branch that underflows behind the constant fused into it",
		fork: evm.Constantinople,
		code: []string{"610000 57"},
		change: func(c *pipeline.Config) {
			c.Core.Stack, c.Fusion = "rename", pipeline.FusionConfig{Jump: true, Test: true, Pair: true}
		},
	},
}

func TestRegressions(t *testing.T) {
	for _, r := range regressions {
		t.Run(r.name, func(t *testing.T) {
			to := common.Address(contracts[0])
			price := big.NewInt(baseFee)
			c := &Case{
				Name: r.name, Fork: r.fork, Coinbase: coinbase, Lockstep: true, VerifyEvery: 1,
				Accounts: []Account{{Address: sender, Balance: isa.Word{0, 1}}},
				Transactions: []Transaction{{Message: core.Message{
					From: common.Address(sender), To: &to, Value: new(big.Int), GasLimit: 200_000,
					GasPrice: price, GasFeeCap: price, GasTipCap: new(big.Int),
				}}},
			}
			for i, text := range r.code {
				code, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
				if err != nil {
					t.Fatal(err)
				}
				c.Accounts = append(c.Accounts, Account{Address: contracts[i], Nonce: 1, Balance: isa.Word{50}, Code: Code{{Raw: code}}})
			}
			for _, p := range config.Presets() {
				machine := p.Config.Config
				if r.change != nil {
					r.change(&machine)
				}
				c.Machine = &machine
				if _, err := c.Run(); err != nil {
					t.Errorf("%s: %v\n%s", p.Name, err, c)
				}
			}
		})
	}
}
