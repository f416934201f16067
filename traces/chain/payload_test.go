package chain

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/traces/chain/chaintest"

	"github.com/ethereum/go-ethereum/beacon/engine"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// payload is a block as blockchain_test_engine has it.
func payload(t testing.TB, config *params.ChainConfig, b *types.Block, requests [][]byte) map[string]any {
	t.Helper()
	text, err := json.Marshal(engine.BlockToExecutableData(b, new(big.Int), nil, nil).ExecutionPayload)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]any{}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	values, version := []any{data}, 1
	if config.IsShanghai(b.Number(), b.Time()) {
		version = 2
	}
	if config.IsCancun(b.Number(), b.Time()) {
		version = 3
		hashes := []common.Hash{}
		for _, tx := range b.Transactions() {
			hashes = append(hashes, tx.BlobHashes()...)
		}
		values = append(values, hashes, b.BeaconRoot())
	}
	if config.IsPrague(b.Number(), b.Time()) {
		version = 4
		list := []hexutil.Bytes{}
		for _, r := range requests {
			if len(r) > 1 {
				list = append(list, r)
			}
		}
		values = append(values, list)
	}
	return map[string]any{"params": values, "newPayloadVersion": version, "forkchoiceUpdatedVersion": min(version, 3)}
}

// asPayloads makes a test of payloads of one of blocks, whose other members it takes over.
func asPayloads(test map[string]any, payloads ...any) map[string]any {
	delete(test, "blocks")
	delete(test, "genesisRLP")
	test["engineNewPayloads"] = payloads
	return test
}

// convert makes payloads of the blocks that a test's chain accepts, false for a test that has
// others, or is of a time before payloads.
func convert(t testing.TB, test *Test) (*Test, bool) {
	t.Helper()
	c, err := New(test)
	if err != nil || !isPoS(test.Genesis) || test.Config.TerminalTotalDifficulty == nil {
		return nil, false
	}
	converted := *test
	converted.Items, converted.GenesisRLP = nil, nil
	var payloads []any
	for i := range test.Items {
		if test.Items[i].Invalid {
			return nil, false
		}
		b, err := c.Judge(t.Context(), &test.Items[i])
		if err != nil {
			t.Fatal(err)
		}
		g, err := traces.Execute(b)
		if err != nil {
			t.Fatal(err)
		}
		block := types.NewBlockWithHeader(b.Header).WithBody(types.Body{Transactions: b.Txs, Withdrawals: b.Withdrawals})
		payloads = append(payloads, payload(t, test.Config, block, g.Requests))
	}
	m := chaintest.New(t, "Cancun") // only the payloads are read
	made := asPayloads(m.Made(nil, test.Genesis, test.Last, common.Hash{}), payloads...)
	made["network"] = "Cancun"
	for _, p := range payloads { // whatever the network, as versions say
		if p.(map[string]any)["newPayloadVersion"] == 4 {
			made["network"] = "Osaka"
		}
	}
	converted.Items = read(t, made).Items
	return &converted, true
}

