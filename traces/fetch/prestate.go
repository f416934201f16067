package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/rawdb"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/stateless"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/triedb"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// TracedAccount is an account as a prestateTracer writes it. Nonces are numbers in
// go-ethereum and hexadecimal in other clients (reth #4483).
type TracedAccount struct {
	Balance *hexutil.Big                `json:"balance"`
	Nonce   anyNumber                   `json:"nonce"`
	Code    hexutil.Bytes               `json:"code"`
	Storage map[common.Hash]common.Hash `json:"storage"`
}

// anyNumber is a JSON number, or one in a string, decimal or hexadecimal.
type anyNumber uint64

// UnmarshalJSON is that of json.Unmarshaler.
func (n *anyNumber) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseUint(string(bytes.Trim(text, `"`)), 0, 64)
	if err != nil {
		return fmt.Errorf("%.40s is not a 64-bit number", text)
	}
	*n = anyNumber(v)
	return nil
}

// TracedState is what a prestateTracer says of a transaction.
type TracedState map[common.Address]*TracedAccount

// Merge adds what a later transaction read to what earlier ones did: of two values the
// earlier one is that before the block. An account that is empty in every field counts
// as absent; from EIP-158 on there are no others. A value that stays zero is known to be
// read.
func Merge(to state.Prestate, traced TracedState) error {
	for address, t := range traced {
		if t == nil {
			continue
		}
		acct, known := to[state.Address(address)]
		if !known {
			acct = &state.Account{Nonce: uint64(t.Nonce), Code: t.Code}
			if t.Balance != nil && acct.Balance.SetFromBig(t.Balance.ToInt()) {
				return fmt.Errorf("account %v: balance %v is not a number of 256 bits", address, t.Balance.ToInt())
			}
			to[state.Address(address)] = acct
		}
		for slot, value := range t.Storage {
			var key isa.Word
			key.SetBytes32(slot[:])
			if _, known := acct.Storage[key]; known {
				continue
			}
			if acct.Storage == nil {
				acct.Storage = make(map[isa.Word]isa.Word)
			}
			acct.Storage[key] = *new(uint256.Int).SetBytes32(value[:])
		}
	}
	return nil
}

// DropEmpty removes accounts that are empty in every field.
func DropEmpty(p state.Prestate) {
	for address, acct := range p {
		if acct.Balance.IsZero() && acct.Nonce == 0 && len(acct.Code) == 0 && len(acct.Storage) == 0 {
			delete(p, address)
		}
	}
}

// TracedTransaction is one element of debug_traceBlockByNumber's answer.
type TracedTransaction struct {
	TxHash *common.Hash    `json:"txHash"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

// traced asks for the pre-state of every transaction.
func (a *asker) traced(b *block) error {
	const method = "debug_traceBlockByNumber"
	var list []TracedTransaction
	args := map[string]any{"tracer": "prestateTracer", "timeout": a.node.opt.Timeout.String()}
	if err := a.node.call(a.ctx, &list, method, quantity(b.bundle.Header.Number.Uint64()), args); err != nil {
		return err
	}
	wrong := func(format string, args ...any) error {
		return &CallError{method, fmt.Errorf("wrong answer: "+format, args...)}
	}
	if len(list) != len(b.bundle.Txs) {
		return wrong("%d results of %d transactions", len(list), len(b.bundle.Txs))
	}
	p := make(state.Prestate)
	for i, t := range list {
		if t.Error != "" {
			return wrong("transaction %d: %s", i, t.Error)
		}
		if t.TxHash != nil && *t.TxHash != b.bundle.Txs[i].Hash() {
			return wrong("transaction %d is %v, the block has %v", i, t.TxHash, b.bundle.Txs[i].Hash())
		}
		var traced TracedState
		if err := json.Unmarshal(t.Result, &traced); err != nil {
			return wrong("transaction %d: %w", i, err)
		}
		if err := Merge(p, traced); err != nil {
			return wrong("transaction %d: %w", i, err)
		}
	}
	// An account without anything may be one that does not exist, or a trace that leaves
	// out what is zero: it is asked for when it is read.
	for address, acct := range p {
		if !acct.Balance.IsZero() || acct.Nonce > 0 || len(acct.Code) > 0 {
			a.give(address, acct)
		}
	}
	return nil
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
		return common.Hash{}, &reorganisedError{number, h.ParentHash, got}
	}
	return parent.Root, nil
}
