package tracetest

import (
	"crypto/ecdsa"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Coinbase is that of every block made here.
var Coinbase = common.HexToAddress("0xc0ffee00000000000000000000000000000000c0")

// Grandparent is the hash of the block before the parent of every block made here.
var Grandparent = common.Hash{0xb2, 31: 1}

// Key is one of the keys that sign here, and Address its account.
func Key(i int) *ecdsa.PrivateKey {
	return crypto.ToECDSAUnsafe(common.BigToHash(big.NewInt(int64(i + 1))).Bytes())
}

// Address is the account of a key.
func Address(i int) common.Address { return crypto.PubkeyToAddress(Key(i).PublicKey) }

// Tx is a transaction of a block.
type Tx struct {
	From      int // a key
	To        *common.Address
	Value     uint64
	Data      []byte
	Delegates []Delegation // makes it one of EIP-7702
}

// Delegation is an authorization of EIP-7702 by a key, whose nonce is stated.
type Delegation struct {
	By    int
	Nonce uint64
	To    common.Address
}

// forks are blocks of mainnet.
var forks = map[string]struct {
	number int64
	time   uint64
}{
	"homestead": {1_200_000, 1_457_000_000},
	"byzantium": {4_500_000, 1_509_000_000},
	"shanghai":  {17_500_000, 1_690_000_000},
	"cancun":    {20_000_000, 1_715_000_000},
	"prague":    {22_600_000, 1_748_000_000},
}

// Block seals a block of mainnet under a fork on a state. Every key that signs has an ether
// unless the state says otherwise, and nonces follow from it.
func Block(t testing.TB, fork string, p state.Prestate, txs []Tx, withdrawals ...*types.Withdrawal) *traces.Bundle {
	t.Helper()
	f := forks[fork]
	b := &traces.Bundle{
		Name: "made", ChainID: 1, Config: params.MainnetChainConfig, Prestate: p,
		Header:      &types.Header{Number: big.NewInt(f.number), Time: f.time, Difficulty: new(big.Int), Coinbase: Coinbase, GasLimit: 30_000_000, UncleHash: types.EmptyUncleHash},
		BlockHashes: map[uint64]common.Hash{uint64(f.number) - 1: {}, uint64(f.number) - 2: Grandparent},
	}
	h := b.Header
	if f.number < 15_537_394 {
		h.Difficulty.SetUint64(1)
	}
	if rules := b.Rules(); rules.IsLondon {
		h.BaseFee = big.NewInt(7)
		if rules.IsShanghai {
			b.Withdrawals = append(types.Withdrawals{}, withdrawals...)
			root := types.DeriveSha(b.Withdrawals, trie.NewStackTrie(nil))
			h.WithdrawalsHash = &root
		}
		if rules.IsCancun {
			h.ExcessBlobGas, h.BlobGasUsed, h.ParentBeaconRoot = new(uint64), new(uint64), &common.Hash{9}
		}
		if rules.IsPrague {
			h.RequestsHash = &types.EmptyRequestsHash
		}
	}
	nonces := make(map[int]uint64)
	for _, tx := range txs {
		address := state.Address(Address(tx.From))
		if p[address] == nil {
			p[address] = &state.Account{Balance: *uint256.NewInt(params.Ether)}
		}
		if _, ok := nonces[tx.From]; !ok {
			nonces[tx.From] = p[address].Nonce
		}
		b.Txs = append(b.Txs, sign(t, b, tx, nonces[tx.From]))
		nonces[tx.From]++
	}
	h.TxHash = types.DeriveSha(b.Txs, trie.NewStackTrie(nil))
	golden, err := traces.Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := b.Summarize(golden.Results)
	if err != nil {
		t.Fatal(err)
	}
	h.GasUsed, h.Bloom = sum.GasUsed, sum.LogsBloom
	if sum.ReceiptsRoot != nil {
		h.ReceiptHash = *sum.ReceiptsRoot
	}
	b.BlockHash = h.Hash()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	return b
}

func sign(t testing.TB, b *traces.Bundle, tx Tx, nonce uint64) *types.Transaction {
	t.Helper()
	const gas = 1_000_000
	price, id := big.NewInt(10), b.Config.ChainID
	var data types.TxData = &types.LegacyTx{Nonce: nonce, To: tx.To, Value: new(big.Int).SetUint64(tx.Value), Gas: gas, GasPrice: price, Data: tx.Data}
	if len(tx.Delegates) > 0 {
		auths := make([]types.SetCodeAuthorization, len(tx.Delegates))
		for i, d := range tx.Delegates {
			var err error
			if auths[i], err = types.SignSetCode(Key(d.By), types.SetCodeAuthorization{ChainID: *uint256.MustFromBig(id), Address: d.To, Nonce: d.Nonce}); err != nil {
				t.Fatal(err)
			}
		}
		data = &types.SetCodeTx{
			ChainID: uint256.MustFromBig(id), Nonce: nonce, To: *tx.To, Value: uint256.NewInt(tx.Value), Gas: gas,
			GasFeeCap: uint256.MustFromBig(price), GasTipCap: uint256.NewInt(3), Data: tx.Data, AuthList: auths,
		}
	}
	signed, err := types.SignNewTx(Key(tx.From), types.MakeSigner(b.Config, b.Header.Number, b.Header.Time), data)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
