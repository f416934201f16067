package state

import (
	"fmt"
	"iter"

	"github.com/ooovm/ooovm/isa"
)

// Crediting says which changes of balances commute, so that transactions which only
// make such changes of an account do not conflict on it.
type Crediting uint8

// The settings, each of which includes the one before.
const (
	// Strict: every change of a balance reads it.
	Strict Crediting = iota
	// LazyBeneficiary: the credit of fees reads nothing (pevm's README, "lazy beneficiary").
	LazyBeneficiary
	// LazyTransfers: credits read nothing, and debits only that there is enough, as in
	// Monad's relaxed merge (category-labs/monad, state3/state.cpp, min_balance) and
	// pevm's lazy senders and recipients.
	LazyTransfers
)

// Creditings are the names of the settings, by value.
var Creditings = [...]string{"strict", "lazy-beneficiary", "lazy-transfers"}

// CreditingOf finds a setting by name.
func CreditingOf(name string) (Crediting, error) {
	for i, n := range Creditings {
		if n == name {
			return Crediting(i), nil
		}
	}
	return 0, fmt.Errorf("no crediting %q", name)
}

// Base is where a World over a view finds what it does not hold. The first Load of a
// key settles its value for the world's lifetime.
type Base interface {
	// Load gives a key's value; known is false where nobody knows it, which gives zero.
	Load(k *Key) (v Value, known bool)
	// Pending reports whether an earlier transaction is about to replace the value.
	Pending(k *Key) bool
	// Read and AtLeast tell what committed effects depend on: the value, or only that it
	// is not below a bound.
	Read(k *Key)
	AtLeast(k *Key, bound *isa.Word)
}

// overlay is the part of a World that stands over a Base.
type overlay struct {
	base      Base
	crediting Crediting
	absent    map[Address]bool // accounts that the base does not have; true: that has been read
	writes    []Write          // of the transaction that has ended
}

// Fields of an account, as bits.
const (
	bitExistence uint8 = 1 << KeyExistence
	bitBalance   uint8 = 1 << KeyBalance
	bitNonce     uint8 = 1 << KeyNonce
	bitCode      uint8 = 1 << KeyCode
	bitFields          = bitBalance | bitNonce | bitCode
)

// NewView makes a world that loads accounts and slots when they are first asked for.
// It is good for one transaction.
func NewView(base Base, crediting Crediting) *World {
	return &World{
		accounts:  make(map[Address]*account),
		known:     make(map[Address]struct{}),
		epoch:     1,
		transient: make(map[slotKey]isa.Word),
		warm:      newAccessList(),
		overlay:   overlay{base: base, crediting: crediting, absent: make(map[Address]bool)},
	}
}

// find gives an account, nil where there is none.
func (w *World) find(a Address) *account {
	acct := w.accounts[a]
	if acct != nil || w.base == nil {
		return acct
	}
	if _, gone := w.absent[a]; gone {
		return nil
	}
	if _, mine := w.known[a]; mine {
		return nil // made in this transaction and undone, or destroyed
	}
	owner := a.Word()
	v, known := w.base.Load(&Key{Kind: KeyExistence, Owner: owner})
	if v.Word.IsZero() {
		w.absent[a] = false
		if !known {
			w.readsOutside++
		}
		return nil
	}
	acct = &account{address: a, storage: make(map[isa.Word]cell), loaded: true, lazy: bitFields, owner: owner}
	w.accounts[a] = acct
	return acct
}

// committed is find for the commit side: that there is an account, or none, is read.
func (w *World) committed(a Address) *account {
	acct := w.find(a)
	if w.base == nil {
		return acct
	}
	if acct != nil {
		w.note(acct, bitExistence)
		return acct
	}
	if noted, absent := w.absent[a]; absent && !noted {
		w.absent[a] = true
		w.base.Read(&Key{Kind: KeyExistence, Owner: a.Word()})
	}
	return nil
}

// fetch loads fields of an account that have not been needed before.
func (w *World) fetch(acct *account, fields uint8) {
	missing := acct.lazy & fields
	if missing == 0 {
		return
	}
	acct.lazy &^= missing
	k := Key{Owner: acct.owner}
	if missing&bitBalance != 0 {
		k.Kind = KeyBalance
		v, _ := w.base.Load(&k)
		acct.balance, acct.before = v.Word, v.Word
	}
	if missing&bitNonce != 0 {
		k.Kind = KeyNonce
		v, _ := w.base.Load(&k)
		acct.nonce = v.Word[0]
	}
	if missing&bitCode != 0 {
		k.Kind = KeyCode
		v, _ := w.base.Load(&k)
		acct.code, acct.codeHash = v.Code, v.Hash
	}
}

