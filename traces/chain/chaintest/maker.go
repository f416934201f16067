// Package chaintest makes blockchain tests of a few blocks, with go-ethereum's own generator.
package chaintest

import (
	"math/big"
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

// Maker makes the blocks of a network with go-ethereum's own generator.
type Maker struct {
	t       testing.TB
	Network string
	Genesis *core.Genesis
	Engine  *beacon.Beacon
}

// Who is in the genesis: Sender signs what Send sends, with Key; Receiver stores the block's
// number; Idle does nothing.
var (
	Key, _   = crypto.HexToECDSA("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8")
	Sender   = crypto.PubkeyToAddress(Key.PublicKey)
	Idle     = common.HexToAddress("0x0000000000000000000000000000000000001d1e")
	Receiver = common.HexToAddress("0x00000000000000000000000000000000000c0de1")
)

// New begins with the genesis of a network, as blockchain tests name it.
func New(t testing.TB, network string) *Maker {
	t.Helper()
	config, err := fixtures.NetworkConfig(network)
	if err != nil {
		t.Fatal(err)
	}
	g := &core.Genesis{
		Config: config, GasLimit: 10_000_000, Difficulty: big.NewInt(131072),
		Alloc: types.GenesisAlloc{
			Sender:   {Balance: big.NewInt(params.Ether)},
			Receiver: {Balance: big.NewInt(1), Code: common.FromHex("0x43600055"), Nonce: 1}, // stores the number at 0
			Idle:     {Balance: big.NewInt(1)},
		},
	}
	if config.TerminalTotalDifficulty != nil && config.TerminalTotalDifficulty.Sign() == 0 {
		g.Difficulty = new(big.Int)
	}
	return &Maker{t, network, g, beacon.New(ethash.NewFaker())}
}

// Blocks makes some on the genesis, with two transactions each.
func (m *Maker) Blocks(n int, more func(i int, b *core.BlockGen)) []*types.Block {
	if m.Genesis.Config.TerminalTotalDifficulty == nil {
		defer func() { m.Genesis.Config.TerminalTotalDifficulty = nil }()
		m.Genesis.Config.TerminalTotalDifficulty = big.NewInt(1 << 62) // the generator wants one
	}
	_, blocks, _ := core.GenerateChainWithGenesis(m.Genesis, m.Engine, n, func(i int, b *core.BlockGen) {
		if more != nil {
			more(i, b)
		}
		for range 2 {
			m.Send(b)
		}
	})
	return blocks
}

// Send adds a transaction to Receiver.
func (m *Maker) Send(b *core.BlockGen) {
	price := big.NewInt(2 * params.GWei)
	tx, err := types.SignTx(types.NewTransaction(b.TxNonce(Sender), Receiver, big.NewInt(1), 100_000, price, nil), b.Signer(), Key)
	if err != nil {
		m.t.Fatal(err)
	}
	b.AddTx(tx)
}

// Entry is an item: a block, and how it has to be refused, empty if it has not.
type Entry struct {
	RLP       []byte
	Exception string
}

// Valid gives blocks as items that have to be accepted.
func Valid(blocks ...*types.Block) (list []Entry) {
	for _, b := range blocks {
		list = append(list, Entry{Encode(b), ""})
	}
	return list
}

// Encode is the RLP of a block.
func Encode(b *types.Block) []byte {
	text, err := rlp.EncodeToBytes(b)
	if err != nil {
		panic(err)
	}
	return text
}

// Test is the JSON of a test with these items.
func (m *Maker) Test(entries []Entry, last *types.Block) map[string]any {
	made := m.Made(entries, m.Genesis.ToBlock().Header(), last.Hash(), last.Root())
	made["genesisRLP"] = hexutil.Bytes(Encode(m.Genesis.ToBlock()))
	return made
}

// Made is a test as its parts say.
func (m *Maker) Made(entries []Entry, genesis *types.Header, last, root common.Hash) map[string]any {
	pre := map[string]any{}
	for address, acct := range m.Genesis.Alloc {
		pre[address.Hex()] = map[string]any{
			"balance": (*hexutil.Big)(acct.Balance), "nonce": hexutil.Uint64(acct.Nonce), "code": hexutil.Bytes(acct.Code), "storage": map[string]any{},
		}
	}
	items := []any{}
	for _, e := range entries {
		item := map[string]any{"rlp": hexutil.Bytes(e.RLP)}
		if e.Exception != "" {
			item["expectException"] = e.Exception
		} else {
			var b types.Block
			if err := rlp.DecodeBytes(e.RLP, &b); err == nil {
				item["blockHeader"] = Members(b.Header())
			} else {
				item["blockHeader"] = Members(genesis)
			}
		}
		items = append(items, item)
	}
	return map[string]any{
		"network": m.Network, "pre": pre, "genesisBlockHeader": Members(genesis),
		"blocks": items, "lastblockhash": last, "postStateHash": root, "sealEngine": "NoProof",
	}
}

// Members are those of a header as tests have them.
func Members(h *types.Header) map[string]any {
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

// Edit is a block with another header and body.
func Edit(b *types.Block, change func(h *types.Header, body *types.Body)) *types.Block {
	h, body := b.Header(), *b.Body()
	change(h, &body)
	return types.NewBlockWithHeader(h).WithBody(body)
}
