package state

import (
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
)

func TestBlockEnvRejectsBadHeaders(t *testing.T) {
	excess := uint64(0)
	huge := new(big.Int).Lsh(big.NewInt(1), 256)
	noBlobs := *params.MergedTestChainConfig
	noBlobs.BlobScheduleConfig = nil
	for _, c := range []struct {
		name   string
		header types.Header
		config *params.ChainConfig
	}{
		{"no number", types.Header{}, params.MainnetChainConfig},
		{"number beyond 64 bits", types.Header{Number: huge}, params.MainnetChainConfig},
		{"no base fee since London", types.Header{Number: big.NewInt(20_000_000)}, params.MainnetChainConfig},
		{"difficulty beyond 256 bits", types.Header{Number: big.NewInt(1), Difficulty: huge}, params.MainnetChainConfig},
		{"negative base fee", types.Header{Number: big.NewInt(20_000_000), BaseFee: big.NewInt(-1)}, params.MainnetChainConfig},
		{"no blob schedule", types.Header{Number: big.NewInt(1), BaseFee: big.NewInt(1), ExcessBlobGas: &excess}, &noBlobs},
	} {
		if _, err := NewBlockEnv(&c.header, c.config, nil); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}

func TestBlockHashes(t *testing.T) {
	header := &types.Header{Number: big.NewInt(100), Difficulty: big.NewInt(1), ParentHash: common.Hash{9}}
	env, err := NewBlockEnv(header, params.MainnetChainConfig, map[uint64]common.Hash{98: {8}})
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[uint64]Hash{100: {}, 99: {9}, 98: {8}, 97: {}} {
		if got := env.BlockHash(number); got != want {
			t.Errorf("hash of block %d = %x, want %x", number, got, want)
		}
	}
}

// A system contract whose code fails is a fault of the pre-state, and an error.
func TestFailingSystemContracts(t *testing.T) {
	header := &types.Header{Number: big.NewInt(1), Difficulty: new(big.Int), BaseFee: big.NewInt(1)}
	env, err := NewBlockEnv(header, params.MergedTestChainConfig, nil)
	if err != nil {
		t.Fatal(err)
	}
	failing := &Account{Code: []byte{byte(vm.INVALID)}}
	if err := BeginBlock(NewWorld(Prestate{Address(params.HistoryStorageAddress): failing}), env, header); err == nil {
		t.Error("failing EIP-2935 contract: no error")
	}
	for _, c := range []struct {
		name   string
		pre    Prestate
		ending Ending
		want   error
	}{
		{"failing EIP-7002 contract", Prestate{Address(params.WithdrawalQueueAddress): failing}, Ending{}, ErrSystemCall},
		{"contracts absent from a part of the state", nil, Ending{}, nil},
		{"contracts absent from all of the state", nil, Ending{Whole: true}, ErrNoSystemContract},
		{"a deposit of another layout", nil, Ending{Logs: []Log{{
			Address: Address(env.Config.DepositContractAddress), Topics: []Hash{Hash(depositTopic)}, Data: []byte{1},
		}}}, ErrDepositLayout},
	} {
		if _, err := EndBlock(NewWorld(c.pre), env, &c.ending); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestPrecompilesOfForks(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules params.Rules
	}{
		{"frontier", params.Rules{}},
		{"byzantium", params.Rules{IsByzantium: true}},
		{"istanbul", params.Rules{IsIstanbul: true}},
		{"berlin", params.Rules{IsBerlin: true}},
		{"cancun", params.Rules{IsCancun: true}},
		{"prague", params.Rules{IsPrague: true}},
		{"osaka", params.Rules{IsOsaka: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPrecompiles(c.rules)
			want := vm.ActivePrecompiles(c.rules)
			if len(p.Addresses()) != len(want) || !slices.IsSortedFunc(p.Addresses(), func(a, b Address) int { return slices.Compare(a[:], b[:]) }) {
				t.Fatalf("addresses %x, want %x sorted", p.Addresses(), want)
			}
			for _, address := range want {
				byAddress, ok := p.Lookup(Address(address))
				byNumber, ok2 := p.Numbered(byAddress.Number())
				if !ok || !ok2 || byAddress != byNumber || byAddress.Address != Address(address) {
					t.Errorf("%v: found %v %v", address, ok, ok2)
				}
			}
			for _, absent := range []Address{{}, {19: 0xff}, {0: 1, 19: 1}} {
				if _, ok := p.Lookup(absent); ok {
					t.Errorf("%x is a precompile", absent)
				}
			}
		})
	}
}

func TestUpfrontCost(t *testing.T) {
	env := &BlockEnv{Rules: params.Rules{IsCancun: true}, BlobBaseFee: isa.Word{3}}
	most := isa.Word{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	for _, c := range []struct {
		name        string
		tx          Tx
		need, debit uint64
		ok          bool
	}{
		{"gas and value", Tx{Gas: 10, GasPrice: isa.Word{2}, FeeCap: isa.Word{5}, Value: isa.Word{7}}, 57, 20, true},
		{"blobs", Tx{BlobHashes: make([]Hash, 2), BlobFeeCap: isa.Word{4}}, 8 << 17, 6 << 17, true},
		{"fee overflows", Tx{Gas: 2, FeeCap: most}, 0, 0, false},
		{"value overflows", Tx{Gas: 1, FeeCap: isa.Word{1}, Value: most}, 0, 0, false},
		{"blob fee overflows", Tx{BlobHashes: make([]Hash, 1), BlobFeeCap: most}, 0, 0, false},
	} {
		need, debit, ok := c.tx.UpfrontCost(env)
		if ok != c.ok || ok && (need != (isa.Word{c.need}) || debit != (isa.Word{c.debit})) {
			t.Errorf("%s: %s, %s, %v, want %d, %d, %v", c.name, need.Dec(), debit.Dec(), ok, c.need, c.debit, c.ok)
		}
	}
}