// note fetches fields that a committed effect depends on and says so.
func (w *World) note(acct *account, fields uint8) {
	if w.base == nil || !acct.loaded {
		return
	}
	w.fetch(acct, fields)
	missing := fields &^ acct.noted
	if missing == 0 {
		return
	}
	acct.noted |= missing
	for kind := KeyExistence; kind <= KeyCode; kind++ {
		if missing&(1<<kind) != 0 {
			w.base.Read(&Key{Kind: kind, Owner: acct.owner})
		}
	}
}

// covers reports whether the account can pay an amount. With lazy transfers the
// balance is read only as far as the answer depends on it: what has been credited
// in this transaction counts first.
func (w *World) covers(acct *account, amount *isa.Word) bool {
	w.fetch(acct, bitBalance)
	enough := !acct.balance.Lt(amount)
	if w.base == nil || !acct.loaded || acct.noted&bitBalance != 0 {
		return enough
	}
	if w.crediting < LazyTransfers || !enough {
		w.note(acct, bitBalance)
		return enough
	}
	var slack, bound isa.Word // the balance before could be lower by slack
	slack.Sub(&acct.balance, amount)
	if acct.before.Gt(&slack) {
		bound.Sub(&acct.before, &slack)
		w.base.AtLeast(&Key{Kind: KeyBalance, Owner: acct.owner}, &bound)
	}
	return true
}

// vacant is the EIP-161 predicate on the commit side. It reads no more than decides.
func (w *World) vacant(acct *account) bool {
	if w.base == nil || !acct.loaded {
		return acct.empty()
	}
	w.fetch(acct, bitFields)
	if !acct.balance.IsZero() && (acct.noted&bitBalance != 0 || acct.balance.Gt(&acct.before)) {
		return false
	}
	if w.note(acct, bitCode); len(acct.code) > 0 {
		return false
	}
	if acct.nonce > 0 {
		if w.crediting < LazyTransfers {
			w.note(acct, bitNonce)
		} else if acct.noted&bitNonce == 0 {
			w.base.AtLeast(&Key{Kind: KeyNonce, Owner: acct.owner}, &isa.Word{1})
		}
		return false
	}
	w.note(acct, bitNonce)
	return !w.covers(acct, &isa.Word{1})
}

// CanPay reports whether the account has at least the amount.
func (w *World) CanPay(a Address, amount *isa.Word) bool {
	if amount.IsZero() {
		return true
	}
	acct := w.committed(a)
	return acct != nil && w.covers(acct, amount)
}

// Credit is AddBalance for the fees of a block's beneficiary.
func (w *World) Credit(a Address, amount *isa.Word) {
	w.credit(a, amount, w.crediting >= LazyBeneficiary)
}

func (w *World) credit(a Address, amount *isa.Word, lazy bool) {
	if amount.IsZero() {
		w.Touch(a)
		return
	}
	acct := w.obtain(a)
	if !lazy {
		w.note(acct, bitBalance)
	}
	w.fetch(acct, bitBalance)
	w.record(entry{kind: changeBalance, acct: acct, prev: acct.balance})
	acct.balance.Add(&acct.balance, amount)
}

// slotOf gives a slot of an account, loading it when it is needed for the first time.
func (w *World) slotOf(acct *account, slot *isa.Word) cell {
	c, ok := acct.storage[*slot]
	if ok || w.base == nil || !acct.loaded {
		return c
	}
	v, known := w.base.Load(&Key{Kind: KeySlot, Owner: acct.owner, Slot: *slot})
	if !known {
		w.readsOutside++
	}
	c.value = v.Word
	acct.storage[*slot] = c
	return c
}

// noteSlot says that a committed effect depends on a slot.
func (w *World) noteSlot(acct *account, slot *isa.Word) {
	if w.base != nil && acct.loaded {
		w.base.Read(&Key{Kind: KeySlot, Owner: acct.owner, Slot: *slot})
	}
}

// StoragePending reports whether a slot that the world does not hold yet is about to
// be replaced.
func (w *World) StoragePending(a Address, slot *isa.Word) bool {
	if acct := w.accounts[a]; acct != nil {
		if _, held := acct.storage[*slot]; held || !acct.loaded {
			return false
		}
	}
	return w.base.Pending(&Key{Kind: KeySlot, Owner: a.Word(), Slot: *slot})
}

// FieldPending is the same for an account's balance, nonce or code.
func (w *World) FieldPending(a Address, kind KeyKind) bool {
	if acct := w.accounts[a]; acct != nil && acct.lazy&(1<<kind) == 0 {
		return false
	}
	return w.base.Pending(&Key{Kind: kind, Owner: a.Word()})
}

// Writes are what the transaction that has ended leaves behind, in order of first
// change, in a world over a view.
func (w *World) Writes() []Write { return w.writes }

