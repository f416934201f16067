package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethdb/memorydb"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/prestate"
)

// asker is a pre-state that asks for what it does not have when the golden run reads it,
// and keeps the answers. It is the state of the block before.
type asker struct {
	ctx    context.Context
	node   *Node
	number string        // of the block before
	header *types.Header // of the block
	root   common.Hash   // of the state before, zero until a proof needs it

	results []state.Prestate // of the block's transactions, as its tracer tells them, nil for none
	told    state.Prestate   // by those of the transactions so far
	witness gethstate.Reader // answers before the node does, nil for none
	known   map[state.Address]*account
	hashes  map[uint64]common.Hash // of ancestors
	unproof bool                   // the node does not give proofs
	asked   int                    // answers that came one by one
	err     error                  // the first failure: go-ethereum goes on without it
}

// account is what is known of one: state is nil when it does not exist.
type account struct {
	state    *state.Account
	codeHash common.Hash
	root     common.Hash // of the storage, zero when it is not known
}

func (a *asker) fail(err error) error {
	if a.err == nil {
		a.err = err
	}
	return err
}

// prestate is everything that was given and asked.
func (a *asker) prestate() state.Prestate {
	p := make(state.Prestate, len(a.known))
	for address, acct := range a.known {
		if acct.state != nil {
			p[address] = acct.state
		}
	}
	return p
}

// Account is that of gethstate.Reader.
func (a *asker) Account(addr common.Address) (*types.StateAccount, error) {
	acct, err := a.account(addr)
	if err != nil || acct.state == nil {
		return nil, err
	}
	root := acct.root
	if root == (common.Hash{}) {
		root = types.EmptyRootHash
	}
	return &types.StateAccount{
		Nonce: acct.state.Nonce, Balance: acct.state.Balance.Clone(), Root: root, CodeHash: acct.codeHash.Bytes(),
	}, nil
}

func (a *asker) account(addr common.Address) (*account, error) {
	if acct, ok := a.known[state.Address(addr)]; ok {
		return acct, nil
	}
	if a.err != nil {
		return nil, a.err
	}
	find := a.askAccount
	switch told := a.told[state.Address(addr)]; {
	case told != nil && !prestate.Empty(told):
		find = a.toldAccount
	case a.witness != nil:
		find = a.witnessAccount
	}
	acct, err := find(addr)
	if err != nil {
		return nil, a.fail(err)
	}
	a.known[state.Address(addr)] = acct
	return acct, nil
}

// toldAccount is what the tracer tells. An account without anything may be one that does not
// exist, or a tracer that leaves out what is zero: it is asked for.
func (a *asker) toldAccount(addr common.Address) (*account, error) {
	told := a.told[state.Address(addr)]
	hash := types.EmptyCodeHash
	if len(told.Code) > 0 {
		hash = crypto.Keccak256Hash(told.Code)
	}
	return &account{state: &state.Account{Balance: told.Balance, Nonce: told.Nonce, Code: told.Code}, codeHash: hash}, nil
}

// toldSlot is what the tracer tells of a slot.
func (a *asker) toldSlot(addr common.Address, slot isa.Word) (isa.Word, bool) {
	told := a.told[state.Address(addr)]
	if told == nil {
		return isa.Word{}, false
	}
	value, ok := told.Storage[slot]
	return value, ok
}

func (a *asker) witnessAccount(addr common.Address) (*account, error) {
	found, err := a.witness.Account(addr)
	if err != nil {
		return nil, fmt.Errorf("debug_executionWitness: it does not have account %v: %w", addr, err)
	}
	if found == nil {
		return &account{}, nil
	}
	acct := &account{
		state:    &state.Account{Balance: *found.Balance, Nonce: found.Nonce},
		codeHash: common.BytesToHash(found.CodeHash), root: found.Root,
	}
	return acct, nil
}

// askAccount asks with a proof, or without where the node has none.
func (a *asker) askAccount(addr common.Address) (*account, error) {
	a.asked++
	if !a.unproof {
		acct, err := a.prove(addr, nil)
		if err == nil || !refused(err) {
			return acct, err
		}
		a.unproof = true
	}
	var balance hexutil.Big
	var nonce hexutil.Uint64
	if err := a.node.call(a.ctx, &balance, "eth_getBalance", addr, a.number); err != nil {
		return nil, err
	}
	if err := a.node.call(a.ctx, &nonce, "eth_getTransactionCount", addr, a.number); err != nil {
		return nil, err
	}
	code, err := a.askCode(addr)
	if err != nil {
		return nil, err
	}
	acct := &state.Account{Nonce: uint64(nonce), Code: code}
	if acct.Balance.SetFromBig(balance.ToInt()) {
		return nil, &CallError{"eth_getBalance", fmt.Errorf("%v of %v is not a number of 256 bits", balance.ToInt(), addr)}
	}
	if acct.Balance.IsZero() && nonce == 0 && len(code) == 0 {
		return &account{}, nil // an empty account cannot be told from none
	}
	return &account{state: acct, codeHash: crypto.Keccak256Hash(code)}, nil
}

