package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/rawdb"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/stateless"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/triedb"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/prestate"
)

// traced asks for the pre-state of every transaction.
func (a *asker) traced(b *block) error {
	const method = "debug_traceBlockByNumber"
	var raw json.RawMessage
	args := map[string]any{"tracer": "prestateTracer", "timeout": a.node.opt.Timeout.String()}
	if err := a.node.call(a.ctx, &raw, method, quantity(b.bundle.Header.Number.Uint64()), args); err != nil {
		return err
	}
	results, err := prestate.ParseResults(raw, b.bundle.Txs)
	if err != nil {
		return &CallError{method, fmt.Errorf("wrong answer: %w", err)}
	}
	a.results, a.told = results, make(state.Prestate)
	return nil
}

// before begins a transaction: what its result tells of keys that the block has not read yet
// is as it was before the block.
func (a *asker) before(tx int) {
	if tx < len(a.results) {
		prestate.Add(a.told, a.results[tx])
	}
}

// Witness is debug_executionWitness's answer. Its headers are objects in go-ethereum and
// RLP in reth; keys, where they are not null, are preimages that are not needed
// (execution-apis #847, go-ethereum #32216 and #35606).
type Witness struct {
	State   []hexutil.Bytes   `json:"state"`
	Codes   []hexutil.Bytes   `json:"codes"`
	Headers []json.RawMessage `json:"headers"`
}

// headers decodes both forms.
func (w *Witness) headers() ([]*types.Header, error) {
	list := make([]*types.Header, len(w.Headers))
	for i, raw := range w.Headers {
		h := new(types.Header)
		var encoded hexutil.Bytes
		err := json.Unmarshal(raw, &encoded)
		if err == nil {
			err = rlp.DecodeBytes(encoded, h)
		} else {
			err = json.Unmarshal(raw, h)
		}
		if err != nil {
			return nil, fmt.Errorf("header %d: %w", i, err)
		}
		list[i] = h
	}
	return list, nil
}

// errNoParent is a witness without the one header that it needs.
var errNoParent = errors.New("it has not the header of the block before")

// open makes a state of the witness: every node and code is found by its hash, so that
// it can say nothing but what the state root of the block before proves. Header hashes
// count as far as they form a chain up to the block.
func (w *Witness) open(parent common.Hash) (gethstate.Reader, map[uint64]common.Hash, error) {
	headers, err := w.headers()
	if err != nil {
		return nil, nil, err
	}
	byHash := make(map[common.Hash]*types.Header, len(headers))
	for _, h := range headers {
		byHash[h.Hash()] = h
	}
	before := byHash[parent]
	if before == nil {
		return nil, nil, errNoParent
	}
	hashes := make(map[uint64]common.Hash)
	for hash, h := parent, before; h != nil && h.Number.IsUint64(); hash, h = h.ParentHash, byHash[h.ParentHash] {
		hashes[h.Number.Uint64()] = hash
		if n := h.Number.Uint64(); n > 0 {
			hashes[n-1] = h.ParentHash
		}
	}
	sw := stateless.Witness{Codes: make(map[string]struct{}), State: make(map[string]struct{})}
	for _, code := range w.Codes {
		sw.Codes[string(code)] = struct{}{}
	}
	for _, node := range w.State {
		sw.State[string(node)] = struct{}{}
	}
	disk := sw.MakeHashDB()
	db := gethstate.NewDatabase(triedb.NewDatabase(rawdb.NewDatabase(disk), triedb.HashDefaults), nil)
	reader, err := db.Reader(before.Root)
	return reader, hashes, err
}

// witnessed asks for the block's witness.
func (a *asker) witnessed(b *block) error {
	const method = "debug_executionWitness"
	var w Witness
	if err := a.node.call(a.ctx, &w, method, quantity(b.bundle.Header.Number.Uint64())); err != nil {
		return err
	}
	reader, hashes, err := w.open(b.bundle.Header.ParentHash)
	if err != nil {
		return &CallError{method, err}
	}
	a.witness = reader
	for n, h := range hashes {
		a.hashes[n] = h
	}
	return nil
}

// parentRoot asks for the state root of the block before, with which proofs are checked.
func (n *Node) parentRoot(ctx context.Context, h *types.Header) (common.Hash, error) {
	const method = "eth_getBlockByNumber"
	number := h.Number.Uint64() - 1
	parent := new(types.Header)
	if err := n.call(ctx, parent, method, quantity(number), false); err != nil {
		return common.Hash{}, err
	}
	if got := parent.Hash(); got != h.ParentHash {
		return common.Hash{}, &reorganizedError{number, h.ParentHash, got}
	}
	return parent.Root, nil
}
