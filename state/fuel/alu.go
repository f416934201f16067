package fuel

import "math/bits"

// Result is what a computing instruction writes: its destination, $of and $err.
type Result struct{ Value, Of, Err uint64 }

// Compute is the meaning of the instructions of ClassALU but NIOP: of their operands
// (an immediate stands for the operand that it replaces; MOVE, NOT and MOVI have one,
// MLDV has three) and the flags. It is pure.
func Compute(op Opcode, b, c, d, flags uint64) (Result, Panic) {
	switch op {
	case ADD, ADDI:
		sum, carry := bits.Add64(b, c, 0)
		return overflowing(sum, carry, flags)
	case SUB, SUBI:
		difference, borrow := bits.Sub64(b, c, 0)
		return overflowing(difference, -borrow, flags)
	case MUL, MULI:
		hi, lo := bits.Mul64(b, c)
		return overflowing(lo, hi, flags)
	case MLDV:
		hi, lo := bits.Mul64(b, c)
		if d == 0 { // dividing by 2^64
			return Result{Value: hi}, NoPanic
		}
		quotient, _ := bits.Div64(hi%d, lo, d)
		return overflowing(quotient, hi/d, flags)
	case EXP, EXPI:
		power, overflow := Power(b, c)
		if overflow {
			return overflowing(0, 1, flags)
		}
		return Result{Value: power}, NoPanic
	case DIV, DIVI:
		if c == 0 {
			return undefined(flags)
		}
		return Result{Value: b / c}, NoPanic
	case MOD, MODI:
		if c == 0 {
			return undefined(flags)
		}
		return Result{Value: b % c}, NoPanic
	case MLOG:
		if b == 0 || c <= 1 {
			return undefined(flags)
		}
		return Result{Value: logarithm(b, c)}, NoPanic
	case MROO:
		if c == 0 {
			return undefined(flags)
		}
		return Result{Value: Root(b, c)}, NoPanic
	}
	return Result{Value: logic(op, b, c)}, NoPanic
}

// overflowing is the result of an operation whose overflow of is a panic unless the program wraps.
func overflowing(value, of, flags uint64) (Result, Panic) {
	if of != 0 && flags&FlagWrapping == 0 {
		return Result{}, PanicArithmeticOverflow
	}
	return Result{Value: value, Of: of}, NoPanic
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

// Power raises base to an exponent; 0 to the 0 is 1.
func Power(base, exponent uint64) (power uint64, overflow bool) {
	if base <= 1 && exponent > 0 {
		return base, false
	}
	if exponent >= 64 { // of at least 2
		return 0, true
	}
	power = 1
	for range exponent {
		hi, lo := bits.Mul64(power, base)
		if hi != 0 {
			return 0, true
		}
		power = lo
	}
	return power, false
}

// logarithm is the floor of the logarithm of b, which is not 0, to a base above 1.
func logarithm(b, base uint64) (n uint64) {
	for b >= base {
		b /= base
		n++
	}
	return n
}

// Root is the floor of a root of b; degree is not 0.
func Root(b, degree uint64) uint64 {
	if degree == 1 || b <= 1 {
		return b
	}
	lo, hi := uint64(1), uint64(1)<<((bits.Len64(b)+1)/2) // a square root is below hi
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		if power, overflow := Power(mid, degree); overflow || power > b {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// Operations of NIOP, in the low four bits of its immediate; the width is above them.
const (
	narrowAdd = iota
	narrowSub
	narrowMul
	narrowExp
	narrowShl
	narrowXnor
	narrowOps
)

// narrowWidths is the number of widths: 8, 16 and 32 bits.
const narrowWidths = 3

// NarrowValid tells whether NIOP has such an immediate.
func NarrowValid(imm uint32) bool { return imm&15 < narrowOps && imm>>4 < narrowWidths }

// Narrow is the meaning of NIOP, whose immediate is valid: arithmetic on the low 8, 16 or 32 bits.
func Narrow(b, c uint64, imm uint32, flags uint64) (Result, Panic) {
	width := uint(8) << (imm >> 4)
	mask := uint64(1)<<width - 1
	b, c = b&mask, c&mask
	split := func(v uint64) (Result, Panic) { return overflowing(v&mask, v>>width, flags) }
	switch imm & 15 {
	case narrowAdd:
		return split(b + c)
	case narrowSub:
		difference, borrow := bits.Sub64(b, c, 0)
		return overflowing(difference&mask, -borrow, flags)
	case narrowMul:
		return split(b * c)
	case narrowExp:
		power, overflow := Power(b, c)
		if overflow || power > mask {
			return overflowing(0, 1, flags)
		}
		return Result{Value: power}, NoPanic
	case narrowShl:
		return Result{Value: b << c & mask}, NoPanic
	}
	return Result{Value: ^(b ^ c) & mask}, NoPanic
}
