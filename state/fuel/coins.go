package fuel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// freeBalance is what the inputs bring of an asset and the script has not spent.
type freeBalance struct {
	asset  ID
	amount uint64
}

// sumInputs makes the table of free balances: coins and messages in, coins out and
// the highest fee, by ascending asset.
func (s *Session) sumInputs() error {
	for i := range s.Tx.Inputs {
		in := &s.Tx.Inputs[i]
		asset := in.AssetID
		switch in.Type {
		case InputContract:
			continue
		case InputMessage:
			asset = s.Params.BaseAsset
		}
		b := s.freeEntry(asset)
		sum, carry := bits.Add64(b.amount, in.Amount, 0)
		if carry != 0 {
			return fmt.Errorf("input %d: the amounts of asset %v overflow", i, asset)
		}
		b.amount = sum
	}
	fee, _ := s.Tx.Policies.Get(PolicyMaxFee)
	if fee > 0 {
		if err := s.spendFree(s.Params.BaseAsset, fee); err != nil {
			return fmt.Errorf("the highest fee: %w", err)
		}
	}
	for i := range s.Tx.Outputs {
		if out := &s.Tx.Outputs[i]; out.Type == OutputCoin {
			if err := s.spendFree(out.AssetID, out.Amount); err != nil {
				return fmt.Errorf("output %d: %w", i, err)
			}
		}
	}
	if len(s.free) > balanceSlots {
		return fmt.Errorf("%d assets where %d are allowed", len(s.free), balanceSlots)
	}
	s.initial = slices.Clone(s.free)
	return nil
}

// freeEntry finds or makes the entry of an asset.
func (s *Session) freeEntry(asset ID) *freeBalance {
	i, found := s.findFree(asset)
	if !found {
		s.free = slices.Insert(s.free, i, freeBalance{asset: asset})
	}
	return &s.free[i]
}

func (s *Session) findFree(asset ID) (int, bool) {
	return slices.BinarySearchFunc(s.free, asset, func(b freeBalance, id ID) int { return bytes.Compare(b.asset[:], id[:]) })
}

func (s *Session) spendFree(asset ID, amount uint64) error {
	i, found := s.findFree(asset)
	if !found || s.free[i].amount < amount {
		return fmt.Errorf("the inputs do not have %d of asset %v", amount, asset)
	}
	s.free[i].amount -= amount
	return nil
}

// debit takes coins from who runs: a contract's balance, or the script's free
// balances, whose table in memory follows. Nothing is taken, and no entry need exist, for 0.
func (s *Session) debit(asset ID, amount uint64) Panic {
	if s.Internal() {
		if amount == 0 {
			return NoPanic
		}
		slot := Slot{s.Contract(), asset}
		have := s.World.Balance(slot).Amount
		if have < amount {
			return PanicNotEnoughBalance
		}
		s.World.SetBalance(slot, have-amount)
		return NoPanic
	}
	i, found := s.findFree(asset)
	if !found {
		if amount == 0 {
			return NoPanic
		}
		return PanicNotEnoughBalance
	}
	if s.free[i].amount < amount {
		return PanicNotEnoughBalance
	}
	s.free[i].amount -= amount
	at := uint64(balanceTable + balanceEntry*i + 32)
	return s.Memory.PutSystem(at, binary.BigEndian.AppendUint64(nil, s.free[i].amount))
}

// balanceBytes is the size that a new balance entry is charged for.
const balanceBytes = 40

// credit gives coins to a contract and charges for a new entry; 0 coins make none.
func (s *Session) credit(contract, asset ID, amount uint64) Panic {
	if amount == 0 {
		return NoPanic
	}
	slot := Slot{contract, asset}
	have := s.World.Balance(slot)
	sum, carry := bits.Add64(have.Amount, amount, 0)
	if carry != 0 {
		return PanicBalanceOverflow
	}
	s.World.SetBalance(slot, sum)
	if have.Set {
		return NoPanic
	}
	return s.chargeNewBytes(balanceBytes)
}

// chargeNewBytes takes the price of growing the state.
func (s *Session) chargeNewBytes(n uint64) Panic {
	hi, gas := bits.Mul64(n, s.Params.Gas.Rate(CostNewStoragePerByte).Base)
	if hi != 0 {
		gas = ^uint64(0)
	}
	return s.Charge(gas)
}

// AssetOf names an asset that a contract mints.
func AssetOf(contract, sub ID) ID { return hashOf(contract[:], sub[:]) }

// Mint makes coins of an asset of the running contract (MINT).
func (s *Session) Mint(amount, subPtr uint64) Panic {
	slot, sub, p := s.minted(subPtr)
	if p != NoPanic {
		return p
	}
	if p := s.credit(slot.Contract, slot.Key, amount); p != NoPanic {
		return p
	}
	r := s.receipt(ReceiptMint)
	r.Sub, r.A = sub, amount
	return s.push(r)
}

