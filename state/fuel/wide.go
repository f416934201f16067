package fuel

import (
	"math/bits"

	"github.com/holiman/uint256"
)

// Wide is a number of 128 or 256 bits.
type Wide = uint256.Int

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

// Comparisons.
const (
	compareEQ = iota
	compareNE
	compareLT
	compareGT
	compareLE
	compareGE
	compareLZ // the number of leading zeros of the first number
	comparisons
)

// wideOps is the number of operations of WDOP and WQOP; they are numbered from 0.
const wideOps = 8

// The operations of WDOP and WQOP.
const (
	wideAdd = iota
	wideSub
	wideNot
	wideOr
	wideXor
	wideAnd
	wideShl
	wideShr
)

// WideValid tells whether a wide instruction has such an immediate.
func WideValid(op Opcode, imm uint32) bool {
	switch op {
	case WDCM, WQCM:
		return imm&^WideIndirectC < comparisons
	case WDOP, WQOP:
		return imm&^WideIndirectC < wideOps
	case WDML, WQML:
		return imm&^(WideIndirectB|WideIndirectC) == 0
	case WDDV, WQDV:
		return imm&^WideIndirectC == 0
	}
	return true // no immediate
}

// WideCompare is the meaning of WDCM and WQCM.
func WideCompare(op Opcode, b, c *Wide, imm uint32) uint64 {
	switch imm &^ WideIndirectC {
	case compareEQ:
		return truth(b.Eq(c))
	case compareNE:
		return truth(!b.Eq(c))
	case compareLT:
		return truth(b.Lt(c))
	case compareGT:
		return truth(b.Gt(c))
	case compareLE:
		return truth(!b.Gt(c))
	case compareGE:
		return truth(!b.Lt(c))
	}
	return 8*WideBytes(op) - uint64(b.BitLen())
}

// WideResult is what a wide instruction writes.
type WideResult struct {
	Value   Wide
	Of, Err uint64
}

// WideCompute is the meaning of the other wide instructions, of up to three numbers. It is pure.
func WideCompute(op Opcode, b, c, d *Wide, imm uint32, flags uint64) (r WideResult, p Panic) {
	width := 8 * uint(WideBytes(op))
	overflow := false
	switch op {
	case WDOP, WQOP:
		overflow = wideOp(&r.Value, b, c, imm&^WideIndirectC, width)
	case WDML, WQML:
		_, overflow = r.Value.MulOverflow(b, c)
	case WDMD, WQMD:
		overflow = mulDiv(&r.Value, b, c, d, width)
	case WDDV, WQDV:
		if c.IsZero() {
			return wideUndefined(flags)
		}
		r.Value.Div(b, c)
	case WDAM, WQAM:
		if d.IsZero() {
			return wideUndefined(flags)
		}
		r.Value.AddMod(b, c, d)
	case WDMM, WQMM:
		if d.IsZero() {
			return wideUndefined(flags)
		}
		r.Value.MulMod(b, c, d)
	}
	if cut(&r.Value, width) || overflow {
		if flags&FlagWrapping == 0 {
			return WideResult{}, PanicArithmeticOverflow
		}
		r.Of = 1
	}
	return r, NoPanic
}

func wideUndefined(flags uint64) (WideResult, Panic) {
	r, p := undefined(flags)
	return WideResult{Err: r.Err}, p
}

// cut takes a number to its width and tells whether it was wider.
func cut(v *Wide, width uint) bool {
	if width == 256 {
		return false
	}
	wider := v[2]|v[3] != 0
	v[2], v[3] = 0, 0
	return wider
}

// wideOp computes without regard to the width, but for what would have bits beyond it without overflowing.
func wideOp(z, b, c *Wide, operation uint32, width uint) (overflow bool) {
	switch operation {
	case wideAdd:
		_, overflow = z.AddOverflow(b, c)
	case wideSub:
		_, overflow = z.SubOverflow(b, c)
	case wideNot:
		z.Not(b)
		cut(z, width)
	case wideOr:
		z.Or(b, c)
	case wideXor:
		z.Xor(b, c)
	case wideAnd:
		z.And(b, c)
	case wideShl, wideShr:
		if !c.LtUint64(uint64(width)) {
			z.Clear()
		} else if operation == wideShl {
			z.Lsh(b, uint(c[0]))
			cut(z, width)
		} else {
			z.Rsh(b, uint(c[0]))
		}
	}
	return overflow
}

// mulDiv is b c / d with a product of twice the width; no divisor stands for 2^width.
func mulDiv(z, b, c, d *Wide, width uint) (overflow bool) {
	if !d.IsZero() {
		_, overflow = z.MulDivOverflow(b, c, d)
		return overflow
	}
	if width == 256 {
		*z = highHalf(b, c)
		return false
	}
	z.Mul(b, c)
	z.Rsh(z, width)
	return false
}

// highHalf gives the upper 256 bits of a product, by schoolbook multiplication of its limbs.
func highHalf(b, c *Wide) (z Wide) {
	var product [8]uint64
	for i, x := range b {
		carry := uint64(0)
		for j, y := range c {
			hi, lo := bits.Mul64(x, y)
			var up uint64
			lo, up = bits.Add64(lo, carry, 0)
			hi += up
			product[i+j], up = bits.Add64(product[i+j], lo, 0)
			carry = hi + up
		}
		product[i+len(c)] = carry
	}
	copy(z[:], product[4:])
	return z
}
