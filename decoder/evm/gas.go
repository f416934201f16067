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
	expByteGas      = 10
	expByteGas160   = 50 // EIP-160

	coldAccount = 2600 // EIP-2929
	coldSlot    = 2100
	warmAccess  = 100

	maxCodeSize     = 24576           // EIP-170, bytes
	maxInitCodeSize = 2 * maxCodeSize // EIP-3860
)

// Charge gives the whole cost of an instruction whose row is Dynamic, and the
// size that the frame's memory has afterwards, as decoder.System says. Its side
// effects (warm addresses and slots, refunds) happen even when the instruction
// turns out to be too expensive: the frame that fails undoes them.
func (s *System) Charge(c *decoder.Context, in *decoder.Inst, args *decoder.Args) (cost, memory uint64, f decoder.Fault) {
	row := &c.Prog.Rows[in.Code]
	cost = uint64(row.Gas)
	if c.Gas < cost {
		return cost, 0, decoder.FaultOutOfGas
	}
	if row.Flags&decoder.Memory != 0 {
		size, ok := memoryUse(in.Code, args)
		if !ok {
			return cost, 0, decoder.FaultOutOfGas
		}
		if present := uint64(len(c.Memory)); size > present {
			memory = size
			cost += memoryCost(size/32) - memoryCost(present/32)
		}
	}
	// Lengths that come with a memory range are below maxMemory from here on, so
	// that no product of them overflows.
	switch in.Code {
	case EXP:
		perByte := uint64(expByteGas)
		if s.Fork >= SpuriousDragon {
			perByte = expByteGas160
		}
		cost += perByte * uint64(args[1].ByteLen())
	case KECCAK256:
		cost += keccakWordGas * words(args[1][0])
	case CALLDATACOPY, CODECOPY, MCOPY:
		cost += copyWordGas * words(args[2][0])
	case RETURNDATACOPY:
		cost += copyWordGas * words(args[2][0])
		if !inBounds(&args[1], &args[2], c.Returned) {
			f = decoder.FaultReturnBounds
		}
	case EXTCODECOPY:
		cost += copyWordGas * words(args[3][0])
		cost += s.accountAccess(&args[0])
		s.World.Code(state.AddressOf(&args[0])) // what it copies is read
	case LOG0, LOG1, LOG2, LOG3, LOG4:
		cost += logByteGas * args[1][0]
	case BALANCE, EXTCODESIZE, EXTCODEHASH:
		cost += s.accountAccess(&args[0])
	case SLOAD:
		if s.firstAccess(c.Self, &args[0]) {
			cost += coldSlot - warmAccess
		}
	case SSTORE:
		cost, f = s.chargeStore(c, &args[0], &args[1])
	case CREATE, CREATE2:
		cost, f = s.chargeCreate(in.Code, cost, &args[2])
	case SELFDESTRUCT:
		cost += s.chargeDestroy(c, state.AddressOf(&args[0]))
	case CALL, CALLCODE, DELEGATECALL, STATICCALL:
		cost, f = s.chargeCall(c, in.Code, cost, args)
	}
	if cost > c.Gas { // gas runs out before anything else can go wrong
		f = decoder.FaultOutOfGas
	}
	return cost, memory, f
}

// memoryUse gives the end of the memory that an instruction touches, rounded up
// to words; ok is false when it exceeds maxMemory.
func memoryUse(op uint8, args *decoder.Args) (size uint64, ok bool) {
	var word isa.Word
	switch op {
	case MLOAD, MSTORE:
		word[0] = 32
		return extent(&args[0], &word)
	case MSTORE8:
		word[0] = 1
		return extent(&args[0], &word)
	case KECCAK256, LOG0, LOG1, LOG2, LOG3, LOG4, RETURN, REVERT:
		return extent(&args[0], &args[1])
	case CALLDATACOPY, CODECOPY, RETURNDATACOPY:
		return extent(&args[0], &args[2])
	case EXTCODECOPY:
		return extent(&args[1], &args[3])
	case MCOPY:
		if args[0].Lt(&args[1]) {
			return extent(&args[1], &args[2])
		}
		return extent(&args[0], &args[2])
	case CREATE, CREATE2:
		return extent(&args[1], &args[2])
	case CALL, CALLCODE:
		return extents(args[3:7])
	case DELEGATECALL, STATICCALL:
		return extents(args[2:6])
	}
	return 0, true
}

// extents is the larger extent of a call's input and output ranges.
func extents(r []isa.Word) (size uint64, ok bool) {
	input, ok := extent(&r[0], &r[1])
	if !ok {
		return 0, false
	}
	output, ok := extent(&r[2], &r[3])
	return max(input, output), ok
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
