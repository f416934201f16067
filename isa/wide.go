package isa

import "math/bits"

// WideOp says what a Wide computes: the kind, with a WideLogicOp or WideComparison in the
// low three bits of WideLogic and WideCompare, and WideHalf for words of 128 bits.
type WideOp uint8

// The kinds of WideOp, and the bit of its width.
const (
	WideLogic   WideOp = iota << 3 // and a WideLogicOp
	WideCompare                    // and a WideComparison
	WideMul
	WideDiv
	WideMulDiv // source 0 times source 1 by source 2; by 2^width when that is 0
	WideAddMod
	WideMulMod

	wideKind        = 7 << 3
	WideHalf WideOp = 1 << 6
)

// Of implements Immediate.
func (WideOp) Of(op Op) bool { return op == Wide }

// WideLogicOp is an operation of WideLogic.
type WideLogicOp uint8

// The operations of WideLogic.
const (
	WideAdd WideLogicOp = iota
	WideSub
	WideNot
	WideOr
	WideXor
	WideAnd
	WideShl
	WideShr
)

// WideComparison is a comparison of WideCompare.
type WideComparison uint8

// The comparisons of WideCompare.
const (
	WideEQ WideComparison = iota
	WideNE
	WideLT
	WideGT
	WideLE
	WideGE
	WideLeadingZeros // of the first number
)

// WideUndefined reports whether the second result of a Wide is that the first has no
// meaning, and not that it is too large.
func WideUndefined(imm WideOp) bool {
	switch imm & wideKind {
	case WideDiv, WideAddMod, WideMulMod:
		return true
	}
	return false
}

// WideLatency is the class of its latency.
func WideLatency(imm WideOp) Latency {
	switch imm & wideKind {
	case WideMul:
		return LatMul
	case WideDiv:
		return LatDiv
	case WideMulDiv, WideAddMod, WideMulMod:
		return LatMulMod
	}
	return LatALU
}

// ExecWide computes a Wide on words of 128 or 256 bits: its value, cut to the width, and
// whether it is too large or has no meaning (it is 0 then). It is pure; z must not alias
// a source.
func ExecWide(imm WideOp, z, a, b, c *Word) (status uint64) {
	width := uint(256)
	if imm&WideHalf != 0 {
		width = 128
	}
	overflow := false
	z.Clear()
	switch imm & wideKind {
	case WideLogic:
		overflow = wideLogic(WideLogicOp(imm&7), z, a, b, width)
	case WideCompare:
		setBool(z, false)
		z[0] = wideCompare(WideComparison(imm&7), a, b, width)
		return 0
	case WideMul:
		_, overflow = z.MulOverflow(a, b)
	case WideMulDiv:
		overflow = wideMulDiv(z, a, b, c, width)
	case WideDiv:
		if b.IsZero() {
			return 1
		}
		z.Div(a, b)
	case WideAddMod, WideMulMod:
		if c.IsZero() {
			return 1
		}
		if imm&wideKind == WideAddMod {
			z.AddMod(a, b, c)
		} else {
			z.MulMod(a, b, c)
		}
	}
	if cutWide(z, width) || overflow {
		return 1
	}
	return 0
}

// cutWide takes a number to its width and tells whether it was wider.
func cutWide(z *Word, width uint) bool {
	if width == 256 {
		return false
	}
	wider := z[2]|z[3] != 0
	z[2], z[3] = 0, 0
	return wider
}

// wideLogic computes without regard to the width, but for what would have bits beyond it without overflowing.
func wideLogic(operation WideLogicOp, z, a, b *Word, width uint) (overflow bool) {
	switch operation {
	case WideAdd:
		_, overflow = z.AddOverflow(a, b)
	case WideSub:
		_, overflow = z.SubOverflow(a, b)
	case WideNot:
		z.Not(a)
		cutWide(z, width)
	case WideOr:
		z.Or(a, b)
	case WideXor:
		z.Xor(a, b)
	case WideAnd:
		z.And(a, b)
	case WideShl, WideShr:
		switch {
		case !b.LtUint64(uint64(width)):
		case operation == WideShl:
			z.Lsh(a, uint(b[0]))
			cutWide(z, width)
		default:
			z.Rsh(a, uint(b[0]))
		}
	}
	return overflow
}

func wideCompare(comparison WideComparison, a, b *Word, width uint) uint64 {
	var holds bool
	switch comparison {
	case WideEQ:
		holds = a.Eq(b)
	case WideNE:
		holds = !a.Eq(b)
	case WideLT:
		holds = a.Lt(b)
	case WideGT:
		holds = a.Gt(b)
	case WideLE:
		holds = !a.Gt(b)
	case WideGE:
		holds = !a.Lt(b)
	default:
		return uint64(width) - uint64(a.BitLen())
	}
	if holds {
		return 1
	}
	return 0
}

// wideMulDiv is a b / c with a product of twice the width; no divisor stands for 2^width.
func wideMulDiv(z, a, b, c *Word, width uint) (overflow bool) {
	if !c.IsZero() {
		_, overflow = z.MulDivOverflow(a, b, c)
		return overflow
	}
	if width == 256 {
		*z = highHalf(a, b)
		return false
	}
	z.Mul(a, b)
	z.Rsh(z, width)
	return false
}

// highHalf gives the upper 256 bits of a product, by schoolbook multiplication of its limbs.
func highHalf(a, b *Word) (z Word) {
	var product [8]uint64
	for i, x := range a {
		carry := uint64(0)
		for j, y := range b {
			hi, lo := bits.Mul64(x, y)
			var up uint64
			lo, up = bits.Add64(lo, carry, 0)
			hi += up
			product[i+j], up = bits.Add64(product[i+j], lo, 0)
			carry = hi + up
		}
		product[i+len(b)] = carry
	}
	copy(z[:], product[4:])
	return z
}
