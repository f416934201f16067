package fuel

import (
	"math/big"

	"github.com/ooovm/ooovm/state/fuel"
)

// The golden arithmetic is done on unbounded integers and cut to size afterwards: it
// shares nothing with the word arithmetic of the simulated machine.

func integer(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

// low cuts an integer to a number of bits, as two's complement.
func low(v *big.Int, width uint) *big.Int {
	mask := new(big.Int).Lsh(big.NewInt(1), width)
	return new(big.Int).And(v, mask.Sub(mask, big.NewInt(1)))
}

// alu executes the arithmetic on registers.
func (g *golden) alu(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	if in.Op.Code == fuel.NOOP {
		r[fuel.RegOf], r[fuel.RegErr] = 0, 0
		return fuel.NoPanic
	}
	if in.Op.Code == fuel.NIOP && (in.Imm&15 > 5 || in.Imm>>4 > 2) {
		return fuel.PanicInvalidImmediateValue
	}
	if p := writable(in.A); p != fuel.NoPanic {
		return p
	}
	b, c := r[in.B], r[in.C]
	switch in.Op.Format {
	case fuel.FormatRRI:
		c = uint64(in.Imm)
	case fuel.FormatRI:
		b = uint64(in.Imm)
	}
	var o outcome
	switch in.Op.Code {
	case fuel.NIOP:
		o = narrow(b, c, in.Imm)
	case fuel.MLDV:
		o = mulDivide(b, c, r[in.D])
	default:
		o = arithmetic(in.Op.Code, b, c)
	}
	return g.finish(in.A, o)
}

// outcome is a result with what may be wrong with it.
type outcome struct {
	value     *big.Int
	of        uint64
	undefined bool
}

// finish writes an outcome as the flags want it.
func (g *golden) finish(register uint8, o outcome) fuel.Panic {
	r := &g.Reg
	switch {
	case o.undefined && r[fuel.RegFlag]&fuel.FlagUnsafeMath == 0:
		return fuel.PanicArithmeticError
	case o.of != 0 && r[fuel.RegFlag]&fuel.FlagWrapping == 0:
		return fuel.PanicArithmeticOverflow
	case o.undefined:
		o.value = new(big.Int)
	}
	r[register] = low(o.value, 64).Uint64()
	r[fuel.RegOf], r[fuel.RegErr] = o.of, truth(o.undefined)
	return fuel.NoPanic
}

// high is the outcome whose overflow is the upper word of the value.
func high(v *big.Int) outcome {
	return outcome{value: v, of: low(new(big.Int).Rsh(v, 64), 64).Uint64()}
}

func arithmetic(op fuel.Opcode, x, y uint64) outcome {
	b, c, z := integer(x), integer(y), new(big.Int)
	switch op {
	case fuel.ADD, fuel.ADDI:
		return high(z.Add(b, c))
	case fuel.SUB, fuel.SUBI:
		return high(z.Sub(b, c))
	case fuel.MUL, fuel.MULI:
		return high(z.Mul(b, c))
	case fuel.EXP, fuel.EXPI:
		return power(b, c, 64)
	case fuel.DIV, fuel.DIVI, fuel.MOD, fuel.MODI:
		if y == 0 {
			return outcome{undefined: true}
		}
		if op == fuel.DIV || op == fuel.DIVI {
			return outcome{value: z.Quo(b, c)}
		}
		return outcome{value: z.Rem(b, c)}
	case fuel.MLOG:
		if x == 0 || y < 2 {
			return outcome{undefined: true}
		}
		n := int64(0)
		for p := integer(y); p.Cmp(b) <= 0; p.Mul(p, c) {
			n++
		}
		return outcome{value: big.NewInt(n)}
	case fuel.MROO:
		if y == 0 {
			return outcome{undefined: true}
		}
		return outcome{value: root(b, y)}
	case fuel.AND, fuel.ANDI:
		z.And(b, c)
	case fuel.OR, fuel.ORI:
		z.Or(b, c)
	case fuel.XOR, fuel.XORI:
		z.Xor(b, c)
	case fuel.NOT:
		z.Not(b)
	case fuel.MOVE, fuel.MOVI:
		z.Set(b)
	case fuel.SLL, fuel.SLLI:
		if y < 64 {
			z.Lsh(b, uint(y))
		}
	case fuel.SRL, fuel.SRLI:
		if y < 64 {
			z.Rsh(b, uint(y))
		}
	case fuel.EQ:
		z.SetUint64(truth(x == y))
	case fuel.LT:
		z.SetUint64(truth(x < y))
	case fuel.GT:
		z.SetUint64(truth(x > y))
	}
	return outcome{value: z}
}

// power raises to a power that must fit into width bits; if it does not, $of is 1 and the value 0.
func power(b, c *big.Int, width int) outcome {
	if b.Cmp(big.NewInt(1)) <= 0 { // whatever the exponent
		if c.Sign() == 0 {
			return outcome{value: big.NewInt(1)}
		}
		return outcome{value: b}
	}
	if c.Cmp(big.NewInt(64)) < 0 {
		if v := new(big.Int).Exp(b, c, nil); v.BitLen() <= width {
			return outcome{value: v}
		}
	}
	return outcome{value: new(big.Int), of: 1}
}

// root finds a root bit by bit.
func root(b *big.Int, degree uint64) *big.Int {
	if degree > 64 { // 2 to the degree is already above any operand
		return new(big.Int).SetUint64(truth(b.Sign() > 0))
	}
	z, n := new(big.Int), integer(degree)
	for i := 63; i >= 0; i-- {
		z.SetBit(z, i, 1)
		if new(big.Int).Exp(z, n, nil).Cmp(b) > 0 {
			z.SetBit(z, i, 0)
		}
	}
	return z
}

func mulDivide(b, c, d uint64) outcome {
	product := new(big.Int).Mul(integer(b), integer(c))
	if d == 0 {
		return outcome{value: product.Rsh(product, 64)}
	}
	return high(product.Quo(product, integer(d)))
}

// narrow executes NIOP: bits 0 to 3 of the immediate are the operation, bits 4 and 5
// the width, 8 bits shifted.
func narrow(x, y uint64, imm uint32) outcome {
	width := uint(8) << (imm >> 4)
	b, c, z := low(integer(x), width), low(integer(y), width), new(big.Int)
	overflow := func(v *big.Int) outcome {
		return outcome{value: low(v, width), of: new(big.Int).Rsh(v, width).Uint64()}
	}
	switch imm & 15 {
	case 0:
		return overflow(z.Add(b, c))
	case 1:
		o := outcome{value: low(z.Sub(b, c), width)}
		if z.Sign() < 0 {
			o.of = ^uint64(0)
		}
		return o
	case 2:
		return overflow(z.Mul(b, c))
	case 3:
		return power(b, c, int(width))
	case 4:
		if c.Cmp(big.NewInt(64)) < 0 {
			z = low(z.Lsh(b, uint(c.Uint64())), width)
		}
		return outcome{value: z}
	}
	return outcome{value: low(z.Not(z.Xor(b, c)), width)}
}
