package state

import (
	"bytes"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/isa"
)

// Account is one account of a pre-state, and the deep copy that World.Dump gives.
// A slot that is listed with the value zero is known to be zero.
type Account struct {
	Balance isa.Word
	Nonce   uint64
	Code    []byte
	Storage map[isa.Word]isa.Word
}

// Prestate is the part of the chain's state that a block needs. An account that
// is not in it does not exist; a slot that is not in it is zero.
type Prestate map[Address]*Account

// World is the committed state that transactions run on: accounts, storage, the
// access list, logs and refunds, with an undo log. Under the same sequence of
// calls its contents equal those of go-ethereum's core/state.StateDB. Reading
// changes nothing but a counter (Peek methods), so that wrong paths may read
// anything. It is not safe for concurrent use.
type World struct {
	accounts map[Address]*account
	known    map[Address]struct{} // in the pre-state, or existing at some time since

	// epoch numbers the transactions. What belongs to one transaction (original
	// storage values, the access list) is stamped with it instead of cleared.
	epoch     uint64
	transient map[slotKey]isa.Word
	warm      accessList
	refund    uint64
	logs      []Log

	journal []entry
	codes   []codeVersion // what undone code changes go back to
	dirty   []*account    // accounts with journal entries in this transaction

	readsOutside uint64

	overlay
}

type slotKey struct {
	owner Address
	slot  isa.Word
}

// account is the current state of one existing account.
type account struct {
	address  Address
	balance  isa.Word
	nonce    uint64
	code     []byte
	codeHash Hash // zero: not computed yet
	storage  map[isa.Word]cell

	loaded     bool // came from the pre-state, so that unlisted slots are unknown
	created    bool // became a contract in this transaction (EIP-6780)
	destructed bool // destroyed in this transaction; gone at its end
	listed     bool // stands in World.dirty
	changes    int  // journal entries that can delete it when empty (EIP-158)

	// Over a view (overlay), of an account that is loaded:
	lazy   uint8    // fields that have not been fetched
	noted  uint8    // fields that committed effects depend on
	before isa.Word // the balance that was fetched
	owner  isa.Word // the address
}

// cell is a storage slot. original is the value at the start of the transaction
// when epoch is the world's; of an older cell, value is.
type cell struct {
	value    isa.Word
	original isa.Word
	epoch    uint64
}

// emptyCodeHash is the Keccak-256 of no code.
var emptyCodeHash = Hash(types.EmptyCodeHash)

// NewWorld makes a world of a pre-state, which it copies.
func NewWorld(pre Prestate) *World {
	w := &World{
		accounts:  make(map[Address]*account, len(pre)+len(pre)/4),
		known:     make(map[Address]struct{}, len(pre)+len(pre)/4),
		epoch:     1,
		transient: make(map[slotKey]isa.Word),
		warm:      newAccessList(),
	}
	backing := make([]account, len(pre))
	for address, from := range pre {
		acct := &backing[0]
		backing = backing[1:]
		*acct = account{
			address: address,
			balance: from.Balance,
			nonce:   from.Nonce,
			code:    from.Code,
			storage: make(map[isa.Word]cell, len(from.Storage)),
			loaded:  true,
		}
		for slot, value := range from.Storage {
			acct.storage[slot] = cell{value: value}
		}
		w.accounts[address] = acct
		w.known[address] = struct{}{}
	}
	return w
}

// empty is the EIP-161 predicate.
func (a *account) empty() bool {
	return a.nonce == 0 && a.balance.IsZero() && len(a.code) == 0
}

func (a *account) hash() Hash {
	if len(a.code) == 0 {
		return emptyCodeHash
	}
	if a.codeHash == (Hash{}) {
		a.codeHash = Hash(crypto.Keccak256Hash(a.code))
	}
	return a.codeHash
}

// Exist reports whether the account exists. One that was destroyed does until the
// end of the transaction.
func (w *World) Exist(a Address) bool { return w.committed(a) != nil }

// Empty reports whether the account is absent or empty in the sense of EIP-161.
func (w *World) Empty(a Address) bool {
	acct := w.committed(a)
	return acct == nil || w.vacant(acct)
}

// Balance is in wei.
func (w *World) Balance(a Address) isa.Word {
	if acct := w.committed(a); acct != nil {
		w.note(acct, bitBalance)
		return acct.balance
	}
	return isa.Word{}
}

// Nonce counts the account's transactions and creations.
func (w *World) Nonce(a Address) uint64 {
	if acct := w.committed(a); acct != nil {
		w.note(acct, bitNonce)
		return acct.nonce
	}
	return 0
}

// Code is the account's code, not to be changed by the caller.
func (w *World) Code(a Address) []byte {
	if acct := w.committed(a); acct != nil {
		w.note(acct, bitCode)
		return acct.code
	}
	return nil
}

