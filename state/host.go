package state

import (
	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/stateless"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie/utils"

	"github.com/ooovm/ooovm/isa"
)

// host shows a World to go-ethereum's own code: the system calls around a block
// run on it, and tests run whole blocks on it.
type host struct{ *World }

var _ vm.StateDB = host{}

func (a Address) common() common.Address { return common.Address(a) }

func wordOf(h common.Hash) *isa.Word { return new(isa.Word).SetBytes32(h[:]) }

func (h host) CreateAccount(a common.Address)  { h.World.CreateAccount(Address(a)) }
func (h host) CreateContract(a common.Address) { h.MarkContract(Address(a)) }

func (h host) SubBalance(a common.Address, amount *isa.Word, _ tracing.BalanceChangeReason) isa.Word {
	prev := h.Balance(Address(a))
	h.World.SubBalance(Address(a), amount)
	return prev
}

func (h host) AddBalance(a common.Address, amount *isa.Word, _ tracing.BalanceChangeReason) isa.Word {
	prev := h.Balance(Address(a))
	h.World.AddBalance(Address(a), amount)
	return prev
}

func (h host) GetBalance(a common.Address) *isa.Word {
	balance := h.Balance(Address(a))
	return &balance
}

func (h host) GetNonce(a common.Address) uint64 { return h.Nonce(Address(a)) }

func (h host) SetNonce(a common.Address, nonce uint64, _ tracing.NonceChangeReason) {
	h.World.SetNonce(Address(a), nonce)
}

func (h host) GetCodeHash(a common.Address) common.Hash { return common.Hash(h.CodeHash(Address(a))) }
func (h host) GetCode(a common.Address) []byte          { return h.Code(Address(a)) }
func (h host) GetCodeSize(a common.Address) int         { return len(h.Code(Address(a))) }

func (h host) SetCode(a common.Address, code []byte, _ tracing.CodeChangeReason) []byte {
	prev := h.Code(Address(a))
	h.World.SetCode(Address(a), code)
	return prev
}

func (h host) GetRefund() uint64 { return h.Refund() }

func (h host) GetState(a common.Address, slot common.Hash) common.Hash {
	value := h.Storage(Address(a), wordOf(slot))
	return value.Bytes32()
}

func (h host) GetStateAndCommittedState(a common.Address, slot common.Hash) (current, committed common.Hash) {
	original := h.Original(Address(a), wordOf(slot))
	return h.GetState(a, slot), original.Bytes32()
}

func (h host) SetState(a common.Address, slot, value common.Hash) common.Hash {
	prev := h.GetState(a, slot)
	h.SetStorage(Address(a), wordOf(slot), wordOf(value))
	return prev
}

// GetStorageRoot only tells an empty storage from another, as creations ask.
func (h host) GetStorageRoot(a common.Address) common.Hash {
	switch {
	case h.HasStorage(Address(a)):
		return common.Hash{1}
	case h.World.Exist(Address(a)):
		return types.EmptyRootHash
	}
	return common.Hash{}
}

func (h host) GetTransientState(a common.Address, slot common.Hash) common.Hash {
	value := h.Transient(Address(a), wordOf(slot))
	return value.Bytes32()
}

func (h host) SetTransientState(a common.Address, slot, value common.Hash) {
	h.SetTransient(Address(a), wordOf(slot), wordOf(value))
}

func (h host) SelfDestruct(a common.Address) isa.Word {
	prev := h.Balance(Address(a))
	h.World.SelfDestruct(Address(a))
	return prev
}

func (h host) SelfDestruct6780(a common.Address) (isa.Word, bool) {
	prev := h.Balance(Address(a))
	return prev, h.World.SelfDestruct6780(Address(a))
}

func (h host) HasSelfDestructed(a common.Address) bool { return h.World.HasSelfDestructed(Address(a)) }
func (h host) Exist(a common.Address) bool             { return h.World.Exist(Address(a)) }
func (h host) Empty(a common.Address) bool             { return h.World.Empty(Address(a)) }

func (h host) AddressInAccessList(a common.Address) bool { return h.AddressWarm(Address(a)) }

func (h host) SlotInAccessList(a common.Address, slot common.Hash) (addressOk, slotOk bool) {
	return h.AddressWarm(Address(a)), h.SlotWarm(Address(a), wordOf(slot))
}

func (h host) AddAddressToAccessList(a common.Address) { h.WarmAddress(Address(a)) }

func (h host) AddSlotToAccessList(a common.Address, slot common.Hash) {
	h.WarmSlot(Address(a), wordOf(slot))
}

func (h host) RevertToSnapshot(snapshot int) { h.Revert(snapshot) }

func (h host) AddLog(l *types.Log) {
	topics := make([]Hash, len(l.Topics))
	for i, topic := range l.Topics {
		topics[i] = Hash(topic)
	}
	h.World.AddLog(Log{Address: Address(l.Address), Topics: topics, Data: l.Data})
}

// Prepare starts a transaction with its access list (EIP-2929, 2930, 3651).
func (h host) Prepare(rules params.Rules, sender, coinbase common.Address, to *common.Address, precompiles []common.Address, list types.AccessList) {
	h.BeginTx()
	if !rules.IsEIP2929 {
		return
	}
	h.AddAddressToAccessList(sender)
	if to != nil {
		h.AddAddressToAccessList(*to)
	}
	for _, a := range precompiles {
		h.AddAddressToAccessList(a)
	}
	for _, tuple := range list {
		h.AddAddressToAccessList(tuple.Address)
		for _, slot := range tuple.StorageKeys {
			h.AddSlotToAccessList(tuple.Address, slot)
		}
	}
	if rules.IsShanghai {
		h.AddAddressToAccessList(coinbase)
	}
}

// Finalise ends a transaction; nobody asks for the logs of a system call.
func (h host) Finalise(deleteEmpty bool) { h.EndTx(deleteEmpty) }

// What follows belongs to stateless execution and debugging, which do not apply.

func (h host) AddPreimage(common.Hash, []byte)       {}
func (h host) PointCache() *utils.PointCache         { return nil }
func (h host) Witness() *stateless.Witness           { return nil }
func (h host) AccessEvents() *gethstate.AccessEvents { return nil }
