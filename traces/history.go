package traces

import (
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/holiman/uint256"
)

// history is the state before every transaction of a block, as go-ethereum reads it: the
// pre-state, and what each transaction has left behind. A transaction is executed again on
// it whatever was executed before, at no cost but its own; copies of go-ethereum's state
// would each have all that the block has touched. It is filled by a run of the block and
// only read afterwards.
type history struct {
	base     *reader
	accounts map[common.Address][]accountVersion // in order
	gone     map[common.Address][]int            // transactions that found the account deleted, in order
	slots    map[slotOf][]slotVersion            // in order
	codes    map[common.Hash][]byte
}

type slotOf struct {
	owner common.Address
	slot  common.Hash
}

// accountVersion is an account as transactions from one on find it, nil for none.
type accountVersion struct {
	from    int
	account *types.StateAccount
}

type slotVersion struct {
	from  int
	value common.Hash
}

// What a version takes, in its list, its map and by itself.
const (
	accountVersionBytes = 300
	slotVersionBytes    = 200
)

func newHistory(base *reader) *history {
	return &history{
		base: base, accounts: make(map[common.Address][]accountVersion), gone: make(map[common.Address][]int),
		slots: make(map[slotOf][]slotVersion), codes: make(map[common.Hash][]byte),
	}
}

// keep takes over what was written, for transactions from one on.
func (h *history) keep(w *written, from int, st *gethstate.StateDB) {
	memory := w.bundle.Memory
	what := func() string { return fmt.Sprintf("the state before transaction %d", from) }
	memory.NeedFor(int64(len(w.accounts))*accountVersionBytes+int64(len(w.slots))*slotVersionBytes, what)
	for a := range w.accounts {
		v := accountVersion{from: from}
		if st.Exist(a) {
			hash := st.GetCodeHash(a)
			v.account = &types.StateAccount{
				Nonce: st.GetNonce(a), Balance: st.GetBalance(a).Clone(), Root: st.GetStorageRoot(a), CodeHash: hash.Bytes(),
			}
			if w.codes[a] && h.codes[hash] == nil {
				code := st.GetCode(a)
				memory.NeedFor(int64(len(code)), what)
				h.codes[hash] = code
			}
		} else {
			h.gone[a] = append(h.gone[a], from)
		}
		h.accounts[a] = append(h.accounts[a], v)
	}
	for k := range w.slots {
		h.slots[k] = append(h.slots[k], slotVersion{from, st.GetState(k.owner, k.slot)})
	}
	w.forget()
}

// stateBefore is the state before a transaction. It implements go-ethereum's Reader.
type stateBefore struct {
	*history
	tx int
}

// Account gives a copy that the caller may change, nil for an absent account.
func (s *stateBefore) Account(address common.Address) (*types.StateAccount, error) {
	versions := s.accounts[address]
	n, _ := slices.BinarySearchFunc(versions, s.tx+1, func(v accountVersion, tx int) int { return v.from - tx })
	switch {
	case n == 0:
		return s.base.Account(address)
	case versions[n-1].account == nil:
		return nil, nil
	}
	account := *versions[n-1].account
	account.Balance = account.Balance.Clone()
	return &account, nil
}

// Storage gives zero for an absent slot. Slots went with an account that was deleted.
func (s *stateBefore) Storage(owner common.Address, slot common.Hash) (common.Hash, error) {
	gone := s.gone[owner]
	deleted, _ := slices.BinarySearch(gone, s.tx+1)
	versions := s.slots[slotOf{owner, slot}]
	n, _ := slices.BinarySearchFunc(versions, s.tx+1, func(v slotVersion, tx int) int { return v.from - tx })
	switch {
	case n > 0 && (deleted == 0 || versions[n-1].from > gone[deleted-1]):
		return versions[n-1].value, nil
	case deleted > 0:
		return common.Hash{}, nil
	}
	return s.base.Storage(owner, slot)
}

// Code gives the code of a hash.
func (s *stateBefore) Code(address common.Address, hash common.Hash) ([]byte, error) {
	if code, ok := s.codes[hash]; ok {
		return code, nil
	}
	return s.base.Code(address, hash)
}

// CodeSize is the length of Code.
func (s *stateBefore) CodeSize(address common.Address, hash common.Hash) (int, error) {
	code, err := s.Code(address, hash)
	return len(code), err
}

// Has tells whether the hash has code.
func (s *stateBefore) Has(address common.Address, hash common.Hash) bool {
	code, _ := s.Code(address, hash)
	return len(code) > 0
}

// written stands between go-ethereum and its state, and notes what may have been changed:
// what is taken back by a revert, too, and what was touched only, which deletes an empty
// account.
type written struct {
	vm.StateDB
	bundle   *Bundle
	accounts map[common.Address]struct{}
	codes    map[common.Address]bool // those of accounts whose code was set
	slots    map[slotOf]struct{}
}

func (w *written) forget() {
	w.accounts, w.codes, w.slots = make(map[common.Address]struct{}), make(map[common.Address]bool), make(map[slotOf]struct{})
}

func (w *written) account(a common.Address) { w.accounts[a] = struct{}{} }

// CreateAccount implements vm.StateDB, as those below.
func (w *written) CreateAccount(a common.Address) {
	w.account(a)
	w.StateDB.CreateAccount(a)
}

func (w *written) CreateContract(a common.Address) {
	w.account(a)
	w.StateDB.CreateContract(a)
}

func (w *written) SubBalance(a common.Address, n *uint256.Int, why tracing.BalanceChangeReason) uint256.Int {
	w.account(a)
	return w.StateDB.SubBalance(a, n, why)
}

func (w *written) AddBalance(a common.Address, n *uint256.Int, why tracing.BalanceChangeReason) uint256.Int {
	w.account(a)
	return w.StateDB.AddBalance(a, n, why)
}

func (w *written) SetNonce(a common.Address, n uint64, why tracing.NonceChangeReason) {
	w.account(a)
	w.StateDB.SetNonce(a, n, why)
}

func (w *written) SetCode(a common.Address, code []byte, why tracing.CodeChangeReason) []byte {
	w.account(a)
	w.codes[a] = true
	return w.StateDB.SetCode(a, code, why)
}

func (w *written) SetState(a common.Address, slot, value common.Hash) common.Hash {
	w.account(a)
	w.slots[slotOf{a, slot}] = struct{}{}
	return w.StateDB.SetState(a, slot, value)
}

func (w *written) SelfDestruct(a common.Address) uint256.Int {
	w.account(a)
	return w.StateDB.SelfDestruct(a)
}

func (w *written) SelfDestruct6780(a common.Address) (uint256.Int, bool) {
	w.account(a)
	return w.StateDB.SelfDestruct6780(a)
}
