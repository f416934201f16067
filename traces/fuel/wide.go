package fuel

import (
	"math/big"

	"github.com/ooovm/ooovm/state/fuel"
)

// Bits of the immediates that say which operands lie in memory.
const (
	indirectB = 16
	indirectC = 32
)

// wide executes the arithmetic on 128 and 256 bits in memory.
func (g *golden) wide(in *fuel.Inst) fuel.Panic {
	if !wideImmediate(in) {
		return fuel.PanicInvalidImmediateValue
	}
	op := in.Op.Code
	compare := op == fuel.WDCM || op == fuel.WQCM
	if compare {
		if p := writable(in.A); p != fuel.NoPanic {
			return p
		}
	}
	n, p := g.wideOperands(in)
	if p != fuel.NoPanic {
		return p
	}
	r := &g.Reg
	if compare {
		r[in.A] = wideCompare(n[0], n[1], in.Imm&7, wideWidth(op))
		r[fuel.RegOf], r[fuel.RegErr] = 0, 0
		return fuel.NoPanic
	}
	o := wideArithmetic(op, n, in.Imm&7)
	switch {
	case o.undefined && r[fuel.RegFlag]&fuel.FlagUnsafeMath == 0:
		return fuel.PanicArithmeticError
	case o.of != 0 && r[fuel.RegFlag]&fuel.FlagWrapping == 0:
		return fuel.PanicArithmeticOverflow
	case o.undefined:
		o.value = new(big.Int)
	}
	width := wideWidth(op)
	bytes := low(o.value, width).FillBytes(make([]byte, width/8))
	if p := g.Memory.Put(g.Owner(), r[in.A], bytes); p != fuel.NoPanic {
		return p
	}
	r[fuel.RegOf], r[fuel.RegErr] = o.of, truth(o.undefined)
	return fuel.NoPanic
}

// wideImmediate checks the bits of the immediate.
func wideImmediate(in *fuel.Inst) bool {
	switch in.Op.Code {
	case fuel.WDCM, fuel.WQCM:
		return in.Imm&^indirectC <= 6
	case fuel.WDOP, fuel.WQOP:
		return in.Imm&^indirectC <= 7
	case fuel.WDML, fuel.WQML:
		return in.Imm&^(indirectB|indirectC) == 0
	case fuel.WDDV, fuel.WQDV:
		return in.Imm&^indirectC == 0
	}
	return true
}

// wideWidth is in bits.
func wideWidth(op fuel.Opcode) uint {
	switch op {
	case fuel.WDCM, fuel.WDOP, fuel.WDML, fuel.WDDV, fuel.WDMD, fuel.WDAM, fuel.WDMM:
		return 128
	}
	return 256
}

// wideOperands reads two numbers, or three.
func (g *golden) wideOperands(in *fuel.Inst) (n [3]*big.Int, p fuel.Panic) {
	indirect := [3]bool{true, in.Imm&indirectC != 0, false}
	switch in.Op.Code {
	case fuel.WDML, fuel.WQML:
		indirect[0] = in.Imm&indirectB != 0
	case fuel.WDMD, fuel.WQMD, fuel.WDAM, fuel.WQAM, fuel.WDMM, fuel.WQMM:
		indirect = [3]bool{true, true, true}
	}
	for i, register := range [3]uint8{in.B, in.C, in.D} {
		v := g.Reg[register]
		if !indirect[i] {
			n[i] = integer(v)
			continue
		}
		b, p := g.Memory.Read(v, uint64(wideWidth(in.Op.Code)/8))
		if p != fuel.NoPanic {
			return n, p
		}
		n[i] = new(big.Int).SetBytes(b)
	}
	return n, fuel.NoPanic
}

func wideCompare(b, c *big.Int, mode uint32, width uint) uint64 {
	order := b.Cmp(c)
	switch mode {
	case 0:
		return truth(order == 0)
	case 1:
		return truth(order != 0)
	case 2:
		return truth(order < 0)
	case 3:
		return truth(order > 0)
	case 4:
		return truth(order <= 0)
	case 5:
		return truth(order >= 0)
	}
	return uint64(width) - uint64(b.BitLen())
}

// wideArithmetic computes a wide result; $of only tells that there was an overflow.
func wideArithmetic(op fuel.Opcode, n [3]*big.Int, operation uint32) outcome {
	b, c, d, z := n[0], n[1], n[2], new(big.Int)
	width := wideWidth(op)
	bounded := func(v *big.Int) outcome {
		return outcome{value: v, of: truth(v.Sign() < 0 || v.BitLen() > int(width))}
	}
	switch op {
	case fuel.WDML, fuel.WQML:
		return bounded(z.Mul(b, c))
	case fuel.WDDV, fuel.WQDV:
		if c.Sign() == 0 {
			return outcome{undefined: true}
		}
		return outcome{value: z.Quo(b, c)}
	case fuel.WDMD, fuel.WQMD:
		z.Mul(b, c)
		if d.Sign() == 0 {
			return outcome{value: z.Rsh(z, width)}
		}
		return bounded(z.Quo(z, d))
	case fuel.WDAM, fuel.WQAM, fuel.WDMM, fuel.WQMM:
		if d.Sign() == 0 {
			return outcome{undefined: true}
		}
		if op == fuel.WDAM || op == fuel.WQAM {
			z.Add(b, c)
		} else {
			z.Mul(b, c)
		}
		return outcome{value: z.Rem(z, d)}
	}
	switch operation {
	case 0:
		return bounded(z.Add(b, c))
	case 1:
		return bounded(z.Sub(b, c))
	case 2:
		z.Not(b)
	case 3:
		z.Or(b, c)
	case 4:
		z.Xor(b, c)
	case 5:
		z.And(b, c)
	case 6, 7:
		if c.Cmp(big.NewInt(int64(width))) >= 0 {
			break
		}
		if operation == 6 {
			z.Lsh(b, uint(c.Uint64()))
		} else {
			z.Rsh(b, uint(c.Uint64()))
		}
	}
	return outcome{value: z}
}
