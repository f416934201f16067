package traces

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// base is what every golden run of one bundle shares: it is computed once and only
// read afterwards.
type base struct {
	db       *gethstate.CachingDB
	hashes   map[state.Address]common.Hash // of the code of accounts that have code
	messages []*core.Message
	err      error
}

// storedRoot stands for the storage root of an account that has storage. Only
// whether it is the empty root can be observed (EIP-7610).
var storedRoot = common.Hash{1}

func (b *Bundle) shared() (*base, error) {
	b.prepare.Do(func() {
		s := &base{
			db:       gethstate.NewDatabaseForTesting(),
			hashes:   make(map[state.Address]common.Hash),
			messages: make([]*core.Message, len(b.Txs)),
		}
		for address, acct := range b.Prestate {
			if len(acct.Code) > 0 {
				s.hashes[address] = crypto.Keccak256Hash(acct.Code)
			}
		}
		signer := b.signer()
		for i, tx := range b.Txs {
			if s.messages[i], s.err = core.TransactionToMessage(tx, signer, b.Header.BaseFee); s.err != nil {
				s.err = fmt.Errorf("%s: transaction %d: %w", b.Name, i, s.err)
				break
			}
		}
		b.base = s
	})
	return b.base, b.base.err
}

// reader is go-ethereum's view of a pre-state. It keeps what was read when asked to.
type reader struct {
	prestate state.Prestate
	hashes   map[state.Address]common.Hash
	read     *touched // nil: not kept
}

// touched is a set of accounts and slots.
type touched struct {
	accounts map[state.Address]struct{}
	slots    map[slotRef]struct{}
}

type slotRef struct {
	owner state.Address
	slot  isa.Word
}

func newTouched() *touched {
	return &touched{make(map[state.Address]struct{}), make(map[slotRef]struct{})}
}

// Account gives a copy that the caller may change, nil for an absent account.
func (r *reader) Account(addr common.Address) (*types.StateAccount, error) {
	address := state.Address(addr)
	if r.read != nil {
		r.read.accounts[address] = struct{}{}
	}
	acct, ok := r.prestate[address]
	if !ok {
		return nil, nil
	}
	out := &types.StateAccount{
		Nonce:    acct.Nonce,
		Balance:  acct.Balance.Clone(),
		Root:     types.EmptyRootHash,
		CodeHash: types.EmptyCodeHash.Bytes(),
	}
	if hash, ok := r.hashes[address]; ok {
		out.CodeHash = hash.Bytes()
	}
	for _, value := range acct.Storage {
		if !value.IsZero() {
			out.Root = storedRoot
			break
		}
	}
	return out, nil
}

// Storage gives zero for an absent slot.
func (r *reader) Storage(addr common.Address, slot common.Hash) (common.Hash, error) {
	address := state.Address(addr)
	var key isa.Word
	key.SetBytes32(slot[:])
	if r.read != nil {
		r.read.slots[slotRef{address, key}] = struct{}{}
	}
	acct, ok := r.prestate[address]
	if !ok {
		return common.Hash{}, nil
	}
	value := acct.Storage[key]
	return value.Bytes32(), nil
}

func (r *reader) Code(addr common.Address, hash common.Hash) ([]byte, error) {
	if acct, ok := r.prestate[state.Address(addr)]; ok && r.hashes[state.Address(addr)] == hash {
		return acct.Code, nil
	}
	return nil, nil
}

func (r *reader) CodeSize(addr common.Address, hash common.Hash) (int, error) {
	code, err := r.Code(addr, hash)
	return len(code), err
}

func (r *reader) Has(addr common.Address, hash common.Hash) bool {
	code, _ := r.Code(addr, hash)
	return len(code) > 0
}

// blockContext is the environment of the bundle's block. Block hashes come from the
// bundle; one that it does not hold is zero.
func (b *Bundle) blockContext() vm.BlockContext {
	h := b.Header
	ctx := vm.BlockContext{
		CanTransfer: core.CanTransfer,
		Transfer:    core.Transfer,
		GetHash:     func(n uint64) common.Hash { return b.BlockHashes[n] },
		Coinbase:    h.Coinbase,
		BlockNumber: new(big.Int).Set(h.Number),
		Time:        h.Time,
		Difficulty:  new(big.Int).Set(h.Difficulty),
		GasLimit:    h.GasLimit,
	}
	if h.BaseFee != nil {
		ctx.BaseFee = new(big.Int).Set(h.BaseFee)
	}
	rules := b.Rules()
	if rules.IsMerge {
		ctx.Random = &h.MixDigest
	}
	if rules.IsCancun && h.ExcessBlobGas != nil {
		ctx.BlobBaseFee, _ = state.BlobBaseFee(b.Config, h.Time, *h.ExcessBlobGas) // checked when it was read
	}
	return ctx
}
