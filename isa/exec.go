package isa

// accountMask keeps the low 160 bits of a word's third limb.
const accountMask = 0xffffffff

// Exec computes the result of a micro-operation of ClassALU whose row has a
// result. Unused sources may be nil. It is a pure function; z may alias a source.
func Exec(op Op, z, a, b, c *Word) {
	switch op {
	case Add:
		z.Add(a, b)
	case Mul:
		z.Mul(a, b)
	case Sub:
		z.Sub(a, b)
	case Div:
		z.Div(a, b)
	case SDiv:
		z.SDiv(a, b)
	case Mod:
		z.Mod(a, b)
	case SMod:
		z.SMod(a, b)
	case AddMod:
		z.AddMod(a, b, c)
	case MulMod:
		z.MulMod(a, b, c)
	case Exp:
		z.Exp(a, b)
	case SignExtend:
		z.ExtendSign(b, a)
	case Lt:
		setBool(z, a.Lt(b))
	case Gt:
		setBool(z, a.Gt(b))
	case SLt:
		setBool(z, a.Slt(b))
	case SGt:
		setBool(z, a.Sgt(b))
	case Eq:
		setBool(z, a.Eq(b))
	case IsZero:
		setBool(z, a.IsZero())
	case And:
		z.And(a, b)
	case Or:
		z.Or(a, b)
	case Xor:
		z.Xor(a, b)
	case Not:
		z.Not(a)
	case Byte:
		t := *a
		*z = *b
		z.Byte(&t)
	case Shl:
		if a.LtUint64(256) {
			z.Lsh(b, uint(a.Uint64()))
		} else {
			z.Clear()
		}
	case Shr:
		if a.LtUint64(256) {
			z.Rsh(b, uint(a.Uint64()))
		} else {
			z.Clear()
		}
	case Sar:
		switch {
		case a.LtUint64(256):
			z.SRsh(b, uint(a.Uint64()))
		case b.Sign() >= 0:
			z.Clear()
		default:
			z.SetAllOne()
		}
	case CountLeadingZeros:
		n := uint64(256 - a.BitLen())
		z.SetUint64(n)
	case Move:
		*z = *a
	case Account:
		*z = Word{a[0], a[1], a[2] & accountMask, 0}
	case Not64:
		*z = Word{^a[0]}
	case Shl64:
		*z = Word{a[0] << b[0]}
	case Shr64:
		*z = Word{a[0] >> b[0]}
	case Index:
		t := *b
		z.Lsh(a, 2)
		z.Add(&t, z)
	case IndexDown:
		t := *b
		z.Lsh(a, 2)
		z.Sub(&t, z)
	}
}

func setBool(z *Word, v bool) {
	*z = Word{}
	if v {
		z[0] = 1
	}
}
