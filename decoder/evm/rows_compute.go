package evm

import (
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

var faultUops = []decoder.Uop{uop(isa.Fault)}

// computeSpecs are the instructions that touch nothing outside the stack and
// the frame's memory, and the jumps.
var computeSpecs = []spec{
	alu(ADD, "ADD", Frontier, 3, isa.Add),
	alu(MUL, "MUL", Frontier, 5, isa.Mul),
	alu(SUB, "SUB", Frontier, 3, isa.Sub),
	alu(DIV, "DIV", Frontier, 5, isa.Div),
	alu(SDIV, "SDIV", Frontier, 5, isa.SDiv),
	alu(MOD, "MOD", Frontier, 5, isa.Mod),
	alu(SMOD, "SMOD", Frontier, 5, isa.SMod),
	alu(ADDMOD, "ADDMOD", Frontier, 8, isa.AddMod),
	alu(MULMOD, "MULMOD", Frontier, 8, isa.MulMod),
	{op: EXP, name: "EXP", gas: 10, pops: 2, pushes: 1, kind: decoder.KindExec, rule: rule{charge: exponent(10)}, uops: []decoder.Uop{uop(isa.Exp, 0, 1)}},
	alu(SIGNEXTEND, "SIGNEXTEND", Frontier, 5, isa.SignExtend),
	alu(LT, "LT", Frontier, 3, isa.Lt),
	alu(GT, "GT", Frontier, 3, isa.Gt),
	alu(SLT, "SLT", Frontier, 3, isa.SLt),
	alu(SGT, "SGT", Frontier, 3, isa.SGt),
	alu(EQ, "EQ", Frontier, 3, isa.Eq),
	alu(ISZERO, "ISZERO", Frontier, 3, isa.IsZero),
	alu(AND, "AND", Frontier, 3, isa.And),
	alu(OR, "OR", Frontier, 3, isa.Or),
	alu(XOR, "XOR", Frontier, 3, isa.Xor),
	alu(NOT, "NOT", Frontier, 3, isa.Not),
	alu(BYTE, "BYTE", Frontier, 3, isa.Byte),
	alu(SHL, "SHL", Constantinople, 3, isa.Shl), // EIP-145
	alu(SHR, "SHR", Constantinople, 3, isa.Shr),
	alu(SAR, "SAR", Constantinople, 3, isa.Sar),
	alu(CLZ, "CLZ", Osaka, 5, isa.CountLeadingZeros), // EIP-7939

	{op: KECCAK256, name: "KECCAK256", gas: 30, pops: 2, pushes: 1, kind: decoder.KindExec, rule: rule{memory: ranged(0, 1), charge: perWord(keccakWordGas, 1)}, uops: []decoder.Uop{uop(isa.Hash, 0, 1)}},
	{op: MLOAD, name: "MLOAD", gas: 3, pops: 1, pushes: 1, kind: decoder.KindExec, rule: rule{memory: sized(0, 32)}, uops: []decoder.Uop{uop(isa.Load, 0)}},
	{op: MSTORE, name: "MSTORE", gas: 3, pops: 2, kind: decoder.KindExec, rule: rule{memory: sized(0, 32)}, uops: []decoder.Uop{uop(isa.StoreAddr, 0), uop(isa.StoreData, 1)}},
	{op: MSTORE8, name: "MSTORE8", gas: 3, pops: 2, kind: decoder.KindExec, rule: rule{memory: sized(0, 1)}, uops: []decoder.Uop{uop(isa.StoreAddr1, 0), uop(isa.StoreData1, 1)}},
	{op: MCOPY, name: "MCOPY", since: Cancun, gas: 3, pops: 3, kind: decoder.KindExec, rule: rule{memory: twoRanges(0, 2, 1, 2), charge: perWord(copyWordGas, 2)}, uops: []decoder.Uop{ // EIP-5656
		uop(isa.CopyAddr, 0, 2),
		uopImm(isa.CopyData, isa.CopyMemory, 1, 2),
	}},
	{op: MSIZE, name: "MSIZE", gas: 2, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{uopImm(isa.Counter, isa.CounterMemory)}},
	{op: GAS, name: "GAS", gas: 2, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{uopImm(isa.Counter, isa.CounterGas)}},

	{op: STOP, name: "STOP", kind: decoder.KindLeave, uops: []decoder.Uop{uop(isa.Leave, decoder.Zero, decoder.Zero)}},
	{op: JUMP, name: "JUMP", gas: 8, pops: 1, kind: decoder.KindJump, uops: []decoder.Uop{uop(isa.Jump, 0)}},
	{op: JUMPI, name: "JUMPI", gas: 10, pops: 2, kind: decoder.KindBranch, uops: []decoder.Uop{uop(isa.Branch, 0, 1)}},
	{op: JUMPDEST, name: "JUMPDEST", gas: 1, kind: decoder.KindNop},
	{op: INVALID, name: "INVALID", kind: decoder.KindInvalid, uops: faultUops},
}

// alu is an instruction that is one pure micro-op with the same operands.
func alu(op uint8, name string, since Fork, gas uint32, u isa.Op) spec {
	n := isa.Table[u].Sources
	return spec{op: op, name: name, since: since, gas: gas, pops: n, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{
		uop(u, []decoder.Operand{0, 1, 2}[:n]...),
	}}
}

// stackSpecs are the instructions that only rearrange the stack.
func stackSpecs() []spec {
	specs := []spec{
		{op: POP, name: "POP", gas: 2, pops: 1, kind: decoder.KindPop},
		{op: PUSH0, name: "PUSH0", since: Shanghai, gas: 2, pushes: 1, kind: decoder.KindPush}, // EIP-3855
	}
	for n := uint8(1); n <= 32; n++ {
		specs = append(specs, spec{op: PUSH0 + n, name: fmt.Sprintf("PUSH%d", n), gas: 3, pushes: 1, kind: decoder.KindPush})
	}
	for n := uint8(1); n <= 16; n++ {
		specs = append(specs,
			spec{op: DUP1 + n - 1, name: fmt.Sprintf("DUP%d", n), gas: 3, pushes: 1, kind: decoder.KindDup},
			spec{op: SWAP1 + n - 1, name: fmt.Sprintf("SWAP%d", n), gas: 3, kind: decoder.KindSwap})
	}
	return specs
}
