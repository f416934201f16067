// Package fetchtest stands in for a node: it serves bundles over JSON-RPC, honestly or spoiled as a test wants.
package fetchtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

// Node answers as one does that serves the block of a bundle and nothing else: without proofs and witness, with the
// tracer unless NoDebug.
type Node struct {
	Bundle  *traces.Bundle
	Golden  *traces.Golden
	NoDebug bool

	block  json.RawMessage
	traced []tracetest.Result
}

// New makes a node of a bundle.
func New(t testing.TB, b *traces.Bundle) *Node {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.json")
	if err := b.Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Block json.RawMessage `json:"block"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	golden, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	traced, err := tracetest.Trace(b, "prestateTracer", "{}")
	if err != nil {
		t.Fatal(err)
	}
	return &Node{Bundle: b, Golden: golden, block: doc.Block, traced: traced}
}

// Number is the number of the node's block.
func (n *Node) Number() uint64 { return n.Bundle.Header.Number.Uint64() }

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

var lacking = &rpcError{-32601, "the method does not exist/is not available"}

func (n *Node) account(raw json.RawMessage) *state.Account {
	var a common.Address
	if json.Unmarshal(raw, &a) == nil {
		if acct := n.Bundle.Prestate[state.Address(a)]; acct != nil {
			return acct
		}
	}
	return &state.Account{}
}

func (n *Node) answer(method string, args []json.RawMessage) (any, *rpcError) {
	switch method {
	case "eth_chainId":
		return hexutil.Uint64(n.Bundle.ChainID), nil
	case "eth_blockNumber":
		return hexutil.Uint64(n.Number()), nil
	case "eth_getBlockByNumber":
		if !n.asked(args[0]) {
			return nil, nil
		}
		return n.block, nil
	case "eth_getTransactionReceipt":
		return n.receipt(args[0]), nil
	case "debug_traceBlockByNumber":
		switch {
		case n.NoDebug:
			return nil, lacking
		case !n.asked(args[0]):
			return nil, nil
		}
		list := make([]map[string]any, len(n.traced))
		for i, r := range n.traced {
			list[i] = map[string]any{"txHash": r.TxHash, "result": r.Result}
		}
		return list, nil
	case "eth_getBalance":
		return (*hexutil.Big)(n.account(args[0]).Balance.ToBig()), nil
	case "eth_getTransactionCount":
		return hexutil.Uint64(n.account(args[0]).Nonce), nil
	case "eth_getCode":
		return hexutil.Bytes(n.account(args[0]).Code), nil
	case "eth_getStorageAt":
		var slot common.Hash
		if err := json.Unmarshal(args[1], &slot); err != nil {
			return nil, lacking
		}
		var key isa.Word
		key.SetBytes32(slot[:])
		value := n.account(args[0]).Storage[key]
		return common.Hash(value.Bytes32()), nil
	}
	return nil, lacking
}

func (n *Node) asked(raw json.RawMessage) bool {
	var number hexutil.Uint64
	return json.Unmarshal(raw, &number) == nil && uint64(number) == n.Number()
}

func (n *Node) receipt(raw json.RawMessage) *types.Receipt {
	var hash common.Hash
	if json.Unmarshal(raw, &hash) != nil {
		return nil
	}
	for _, r := range n.Golden.Receipts {
		if r.TxHash == hash {
			return r
		}
	}
	return nil
}

// Traced is the whole pre-state as a prestateTracer writes it.
func (n *Node) Traced() map[common.Address]map[string]any {
	all := make(map[common.Address]map[string]any)
	for address, acct := range n.Bundle.Prestate {
		storage := make(map[common.Hash]common.Hash)
		for slot, value := range acct.Storage {
			storage[slot.Bytes32()] = value.Bytes32()
		}
		all[common.Address(address)] = map[string]any{
			"balance": (*hexutil.Big)(acct.Balance.ToBig()), "nonce": acct.Nonce, "code": hexutil.Bytes(acct.Code), "storage": storage,
		}
	}
	return all
}

// Spoil has its way with the result of a method before it is sent, the call-th of all from 1; true when it has
// answered itself.
type Spoil func(method string, call int, w http.ResponseWriter, result *any) bool

// Serve answers requests until the test ends, at the address that it returns. spoil may be nil.
func (n *Node) Serve(t testing.TB, spoil Spoil) string {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			ID     json.RawMessage   `json:"id"`
			Method string            `json:"method"`
			Params []json.RawMessage `json:"params"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		result, failure := n.answer(request.Method, request.Params)
		w.Header().Set("Content-Type", "application/json")
		if spoil != nil && spoil(request.Method, int(calls.Add(1)), w, &result) {
			return
		}
		reply := map[string]any{"jsonrpc": "2.0", "id": request.ID, "result": result}
		if failure != nil {
			delete(reply, "result")
			reply["error"] = failure
		}
		if err := json.NewEncoder(w).Encode(reply); err != nil {
			t.Logf("the client went away: %v", err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
