package chain

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/traces/chain/chaintest"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"
)

// TestValidChains: what go-ethereum's generator makes is accepted, at each era.
func TestValidChains(t *testing.T) {
	for _, network := range []string{"Frontier", "Byzantium", "London", "Paris", "Shanghai", "Cancun", "BerlinToLondonAt5"} {
		m := chaintest.New(t, network)
		blocks := m.Blocks(6, nil)
		if err := run(t, m.Test(chaintest.Valid(blocks...), blocks[5])); err != nil {
			t.Errorf("%s: %v", network, err)
		}
	}
}

// TestFaults: a chain of two blocks whose second is made wrong. The fault is found by the name that
// tests have for it, is no other's, and is no valid block.
func TestFaults(t *testing.T) {
	root := func(txs types.Transactions) common.Hash { return types.DeriveSha(txs, trie.NewStackTrie(nil)) }
	swap := func(body *types.Body) {
		body.Transactions = types.Transactions{body.Transactions[1], body.Transactions[0]}
	}
	for _, c := range []struct {
		name, network string
		change        func(h *types.Header, body *types.Body)
		exception     string
	}{
		{"state root", "Cancun", func(h *types.Header, _ *types.Body) { h.Root[0]++ }, "BlockException.INVALID_STATE_ROOT"},
		{"state root with rewards", "Frontier", func(h *types.Header, _ *types.Body) { h.Root[0]++ }, "BlockException.INVALID_STATE_ROOT"},
		{"receipts root before Byzantium", "Frontier", func(h *types.Header, _ *types.Body) { h.ReceiptHash[0]++ }, "BlockException.INVALID_RECEIPTS_ROOT"},
		{"receipts root", "Cancun", func(h *types.Header, _ *types.Body) { h.ReceiptHash[0]++ }, "BlockException.INVALID_RECEIPTS_ROOT"},
		{"bloom", "Cancun", func(h *types.Header, _ *types.Body) { h.Bloom[9]++ }, "BlockException.INVALID_LOG_BLOOM"},
		{"gas used", "Cancun", func(h *types.Header, _ *types.Body) { h.GasUsed++ }, "BlockException.INVALID_GAS_USED"},
		{"gas used above the limit", "Cancun", func(h *types.Header, _ *types.Body) { h.GasUsed = h.GasLimit + 1 }, "BlockException.INVALID_GAS_USED_ABOVE_LIMIT"},
		{"transactions swapped", "Cancun", func(_ *types.Header, body *types.Body) { swap(body) }, "BlockException.INVALID_TRANSACTIONS_ROOT"},
		{"transactions swapped, as the header says", "Cancun", func(h *types.Header, body *types.Body) { swap(body); h.TxHash = root(body.Transactions) }, "TransactionException.NONCE_MISMATCH_TOO_HIGH"},
		{"transaction twice", "London", func(h *types.Header, body *types.Body) {
			body.Transactions = types.Transactions{body.Transactions[0], body.Transactions[0]}
			h.TxHash = root(body.Transactions)
		}, "TransactionException.NONCE_MISMATCH_TOO_LOW"},
		{"withdrawal missing", "Cancun", func(_ *types.Header, body *types.Body) { body.Withdrawals = types.Withdrawals{} }, "BlockException.INVALID_WITHDRAWALS_ROOT"},
		{"withdrawals missing", "Cancun", func(_ *types.Header, body *types.Body) { body.Withdrawals = nil }, "BlockException.RLP_WITHDRAWALS_NOT_READ"},
		{"withdrawals too early", "Paris", func(_ *types.Header, body *types.Body) { body.Withdrawals = types.Withdrawals{} }, "BlockException.INCORRECT_BLOCK_FORMAT"},
		{"withdrawals root too early", "Paris", func(h *types.Header, body *types.Body) {
			h.WithdrawalsHash, body.Withdrawals = &types.EmptyWithdrawalsHash, types.Withdrawals{}
		}, "BlockException.IMPORT_IMPOSSIBLE_SHANGHAI"},
		{"unknown parent", "Cancun", func(h *types.Header, _ *types.Body) { h.ParentHash[3]++ }, "BlockException.UNKNOWN_PARENT"},
		{"no parent", "Cancun", func(h *types.Header, _ *types.Body) { h.ParentHash = common.Hash{} }, "BlockException.UNKNOWN_PARENT_ZERO"},
		{"number", "London", func(h *types.Header, _ *types.Body) { h.Number.SetUint64(7) }, "BlockException.INVALID_BLOCK_NUMBER"},
		{"time", "Cancun", func(h *types.Header, _ *types.Body) { h.Time = 1 }, "BlockException.INVALID_BLOCK_TIMESTAMP_OLDER_THAN_PARENT"},
		{"difficulty", "London", func(h *types.Header, _ *types.Body) { h.Difficulty.SetUint64(131073) }, "BlockException.INVALID_DIFFICULTY"},
		{"difficulty behind the Merge", "Cancun", func(h *types.Header, _ *types.Body) { h.Difficulty.SetUint64(131072) }, "BlockException.IMPORT_IMPOSSIBLE_DIFFICULTY_OVER_PARIS"},
		{"no difficulty before the Merge", "London", func(h *types.Header, _ *types.Body) { h.Difficulty = new(big.Int) }, "BlockException.IMPORT_IMPOSSIBLE_PARIS_WRONG_POS"},
		{"gas limit", "Cancun", func(h *types.Header, _ *types.Body) { h.GasLimit *= 2 }, "BlockException.INVALID_GASLIMIT"},
		{"gas limit of 64 bits", "Cancun", func(h *types.Header, _ *types.Body) { h.GasLimit = 1 << 63 }, "BlockException.GASLIMIT_TOO_BIG"},
		{"base fee", "London", func(h *types.Header, _ *types.Body) { h.BaseFee.SetUint64(1) }, "BlockException.INVALID_BASEFEE_PER_GAS"},
		{"base fee missing", "London", func(h *types.Header, _ *types.Body) { h.BaseFee = nil }, "BlockException.IMPORT_IMPOSSIBLE_LEGACY"},
		{"base fee too early", "Istanbul", func(h *types.Header, _ *types.Body) { h.BaseFee = big.NewInt(7) }, "BlockException.IMPORT_IMPOSSIBLE_LONDON_WRONG_PARENT"},
		{"extra data", "Cancun", func(h *types.Header, _ *types.Body) { h.Extra = make([]byte, 33) }, "BlockException.EXTRA_DATA_TOO_BIG"},
		{"extra data before the Merge", "Berlin", func(h *types.Header, _ *types.Body) { h.Extra = make([]byte, 33) }, "BlockException.EXTRA_DATA_TOO_BIG"},
		{"excess blob gas", "Cancun", func(h *types.Header, _ *types.Body) { *h.ExcessBlobGas = 131072 }, "BlockException.INCORRECT_EXCESS_BLOB_GAS"},
		{"blob gas used", "Cancun", func(h *types.Header, _ *types.Body) { *h.BlobGasUsed = 131072 }, "BlockException.INCORRECT_BLOB_GAS_USED"},
		{"blob gas used above the limit", "Cancun", func(h *types.Header, _ *types.Body) { *h.BlobGasUsed = 131072 * 7 }, "BlockException.BLOB_GAS_USED_ABOVE_LIMIT"},
		{"requests hash too early", "Cancun", func(h *types.Header, _ *types.Body) { h.RequestsHash = &types.EmptyRequestsHash }, "BlockException.INCORRECT_BLOCK_FORMAT"},
		{"uncles behind the Merge", "Cancun", func(h *types.Header, body *types.Body) {
			body.Uncles = []*types.Header{{Difficulty: new(big.Int), Number: new(big.Int)}}
			h.UncleHash = types.CalcUncleHash(body.Uncles)
		}, "BlockException.IMPORT_IMPOSSIBLE_UNCLES_OVER_PARIS"},
		{"uncles hash", "Berlin", func(h *types.Header, _ *types.Body) { h.UncleHash[0]++ }, "BlockException.INVALID_UNCLES_HASH"},
		{"the second of two faults", "Cancun", func(h *types.Header, _ *types.Body) { h.GasLimit *= 2; h.BaseFee.SetUint64(1) }, "BlockException.INVALID_BASEFEE_PER_GAS"},
		{"a fault of the header before one of a transaction", "Cancun", func(h *types.Header, body *types.Body) { h.GasUsed = h.GasLimit + 1; swap(body) }, "TransactionException.NONCE_MISMATCH_TOO_HIGH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := chaintest.New(t, c.network)
			blocks := m.Blocks(2, func(_ int, b *core.BlockGen) {
				if m.Genesis.Config.ShanghaiTime != nil {
					b.AddWithdrawal(&types.Withdrawal{Validator: 1, Address: chaintest.Receiver, Amount: 5})
				}
			})
			wrong := chaintest.Encode(chaintest.Edit(blocks[1], c.change))
			outcome := func(exception string) string {
				return say(run(t, m.Test([]chaintest.Entry{{RLP: chaintest.Encode(blocks[0])}, {RLP: wrong, Exception: exception}}, blocks[0])))
			}
			if got := outcome(c.exception); got != "<nil>" {
				t.Errorf("not refused as it has to be: %s", got)
			}
			if got := outcome("BlockException.UNCLE_IS_BROTHER|" + c.exception); got != "<nil>" {
				t.Errorf("not refused as one of two: %s", got)
			}
			if got := outcome("BlockException.UNCLE_IS_BROTHER"); !strings.Contains(got, "it has to be BlockException.UNCLE_IS_BROTHER") {
				t.Errorf("refused for another reason: %s", got)
			}
			if got := outcome(""); !strings.Contains(got, "blocks[1]: refused: ") {
				t.Errorf("as a valid block: %s", got)
			}
		})
	}
}