// TestPayloads: blocks that come as payloads are the blocks, and what is wrong with a payload or
// with how it is handed over is found by its code or name.
func TestPayloads(t *testing.T) {
	data := func(p map[string]any) map[string]any { return p["params"].([]any)[0].(map[string]any) }
	drop := func(name string) func(map[string]any) {
		return func(p map[string]any) { delete(data(p), name) }
	}
	for _, c := range []struct {
		name, network string
		change        func(p map[string]any)
		code          string
		exception     string
	}{
		{"paris", "Paris", nil, "", ""},
		{"shanghai", "Shanghai", nil, "", ""},
		{"cancun", "Cancun", nil, "", ""},
		{"withdrawals in V1", "Paris", func(p map[string]any) { data(p)["withdrawals"] = []any{} }, "-32602", ""},
		{"withdrawals in V2 before Shanghai", "Paris", func(p map[string]any) { data(p)["withdrawals"] = []any{}; p["newPayloadVersion"] = 2 }, "-32602", ""},
		{"no withdrawals", "Shanghai", drop("withdrawals"), "-32602", ""},
		{"blob gas before Cancun", "Shanghai", func(p map[string]any) { data(p)["blobGasUsed"] = "0x0" }, "-32602", ""},
		{"V2 since Cancun", "Cancun", func(p map[string]any) { p["newPayloadVersion"], p["params"] = "2", p["params"].([]any)[:1] }, "-32602", ""},
		{"V3 before Cancun", "Shanghai", func(p map[string]any) {
			p["newPayloadVersion"] = 3
			p["params"] = []any{with(with(data(p), "blobGasUsed", "0x0"), "excessBlobGas", "0x0"), []any{}, common.Hash{}}
		}, "-38005", ""},
		{"no excess blob gas", "Cancun", drop("excessBlobGas"), "-32602", ""},
		{"no blob gas used", "Cancun", drop("blobGasUsed"), "-32602", ""},
		{"no hashes", "Cancun", func(p map[string]any) { p["params"] = p["params"].([]any)[:1] }, "-32602", ""},
		{"no beacon root", "Cancun", func(p map[string]any) { p["params"] = p["params"].([]any)[:2] }, "-32602", ""},
		{"V4 before Prague", "Cancun", func(p map[string]any) { p["newPayloadVersion"], p["params"] = 4, append(p["params"].([]any), []any{}) }, "-38005", ""},
		{"hashes of no blobs", "Cancun", func(p map[string]any) { p["params"].([]any)[1] = []any{common.Hash{1}} }, "", "BlockException.INVALID_VERSIONED_HASHES"},
		{"hash of the block", "Cancun", func(p map[string]any) { data(p)["blockHash"] = common.Hash{1} }, "", "BlockException.INVALID_BLOCK_HASH"},
		{"another beacon root", "Cancun", func(p map[string]any) { p["params"].([]any)[2] = common.Hash{1} }, "", "BlockException.INVALID_BLOCK_HASH"},
		{"extra data", "Cancun", func(p map[string]any) { data(p)["extraData"] = hexutil.Bytes(make([]byte, 33)) }, "", "BlockException.EXTRA_DATA_TOO_BIG"},
		{"no transaction", "Cancun", func(p map[string]any) { data(p)["transactions"] = []any{"0x"} }, "", "TransactionException.RLP_ERROR_EOF"},
		{"a transaction of a type to come", "Cancun", func(p map[string]any) { data(p)["transactions"] = []any{"0x7f01"} }, "", "TransactionException.TYPE_NOT_SUPPORTED"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			m := chaintest.New(t, c.network)
			b := m.Blocks(1, nil)[0]
			p := payload(t, m.Genesis.Config, b, nil)
			last := b
			if c.change != nil {
				c.change(p)
				last = m.Genesis.ToBlock()
			}
			if c.code != "" {
				p["errorCode"] = c.code
			}
			if c.exception != "" {
				p["validationError"] = c.exception
			}
			if err := run(t, asPayloads(m.Test(nil, last), p)); err != nil {
				t.Error(err)
			}
			if c.change == nil {
				return
			}
			delete(p, "validationError")
			p["errorCode"] = "-32000"
			if err := run(t, asPayloads(m.Test(nil, last), p)); err == nil || !strings.Contains(err.Error(), "with error code -32000") {
				t.Errorf("with another error code: %v", err)
			}
			delete(p, "errorCode")
			if err := run(t, asPayloads(m.Test(nil, last), p)); err == nil {
				t.Error("as a valid payload: accepted")
			}
		})
	}
}

// TestSharedState: tests whose state is elsewhere, and methods to come, are refused by name.
func TestSharedState(t *testing.T) {
	m := chaintest.New(t, "Cancun")
	b := m.Blocks(1, nil)[0]
	shared := asPayloads(with(m.Test(nil, b), "preHash", "0x12"), payload(t, m.Genesis.Config, b, nil))
	delete(shared, "pre")
	delete(shared, "genesisBlockHeader")
	if err := run(t, shared); err == nil || !strings.Contains(err.Error(), "blockchain_test_engine_x") {
		t.Error(err)
	}
	later := asPayloads(m.Test(nil, b), with(payload(t, m.Genesis.Config, b, nil), "newPayloadVersion", "5"))
	if err := run(t, later); err == nil || !strings.Contains(err.Error(), "engine_newPayloadV5 is not supported") {
		t.Error(err)
	}
}

// TestStatesAreDropped: the state of a block is kept as long as it is the head or somebody is still
// to build on it, and no longer; what a block leaves alone is shared.
func TestStatesAreDropped(t *testing.T) {
	m := chaintest.New(t, "Berlin")
	a, side := m.Blocks(3, nil), m.Blocks(1, nil)[0]
	side = chaintest.Edit(side, func(h *types.Header, _ *types.Body) { h.Extra = []byte{1} })
	test := read(t, m.Test(chaintest.Valid(a[0], a[1], a[2], side), a[2]))
	c, err := New(test)
	if err != nil {
		t.Fatal(err)
	}
	genesis := m.Genesis.ToBlock().Hash()
	for i, want := range []map[common.Hash]bool{
		{genesis: true, a[0].Hash(): true},
		{genesis: true, a[1].Hash(): true},
		{genesis: true, a[2].Hash(): true},
		{a[2].Hash(): true},
	} {
		if _, err := c.Judge(t.Context(), &test.Items[i]); err != nil {
			t.Fatal(err)
		}
		for hash, b := range c.blocks {
			if (b.post != nil) != want[hash] {
				t.Errorf("after item %d: the state of block %d is kept: %v", i, b.header.Number, b.post != nil)
			}
		}
	}
	for address, acct := range c.head.post {
		if shared := test.Pre[address] == acct; shared != (address == state.Address(chaintest.Idle)) {
			t.Errorf("account %#x is shared with the genesis: %v", address, shared)
		}
	}
}
