package traces

import (
	"fmt"
	"maps"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Account gives an account after the block, without its storage, and the hash of
// its code. An account that does not exist has neither.
func (g *Golden) Account(address state.Address) (acct state.Account, codeHash state.Hash, exists bool) {
	a := common.Address(address)
	if !g.st.Exist(a) {
		return state.Account{}, state.Hash{}, false
	}
	return state.Account{
		Balance: *g.st.GetBalance(a),
		Nonce:   g.st.GetNonce(a),
		Code:    g.st.GetCode(a),
	}, state.Hash(g.st.GetCodeHash(a)), true
}

// Storage gives a slot's value after the block.
func (g *Golden) Storage(address state.Address, slot *isa.Word) isa.Word {
	value := g.st.GetState(common.Address(address), slot.Bytes32())
	var w isa.Word
	w.SetBytes32(value[:])
	return w
}

// Touched lists, in ascending order, every account of the pre-state and, of a
// recorded run, every one that was read or written, with the slots for which the
// same holds.
func (g *Golden) Touched() (accounts []state.Address, slots map[state.Address][]isa.Word) {
	all := newTouched()
	for address, acct := range g.bundle.Prestate {
		all.accounts[address] = struct{}{}
		for slot := range acct.Storage {
			all.slots[slotRef{address, slot}] = struct{}{}
		}
	}
	if g.read != nil {
		maps.Copy(all.accounts, g.read.accounts)
		maps.Copy(all.slots, g.read.slots)
	}
	sets := make(map[state.Address]map[isa.Word]struct{})
	for s := range all.slots {
		all.accounts[s.owner] = struct{}{}
		if sets[s.owner] == nil {
			sets[s.owner] = make(map[isa.Word]struct{})
		}
		sets[s.owner][s.slot] = struct{}{}
	}
	slots = make(map[state.Address][]isa.Word, len(sets))
	for owner, set := range sets {
		slots[owner] = sortedWords(maps.Keys(set))
	}
	return sortedAddresses(maps.Keys(all.accounts)), slots
}

// Post is the whole state after the block, of a bundle that is Whole. Slots that are zero are
// left out.
func (g *Golden) Post() state.Prestate {
	accounts, slots := g.Touched()
	post := make(state.Prestate, len(accounts))
	for _, address := range accounts {
		acct, _, exists := g.Account(address)
		if !exists {
			continue
		}
		acct.Storage = make(map[isa.Word]isa.Word, len(slots[address]))
		for _, slot := range slots[address] {
			if value := g.Storage(address, &slot); !value.IsZero() {
				acct.Storage[slot] = value
			}
		}
		post[address] = &acct
	}
	return post
}

// PostStateError is the first difference, in the order of addresses and slots,
// between a machine's post-state and the golden run's.
type PostStateError struct {
	Account state.Address
	Field   string // existence, balance, nonce, code, storage
	Slot    isa.Word
	Golden  string
	Machine string
}

func (e *PostStateError) Error() string {
	field := e.Field
	if field == "storage" {
		field = "slot " + e.Slot.Hex()
	}
	return fmt.Sprintf("post-state: account %#x: %s: golden %s, machine %s", e.Account[:], field, e.Golden, e.Machine)
}

// ComparePostState compares everything that either side knows of: the accounts
// and slots of the pre-state, those that the golden run touched and those that the
// world has.
func ComparePostState(w *state.World, g *Golden) error {
	accounts, slots := g.Touched()
	all := make(map[state.Address]struct{}, len(accounts))
	for _, list := range [][]state.Address{accounts, w.Accounts()} {
		for _, a := range list {
			all[a] = struct{}{}
		}
	}
	for _, address := range sortedAddresses(maps.Keys(all)) {
		if err := compareAccount(w, g, address, slots[address]); err != nil {
			return err
		}
	}
	return nil
}

func compareAccount(w *state.World, g *Golden, address state.Address, slots []isa.Word) error {
	want, codeHash, wantExists := g.Account(address)
	got, gotExists := w.Dump(address)
	differ := func(field string, golden, machine any) error {
		return &PostStateError{Account: address, Field: field, Golden: fmt.Sprint(golden), Machine: fmt.Sprint(machine)}
	}
	switch {
	case wantExists != gotExists:
		return differ("existence", wantExists, gotExists)
	case want.Balance != got.Balance:
		return differ("balance", want.Balance.Dec(), got.Balance.Dec())
	case want.Nonce != got.Nonce:
		return differ("nonce", want.Nonce, got.Nonce)
	case codeHash != w.CodeHash(address):
		have := w.CodeHash(address)
		return differ("code", fmt.Sprintf("hash %x, %d bytes", codeHash, len(want.Code)), fmt.Sprintf("hash %x, %d bytes", have, len(got.Code)))
	}
	all := make(map[isa.Word]struct{}, len(slots)+len(got.Storage))
	for _, slot := range slots {
		all[slot] = struct{}{}
	}
	for slot := range got.Storage {
		all[slot] = struct{}{}
	}
	for _, slot := range sortedWords(maps.Keys(all)) {
		golden, machine := g.Storage(address, &slot), w.Storage(address, &slot)
		if golden != machine {
			return &PostStateError{Account: address, Field: "storage", Slot: slot, Golden: golden.Hex(), Machine: machine.Hex()}
		}
	}
	return nil
}