// collect gathers the writes from the journal, after accounts that go have gone.
func (w *World) collect() {
	w.writes = w.writes[:0]
	fields := make(map[*account]uint8)
	var order []*account
	slots := make(map[slotKey]struct{})
	var changed []slotKey
	for i := range w.journal {
		e := &w.journal[i]
		if e.acct == nil {
			continue
		}
		f, seen := fields[e.acct]
		if !seen {
			order = append(order, e.acct)
		}
		switch e.kind {
		case changeCreate:
			f |= bitExistence | bitFields
		case changeBalance:
			f |= bitBalance
		case changeNonce:
			f |= bitNonce
		case changeCode:
			f |= bitCode
		case changeStorage, changeSilent:
			k := slotKey{e.acct.address, e.key}
			if _, twice := slots[k]; !twice {
				slots[k] = struct{}{}
				changed = append(changed, k)
			}
		}
		fields[e.acct] = f
	}
	for _, acct := range order {
		w.collectAccount(acct, fields[acct])
	}
	for _, k := range changed {
		if acct := w.accounts[k.owner]; acct != nil {
			w.write(Write{Key: Key{Kind: KeySlot, Owner: acct.owner, Slot: k.slot}, Value: Value{Word: acct.storage[k.slot].value}})
		}
	}
}

func (w *World) collectAccount(acct *account, fields uint8) {
	key := Key{Owner: acct.owner}
	if w.accounts[acct.address] != acct {
		if acct.loaded { // it was there before
			w.write(Write{Key: key})
		}
		return
	}
	if fields&bitExistence != 0 {
		w.write(Write{Key: key, Value: Value{Word: isa.Word{1}}})
	}
	if fields&bitBalance != 0 {
		key.Kind = KeyBalance
		x := Write{Key: key, Value: Value{Word: acct.balance}}
		if acct.loaded && acct.noted&bitBalance == 0 {
			x.Delta = true
			x.Value.Word.Sub(&acct.balance, &acct.before)
		}
		w.write(x)
	}
	if fields&bitNonce != 0 {
		key.Kind = KeyNonce
		w.write(Write{Key: key, Value: Value{Word: isa.Word{acct.nonce}}})
	}
	if fields&bitCode != 0 {
		key.Kind = KeyCode
		w.write(Write{Key: key, Value: Value{Code: acct.code, Hash: acct.hash()}})
	}
}

func (w *World) write(x Write) { w.writes = append(w.writes, x) }

// Value reads any key of a world that stands over nothing; known is false where it
// is neither in the pre-state nor made since.
func (w *World) Value(k *Key) (v Value, known bool) {
	a := AddressOf(&k.Owner)
	acct := w.accounts[a]
	if acct == nil {
		_, known = w.known[a]
		return v, known
	}
	switch k.Kind {
	case KeyExistence:
		v.Word.SetOne()
	case KeyBalance:
		v.Word = acct.balance
	case KeyNonce:
		v.Word.SetUint64(acct.nonce)
	case KeyCode:
		v.Code, v.Hash = acct.code, acct.hash()
	case KeySlot:
		c, ok := acct.storage[k.Slot]
		return Value{Word: c.value}, ok || !acct.loaded
	case KeyStorage:
		for range w.Slots(&k.Owner) {
			v.Word.SetOne()
			break
		}
	}
	return v, true
}

// Slots implements Origin.
func (w *World) Slots(owner *isa.Word) iter.Seq[isa.Word] {
	return func(yield func(isa.Word) bool) {
		acct := w.accounts[AddressOf(owner)]
		if acct == nil {
			return
		}
		for slot, c := range acct.storage {
			if !c.value.IsZero() && !yield(slot) {
				return
			}
		}
	}
}

// Apply makes a transaction's writes final in a world that stands over nothing.
func (w *World) Apply(writes []Write) {
	for i := range writes {
		x := &writes[i]
		a := AddressOf(&x.Key.Owner)
		if x.Key.Kind == KeyExistence {
			delete(w.accounts, a)
			if !x.Value.Word.IsZero() {
				w.accounts[a] = &account{address: a, owner: x.Key.Owner, storage: make(map[isa.Word]cell)}
				w.known[a] = struct{}{}
			}
			continue
		}
		acct := w.accounts[a]
		if acct == nil {
			continue
		}
		switch x.Key.Kind {
		case KeyBalance:
			if x.Delta {
				acct.balance.Add(&acct.balance, &x.Value.Word)
			} else {
				acct.balance = x.Value.Word
			}
		case KeyNonce:
			acct.nonce = x.Value.Word.Uint64()
		case KeyCode:
			acct.code, acct.codeHash = x.Value.Code, x.Value.Hash
		case KeySlot:
			acct.storage[x.Key.Slot] = cell{value: x.Value.Word}
		}
	}
}
