package evm

import (
	"math"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

const (
	callNewAccountGas = 25000
	callValueGas      = 9000
	callStipend       = 2300 // given to the callee of a call with value, paid by callValueGas
)

// chargeCall is the cost of a call, the gas it forwards included (without
// stipend), which is kept for Enter.
func chargeCall(op uint8) chargeRule {
	hasValue, creates := op == CALL || op == CALLCODE, op == CALL
	return func(s *System, c *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
		target := state.AddressOf(&args[1])
		cost += s.accountAccess(&args[1])
		cost += s.delegationAccess(target)
		transfers := hasValue && !args[2].IsZero()
		if transfers {
			cost += callValueGas
		}
		if creates && s.createsAccount(target, transfers) {
			cost += callNewAccountGas
		}
		if cost > c.Gas {
			return cost, decoder.FaultOutOfGas
		}
		s.forwarded = s.forward(c.Gas-cost, &args[0])
		if s.forwarded > c.Gas-cost {
			return math.MaxUint64, decoder.FaultOutOfGas
		}
		cost += s.forwarded
		if creates && transfers && c.Static {
			return cost, decoder.FaultStatic
		}
		return cost, decoder.NoFault
	}
}

// forward is the gas that a call hands to its callee: what it asks for, capped at
// all but one 64th of what is left since EIP-150.
func (s *System) forward(left uint64, asked *isa.Word) uint64 {
	gas := uint64(math.MaxUint64)
	if asked.IsUint64() {
		gas = asked[0]
	}
	if s.Fork >= TangerineWhistle {
		gas = min(gas, left-left/64)
	}
	return gas
}

// createsAccount reports whether a CALL pays for a new account: its target does
// not exist, and since EIP-161 also gets value.
func (s *System) createsAccount(target state.Address, transfers bool) bool {
	if s.Fork >= SpuriousDragon {
		return transfers && s.World.Empty(target)
	}
	return !s.World.Exist(target)
}

// delegationAccess is the cost of following an account's delegation (EIP-7702).
func (s *System) delegationAccess(a state.Address) uint64 {
	if s.Fork < Prague {
		return 0
	}
	target, ok := delegation(s.World.Code(a))
	if !ok {
		return 0
	}
	if s.World.AddressWarm(target) {
		return warmAccess
	}
	s.World.WarmAddress(target)
	return coldAccount
}

// chargeCreate adds what a creation pays for a word of its initialization code:
// hashing it for the address (EIP-1014), and since EIP-3860 scanning it, up to a limit.
func chargeCreate(hashWordGas uint64) chargeRule {
	return func(s *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
		size := args[2][0]
		cost += hashWordGas * words(size)
		if s.Fork >= Shanghai {
			if size > maxInitCodeSize {
				return cost, decoder.FaultOutOfGas
			}
			cost += initCodeWordGas * words(size)
		}
		return cost, decoder.NoFault
	}
}
