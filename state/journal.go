package state

import "github.com/ooovm/ooovm/isa"

// change says what a journal entry undoes.
type change uint8

const (
	changeCreate      change = iota // acct came into being in place of previous
	changeContract                  // acct.created was set
	changeDestruct                  // acct.destructed was set
	changeBalance                   // prev
	changeNonce                     // prev, low limb
	changeCode                      // the last of World.codes
	changeStorage                   // key, prev
	changeTouch                     // nothing, but it makes an empty account go (EIP-161)
	changeTransient                 // address, key, prev
	changeRefund                    // prev, low limb
	changeLog                       // the last log
	changeWarmAddress               // address
	changeWarmSlot                  // address, key
	changeSilent                    // key: it was written, but not changed (over a view only)
)

// dirties reports whether the change counts its account among those that the end
// of the transaction may delete.
func (c change) dirties() bool { return c <= changeTouch && c != changeContract }

// entry is one record of the undo log. It is flat, with what each kind needs, so
// that journaling allocates nothing.
type entry struct {
	kind     change
	address  Address
	acct     *account
	previous *account // changeCreate: what CreateAccount replaced, normally nil
	key      isa.Word
	prev     isa.Word
}

type codeVersion struct {
	code []byte
	hash Hash
}

// ripemd is the RIPEMD-160 precompile. At block 1714175 a touch of it outlived the
// revert that should have undone it, and became consensus.
var ripemd = Address{19: 3}

// record appends a change of an account.
func (w *World) record(e entry) {
	w.journal = append(w.journal, e)
	if !e.kind.dirties() {
		return
	}
	e.acct.changes++
	if !e.acct.listed {
		e.acct.listed = true
		w.dirty = append(w.dirty, e.acct)
	}
}

// Snapshot marks the present state for Revert.
func (w *World) Snapshot() int { return len(w.journal) }

// Revert undoes everything since the snapshot, the access list included.
func (w *World) Revert(snapshot int) {
	for i := len(w.journal) - 1; i >= snapshot; i-- {
		e := &w.journal[i]
		w.undo(e)
		if e.kind.dirties() {
			e.acct.changes--
		}
	}
	if snapshot < len(w.journal) {
		w.journal = w.journal[:max(snapshot, 0)]
	}
}

func (w *World) undo(e *entry) {
	switch e.kind {
	case changeCreate:
		if e.previous == nil {
			delete(w.accounts, e.address)
		} else {
			w.accounts[e.address] = e.previous
		}
	case changeContract:
		e.acct.created = false
	case changeDestruct:
		e.acct.destructed = false
	case changeBalance:
		e.acct.balance = e.prev
	case changeNonce:
		e.acct.nonce = e.prev[0]
	case changeCode:
		last := len(w.codes) - 1
		e.acct.code, e.acct.codeHash = w.codes[last].code, w.codes[last].hash
		w.codes = w.codes[:last]
	case changeStorage:
		c := e.acct.storage[e.key]
		c.value = e.prev
		e.acct.storage[e.key] = c
	case changeTouch, changeSilent:
	case changeTransient:
		w.transient[slotKey{e.address, e.key}] = e.prev
	case changeRefund:
		w.refund = e.prev[0]
	case changeLog:
		w.logs = w.logs[:len(w.logs)-1]
	case changeWarmAddress:
		w.warm.removeAddress(e.address)
	case changeWarmSlot:
		w.warm.removeSlot(e.address, &e.key)
	}
}

// CreateAccount makes a fresh account, in place of any that exists.
func (w *World) CreateAccount(a Address) { w.create(a) }

func (w *World) create(a Address) *account {
	acct := &account{address: a, owner: a.Word(), storage: make(map[isa.Word]cell)}
	w.record(entry{kind: changeCreate, address: a, acct: acct, previous: w.accounts[a]})
	w.accounts[a] = acct
	w.known[a] = struct{}{}
	return acct
}

// obtain finds an account, or makes it.
func (w *World) obtain(a Address) *account {
	if acct := w.committed(a); acct != nil {
		return acct
	}
	return w.create(a)
}

// MarkContract notes that the account becomes a contract in this transaction,
// before its initialization code runs (EIP-6780).
func (w *World) MarkContract(a Address) {
	if acct := w.accounts[a]; acct != nil && !acct.created {
		w.record(entry{kind: changeContract, acct: acct})
		acct.created = true
	}
}

// Touch makes the account, if empty, go at the end of the transaction (EIP-161).
// An absent one comes into being.
func (w *World) Touch(a Address) {
	acct := w.obtain(a)
	if !w.vacant(acct) {
		return
	}
	w.record(entry{kind: changeTouch, acct: acct})
	if a == ripemd {
		acct.changes++ // for good: see ripemd
	}
}

// AddBalance credits the account; an amount of zero touches it.
func (w *World) AddBalance(a Address, amount *isa.Word) {
	w.credit(a, amount, w.crediting >= LazyTransfers)
}

