package evm

import (
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Gas parameters, named as in the Yellow Paper's appendix G and the EIPs.
const (
	memoryWordGas   = 3          // G_memory, per word of memory
	memoryQuadratic = 512        // divisor of the quadratic part
	maxMemory       = 1<<37 - 32 // bytes: above it the cost would overflow, and no gas can pay for it

	copyWordGas     = 3
	keccakWordGas   = 6
	initCodeWordGas = 2 // EIP-3860
	logByteGas      = 8

	coldAccount = 2600 // EIP-2929
	coldSlot    = 2100
	warmAccess  = 100

	maxCodeSize     = 24576           // EIP-170, bytes
	maxInitCodeSize = 2 * maxCodeSize // EIP-3860
)

// Charge returns the whole cost of an instruction whose row is Dynamic, and the
// size that the frame's memory has afterwards, as decoder.System says. Its side
// effects (warm addresses and slots, refunds) happen even when the instruction
// turns out to be too expensive: the frame that fails undoes them.
func (s *System) Charge(c *decoder.Context, in *decoder.Inst, args *decoder.Args) (cost, memory uint64, f decoder.Fault) {
	r := &s.rules[in.Code]
	cost = uint64(c.Prog.Rows[in.Code].Gas)
	if c.Gas < cost {
		return cost, 0, decoder.FaultOutOfGas
	}
	if r.memory != nil {
		size, ok := r.memory(args)
		if !ok {
			return cost, 0, decoder.FaultOutOfGas
		}
		if present := uint64(len(c.Memory)); size > present {
			memory = size
			cost += memoryCost(size/32) - memoryCost(present/32)
		}
	}
	if r.charge != nil {
		cost, f = r.charge(s, c, cost, args)
	}
	if cost > c.Gas { // gas runs out before anything else can go wrong
		f = decoder.FaultOutOfGas
	}
	return cost, memory, f
}

// extent is the end of a range of memory, rounded up to words. An empty range
// touches nothing, wherever it is.
func extent(offset, length *isa.Word) (size uint64, ok bool) {
	if length.IsZero() {
		return 0, true
	}
	if !length.IsUint64() || !offset.IsUint64() {
		return 0, false
	}
	end, carry := bits.Add64(offset[0], length[0], 0)
	if carry != 0 || end > maxMemory {
		return 0, false
	}
	return 32 * words(end), true
}

// words rounds a size in bytes up to words.
func words(size uint64) uint64 {
	n := size / 32
	if size%32 != 0 {
		n++
	}
	return n
}

// memoryCost is the cost of that many words of memory in all.
func memoryCost(n uint64) uint64 { return n*memoryWordGas + n*n/memoryQuadratic }

// MemoryBound is the size of the largest memory whose cost does not exceed gas:
// the largest n with memoryCost(n) <= gas, in bytes.
func (s *System) MemoryBound(gas uint64) uint64 {
	if gas >= memoryCost(maxMemory/32) {
		return maxMemory
	}
	low, high := uint64(0), uint64(maxMemory/32) // cost(low) <= gas < cost(high)
	for high-low > 1 {
		if n := (low + high) / 2; memoryCost(n) <= gas {
			low = n
		} else {
			high = n
		}
	}
	return 32 * low
}

// inBounds reports whether offset+length does not exceed size.
func inBounds(offset, length *isa.Word, size uint64) bool {
	if !offset.IsUint64() || !length.IsUint64() {
		return false
	}
	end, carry := bits.Add64(offset[0], length[0], 0)
	return carry == 0 && end <= size
}

// accountAccess makes an account warm and gives what a cold access costs more
// than a warm one (EIP-2929).
func (s *System) accountAccess(account *isa.Word) uint64 {
	if s.Fork < Berlin {
		return 0
	}
	a := state.AddressOf(account)
	if s.World.AddressWarm(a) {
		return 0
	}
	s.World.WarmAddress(a)
	return coldAccount - warmAccess
}

// firstAccess makes a slot warm and reports whether it was cold (EIP-2929).
func (s *System) firstAccess(owner state.Address, slot *isa.Word) bool {
	if s.World.SlotWarm(owner, slot) {
		return false
	}
	s.World.WarmSlot(owner, slot)
	return true
}
