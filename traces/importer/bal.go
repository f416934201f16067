package importer

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/types/bal"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/traces"
)

// AccessList makes the block's access list (EIP-7928) in the RLP encoding that
// go-ethereum v1.16.9 has of it (core/types/bal, an early draft: balances of 16 bytes).
// Index 0 is what happens before the transactions, 1 the first of them, and the last what
// happens behind them. It lists every account and slot that go-ethereum reads.
func AccessList(b *traces.Bundle) ([]byte, error) {
	base, err := b.Base()
	if err != nil {
		return nil, err
	}
	l := &lister{
		Reader: base, list: bal.NewConstructionBlockAccessList(),
		known: make(map[common.Address]*listed), slots: make(map[common.Address]map[common.Hash]common.Hash),
	}
	begun := false
	begin := func() {
		if !begun {
			begun = true
			l.changes(0)
		}
	}
	run := traces.Execution{
		Bundle: b, State: l,
		Hooks:  &tracing.Hooks{OnStorageChange: func(a common.Address, slot, _, _ common.Hash) { l.slot(a, slot) }},
		Begin:  func(st *gethstate.StateDB) { l.st = st },
		Before: func(int) { begin() },
		After:  func(tx int, _ *gethstate.StateDB) { l.changes(tx + 1) },
		End:    func(*gethstate.StateDB) { begin(); l.changes(len(b.Txs) + 1) },
	}
	if _, err := run.Run(); err != nil {
		return nil, err
	}
	if l.err != nil {
		return nil, l.err
	}
	for a, slots := range l.slots {
		acct := l.account(a)
		for slot := range slots {
			if len(acct.StorageWrites[slot]) == 0 {
				acct.StorageReads[slot] = struct{}{}
				delete(acct.StorageWrites, slot)
			}
		}
	}
	var out bytes.Buffer
	err = l.list.EncodeRLP(&out)
	return out.Bytes(), err
}

// lister watches what is read, and compares it after each transaction.
type lister struct {
	gethstate.Reader
	st    *gethstate.StateDB
	list  bal.ConstructionBlockAccessList
	known map[common.Address]*listed
	slots map[common.Address]map[common.Hash]common.Hash // latest values
	err   error
}

// listed is the latest known state of an account.
type listed struct {
	balance  uint256.Int
	nonce    uint64
	codeHash common.Hash
}

func (l *lister) account(a common.Address) *bal.ConstructionAccountAccess {
	if l.list.Accounts[a] == nil {
		l.list.Accounts[a] = bal.NewConstructionAccountAccess()
	}
	return l.list.Accounts[a]
}

// Account is that of gethstate.Reader.
func (l *lister) Account(a common.Address) (*types.StateAccount, error) {
	acct, err := l.Reader.Account(a)
	if l.known[a] == nil {
		before := &listed{codeHash: types.EmptyCodeHash}
		if acct != nil {
			before.balance, before.nonce, before.codeHash = *acct.Balance, acct.Nonce, common.BytesToHash(acct.CodeHash)
		}
		l.known[a] = before
		l.account(a)
	}
	return acct, err
}

// Storage is that of gethstate.Reader.
func (l *lister) Storage(a common.Address, slot common.Hash) (common.Hash, error) {
	l.slot(a, slot)
	return l.Reader.Storage(a, slot)
}

func (l *lister) slot(a common.Address, slot common.Hash) {
	if l.slots[a] == nil {
		l.slots[a] = make(map[common.Hash]common.Hash)
	}
	if _, known := l.slots[a][slot]; !known {
		before, err := l.Reader.Storage(a, slot)
		if err != nil && l.err == nil {
			l.err = err
		}
		l.slots[a][slot] = before
	}
}

// changes notes what differs from the latest state known.
func (l *lister) changes(index int) {
	at := uint16(index)
	for a, was := range l.known {
		acct := l.account(a)
		if now := l.st.GetBalance(a); *now != was.balance {
			if now.BitLen() > 128 && l.err == nil {
				l.err = fmt.Errorf("the balance of %v is more than the 16 bytes that the encoding has", a)
				return
			}
			was.balance = *now
			acct.BalanceChanges[at] = now.Clone()
		}
		if now := l.st.GetNonce(a); now != was.nonce {
			was.nonce = now
			acct.NonceChanges[at] = now
		}
		now := l.st.GetCodeHash(a)
		if now == (common.Hash{}) {
			now = types.EmptyCodeHash
		}
		if now != was.codeHash {
			was.codeHash = now
			acct.CodeChange = &bal.CodeChange{TxIndex: at, Code: l.st.GetCode(a)}
		}
	}
	for a, slots := range l.slots {
		for slot, was := range slots {
			now := l.st.GetState(a, slot)
			if now == was {
				continue
			}
			slots[slot] = now
			writes := l.account(a).StorageWrites
			if writes[slot] == nil {
				writes[slot] = make(map[uint16]common.Hash)
			}
			writes[slot][at] = now
		}
	}
}

// CheckAccessList compares a list, as RLP or as hexadecimal text of it, with the block's.
// A list that differs is a DifferenceError that names the first account in which it does.
func CheckAccessList(b *traces.Bundle, given []byte) error {
	if text, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(given)), "0x")); err == nil && len(text) > 0 {
		given = text
	}
	var theirs, ours bal.BlockAccessList
	if err := rlp.DecodeBytes(given, &theirs); err != nil {
		return fmt.Errorf("not a block access list: %w", err)
	}
	if err := theirs.Validate(); err != nil {
		return err
	}
	want, err := AccessList(b)
	if err != nil {
		return err
	}
	if bytes.Equal(want, given) {
		return nil
	}
	if err := rlp.DecodeBytes(want, &ours); err != nil {
		return err
	}
	differ := func(address [20]byte) error {
		return &DifferenceError{fmt.Errorf("%s: the access list is not the block's: first at account %v", b.Name, common.Address(address))}
	}
	for i := range ours.Accesses {
		if i == len(theirs.Accesses) {
			return differ(ours.Accesses[i].Address)
		}
		mine, err := rlp.EncodeToBytes(&ours.Accesses[i])
		if err != nil {
			return err
		}
		other, err := rlp.EncodeToBytes(&theirs.Accesses[i])
		if err != nil {
			return err
		}
		if !bytes.Equal(mine, other) {
			first := ours.Accesses[i].Address
			if bytes.Compare(theirs.Accesses[i].Address[:], first[:]) < 0 {
				first = theirs.Accesses[i].Address
			}
			return differ(first)
		}
	}
	return differ(theirs.Accesses[len(ours.Accesses)].Address)
}