// SubBalance debits the account, which the caller has found able to pay.
func (w *World) SubBalance(a Address, amount *isa.Word) {
	acct := w.obtain(a)
	if amount.IsZero() {
		return
	}
	if w.crediting < LazyTransfers {
		w.note(acct, bitBalance)
	}
	w.fetch(acct, bitBalance)
	w.record(entry{kind: changeBalance, acct: acct, prev: acct.balance})
	acct.balance.Sub(&acct.balance, amount)
}

// SetNonce sets the account's nonce.
func (w *World) SetNonce(a Address, nonce uint64) {
	acct := w.obtain(a)
	w.fetch(acct, bitNonce)
	w.record(entry{kind: changeNonce, acct: acct, prev: isa.Word{acct.nonce}})
	acct.nonce = nonce
}

// SetCode sets the account's code; the world keeps the slice.
func (w *World) SetCode(a Address, code []byte) {
	acct := w.obtain(a)
	w.fetch(acct, bitCode)
	w.record(entry{kind: changeCode, acct: acct})
	w.codes = append(w.codes, codeVersion{acct.code, acct.codeHash})
	acct.code, acct.codeHash = code, Hash{}
}

// SetStorage sets a slot. Writing the value it has changes nothing.
func (w *World) SetStorage(a Address, slot, value *isa.Word) {
	acct := w.obtain(a)
	c := w.slotOf(acct, slot)
	if c.value == *value {
		if w.base != nil {
			w.record(entry{kind: changeSilent, acct: acct, key: *slot})
		}
		return
	}
	w.record(entry{kind: changeStorage, acct: acct, key: *slot, prev: c.value})
	if c.epoch != w.epoch {
		c.original, c.epoch = c.value, w.epoch
	}
	c.value = *value
	acct.storage[*slot] = c
}

// SetTransient sets a slot of transient storage (EIP-1153).
func (w *World) SetTransient(a Address, slot, value *isa.Word) {
	key := slotKey{a, *slot}
	prev := w.transient[key]
	if prev == *value {
		return
	}
	w.record(entry{kind: changeTransient, address: a, key: *slot, prev: prev})
	w.transient[key] = *value
}

// SelfDestruct clears the account's balance and marks it: it goes at the end of
// the transaction.
func (w *World) SelfDestruct(a Address) {
	acct := w.committed(a)
	if acct == nil {
		return
	}
	w.note(acct, bitBalance)
	if !acct.balance.IsZero() {
		w.record(entry{kind: changeBalance, acct: acct, prev: acct.balance})
		acct.balance.Clear()
	}
	if !acct.destructed {
		w.record(entry{kind: changeDestruct, acct: acct})
		acct.destructed = true
	}
}

// SelfDestruct6780 does so only to a contract of this transaction, and reports
// whether it was one (EIP-6780).
func (w *World) SelfDestruct6780(a Address) bool {
	acct := w.accounts[a]
	if acct == nil || !acct.created {
		return false
	}
	w.SelfDestruct(a)
	return true
}

// AddLog appends a log; the world keeps its slices.
func (w *World) AddLog(l Log) {
	w.record(entry{kind: changeLog})
	w.logs = append(w.logs, l)
}

// AddRefund adds to the refund counter, in gas.
func (w *World) AddRefund(gas uint64) {
	w.record(entry{kind: changeRefund, prev: isa.Word{w.refund}})
	w.refund += gas
}

// SubRefund takes from the refund counter, which never holds less when the gas
// rules are right.
func (w *World) SubRefund(gas uint64) {
	w.record(entry{kind: changeRefund, prev: isa.Word{w.refund}})
	w.refund -= min(gas, w.refund)
}

// BeginTx starts a transaction: nothing before it can be undone, the refund
// counter, access list, transient storage and logs are empty, and the present
// storage values are the originals.
func (w *World) BeginTx() {
	w.epoch++
	w.refund = 0
	w.logs = nil
	if len(w.transient) > 0 {
		clear(w.transient)
	}
	w.journal = w.journal[:0]
	w.codes = w.codes[:0]
}

// Logs are those of the running transaction so far. The slice is the world's own.
func (w *World) Logs() []Log { return w.logs }

// EndTx ends a transaction and returns its logs. Destroyed accounts go, and with
// deleteEmpty those that are empty and were touched (EIP-158).
func (w *World) EndTx(deleteEmpty bool) []Log {
	for _, acct := range w.dirty {
		live := w.accounts[acct.address] == acct
		if live && acct.changes > 0 {
			if acct.destructed || (deleteEmpty && w.vacant(acct)) {
				delete(w.accounts, acct.address)
			}
			acct.created = false
		}
		acct.listed, acct.changes = false, 0
	}
	if w.base != nil {
		w.collect()
	}
	logs := w.logs
	clear(w.dirty)
	w.dirty = w.dirty[:0]
	w.BeginTx()
	return logs
}
