package decoder

import "github.com/ooovm/ooovm/isa"

// View is what a System has besides when its state is one that other transactions
// are still changing. Loads that have executed may be on a wrong path; only what has
// committed is a reason to run the transaction again.
type View interface {
	// StoragePending and AccountPending report whether the value is about to be
	// replaced by an earlier transaction, so that a load had better wait.
	StoragePending(space isa.Space, owner, slot *isa.Word) bool
	AccountPending(field isa.AccountField, account *isa.Word) bool
	// StorageRead and AccountRead follow the commit of a load.
	StorageRead(space isa.Space, owner, slot *isa.Word)
	AccountRead(field isa.AccountField, account *isa.Word)
}
