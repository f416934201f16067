package fuel

import "github.com/ooovm/ooovm/isa"

// Result is what a computing instruction writes: its destination, $of and $err.
type Result struct{ Value, Of, Err uint64 }

// flagged are the instructions that may overflow or have no meaning, by the
// micro-operation that computes them.
var flagged = map[Opcode]isa.Op{
	ADD: isa.Add64, ADDI: isa.Add64, SUB: isa.Sub64, SUBI: isa.Sub64, MUL: isa.Mul64, MULI: isa.Mul64,
	MLDV: isa.MulDiv64, EXP: isa.Exp64, EXPI: isa.Exp64, NIOP: isa.Narrow,
	DIV: isa.Div64, DIVI: isa.Div64, MOD: isa.Mod64, MODI: isa.Mod64, MLOG: isa.Log64, MROO: isa.Root64,
}

// Undefined reports whether what may be wrong with an instruction's result is that there is
// none, and not that it is too large.
func Undefined(op Opcode) bool {
	switch flagged[op] {
	case isa.Div64, isa.Mod64, isa.Log64, isa.Root64:
		return true
	}
	return false
}

// Compute is the meaning of the instructions of ClassALU: of their operands (an immediate
// stands for the operand that it replaces; MOVE, NOT and MOVI have one, MLDV has three),
// the immediate of NIOP, which must be valid, and the flags. It is pure.
func Compute(op Opcode, b, c, d uint64, imm uint32, flags uint64) (Result, Panic) {
	micro, may := flagged[op]
	if !may {
		return Result{Value: logic(op, b, c)}, NoPanic
	}
	value, status := isa.ExecFlagged(micro, isa.NarrowOp(imm), b, c, d)
	switch {
	case status == 0:
		return Result{Value: value}, NoPanic
	case Undefined(op):
		return undefined(flags)
	case flags&FlagWrapping == 0:
		return Result{}, PanicArithmeticOverflow
	}
	return Result{Value: value, Of: status}, NoPanic
}

// undefined is the result of an operation that has none: a panic unless the program takes $err for it.
func undefined(flags uint64) (Result, Panic) {
	if flags&FlagUnsafeMath == 0 {
		return Result{}, PanicArithmeticError
	}
	return Result{Err: 1}, NoPanic
}

// logic is the meaning of what can neither overflow nor fail.
func logic(op Opcode, b, c uint64) uint64 {
	switch op {
	case AND, ANDI:
		return b & c
	case OR, ORI:
		return b | c
	case XOR, XORI:
		return b ^ c
	case NOT:
		return ^b
	case SLL, SLLI:
		return b << c
	case SRL, SRLI:
		return b >> c
	case EQ:
		return truth(b == c)
	case LT:
		return truth(b < c)
	case GT:
		return truth(b > c)
	case MOVE, MOVI:
		return b
	}
	return 0 // NOOP
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// NarrowValid tells whether NIOP has such an immediate: one of six operations on 8, 16 or 32 bits.
func NarrowValid(imm uint32) bool { return imm&15 <= uint32(isa.NarrowXnor) && imm>>4 <= 2 }
