package run_test

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// minted is a block of proof of work with its whole state: two transactions, the second of
// which writes a slot and destroys nothing, and an uncle one block old.
func minted(t *testing.T, config *params.ChainConfig) *traces.Bundle {
	t.Helper()
	key, _ := crypto.HexToECDSA("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8")
	from, store := crypto.PubkeyToAddress(key.PublicKey), common.Address{0xcc}
	code := common.FromHex("600160005401600055") // SLOAD, ADD, SSTORE
	genesis := &core.Genesis{Config: config, GasLimit: 10_000_000, Difficulty: big.NewInt(131072), Alloc: types.GenesisAlloc{
		from: {Balance: big.NewInt(params.Ether)}, store: {Balance: new(big.Int), Code: code},
	}}
	signer := types.HomesteadSigner{}
	_, blocks, _ := core.GenerateChainWithGenesis(genesis, ethash.NewFaker(), 3, func(i int, b *core.BlockGen) {
		b.SetCoinbase(common.Address{0xaa, byte(i)})
		for range 2 {
			tx, err := types.SignTx(types.NewTransaction(b.TxNonce(from), store, new(big.Int), 100_000, big.NewInt(params.GWei), nil), signer, key)
			if err != nil {
				t.Fatal(err)
			}
			b.AddTx(tx)
		}
		if i == 2 {
			b.AddUncle(&types.Header{ParentHash: b.PrevBlock(0).Hash(), Number: big.NewInt(2), Coinbase: common.Address{0xbb}})
		}
	})
	pre := state.Prestate{
		state.Address(from):  {Balance: isa.Word{params.Ether}},
		state.Address(store): {Code: code},
	}
	for i := 0; ; i++ {
		block := blocks[i]
		b := &traces.Bundle{
			Name: "minted", ChainID: config.ChainID.Uint64(), Config: config, Header: block.Header(), BlockHash: block.Hash(),
			Txs: block.Transactions(), Uncles: block.Uncles(), Prestate: pre, Whole: true,
			BlockHashes: map[uint64]common.Hash{block.NumberU64() - 1: block.ParentHash()},
		}
		if i == len(blocks)-1 {
			return b
		}
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		golden, err := traces.Execute(b)
		if err != nil {
			t.Fatal(err)
		}
		pre = golden.Post()
	}
}

// TestWholeState: with all of the state at hand, rewards are paid and the state root is
// compared, and so are receipts before Byzantium, which have a state root each; on one core
// and on several.
func TestWholeState(t *testing.T) {
	frontier, byzantium := params.ChainConfig{ChainID: big.NewInt(1)}, params.ChainConfig{ChainID: big.NewInt(1), HomesteadBlock: new(big.Int)}
	byzantium.EIP150Block, byzantium.EIP155Block, byzantium.EIP158Block, byzantium.ByzantiumBlock = new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	for _, config := range []*params.ChainConfig{&frontier, &byzantium} {
		for name, c := range map[string]struct {
			spoil func(*traces.Bundle)
			want  string
		}{
			"right":        {func(*traces.Bundle) {}, ""},
			"state root":   {func(b *traces.Bundle) { b.Header.Root[0] ^= 1 }, "state root is"},
			"receipts":     {func(b *traces.Bundle) { b.Header.ReceiptHash[0] ^= 1 }, "receipts root is"},
			"uncle gone":   {func(b *traces.Bundle) { b.Uncles = nil }, "state root is"},
			"account more": {func(b *traces.Bundle) { b.Prestate[state.Address{1}] = &state.Account{Balance: isa.Word{1}} }, "root is"},
		} {
			b := minted(t, config)
			c.spoil(b)
			b.BlockHash = b.Header.Hash()
			t.Run(b.Fork()+"/"+name, func(t *testing.T) {
				p, err := run.Prepare(context.Background(), b, run.Steps)
				if err != nil {
					t.Fatal(err)
				}
				s := runtest.Setup(t, "ooo-4")
				check := func(how string, out *run.Outcome) {
					switch {
					case c.want == "" && !out.Verdict.OK:
						t.Errorf("%s: %v", how, out.Difference)
					case out.Verdict.StateRoot == nil || out.Verdict.ReceiptsRoot == nil:
						t.Errorf("%s: not compared: %+v", how, out.Verdict)
					case c.want != "" && (out.Difference == nil || !strings.Contains(out.Difference.Error(), c.want)):
						t.Errorf("%s: %v, want %s", how, out.Difference, c.want)
					}
				}
				alone, err := p.Run(&s.Config.Config, run.Options{Lockstep: true})
				if err != nil {
					t.Fatal(err)
				}
				check("alone", alone)
				settings := s.Config.Machine
				settings.Policy, settings.Cores = "block-stm", 2
				mc, err := settings.Config()
				if err != nil {
					t.Fatal(err)
				}
				shared, err := p.Parallel(&s.Config.Config, mc, run.Options{Lockstep: true})
				if err != nil {
					t.Fatal(err)
				}
				check("shared", &shared.Outcome)
			})
		}
	}
}
