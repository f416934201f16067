package fuel

import "github.com/ooovm/ooovm/isa"

// Wide is a number of 128 or 256 bits.
type Wide = isa.Word

// WideBytes is the size of the numbers of an instruction of ClassWide.
func WideBytes(op Opcode) uint64 {
	switch op {
	case WDCM, WDOP, WDML, WDDV, WDMD, WDAM, WDMM:
		return 16
	}
	return 32
}

// Bits of the immediates of wide instructions. What is indirect lies in memory; the
// rest are registers. The operation is below.
const (
	WideIndirectB uint32 = 16 // of multiplications
	WideIndirectC uint32 = 32
)

// WideValid tells whether a wide instruction has such an immediate.
func WideValid(op Opcode, imm uint32) bool {
	switch op {
	case WDCM, WQCM:
		return imm&^WideIndirectC <= uint32(isa.WideLeadingZeros)
	case WDOP, WQOP:
		return imm&^WideIndirectC <= uint32(isa.WideShr)
	case WDML, WQML:
		return imm&^(WideIndirectB|WideIndirectC) == 0
	case WDDV, WQDV:
		return imm&^WideIndirectC == 0
	}
	return true // no immediate
}

// WideIndirect tells which of the operands B, C and D lie in memory.
func WideIndirect(op Opcode, imm uint32) [3]bool {
	switch op {
	case WDML, WQML:
		return [3]bool{imm&WideIndirectB != 0, imm&WideIndirectC != 0, false}
	case WDCM, WQCM, WDOP, WQOP, WDDV, WQDV:
		return [3]bool{true, imm&WideIndirectC != 0, false}
	}
	return [3]bool{true, true, true}
}

// wideKinds are the micro-operations' kinds.
var wideKinds = map[Opcode]isa.WideOp{
	WDCM: isa.WideCompare, WQCM: isa.WideCompare, WDOP: isa.WideLogic, WQOP: isa.WideLogic,
	WDML: isa.WideMul, WQML: isa.WideMul, WDDV: isa.WideDiv, WQDV: isa.WideDiv, WDMD: isa.WideMulDiv, WQMD: isa.WideMulDiv,
	WDAM: isa.WideAddMod, WQAM: isa.WideAddMod, WDMM: isa.WideMulMod, WQMM: isa.WideMulMod,
}

// WideMicro gives the micro-operation's immediate of a valid wide instruction. The numbers
// of operations and comparisons are the same.
func WideMicro(op Opcode, imm uint32) isa.WideOp {
	micro := wideKinds[op]
	if micro == isa.WideCompare || micro == isa.WideLogic {
		micro |= isa.WideOp(imm & 7)
	}
	if WideBytes(op) == 16 {
		micro |= isa.WideHalf
	}
	return micro
}

// WideResult is what a wide instruction writes.
type WideResult struct {
	Value   Wide
	Of, Err uint64
}

// WideCompute is the meaning of the wide instructions, of up to three numbers. The value of a
// comparison is that of its register. It is pure.
func WideCompute(op Opcode, b, c, d *Wide, imm uint32, flags uint64) (r WideResult, p Panic) {
	micro := WideMicro(op, imm)
	status := isa.ExecWide(micro, &r.Value, b, c, d)
	switch {
	case status == 0:
	case isa.WideUndefined(micro):
		u, p := undefined(flags)
		return WideResult{Err: u.Err}, p
	case flags&FlagWrapping == 0:
		return WideResult{}, PanicArithmeticOverflow
	default:
		r.Of = 1
	}
	return r, NoPanic
}