func (a *asker) askCode(addr common.Address) ([]byte, error) {
	var code hexutil.Bytes
	err := a.node.call(a.ctx, &code, "eth_getCode", addr, a.number)
	return code, err
}

// proof is the answer of eth_getProof (EIP-1186).
type proof struct {
	AccountProof []hexutil.Bytes `json:"accountProof"`
	Balance      *hexutil.Big    `json:"balance"`
	CodeHash     common.Hash     `json:"codeHash"`
	Nonce        hexutil.Uint64  `json:"nonce"`
	StorageHash  common.Hash     `json:"storageHash"`
	StorageProof []struct {
		Value *hexutil.Big    `json:"value"`
		Proof []hexutil.Bytes `json:"proof"`
	} `json:"storageProof"`
}

// errLie is an answer that contradicts what is proved.
var errLie = errors.New("the answer is not what the state root proves")

// prove asks for an account and one of its slots, if any, and checks both against the
// state root of the block before. The value found is put into *value.
func (a *asker) prove(addr common.Address, slot *slotValue) (*account, error) {
	const method = "eth_getProof"
	keys := []common.Hash{}
	if slot != nil {
		keys = append(keys, slot.slot)
	}
	var p proof
	if err := a.node.call(a.ctx, &p, method, addr, keys, a.number); err != nil {
		return nil, err
	}
	if a.root == (common.Hash{}) {
		var err error
		if a.root, err = a.node.parentRoot(a.ctx, a.header); err != nil {
			return nil, err
		}
	}
	leaf, err := provenLeaf(a.root, addr[:], p.AccountProof)
	if err != nil {
		return nil, &CallError{method, fmt.Errorf("account %v: %w", addr, err)}
	}
	if slot != nil {
		if len(p.StorageProof) != 1 || p.StorageProof[0].Value == nil {
			return nil, &CallError{method, fmt.Errorf("account %v: wrong answer: %d storage proofs for one slot", addr, len(p.StorageProof))}
		}
		if slot.value, err = provenSlot(p.StorageHash, slot.slot, p.StorageProof[0].Proof); err != nil {
			return nil, &CallError{method, fmt.Errorf("account %v: slot %v: %w", addr, slot.slot, err)}
		}
		if slot.value != common.BigToHash(p.StorageProof[0].Value.ToInt()) {
			return nil, &CallError{method, fmt.Errorf("account %v: slot %v: %w", addr, slot.slot, errLie)}
		}
	}
	if leaf == nil {
		return &account{}, nil
	}
	var proven types.StateAccount
	if err := rlp.DecodeBytes(leaf, &proven); err != nil {
		return nil, &CallError{method, fmt.Errorf("account %v: %w", addr, err)}
	}
	if p.Balance == nil || proven.Balance.ToBig().Cmp(p.Balance.ToInt()) != 0 || proven.Nonce != uint64(p.Nonce) ||
		!bytes.Equal(proven.CodeHash, p.CodeHash[:]) || proven.Root != p.StorageHash {
		return nil, &CallError{method, fmt.Errorf("account %v: %w", addr, errLie)}
	}
	return &account{
		state:    &state.Account{Balance: *proven.Balance, Nonce: proven.Nonce},
		codeHash: common.BytesToHash(proven.CodeHash), root: proven.Root,
	}, nil
}

type slotValue struct{ slot, value common.Hash }

// provenLeaf follows a Merkle proof to the leaf of a key, nil when it proves that there
// is none.
func provenLeaf(root common.Hash, key []byte, nodes []hexutil.Bytes) ([]byte, error) {
	if root == types.EmptyRootHash {
		return nil, nil
	}
	db := memorydb.New()
	for _, node := range nodes {
		if err := db.Put(crypto.Keccak256(node), node); err != nil {
			return nil, err
		}
	}
	leaf, err := trie.VerifyProof(root, crypto.Keccak256(key), db)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLie, err)
	}
	return leaf, nil
}