// CodeHash is the Keccak-256 of the code, and zero where there is no account.
func (w *World) CodeHash(a Address) Hash {
	if acct := w.committed(a); acct != nil {
		w.note(acct, bitCode)
		return acct.hash()
	}
	return Hash{}
}

// Storage is the slot's present value.
func (w *World) Storage(a Address, slot *isa.Word) isa.Word {
	if acct := w.committed(a); acct != nil {
		w.noteSlot(acct, slot)
		return w.slotOf(acct, slot).value
	}
	return isa.Word{}
}

// Original is the slot's value at the start of the transaction.
func (w *World) Original(a Address, slot *isa.Word) isa.Word {
	acct := w.committed(a)
	if acct == nil {
		return isa.Word{}
	}
	w.noteSlot(acct, slot)
	return w.original(w.slotOf(acct, slot))
}

func (w *World) original(c cell) isa.Word {
	if c.epoch == w.epoch {
		return c.original
	}
	return c.value
}

// HasStorage reports whether any slot was not zero at the start of the
// transaction, which makes a creation collide (EIP-7610).
func (w *World) HasStorage(a Address) bool {
	acct := w.committed(a)
	if acct == nil {
		return false
	}
	if w.base != nil && acct.loaded {
		k := Key{Kind: KeyStorage, Owner: acct.owner}
		v, _ := w.base.Load(&k)
		w.base.Read(&k)
		return !v.Word.IsZero()
	}
	for _, c := range acct.storage {
		if original := w.original(c); !original.IsZero() {
			return true
		}
	}
	return false
}

// Transient is the slot's value in transient storage (EIP-1153).
func (w *World) Transient(a Address, slot *isa.Word) isa.Word {
	if len(w.transient) == 0 {
		return isa.Word{}
	}
	return w.transient[slotKey{a, *slot}]
}

// HasSelfDestructed reports whether the account was destroyed in this transaction.
func (w *World) HasSelfDestructed(a Address) bool {
	acct := w.accounts[a]
	return acct != nil && acct.destructed
}

// Refund is the refund counter, in gas.
func (w *World) Refund() uint64 { return w.refund }

// ReadsOutside counts the Peek reads of what the pre-state does not know: an
// address that is neither in it nor created since, or an unlisted slot of an
// account of the pre-state. They gave zero.
func (w *World) ReadsOutside() uint64 { return w.readsOutside }

// peek finds an account for the speculative side.
func (w *World) peek(a Address) *account {
	acct := w.find(a)
	if acct == nil && w.base == nil {
		if _, ok := w.known[a]; !ok {
			w.readsOutside++
		}
	}
	return acct
}

// PeekStorage is Storage for the speculative side.
func (w *World) PeekStorage(a Address, slot *isa.Word) isa.Word {
	acct := w.peek(a)
	if acct == nil {
		return isa.Word{}
	}
	if w.base != nil {
		return w.slotOf(acct, slot).value
	}
	c, ok := acct.storage[*slot]
	if !ok && acct.loaded {
		w.readsOutside++
	}
	return c.value
}

// PeekTransient is Transient for the speculative side; all of it is known.
func (w *World) PeekTransient(a Address, slot *isa.Word) isa.Word { return w.Transient(a, slot) }

// PeekBalance is Balance for the speculative side.
func (w *World) PeekBalance(a Address) isa.Word {
	if acct := w.peek(a); acct != nil {
		w.fetch(acct, bitBalance)
		return acct.balance
	}
	return isa.Word{}
}

// PeekCode is Code for the speculative side.
func (w *World) PeekCode(a Address) []byte {
	if acct := w.peek(a); acct != nil {
		w.fetch(acct, bitCode)
		return acct.code
	}
	return nil
}

// PeekCodeHash is CodeHash for the speculative side.
func (w *World) PeekCodeHash(a Address) Hash {
	if acct := w.peek(a); acct != nil {
		w.fetch(acct, bitCode)
		return acct.hash()
	}
	return Hash{}
}

// PeekEmpty is Empty for the speculative side.
func (w *World) PeekEmpty(a Address) bool {
	acct := w.peek(a)
	if acct == nil {
		return true
	}
	w.fetch(acct, bitFields)
	return acct.empty()
}

// Accounts lists every account that exists, or did at some time, in order of
// address.
func (w *World) Accounts() []Address {
	return slices.SortedFunc(maps.Keys(w.known), func(a, b Address) int { return bytes.Compare(a[:], b[:]) })
}

// Dump copies the account as it is now; slots that are zero are left out.
func (w *World) Dump(a Address) (copied Account, exists bool) {
	acct := w.accounts[a]
	if acct == nil {
		return Account{}, false
	}
	copied = Account{Balance: acct.balance, Nonce: acct.nonce, Code: bytes.Clone(acct.code), Storage: make(map[isa.Word]isa.Word)}
	for slot, c := range acct.storage {
		if !c.value.IsZero() {
			copied.Storage[slot] = c.value
		}
	}
	return copied, true
}
