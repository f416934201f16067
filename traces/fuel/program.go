package fuel

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/state/fuel"
)

// Program is one block of FuelVM transactions with the state that they run on.
type Program struct {
	Name         string
	Params       *fuel.Parameters
	Block        fuel.Block
	Contracts    []Contract // by id
	Blobs        []Blob     // by id
	Transactions []fuel.Transaction
	Want         Want
	Memory       *budget.Budget // of a run, nil for any
}

// Contract is a contract before the block.
type Contract struct {
	ID       fuel.ID
	Code     []byte
	Storage  []StoredSlot    // by key
	Balances []StoredBalance // by asset
}

// StoredSlot is a storage slot that is set.
type StoredSlot struct {
	Key   fuel.ID
	Value []byte
}

// StoredBalance is a contract's balance of an asset.
type StoredBalance struct {
	Asset  fuel.ID
	Amount uint64
}

// Blob is code or data that any transaction can load.
type Blob struct {
	ID   fuel.ID
	Data []byte
}

// World builds the state before the block.
func (p *Program) World() *fuel.World {
	w := fuel.NewWorld()
	w.Memory = p.Memory.Rest()
	for i := range p.Contracts {
		c := &p.Contracts[i]
		w.Deploy(c.ID, c.Code)
		for _, s := range c.Storage {
			w.SetSlot(fuel.Slot{Contract: c.ID, Key: s.Key}, fuel.Value{Bytes: s.Value, Set: true})
		}
		for _, b := range c.Balances {
			if b.Amount == 0 {
				continue // no entry: the first coins are charged for one
			}
			w.SetBalance(fuel.Slot{Contract: c.ID, Key: b.Asset}, b.Amount)
		}
	}
	for _, b := range p.Blobs {
		w.AddBlob(b.ID, b.Data)
	}
	return w
}

// sort puts everything that a file has in no order into one.
func (p *Program) sort() {
	slices.SortFunc(p.Contracts, func(a, b Contract) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(p.Blobs, func(a, b Blob) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for i := range p.Contracts {
		c := &p.Contracts[i]
		slices.SortFunc(c.Storage, func(a, b StoredSlot) int { return bytes.Compare(a.Key[:], b.Key[:]) })
		slices.SortFunc(c.Balances, func(a, b StoredBalance) int { return bytes.Compare(a.Asset[:], b.Asset[:]) })
	}
}

// Want is what a file expects. What it does not say is not compared.
type Want struct {
	Transactions []WantTransaction
	Changes      map[string]*string // of the block: "2:" and a slot, "4:" and a balance; nil: not compared
}

// WantTransaction is what a file expects of one transaction; empty fields are not compared.
type WantTransaction struct {
	ID           string
	ReceiptsRoot string
	Result       string
	PanicReason  string
	TotalGas     string
	Receipts     *wantReceipts
	Some         []wantReceipt     // of its type the nth, with these fields
	Count        map[string]int    // receipts by type
	Change       map[string]string // by asset
	Balances     map[string]string // afterwards, by contract and asset
	State        map[string]string // afterwards, by contract and key
	Outputs      []map[string]string
}

// wantReceipts are all receipts, or so many with the first and the last of them.
type wantReceipts struct {
	number     int
	head, tail []wantReceipt
}

// wantReceipt is a receipt as a file has it: values as text, nil for null.
type wantReceipt struct {
	kind   string
	nth    int
	fields map[string]*string
}

// names gives the keys of a map in order.
func names[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
