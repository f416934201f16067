package traces

import (
	"cmp"
	"slices"
	"sort"

	"github.com/ooovm/ooovm/isa"
)

// Touched hands over the state keys of the transaction that step k belongs to, in the
// order of first use (predictor.KeyOracle). Balance and code are one key, the account.
func (o *Oracle) Touched(k uint64, each func(account, slot *isa.Word, storage bool)) {
	g := o.g
	tx := sort.Search(len(g.TxStart), func(i int) bool { return uint64(g.TxStart[i]) > k }) - 1
	if tx < 0 || k >= uint64(g.Steps.Len()) {
		return
	}
	end := g.Steps.Len()
	if tx+1 < len(g.TxStart) {
		end = g.TxStart[tx+1]
	}
	hand(g, int(o.first[g.TxStart[tx]]), int(o.first[end]), each)
}

// hand passes on each key of the accesses from one on to before another once.
func hand(g *Golden, from, end int, each func(account, slot *isa.Word, storage bool)) {
	seen := map[StateKey]bool{}
	for i := from; i < end; i++ {
		a := g.Accesses.At(i)
		if a.Kind == AccessMemory || a.Kind == AccessTransient {
			continue
		}
		key := g.Keys[a.Key]
		if key.Kind != AccessStorage {
			key.Kind = AccessCode
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		account := key.Account.Word()
		each(&account, &key.Slot, key.Kind == AccessStorage)
	}
}

// BlockAccessList hands over the keys of all instructions of the block by account,
// an account before its slots, these in order (EIP-7928). Accounts that only a
// transaction itself names, as sender or receiver, are not in the recorded stream and
// not in the list.
func (o *Oracle) BlockAccessList(each func(account, slot *isa.Word, storage bool)) {
	type entry struct {
		account, slot isa.Word
		storage       bool
	}
	var list []entry
	hand(o.g, 0, o.g.Accesses.Len(), func(account, slot *isa.Word, storage bool) {
		list = append(list, entry{*account, *slot, storage})
	})
	slices.SortFunc(list, func(a, b entry) int {
		if c := a.account.Cmp(&b.account); c != 0 {
			return c
		}
		if a.storage != b.storage {
			return cmp.Compare(btoi(a.storage), btoi(b.storage))
		}
		return a.slot.Cmp(&b.slot)
	})
	for i := range list {
		each(&list[i].account, &list[i].slot, list[i].storage)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
