package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

const (
	storeSentry = 2300 // EIP-2200: an SSTORE with no more gas than a stipend fails

	destroyRefund     = 24000 // until EIP-3529
	destroyNewAccount = 25000 // EIP-150: SELFDESTRUCT that creates its beneficiary
)

// storeRule is a schedule of SSTORE. cold is added to every cost when the slot
// was not accessed before.
type storeRule struct {
	net                 bool   // net metering: what the transaction did before to the slot counts
	noop                uint64 // the value does not change, or the slot is dirty already
	set, reset          uint64 // the first change of a zero and of a non-zero slot
	cold                uint64
	clearRefund         uint64
	sentry              bool
	setRefund, reRefund uint64 // the slot gets its original value back: zero, not zero
}

var (
	// The Yellow Paper's rule, and again in Petersburg.
	storeOriginal = &storeRule{set: 20000, reset: 5000, clearRefund: 15000}
	// EIP-1283: net gas metering for SSTORE without dirty maps.
	store1283 = netRule(200, 20000, 5000, 15000)
	// EIP-2200: the same with the price of SLOAD as a parameter, and the sentry.
	store2200 = netRule(800, 20000, 5000, 15000).guarded(0)
	// EIP-2929: the warm access is the new price of SLOAD.
	store2929 = netRule(warmAccess, 20000, 5000-coldSlot, 15000).guarded(coldSlot)
	// EIP-3529: the refund for clearing is what the cheapest way to set costs.
	store3529 = netRule(warmAccess, 20000, 5000-coldSlot, 5000-coldSlot+1900).guarded(coldSlot)
)

func netRule(noop, set, reset, clearRefund uint64) *storeRule {
	return &storeRule{
		net: true, noop: noop, set: set, reset: reset, clearRefund: clearRefund,
		setRefund: set - noop, reRefund: reset - noop,
	}
}

func (r *storeRule) guarded(cold uint64) *storeRule {
	r.sentry, r.cold = true, cold
	return r
}

// charge is the cost of SSTORE; it changes the refund counter and warms the slot.
func (r *storeRule) charge(s *System, c *decoder.Context, _ uint64, args *decoder.Args) (uint64, decoder.Fault) {
	slot, value := &args[0], &args[1]
	if r.sentry && c.Gas <= storeSentry {
		return 0, decoder.FaultOutOfGas
	}
	var cost uint64
	if r.cold != 0 && s.firstAccess(c.Self, slot) {
		cost = r.cold
	}
	current := s.World.Storage(c.Self, slot)
	if !r.net {
		return s.chargeGrossStore(r, &current, value), decoder.NoFault
	}
	original := s.World.Original(c.Self, slot)
	return cost + s.chargeNetStore(r, &original, &current, value), decoder.NoFault
}

func (s *System) chargeGrossStore(r *storeRule, current, value *isa.Word) uint64 {
	switch {
	case current.IsZero() && !value.IsZero():
		return r.set
	case !current.IsZero() && value.IsZero():
		s.World.AddRefund(r.clearRefund)
	}
	return r.reset
}

func (s *System) chargeNetStore(r *storeRule, original, current, value *isa.Word) uint64 {
	switch {
	case current.Eq(value):
		return r.noop
	case original.Eq(current): // the transaction's first change of the slot
		if original.IsZero() {
			return r.set
		}
		if value.IsZero() {
			s.World.AddRefund(r.clearRefund)
		}
		return r.reset
	}
	if !original.IsZero() {
		if current.IsZero() { // set again: the refund for clearing is taken back
			s.World.SubRefund(r.clearRefund)
		} else if value.IsZero() {
			s.World.AddRefund(r.clearRefund)
		}
	}
	if original.Eq(value) {
		if original.IsZero() {
			s.World.AddRefund(r.setRefund)
		} else {
			s.World.AddRefund(r.reRefund)
		}
	}
	return r.noop
}

// chargeDestroy is the dynamic cost of SELFDESTRUCT: a beneficiary that is cold
// (EIP-2929) or comes into being (EIP-150, EIP-161). It adds the refund.
func chargeDestroy(s *System, c *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	w, beneficiary := s.World, state.AddressOf(&args[0])
	if s.Fork >= Berlin && !w.AddressWarm(beneficiary) {
		w.WarmAddress(beneficiary)
		cost += coldAccount
	}
	switch {
	case s.Fork >= SpuriousDragon:
		if balance := w.Balance(c.Self); !balance.IsZero() && w.Empty(beneficiary) {
			cost += destroyNewAccount
		}
	case s.Fork >= TangerineWhistle:
		if !w.Exist(beneficiary) {
			cost += destroyNewAccount
		}
	}
	if s.Fork < London && !w.HasSelfDestructed(c.Self) {
		w.AddRefund(destroyRefund)
	}
	return cost, decoder.NoFault
}
