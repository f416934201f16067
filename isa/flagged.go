package isa

import "math/bits"

// ExecFlagged computes a micro-operation of ClassFlagged on 64-bit words: its value,
// and its second result, which is not zero when the value is not the mathematical one.
// For what overflows it is the part above the value (all ones for a negative
// difference, 1 for a power that is too large), for what is undefined it is 1; powers
// that overflow and undefined results have the value 0. It is pure.
func ExecFlagged(op Op, imm NarrowOp, a, b, c uint64) (value, flag uint64) {
	switch op {
	case Add64:
		return bits.Add64(a, b, 0)
	case Sub64:
		difference, borrow := bits.Sub64(a, b, 0)
		return difference, -borrow
	case Mul64:
		hi, lo := bits.Mul64(a, b)
		return lo, hi
	case MulDiv64:
		hi, lo := bits.Mul64(a, b)
		if c == 0 {
			return hi, 0
		}
		quotient, _ := bits.Div64(hi%c, lo, c)
		return quotient, hi / c
	case Exp64:
		return power64(a, b)
	case Narrow:
		return narrow(imm, a, b)
	case Div64:
		if b == 0 {
			return 0, 1
		}
		return a / b, 0
	case Mod64:
		if b == 0 {
			return 0, 1
		}
		return a % b, 0
	case Log64:
		if a == 0 || b <= 1 {
			return 0, 1
		}
		for ; a >= b; a /= b {
			value++
		}
		return value, 0
	case Root64:
		if b == 0 {
			return 0, 1
		}
		return root64(a, b), 0
	}
	return 0, 0
}

// power64 raises a base to an exponent; 0 to the 0 is 1.
func power64(base, exponent uint64) (power, overflow uint64) {
	if base <= 1 && exponent > 0 {
		return base, 0
	}
	if exponent >= 64 { // of at least 2
		return 0, 1
	}
	power = 1
	for range exponent {
		hi, lo := bits.Mul64(power, base)
		if hi != 0 {
			return 0, 1
		}
		power = lo
	}
	return power, 0
}

// root64 is the floor of a root; degree is not 0.
func root64(a, degree uint64) uint64 {
	if degree == 1 || a <= 1 {
		return a
	}
	lo, hi := uint64(1), uint64(1)<<((bits.Len64(a)+1)/2) // a square root is below hi
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		if power, overflow := power64(mid, degree); overflow != 0 || power > a {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// narrow computes on the low 8, 16 or 32 bits.
func narrow(imm NarrowOp, a, b uint64) (value, overflow uint64) {
	width := uint(8) << (imm >> 4)
	mask := uint64(1)<<width - 1
	a, b = a&mask, b&mask
	switch imm & 15 {
	case NarrowAdd:
		return (a + b) & mask, (a + b) >> width
	case NarrowSub:
		difference, borrow := bits.Sub64(a, b, 0)
		return difference & mask, -borrow
	case NarrowMul:
		return a * b & mask, a * b >> width
	case NarrowExp:
		power, overflow := power64(a, b)
		if overflow != 0 || power > mask {
			return 0, 1
		}
		return power, 0
	case NarrowShl:
		return a << b & mask, 0
	}
	return ^(a ^ b) & mask, 0
}
