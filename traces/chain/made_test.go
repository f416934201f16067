package chain

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/ooovm/ooovm/traces/fixtures"
)

// maker makes the blocks of a network with go-ethereum's own generator.
type maker struct {
	t       testing.TB
	network string
	genesis *core.Genesis
	engine  *beacon.Beacon
}

var (
	makerKey, _ = crypto.HexToECDSA("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8")
	sender      = crypto.PubkeyToAddress(makerKey.PublicKey)
	idle        = common.HexToAddress("0x0000000000000000000000000000000000001d1e")
	receiver    = common.HexToAddress("0x00000000000000000000000000000000000c0de1")
)

func newMaker(t testing.TB, network string) *maker {
	t.Helper()
	config, err := fixtures.NetworkConfig(network)
	if err != nil {
		t.Fatal(err)
	}
	g := &core.Genesis{
		Config: config, GasLimit: 10_000_000, Difficulty: big.NewInt(131072),
		Alloc: types.GenesisAlloc{
			sender:   {Balance: big.NewInt(params.Ether)},
			receiver: {Balance: big.NewInt(1), Code: common.FromHex("0x43600055"), Nonce: 1}, // stores the number at 0
			idle:     {Balance: big.NewInt(1)},
		},
	}
	if config.TerminalTotalDifficulty != nil && config.TerminalTotalDifficulty.Sign() == 0 {
		g.Difficulty = new(big.Int)
	}
	return &maker{t, network, g, beacon.New(ethash.NewFaker())}
}

// blocks makes some on the genesis, with two transactions each.
func (m *maker) blocks(n int, more func(i int, b *core.BlockGen)) []*types.Block {
	if m.genesis.Config.TerminalTotalDifficulty == nil {
		defer func() { m.genesis.Config.TerminalTotalDifficulty = nil }()
		m.genesis.Config.TerminalTotalDifficulty = big.NewInt(1 << 62) // the generator wants one
	}
	_, blocks, _ := core.GenerateChainWithGenesis(m.genesis, m.engine, n, func(i int, b *core.BlockGen) {
		if more != nil {
			more(i, b)
		}
		for range 2 {
			m.send(b)
		}
	})
	return blocks
}

func (m *maker) send(b *core.BlockGen) {
	price := big.NewInt(2 * params.GWei)
	tx, err := types.SignTx(types.NewTransaction(b.TxNonce(sender), receiver, big.NewInt(1), 100_000, price, nil), b.Signer(), makerKey)
	if err != nil {
		m.t.Fatal(err)
	}
	b.AddTx(tx)
}

// entry is an item: a block, and how it has to be refused, empty if it has not.
type entry struct {
	rlp       []byte
	exception string
}

func valid(blocks ...*types.Block) (list []entry) {
	for _, b := range blocks {
		list = append(list, entry{encode(b), ""})
	}
	return list
}

func encode(b *types.Block) []byte {
	text, err := rlp.EncodeToBytes(b)
	if err != nil {
		panic(err)
	}
	return text
}

// test is the JSON of a test with these items.
func (m *maker) test(entries []entry, last *types.Block) map[string]any {
	made := m.made(entries, m.genesis.ToBlock().Header(), last.Hash(), last.Root())
	made["genesisRLP"] = hexutil.Bytes(encode(m.genesis.ToBlock()))
	return made
}

func (m *maker) made(entries []entry, genesis *types.Header, last, root common.Hash) map[string]any {
	pre := map[string]any{}
	for address, acct := range m.genesis.Alloc {
		pre[address.Hex()] = map[string]any{
			"balance": (*hexutil.Big)(acct.Balance), "nonce": hexutil.Uint64(acct.Nonce), "code": hexutil.Bytes(acct.Code), "storage": map[string]any{},
		}
	}
	items := []any{}
	for _, e := range entries {
		item := map[string]any{"rlp": hexutil.Bytes(e.rlp)}
		if e.exception != "" {
			item["expectException"] = e.exception
		} else {
			var b types.Block
			if err := rlp.DecodeBytes(e.rlp, &b); err == nil {
				item["blockHeader"] = members(b.Header())
			} else {
				item["blockHeader"] = members(genesis)
			}
		}
		items = append(items, item)
	}
	return map[string]any{
		"network": m.network, "pre": pre, "genesisBlockHeader": members(genesis),
		"blocks": items, "lastblockhash": last, "postStateHash": root, "sealEngine": "NoProof",
	}
}

// members are those of a header as tests have them.
func members(h *types.Header) map[string]any {
	m := map[string]any{
		"parentHash": h.ParentHash, "uncleHash": h.UncleHash, "coinbase": h.Coinbase, "stateRoot": h.Root, "transactionsTrie": h.TxHash,
		"receiptTrie": h.ReceiptHash, "bloom": h.Bloom, "difficulty": (*hexutil.Big)(h.Difficulty), "number": (*hexutil.Big)(h.Number),
		"gasLimit": hexutil.Uint64(h.GasLimit), "gasUsed": hexutil.Uint64(h.GasUsed), "timestamp": hexutil.Uint64(h.Time),
		"extraData": hexutil.Bytes(h.Extra), "mixHash": h.MixDigest, "nonce": h.Nonce, "hash": h.Hash(),
	}
	if h.BaseFee != nil {
		m["baseFeePerGas"] = (*hexutil.Big)(h.BaseFee)
	}
	if h.WithdrawalsHash != nil {
		m["withdrawalsRoot"] = h.WithdrawalsHash
	}
	if h.BlobGasUsed != nil {
		m["blobGasUsed"], m["excessBlobGas"], m["parentBeaconBlockRoot"] = (*hexutil.Uint64)(h.BlobGasUsed), (*hexutil.Uint64)(h.ExcessBlobGas), h.ParentBeaconRoot
	}
	if h.RequestsHash != nil {
		m["requestsHash"] = h.RequestsHash
	}
	return m
}

// run reads a test and runs it with go-ethereum alone.
func run(t testing.TB, test map[string]any) error {
	t.Helper()
	return runAll(t, read(t, test))
}

func runAll(t testing.TB, test *Test) error {
	t.Helper()
	c, err := New(test)
	if err != nil {
		return err
	}
	for i := range test.Items {
		if _, err := c.Judge(t.Context(), &test.Items[i]); err != nil {
			return err
		}
	}
	return c.Finish()
}

func read(t testing.TB, test map[string]any) (got *Test) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.json")
	text, err := json.Marshal(map[string]any{"made": test})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	scan(t, path, func(test *Test) { got = test })
	if got == nil {
		t.Fatal("no test was read")
	}
	return got
}

// edit is a block with another header and body.
func edit(b *types.Block, change func(h *types.Header, body *types.Body)) *types.Block {
	h, body := b.Header(), *b.Body()
	change(h, &body)
	return types.NewBlockWithHeader(h).WithBody(body)
}

func say(err error) string { return fmt.Sprint(err) }
