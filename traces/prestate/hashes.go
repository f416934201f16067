package prestate

import (
	"encoding/binary"
	"maps"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ooovm/ooovm/traces"
)

// Hashes are the hashes of ancestors that a block reads and that its bundle does not have: a
// pre-state does not tell them.
type Hashes struct {
	// Compared has what the block compares such a hash with, which is most often what it is:
	// programs that are given a hash check it so.
	Compared map[uint64]common.Hash
	Unknown  []uint64 // all of them

	known   map[uint64]common.Hash
	numbers map[common.Hash]uint64 // of the words that stand for hashes
}

func newHashes(b *traces.Bundle) *Hashes {
	return &Hashes{Compared: make(map[uint64]common.Hash), known: b.BlockHashes, numbers: make(map[common.Hash]uint64)}
}

// of answers BLOCKHASH. A word of its own stands for a hash that is not known.
func (h *Hashes) of(number uint64) common.Hash {
	if hash, ok := h.known[number]; ok {
		return hash
	}
	word := crypto.Keccak256Hash(binary.BigEndian.AppendUint64([]byte("unknown block hash"), number))
	if _, asked := h.numbers[word]; !asked {
		h.numbers[word] = number
		h.Unknown = append(h.Unknown, number)
	}
	return word
}

// hooks watch what is compared with the words that stand for hashes.
func (h *Hashes) hooks() *tracing.Hooks {
	return &tracing.Hooks{OnOpcode: func(_ uint64, op byte, _, _ uint64, scope tracing.OpContext, _ []byte, _ int, err error) {
		if len(h.numbers) == 0 || err != nil {
			return
		}
		switch vm.OpCode(op) {
		case vm.EQ, vm.SUB, vm.XOR:
			stack := scope.StackData()
			a, b := common.Hash(stack[len(stack)-1].Bytes32()), common.Hash(stack[len(stack)-2].Bytes32())
			h.compare(a, b)
			h.compare(b, a)
		}
	}}
}

func (h *Hashes) compare(word, with common.Hash) {
	number, ok := h.numbers[word]
	if _, known := h.Compared[number]; ok && !known && with != (common.Hash{}) && with != word {
		h.Compared[number] = with
	}
}

// FindHashes executes a block and finds which hashes it reads that its bundle does not have.
func FindHashes(b *traces.Bundle) *Hashes {
	h := newHashes(b)
	// A block that cannot be executed reads what it reads until then.
	_, _ = (&traces.Execution{Bundle: b, BlockHash: h.of, Hooks: h.hooks()}).Run()
	return h
}

// WithHashes is the bundle with hashes of further ancestors.
func WithHashes(b *traces.Bundle, more map[uint64]common.Hash) *traces.Bundle {
	out := b.Again()
	out.BlockHashes = maps.Clone(b.BlockHashes)
	maps.Copy(out.BlockHashes, more)
	return out
}
