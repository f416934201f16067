package fuel

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// settle fills in the outputs: change is what is left of an asset, or what there was at the
// start when the script failed, and of the base asset also the fee that was not needed.
func (s *Session) settle(success bool, gasUsed uint64) {
	left := s.free
	if !success {
		left = s.initial
		copy(s.Outputs, s.Tx.Outputs)
	}
	for i := range s.Outputs {
		out := &s.Outputs[i]
		if out.Type != OutputChange {
			continue
		}
		for _, b := range left {
			if b.asset == out.AssetID {
				out.Amount = b.amount
			}
		}
		if out.AssetID == s.Params.BaseAsset {
			out.Amount += s.refund(gasUsed)
		}
	}
}

// refund is what is left of the highest fee.
func (s *Session) refund(gasUsed uint64) uint64 {
	limit, _ := s.Tx.Policies.Get(PolicyMaxFee)
	tip, _ := s.Tx.Policies.Get(PolicyTip)
	hi, lo := bits.Mul64(s.TotalGas(gasUsed), s.Block.GasPrice)
	if hi >= s.Params.PriceFactor {
		return 0
	}
	fee, rest := bits.Div64(hi, lo, s.Params.PriceFactor)
	if rest > 0 {
		fee++
	}
	if limit < tip || limit-tip < fee {
		return 0
	}
	return limit - tip - fee
}

// TotalGas is what the transaction is billed for: the script's gas, the bytes, one
// signature for each witness that signs an input, the hash of the id, and setting the VM up.
func (s *Session) TotalGas(gasUsed uint64) uint64 {
	size := s.Tx.Size()
	g := s.Params.Gas
	total := gasUsed + size*s.Params.GasPerByte + g.Rate(CostS256).Of(size) + g.Rate(CostVmInitialization).Of(size)
	signed := map[uint16]bool{}
	for i := range s.Tx.Inputs {
		in := &s.Tx.Inputs[i]
		if in.Type == InputContract || len(in.Predicate) > 0 || signed[in.WitnessIndex] {
			continue
		}
		signed[in.WitnessIndex] = true
		total += g.Rate(CostEck1).Of(0)
	}
	return total
}

// sealContracts fills in the roots of contract outputs: hashes over the balances and
// slots of the contract that the transaction has written, by ascending key; zero when there are
// none (fuel-core, contract_state_hash.rs).
func (s *Session) sealContracts() {
	slots, balances := s.StateSince()
	for i := range s.Outputs {
		out := &s.Outputs[i]
		if out.Type != OutputContract {
			continue
		}
		contract := s.Tx.Inputs[out.InputIndex].Contract
		var balance, state []byte
		for _, c := range balances {
			if c.Slot.Contract == contract {
				balance = append(append(balance, c.Slot.Key[:]...), 1)
				balance = binary.BigEndian.AppendUint64(balance, c.New.Amount)
			}
		}
		for _, c := range slots {
			if c.Slot.Contract != contract {
				continue
			}
			if state = append(state, c.Slot.Key[:]...); !c.New.Set {
				state = append(state, 0)
				continue
			}
			state = binary.BigEndian.AppendUint64(append(state, 1), uint64(len(c.New.Bytes)))
			state = append(state, c.New.Bytes...)
		}
		out.BalanceRoot, out.StateRoot = hashUnlessEmpty(balance), hashUnlessEmpty(state)
	}
}

func hashUnlessEmpty(b []byte) (id ID) {
	if len(b) > 0 {
		id = sha256.Sum256(b)
	}
	return id
}
