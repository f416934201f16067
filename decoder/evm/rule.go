package evm

import (
	"bytes"
	"errors"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// rule is what commit asks of an opcode besides its constant cost: the columns memorySize,
// dynamicGas and execute of go-ethereum's jump table. What an opcode has not is nil.
type rule struct {
	memory memoryRule
	charge chargeRule
	apply  applyRule
}

type (
	// memoryRule returns the end of the memory that an instruction touches, in bytes,
	// rounded up to words; ok is false above maxMemory.
	memoryRule func(args *decoder.Args) (size uint64, ok bool)
	// chargeRule returns the whole cost; cost is the constant part and that of memory.
	// Lengths of ranges that the memory rule has seen are below maxMemory, so that no
	// product of them overflows.
	chargeRule func(s *System, c *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault)
	// applyRule makes the effect on storage or the log. Gas is paid and memory is there.
	applyRule func(s *System, c *decoder.Context, args *decoder.Args)
)

// flags are those of the row that follow from the rule.
func (r *rule) flags() (f decoder.Flags) {
	if r.memory != nil {
		f |= decoder.Dynamic | decoder.Memory
	}
	if r.charge != nil {
		f |= decoder.Dynamic
	}
	if r.apply != nil {
		f |= decoder.Effect
	}
	return f
}

var (
	errNoMemory = errors.New("a micro-op names memory that nothing charges for")
	errNoRange  = errors.New("memory is charged for that no micro-op names")
	errNoEffect = errors.New("a micro-op carries data for storage that nothing applies")
	errNoUops   = errors.New("no micro-ops for what has to be executed")
	errNoShape  = errors.New("a call without the parts of its operands")
)

// touchesMemory lists the micro-ops that name a range of the frame's own memory.
var touchesMemory = map[isa.Op]bool{
	isa.Load: true, isa.Hash: true, isa.StoreAddr: true, isa.StoreAddr1: true, isa.CopyAddr: true, isa.RangeAddress: true,
	isa.Leave: true, isa.Abort: true,
}

// check reports what is missing in an opcode.
func (s *spec) check() error {
	memory, data := false, false
	for i := range s.uops {
		u := &s.uops[i]
		memory = memory || touchesMemory[u.Op] && u.Src[0] != decoder.Zero
		data = data || u.Op == isa.StateData
	}
	switch {
	case memory && s.memory == nil:
		return errNoMemory
	case !memory && s.memory != nil:
		return errNoRange
	case data && s.apply == nil:
		return errNoEffect
	case len(s.uops) == 0 && !s.kind.Foldable():
		return errNoUops
	case (s.kind == decoder.KindCall) != (s.call != nil):
		return errNoShape
	}
	return nil
}

// sized is memory of a fixed length at an operand.
func sized(offset int, length uint64) memoryRule {
	fixed := isa.Word{length}
	return func(args *decoder.Args) (uint64, bool) { return extent(&args[offset], &fixed) }
}

// ranged is memory whose offset and length are operands.
func ranged(offset, length int) memoryRule {
	return func(args *decoder.Args) (uint64, bool) { return extent(&args[offset], &args[length]) }
}

// twoRanges is the larger extent of two ranges, as of a call's input and output.
func twoRanges(offset, length, offset2, length2 int) memoryRule {
	return func(args *decoder.Args) (size uint64, ok bool) {
		first, ok := extent(&args[offset], &args[length])
		if !ok {
			return 0, false
		}
		second, ok := extent(&args[offset2], &args[length2])
		return max(first, second), ok
	}
}

// exponent is the cost of EXP, so much for each byte of its exponent.
func exponent(perByte uint64) chargeRule {
	return func(_ *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
		return cost + perByte*uint64(args[1].ByteLen()), decoder.NoFault
	}
}

// perWord is a cost for each word of a length that is an operand.
func perWord(gas uint64, length int) chargeRule {
	return func(_ *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
		return cost + gas*words(args[length][0]), decoder.NoFault
	}
}

func chargeReturnCopy(_ *System, c *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	cost += copyWordGas * words(args[2][0])
	if !inBounds(&args[1], &args[2], c.Returned) {
		return cost, decoder.FaultReturnBounds
	}
	return cost, decoder.NoFault
}

func chargeForeignCopy(s *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	cost += copyWordGas*words(args[3][0]) + s.accountAccess(&args[0])
	s.World.Code(state.AddressOf(&args[0])) // what it copies is read
	return cost, decoder.NoFault
}

func chargeLog(_ *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	return cost + logByteGas*args[1][0], decoder.NoFault
}

// coldAccountLoad and coldSlotLoad add what a cold access costs more (EIP-2929).
func coldAccountLoad(s *System, _ *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	return cost + s.accountAccess(&args[0]), decoder.NoFault
}

func coldSlotLoad(s *System, c *decoder.Context, cost uint64, args *decoder.Args) (uint64, decoder.Fault) {
	if s.firstAccess(c.Self, &args[0]) {
		cost += coldSlot - warmAccess
	}
	return cost, decoder.NoFault
}

func applyStore(s *System, c *decoder.Context, args *decoder.Args) {
	s.World.SetStorage(c.Self, &args[0], &args[1])
}

func applyTransient(s *System, c *decoder.Context, args *decoder.Args) {
	s.World.SetTransient(c.Self, &args[0], &args[1])
}

// applyLog appends a log with so many topics.
func applyLog(topics int) applyRule {
	return func(s *System, c *decoder.Context, args *decoder.Args) {
		list := make([]state.Hash, topics)
		for i := range list {
			list[i] = args[2+i].Bytes32()
		}
		s.World.AddLog(state.Log{Address: c.Self, Topics: list, Data: bytes.Clone(memoryRange(c, &args[0], &args[1]))})
	}
}