func provenSlot(root, slot common.Hash, nodes []hexutil.Bytes) (common.Hash, error) {
	if root == (common.Hash{}) { // how some nodes write that the account does not exist
		root = types.EmptyRootHash
	}
	leaf, err := provenLeaf(root, slot[:], nodes)
	if err != nil || leaf == nil {
		return common.Hash{}, err
	}
	_, content, _, err := rlp.Split(leaf)
	return common.BytesToHash(content), err
}

// Storage is that of gethstate.Reader.
func (a *asker) Storage(addr common.Address, slot common.Hash) (common.Hash, error) {
	acct, err := a.account(addr)
	if err != nil || acct.state == nil {
		return common.Hash{}, err
	}
	var key isa.Word
	key.SetBytes32(slot[:])
	if value, ok := acct.state.Storage[key]; ok {
		return value.Bytes32(), nil
	}
	if a.err != nil {
		return common.Hash{}, a.err
	}
	var value common.Hash
	told, ok := a.toldSlot(addr, key)
	switch {
	case ok:
		value = told.Bytes32()
	case acct.root == types.EmptyRootHash:
	case a.witness != nil:
		if value, err = a.witness.Storage(addr, slot); err != nil {
			err = fmt.Errorf("debug_executionWitness: it does not have slot %v of account %v: %w", slot, addr, err)
		}
	default:
		value, err = a.askSlot(addr, slot)
	}
	if err != nil {
		return common.Hash{}, a.fail(err)
	}
	if acct.state.Storage == nil {
		acct.state.Storage = make(map[isa.Word]isa.Word)
	}
	acct.state.Storage[key] = *new(uint256.Int).SetBytes32(value[:])
	return value, nil
}

func (a *asker) askSlot(addr common.Address, slot common.Hash) (common.Hash, error) {
	a.asked++
	if !a.unproof {
		s := slotValue{slot: slot}
		_, err := a.prove(addr, &s)
		if err == nil || !refused(err) {
			return s.value, err
		}
		a.unproof = true
	}
	return a.node.slot(a.ctx, addr, slot, a.number)
}

// slot asks for a slot without a proof.
func (n *Node) slot(ctx context.Context, addr common.Address, slot common.Hash, number string) (common.Hash, error) {
	var value hexutil.Bytes
	if err := n.call(ctx, &value, "eth_getStorageAt", addr, slot, number); err != nil {
		return common.Hash{}, err
	}
	if len(value) > common.HashLength {
		return common.Hash{}, &CallError{"eth_getStorageAt", fmt.Errorf("wrong answer: a slot of %d bytes", len(value))}
	}
	return common.BytesToHash(value), nil
}

// Code is that of gethstate.Reader.
func (a *asker) Code(addr common.Address, hash common.Hash) ([]byte, error) {
	acct, err := a.account(addr)
	if err != nil || acct.state == nil || acct.codeHash != hash || hash == types.EmptyCodeHash {
		return nil, err
	}
	if len(acct.state.Code) > 0 {
		return acct.state.Code, nil
	}
	if a.err != nil {
		return nil, a.err
	}
	var code []byte
	if a.witness != nil {
		if code, err = a.witness.Code(addr, hash); err == nil && len(code) == 0 {
			err = fmt.Errorf("debug_executionWitness: it does not have the code of account %v", addr)
		}
	} else {
		a.asked++
		if code, err = a.askCode(addr); err == nil && crypto.Keccak256Hash(code) != hash {
			err = &CallError{"eth_getCode", fmt.Errorf("account %v: %w", addr, errLie)}
		}
	}
	if err != nil {
		return nil, a.fail(err)
	}
	acct.state.Code = code
	return code, nil
}

// CodeSize is that of gethstate.Reader.
func (a *asker) CodeSize(addr common.Address, hash common.Hash) (int, error) {
	code, err := a.Code(addr, hash)
	return len(code), err
}

// Has is that of gethstate.Reader.
func (a *asker) Has(addr common.Address, hash common.Hash) bool {
	code, _ := a.Code(addr, hash)
	return len(code) > 0
}

// blockHash answers BLOCKHASH.
func (a *asker) blockHash(number uint64) common.Hash {
	if hash, ok := a.hashes[number]; ok {
		return hash
	}
	if a.err != nil {
		return common.Hash{}
	}
	var h struct {
		Hash common.Hash `json:"hash"`
	}
	a.asked++
	if err := a.node.call(a.ctx, &h, "eth_getBlockByNumber", quantity(number), false); err != nil {
		a.fail(err)
	}
	a.hashes[number] = h.Hash
	return h.Hash
}
