package traces

import (
	"encoding/binary"
	"math/bits"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// An instruction's effect is a 64-bit hash of what it wrote besides its result:
// 0 for nothing, never 0 for something. The golden run hashes what it reads back
// from go-ethereum's memory, state and logs after the instruction, the machine
// what it reads back from its own; equal hashes mean equal writes. The hash is no
// defense against an adversary, only against mistakes.
//
// It absorbs 64 bits at a time: xor into the state, then the 128-bit product with
// an odd constant folded onto itself, as in wyhash. The length comes last, so that
// zero bytes at the end count.
const (
	effectSeed  = 0x9e3779b97f4a7c15
	effectPrime = 0xd6e8feb86659fd93
)

// Domain separators: writes of different kinds never compare equal by accident.
const (
	effectMemory = iota + 1
	effectState
	effectLog
)

func absorb(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v^effectSeed, effectPrime)
	return hi ^ lo ^ bits.RotateLeft64(h, 29)
}

func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= effectPrime
	if h ^= h >> 29; h == 0 {
		return 1
	}
	return h
}

// HashBytes folds bytes and their number into a running hash.
func HashBytes(h uint64, b []byte) uint64 {
	n := uint64(len(b))
	for len(b) >= 8 {
		h = absorb(h, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		h = absorb(h, binary.LittleEndian.Uint64(last[:]))
	}
	return absorb(h, n)
}

func hashWord(h uint64, w *isa.Word) uint64 {
	return absorb(absorb(absorb(absorb(h, w[0]), w[1]), w[2]), w[3])
}

// MemoryEffect is the effect of an instruction that wrote data at offset off of its
// frame's memory. For a call it is the whole output range of the caller as it
// stands when the caller goes on, however much of it was written. No data, no
// effect.
func MemoryEffect(off uint64, data []byte) uint64 {
	if len(data) == 0 {
		return 0
	}
	return finish(HashBytes(absorb(effectMemory, off), data))
}

// StateEffect is the effect of a store to a storage slot: space is isa.Persistent
// or isa.Transient, value what the slot holds afterwards.
func StateEffect(space isa.Space, owner state.Address, slot, value *isa.Word) uint64 {
	h := HashBytes(absorb(effectState, uint64(space)), owner[:])
	return finish(hashWord(hashWord(h, slot), value))
}

// LogEffect is the effect of a log entry.
func LogEffect(l *state.Log) uint64 {
	h := HashBytes(effectLog, l.Address[:])
	h = absorb(h, uint64(len(l.Topics)))
	for i := range l.Topics {
		h = HashBytes(h, l.Topics[i][:])
	}
	return finish(HashBytes(h, l.Data))
}