// TestEncodings: what is no block's encoding.
func TestEncodings(t *testing.T) {
	m := chaintest.New(t, "Cancun")
	blocks := m.Blocks(2, nil)
	sound := chaintest.Encode(blocks[1])
	for _, c := range []struct {
		name string
		rlp  []byte
	}{
		{"nothing", nil},
		{"bytes behind the end", append(bytes.Clone(sound), 0)},
		{"too short", sound[:len(sound)-1]},
		{"no list", []byte{0x83, 1, 2, 3}},
		{"an empty list", []byte{0xc0}},
		{"a size with a leading zero", append([]byte{sound[0] + 1, 0}, sound[1:]...)},
	} {
		if err := run(t, m.Test([]chaintest.Entry{{RLP: chaintest.Encode(blocks[0])}, {RLP: c.rlp, Exception: "BlockException.RLP_STRUCTURES_ENCODING"}}, blocks[0])); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestWrongTests: what is wrong with a test fails it.
func TestWrongTests(t *testing.T) {
	m := chaintest.New(t, "Cancun")
	blocks := m.Blocks(2, nil)
	test := func() map[string]any { return m.Test(chaintest.Valid(blocks...), blocks[1]) }
	state := func(change func(map[string]any)) map[string]any {
		made := m.Test(nil, m.Genesis.ToBlock())
		delete(made, "postStateHash")
		post := map[string]any{}
		for address, acct := range made["pre"].(map[string]any) {
			copied := map[string]any{}
			for k, v := range acct.(map[string]any) {
				copied[k] = v
			}
			post[address] = copied
		}
		change(post)
		made["postState"] = post
		return made
	}
	at := chaintest.Receiver.Hex()
	for _, c := range []struct {
		name string
		test map[string]any
		want string
	}{
		{"sound", test(), "<nil>"},
		{"a valid block that has to be refused", m.Test([]chaintest.Entry{{RLP: chaintest.Encode(blocks[0]), Exception: "BlockException.INVALID_GASLIMIT"}}, m.Genesis.ToBlock()), "blocks[0]: accepted; it has to be refused: BlockException.INVALID_GASLIMIT"},
		{"a name that nobody knows", m.Test([]chaintest.Entry{{RLP: nil, Exception: "BlockException.NO_SUCH"}}, m.Genesis.ToBlock()), "BlockException.NO_SUCH is not known"},
		{"last block", with(test(), "lastblockhash", blocks[0].Hash()), "the last block is"},
		{"root", with(test(), "postStateHash", blocks[0].Root()), "the state's root is"},
		{"genesis", with(test(), "genesisRLP", "0xc0"), "genesisRLP: "},
		{"genesis hash", with(test(), "genesisBlockHeader", with(chaintest.Members(m.Genesis.ToBlock().Header()), "gasLimit", "0x1")), "genesisBlockHeader: it hashes to"},
		{"pre-state", with(test(), "pre", map[string]any{}), "pre: its root is"},
		{"network", with(test(), "network", "Verkle"), "network Verkle is not supported"},
		{"state as it is", state(func(map[string]any) {}), "<nil>"},
		{"account missing", state(func(p map[string]any) { delete(p, at) }), "it exists, and must not"},
		{"account too many", state(func(p map[string]any) { p["0x00000000000000000000000000000000000000ff"] = p[at] }), "it does not exist"},
		{"balance", state(func(p map[string]any) { with(p[at].(map[string]any), "balance", "0x2") }), "balance 1, it has to be 2"},
		{"nonce", state(func(p map[string]any) { with(p[at].(map[string]any), "nonce", "0x2") }), "nonce 1, it has to be 2"},
		{"code", state(func(p map[string]any) { with(p[at].(map[string]any), "code", "0x") }), "bytes of code"},
		{"slot", state(func(p map[string]any) { with(p[at].(map[string]any), "storage", map[string]any{"0x01": "0x02"}) }), "slot 0x1 is 0x0, it has to be 0x2"},
	} {
		if got := say(run(t, c.test)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func with(m map[string]any, name string, value any) map[string]any {
	m[name] = value
	return m
}

// TestForkChoice: before the Merge a chain of more difficulty is the head, of equal ones the first;
// behind it, what came last.
func TestForkChoice(t *testing.T) {
	other := func(_ int, b *core.BlockGen) { b.SetCoinbase(common.Address{9}) }
	for _, c := range []struct {
		name, network string
		order         func(a, b []*types.Block) []*types.Block
		head          func(a, b []*types.Block) *types.Block
	}{
		{"overtaken", "Berlin", func(a, b []*types.Block) []*types.Block { return []*types.Block{a[0], a[1], b[0], b[1], b[2]} }, func(_, b []*types.Block) *types.Block { return b[2] }},
		{"a tie", "Berlin", func(a, b []*types.Block) []*types.Block { return []*types.Block{a[0], a[1], b[0], b[1]} }, func(a, _ []*types.Block) *types.Block { return a[1] }},
		{"to and fro", "Frontier", func(a, b []*types.Block) []*types.Block { return []*types.Block{a[0], b[0], b[1], a[1], a[2]} }, func(a, _ []*types.Block) *types.Block { return a[2] }},
		{"behind the Merge", "Cancun", func(a, b []*types.Block) []*types.Block { return []*types.Block{a[0], a[1], b[0]} }, func(_, b []*types.Block) *types.Block { return b[0] }},
		{"the same again", "Cancun", func(a, b []*types.Block) []*types.Block { return []*types.Block{a[0], b[0], a[0], a[1]} }, func(a, _ []*types.Block) *types.Block { return a[1] }},
	} {
		m := chaintest.New(t, c.network)
		a, b := m.Blocks(3, nil), m.Blocks(3, other)
		if err := run(t, m.Test(chaintest.Valid(c.order(a, b)...), c.head(a, b))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestUncles: the rules of uncles, by the names that tests have for them.
func TestUncles(t *testing.T) {
	m := chaintest.New(t, "Berlin")
	side := func(n byte) *types.Header {
		return m.Blocks(1, func(_ int, b *core.BlockGen) { b.SetCoinbase(common.Address{n}) })[0].Header()
	}
	a, b, c := side(7), side(8), side(9)
	blocks := m.Blocks(4, func(i int, g *core.BlockGen) {
		if i == 2 {
			g.AddUncle(&types.Header{ParentHash: g.PrevBlock(0).Hash(), Number: big.NewInt(2), Coinbase: common.Address{3}})
		}
	})
	included := blocks[2].Uncles()[0]
	brother := blocks[3].Header()
	brother.Coinbase = common.Address{4}
	orphan := types.CopyHeader(a)
	orphan.ParentHash[0]++
	odd := types.CopyHeader(a)
	odd.GasLimit *= 3
	for _, u := range []struct {
		name      string
		uncles    []*types.Header
		exception string
	}{
		{"three", []*types.Header{a, b, c}, "BlockException.TOO_MANY_UNCLES"},
		{"the same twice", []*types.Header{a, a}, "BlockException.UNCLE_IS_BROTHER"},
		{"included before", []*types.Header{included}, "BlockException.UNCLE_IN_CHAIN"},
		{"an ancestor", []*types.Header{blocks[0].Header()}, "BlockException.UNCLE_IS_ANCESTOR"},
		{"a brother", []*types.Header{brother}, "BlockException.UNCLE_PARENT_INCORRECT"},
		{"no parent", []*types.Header{orphan}, "BlockException.UNCLE_UNKNOWN_PARENT"},
		{"an invalid header", []*types.Header{odd}, "BlockException.INVALID_GASLIMIT"},
	} {
		wrong := chaintest.Edit(blocks[3], func(h *types.Header, body *types.Body) {
			body.Uncles = u.uncles
			h.UncleHash = types.CalcUncleHash(body.Uncles)
		})
		entries := append(chaintest.Valid(blocks[:3]...), chaintest.Entry{RLP: chaintest.Encode(wrong), Exception: u.exception})
		if err := run(t, m.Test(entries, blocks[2])); err != nil {
			t.Errorf("%s: %v", u.name, err)
		}
	}
	if err := run(t, m.Test(chaintest.Valid(blocks...), blocks[3])); err != nil {
		t.Errorf("a valid uncle: %v", err)
	}
}

// TestGenesisExcess: a blob base fee above 256 bits is refused before anybody computes it.
func TestGenesisExcess(t *testing.T) {
	for _, network := range []string{"Cancun", "Prague", "Osaka"} {
		for _, excess := range []uint64{1 << 40, 1<<64 - 1} {
			m := chaintest.New(t, network)
			blocks := m.Blocks(1, nil)
			genesis := m.Genesis.ToBlock().Header()
			genesis.ExcessBlobGas = &excess
			child := chaintest.Edit(blocks[0], func(h *types.Header, _ *types.Body) { h.ParentHash, h.ExcessBlobGas = genesis.Hash(), &excess })
			err := run(t, m.Made(chaintest.Valid(child), genesis, child.Hash(), child.Root()))
			if want := "genesisBlockHeader.excessBlobGas: "; !strings.HasPrefix(say(err), want) {
				t.Errorf("%s, %d: %s, want %s", network, excess, say(err), want)
			}
		}
	}
}
