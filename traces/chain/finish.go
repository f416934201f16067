package chain

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Finish compares the chain with what its test has to end in: the hash of its head, and the whole
// state there, every account and slot of it.
func (c *Chain) Finish() error {
	if c.head.hash != c.test.Last {
		return fmt.Errorf("the last block is %v, it has to be %v", c.head.hash, c.test.Last)
	}
	if c.test.PostRoot == nil {
		return compare(c.test.Post, c.head.post)
	}
	root, err := state.Root(state.NewWorld(c.head.post))
	if err != nil {
		return err
	}
	if common.Hash(root) != *c.test.PostRoot {
		return fmt.Errorf("the state's root is %#x, it has to be %v", root, c.test.PostRoot)
	}
	return nil
}

// compare gives the first difference between states, in the order of addresses.
func compare(want, got state.Prestate) error {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, address := range slices.SortedFunc(maps.Keys(all), func(a, b state.Address) int { return bytes.Compare(a[:], b[:]) }) {
		w, g := want[address], got[address]
		switch {
		case w == nil:
			return fmt.Errorf("account %#x: it exists, and must not", address)
		case g == nil:
			return fmt.Errorf("account %#x: it does not exist", address)
		}
		if err := differs(w, g); err != nil {
			return fmt.Errorf("account %#x: %w", address, err)
		}
	}
	return nil
}

// differs gives the first difference between what an account has to be and what it is. A slot that
// is zero is none.
func differs(want, got *state.Account) error {
	switch {
	case want.Balance != got.Balance:
		return fmt.Errorf("balance %s, it has to be %s", got.Balance.Dec(), want.Balance.Dec())
	case want.Nonce != got.Nonce:
		return fmt.Errorf("nonce %d, it has to be %d", got.Nonce, want.Nonce)
	case !bytes.Equal(want.Code, got.Code):
		return fmt.Errorf("%d bytes of code, it has to be other code of %d", len(got.Code), len(want.Code))
	}
	var first *isa.Word
	for _, slots := range []map[isa.Word]isa.Word{want.Storage, got.Storage} {
		for slot := range slots {
			if want.Storage[slot] != got.Storage[slot] && (first == nil || slot.Lt(first)) {
				first = &slot
			}
		}
	}
	if first != nil {
		w, g := want.Storage[*first], got.Storage[*first]
		return fmt.Errorf("slot %s is %s, it has to be %s", first.Hex(), g.Hex(), w.Hex())
	}
	return nil
}
