package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// Opcodes of the pseudo-programs, which have a table of their own.
const (
	pseudoEmpty = iota
	pseudoBuiltin
)

// pseudoRows are the bodies of the frames that run no bytecode. They are no
// instructions of the trace and cost nothing by themselves.
var pseudoRows = decoder.RowTable{
	pseudoEmpty: {
		Name: "empty", Kind: decoder.KindLeave, MaxStack: stackLimit, Flags: decoder.Uncounted,
		Uops: []decoder.Uop{uop(isa.Leave, decoder.Zero, decoder.Zero)},
	},
	pseudoBuiltin: {
		Name: "builtin", Kind: decoder.KindBuiltin, MaxStack: stackLimit, Flags: decoder.Uncounted,
		Uops: []decoder.Uop{uop(isa.Builtin, decoder.InputOffset, decoder.InputLength)},
	},
}

// emptyProgram is what entering an account without code runs. It is one of its
// own, not a stop behind no code: go-ethereum counts a stop there, but nothing here.
var emptyProgram = pseudoProgram(pseudoEmpty, 0)

// builtinPrograms are the programs of the precompiled contracts, by number.
var builtinPrograms = func() map[int]*decoder.Program {
	numbers := []int{0x100} // EIP-7951, secp256r1
	for n := 1; n <= 0x11; n++ {
		numbers = append(numbers, n)
	}
	programs := make(map[int]*decoder.Program, len(numbers))
	for _, n := range numbers {
		programs[n] = pseudoProgram(pseudoBuiltin, n)
	}
	return programs
}()

func pseudoProgram(code uint8, builtin int) *decoder.Program {
	return &decoder.Program{
		Insts:   []decoder.Inst{{Aux: -1, Code: code, Kind: pseudoRows[code].Kind}},
		Rows:    &pseudoRows,
		Builtin: builtin,
		ID:      decoder.NextID(),
	}
}

// Builtin runs a precompiled contract and charges it. A failure takes all gas,
// so what is left then does not matter.
func (s *System) Builtin(c *decoder.Context, input []byte) (output []byte, ok bool) {
	contract, ok := s.Env.Precompiles.Numbered(c.Prog.Builtin)
	if !ok {
		return nil, false
	}
	cost := contract.RequiredGas(input)
	if cost > c.Gas {
		return nil, false
	}
	c.Gas -= cost
	output, err := contract.Run(input)
	return output, err == nil
}
