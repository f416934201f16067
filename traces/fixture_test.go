package traces

import (
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// mainnetDir is the folder of the corpus where it has an index with what its blocks hold.
func mainnetDir(t testing.TB) string {
	t.Helper()
	dir := corpustest.Dir(t)
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		t.Skip("the corpus has no index.json")
	}
	return dir
}

// Accounts of small test bundles.
var (
	contractA = state.Address(common.HexToAddress("0xaaaa"))
	contractB = state.Address(common.HexToAddress("0xbbbb"))
	testKey   = crypto.ToECDSAUnsafe(common.FromHex("0x0101010101010101010101010101010101010101010101010101010101010101"))
)

// smallBundle is a sealed Cancun block with one transaction for each input, which
// calls contractA. contractA runs a, contractB b.
func smallBundle(t testing.TB, a, b []byte, inputs ...[]byte) *Bundle {
	t.Helper()
	var root, parent common.Hash
	var zero uint64
	random := common.Hash{7}
	out := &Bundle{
		Name: "small", Path: "small.json", ChainID: 1, Config: params.MainnetChainConfig,
		Header: &types.Header{
			ParentHash: parent, UncleHash: types.EmptyUncleHash, Coinbase: common.HexToAddress("0xc0"),
			Difficulty: new(big.Int), Number: big.NewInt(20_000_000), Time: 1_715_000_000,
			GasLimit: 30_000_000, BaseFee: big.NewInt(7), MixDigest: random, Extra: []byte{},
			WithdrawalsHash: &types.EmptyWithdrawalsHash, BlobGasUsed: &zero, ExcessBlobGas: &zero, ParentBeaconRoot: &root,
		},
		Withdrawals: types.Withdrawals{},
		BlockHashes: map[uint64]common.Hash{19_999_999: parent},
		Prestate: state.Prestate{
			state.Address(crypto.PubkeyToAddress(testKey.PublicKey)): {Balance: *uint256.NewInt(params.Ether)},
			contractA: {Nonce: 1, Code: a, Storage: map[isa.Word]isa.Word{*uint256.NewInt(1): *uint256.NewInt(5), *uint256.NewInt(2): {}}},
			contractB: {Nonce: 1, Code: b},
		},
	}
	signer := types.MakeSigner(out.Config, out.Header.Number, out.Header.Time)
	to := common.Address(contractA)
	for i, input := range inputs {
		tx, err := types.SignNewTx(testKey, signer, &types.DynamicFeeTx{
			ChainID: out.Config.ChainID, Nonce: uint64(i), To: &to, Gas: 200_000,
			GasFeeCap: big.NewInt(10), GasTipCap: big.NewInt(1), Data: input,
		})
		if err != nil {
			t.Fatal(err)
		}
		out.Txs = append(out.Txs, tx)
	}
	out.Header.TxHash = types.DeriveSha(out.Txs, trie.NewStackTrie(nil))
	g, err := Execute(out)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := out.Summarize(g.Results)
	if err != nil {
		t.Fatal(err)
	}
	out.Header.GasUsed, out.Header.Bloom, out.Header.ReceiptHash = sum.GasUsed, sum.LogsBloom, *sum.ReceiptsRoot
	out.BlockHash = out.Header.Hash()
	return out
}

// reload writes and reads a bundle.
func reload(t testing.TB, b *Bundle) *Bundle {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.json")
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	out, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
