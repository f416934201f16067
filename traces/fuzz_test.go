package traces

import (
	"bytes"
	"context"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// small is a bundle of one transaction that calls a contract.
func small(t testing.TB) *Bundle {
	t.Helper()
	b, err := Read(bytes.NewReader(uncompressed(t)), "small.json")
	if err != nil {
		t.Fatal(err)
	}
	for i, tx := range b.Txs {
		if tx.To() == nil || len(tx.Data()) == 0 {
			continue
		}
		from, to := state.Address(b.claims[i].From), state.Address(*tx.To())
		b.Prestate = state.Prestate{from: b.Prestate[from], to: b.Prestate[to]}
		b.Txs, b.claims = b.Txs[i:i+1], b.claims[i:i+1]
		b.Withdrawals = types.Withdrawals{}
		reseal(b)
		return b
	}
	t.Fatal("no transaction calls a contract")
	return nil
}

// rich has the transaction of a small bundle call code, with gas and the means to pay for it.
func rich(b *Bundle, code []byte, gas uint64) {
	from := b.claims[0].From
	to := common.HexToAddress("0xc0de")
	b.Prestate = state.Prestate{
		state.Address(from): {Balance: isa.Word{0, 0, 1 << 60}, Nonce: b.Txs[0].Nonce()},
		state.Address(to):   {Nonce: 1, Code: code},
	}
	b.Txs = types.Transactions{types.NewTx(&types.LegacyTx{Nonce: b.Txs[0].Nonce(), GasPrice: b.Header.BaseFee, Gas: gas, To: &to, Value: new(big.Int)})}
	b.Header.GasLimit = max(b.Header.GasLimit, gas)
	reseal(b)
}

// reseal gives a bundle all hashes that its content has, so that nothing but executing it
// can find out what is wrong with it.
func reseal(b *Bundle) {
	b.Unsigned, b.ContentHash = true, ""
	b.Senders, b.base = nil, nil
	h := b.Header
	h.TxHash = types.DeriveSha(b.Txs, trie.NewStackTrie(nil))
	if h.WithdrawalsHash != nil {
		root := types.DeriveSha(b.Withdrawals, trie.NewStackTrie(nil))
		h.WithdrawalsHash = &root
	}
	if n := h.Number.Uint64(); n > 0 {
		b.BlockHashes[n-1] = h.ParentHash
	}
	for i, tx := range b.Txs {
		b.claims[i].Hash = tx.Hash()
	}
	b.BlockHash = h.Hash()
}

// runs executes a block that may be whatever it is: as it stands, and with the hashes that
// let it pass.
func runs(t *testing.T, b *Bundle) {
	t.Helper()
	b.Memory = budget.New(64 << 20)
	try := func(b *Bundle) {
		if b.Check() != nil {
			return
		}
		stop, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := RecordContext(stop, b)
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("it ends after %v: %v", d, err)
		}
	}
	try(b)
	again := b.Again()
	again.claims = append([]claim(nil), b.claims...)
	if len(again.claims) != len(again.Txs) {
		return
	}
	reseal(again)
	try(again)
}

// FuzzBundle: whatever the bytes, loading gives a bundle or a BundleError, and a bundle that
// loads can be checked, hashed and executed without a panic, with its own hashes and with
// those that it ought to have. Give -fuzzminimizetime 20x: minimizing takes long.
func FuzzBundle(f *testing.F) {
	var text bytes.Buffer
	if err := small(f).Write(&text); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add([]byte(`{"chainId":1,"block":{},"prestate":{},"blockHashes":{}}`))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := Read(bytes.NewReader(text), "fuzz")
		if err != nil {
			var typed *BundleError
			if !errors.As(err, &typed) {
				t.Fatalf("error %v is no BundleError", err)
			}
			return
		}
		if _, err := b.Hash(); err != nil {
			t.Fatal(err)
		}
		runs(t, b)
	})
}

// FuzzChainConfig: whatever a fork schedule says, it is refused or blocks run under it.
func FuzzChainConfig(f *testing.F) {
	for _, seed := range []string{
		`{"chainId":1}`, `{"config":{"chainId":7,"homesteadBlock":0,"eip150Block":0}}`, `{"chainId":1,"homesteadBlock":5,"eip150Block":1}`,
		`{"chainId":9,"terminalTotalDifficulty":0,"shanghaiTime":0,"cancunTime":0,"pragueTime":0,"blobSchedule":{"cancun":{"target":3,"max":6,"baseFeeUpdateFraction":3338477}}}`,
		`{"chainId":1,"verkleTime":0,"enableVerkleAtGenesis":true}`, `{"chainId":1,"daoForkBlock":3,"daoForkSupport":true}`,
	} {
		f.Add([]byte(seed))
	}
	b := small(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := ReadChainConfig(path)
		if err != nil || !config.ChainID.IsUint64() || CheckChainConfig(config, config.ChainID.Uint64()) != nil {
			return
		}
		again := b.Again()
		header := *b.Header
		again.Header, again.Config, again.ChainID = &header, config, config.ChainID.Uint64()
		runs(t, again)
	})
}

// TestSmall: what fuzzing begins with executes code.
func TestSmall(t *testing.T) {
	b := small(t)
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	g, err := Record(b)
	if err != nil || g.Steps.Len() == 0 {
		t.Fatalf("%v", err)
	}
	if b.Txs[0].Hash() != b.claims[0].Hash || b.BlockHash == (common.Hash{}) {
		t.Error("it is not sealed")
	}
}