// Burn destroys some (BURN).
func (s *Session) Burn(amount, subPtr uint64) Panic {
	slot, sub, p := s.minted(subPtr)
	if p != NoPanic {
		return p
	}
	have := s.World.Balance(slot).Amount
	if have < amount {
		return PanicNotEnoughBalance
	}
	if amount > 0 {
		s.World.SetBalance(slot, have-amount)
	}
	r := s.receipt(ReceiptBurn)
	r.Sub, r.A = sub, amount
	return s.push(r)
}

func (s *Session) minted(subPtr uint64) (slot Slot, sub ID, p Panic) {
	if !s.Internal() {
		return slot, sub, PanicExpectedInternalContext
	}
	sub, p = s.Memory.ReadID(subPtr)
	return Slot{s.Contract(), AssetOf(s.Contract(), sub)}, sub, p
}

// BalanceOf reads a balance of a contract (BAL).
func (s *Session) BalanceOf(assetPtr, contractPtr uint64) (uint64, Panic) {
	asset, p := s.Memory.ReadID(assetPtr)
	if p != NoPanic {
		return 0, p
	}
	contract, p := s.Memory.ReadID(contractPtr)
	if p != NoPanic {
		return 0, p
	}
	if p := s.listed(contract); p != NoPanic {
		return 0, p
	}
	return s.World.Balance(Slot{contract, asset}).Amount, NoPanic
}

// Transfer moves coins to a contract (TR).
func (s *Session) Transfer(contractPtr, amount, assetPtr uint64) Panic {
	to, p := s.Memory.ReadID(contractPtr)
	if p != NoPanic {
		return p
	}
	asset, p := s.Memory.ReadID(assetPtr)
	if p != NoPanic {
		return p
	}
	if p := s.listed(to); p != NoPanic {
		return p
	}
	if amount == 0 {
		return PanicTransferZeroCoins
	}
	if p := s.debit(asset, amount); p != NoPanic {
		return p
	}
	if p := s.credit(to, asset, amount); p != NoPanic {
		return p
	}
	r := s.receipt(ReceiptTransfer)
	r.To, r.Amount, r.Asset = to, amount, asset
	return s.push(r)
}

// TransferOut moves coins into a variable output (TRO), in the transaction and in its image in memory.
func (s *Session) TransferOut(toPtr, index, amount, assetPtr uint64) Panic {
	to, p := s.Memory.ReadID(toPtr)
	if p != NoPanic {
		return p
	}
	asset, p := s.Memory.ReadID(assetPtr)
	if p != NoPanic {
		return p
	}
	if amount == 0 {
		return PanicTransferZeroCoins
	}
	if p := s.debit(asset, amount); p != NoPanic {
		return p
	}
	if index >= uint64(len(s.Outputs)) || s.Outputs[index].Type != OutputVariable || s.Outputs[index].Amount != 0 {
		return PanicOutputNotFound
	}
	out := &s.Outputs[index]
	out.To, out.Amount, out.AssetID = to, amount, asset
	var w writer
	w.id(to)
	w.word(amount)
	w.id(asset)
	if p := s.Memory.PutSystem(TxOffset+s.layout.Outputs[index]+outputTo, w.b); p != NoPanic {
		return p
	}
	r := s.receipt(ReceiptTransferOut)
	r.To, r.Amount, r.Asset = to, amount, asset
	return s.push(r)
}

// MessageOut sends data and coins of the base asset off the chain (SMO). The sender
// is the name at $fp: the contract, or the transaction's own in a script.
func (s *Session) MessageOut(recipientPtr, dataPtr, length, amount uint64) Panic {
	if length > s.Params.MaxMessageDataLength {
		return PanicMessageDataTooLong
	}
	data, p := s.Memory.Read(dataPtr, length)
	if p != NoPanic {
		return p
	}
	data = slices.Clone(data)
	recipient, p := s.Memory.ReadID(recipientPtr)
	if p != NoPanic {
		return p
	}
	sender, p := s.Memory.ReadID(s.Reg[RegFP])
	if p != NoPanic {
		return p
	}
	if p := s.debit(s.Params.BaseAsset, amount); p != NoPanic {
		return p
	}
	return s.push(Receipt{
		Kind: ReceiptMessageOut, Sender: sender, To: recipient, Amount: amount, Len: length, Data: data,
		Nonce:  hashOf(s.ID[:], binary.BigEndian.AppendUint64(nil, uint64(len(s.Receipts)))),
		Digest: sha256.Sum256(data),
	})
}
