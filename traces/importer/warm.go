package importer

import (
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/traces"
)

// What a warm account and slot cost less (EIP-2929).
const (
	warmAccount = params.ColdAccountAccessCostEIP2929 - params.WarmStorageReadCostEIP2929
	warmSlot    = params.ColdSloadCostEIP2929 - params.WarmStorageReadCostEIP2929
)

// warms finds out whether a step of a trace alone has cost so much less than it was executed for because
// the account or slot was warm: the transaction has it in its access list then (EIP-2930), or it is
// the sender's or coinbase's address that the trace does not name.
func (r *replay) warms(f *frameGas, less uint64) bool {
	s := f.step
	if !r.b.Unsigned || !r.b.Rules().IsBerlin || r.astray {
		return false
	}
	switch op := s.Op; {
	case op == vm.SLOAD && less == warmSlot, op == vm.SSTORE && less == params.ColdSloadCostEIP2929:
		r.warm(f.self, s.at(0).Bytes32())
	case less != warmAccount:
		return false
	case op == vm.BALANCE, op == vm.EXTCODESIZE, op == vm.EXTCODEHASH, op == vm.EXTCODECOPY:
		r.warm(common.Address(s.at(0).Bytes20()))
	case calls(op):
		r.warm(common.Address(s.at(1).Bytes20()))
	default:
		return false
	}
	return true
}

// warm puts an account, or slots of it, into the access list of the current transaction.
func (r *replay) warm(a common.Address, slots ...common.Hash) {
	t := &r.scan.txs[r.tx]
	i := slices.IndexFunc(t.warm, func(e types.AccessTuple) bool { return e.Address == a })
	if i < 0 {
		i = len(t.warm)
		t.warm = append(t.warm, types.AccessTuple{Address: a, StorageKeys: []common.Hash{}})
	}
	for _, slot := range slots {
		if !slices.Contains(t.warm[i].StorageKeys, slot) {
			t.warm[i].StorageKeys = append(t.warm[i].StorageKeys, slot)
		}
	}
	r.relisted = true
	r.corrections++
}

// relist makes the transactions again, with the access lists that have been found.
func (s *scan) relist(b *traces.Bundle) error {
	from := make([]common.Address, len(b.Txs))
	for i, tx := range b.Txs {
		var err error
		if from[i], err = b.Sender(i); err != nil {
			return err
		}
		if b.Txs[i], err = s.txs[i].transaction(i, b, tx.Nonce(), new(notes)); err != nil {
			return err
		}
	}
	s.limit(b)
	b.StateSenders(from)
	return complete(b)
}
