package isa

import (
	"math/big"
	"testing"

	"github.com/holiman/uint256"
)

var (
	two256 = new(big.Int).Lsh(big.NewInt(1), 256)
	two255 = new(big.Int).Lsh(big.NewInt(1), 255)
)

func signed(x *big.Int) *big.Int {
	if x.Cmp(two255) >= 0 {
		return new(big.Int).Sub(x, two256)
	}
	return x
}

func boolBig(v bool) *big.Int {
	if v {
		return big.NewInt(1)
	}
	return new(big.Int)
}

// reference states each operation once more on unbounded integers.
var reference = map[Op]func(a, b, c *big.Int) *big.Int{
	Add: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Add(a, b) },
	Mul: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Mul(a, b) },
	Sub: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Sub(a, b) },
	Div: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Quo(a, b)
	},
	SDiv: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Quo(signed(a), signed(b))
	},
	Mod: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(a, b)
	},
	SMod: func(a, b, _ *big.Int) *big.Int {
		if b.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(signed(a), signed(b))
	},
	AddMod: func(a, b, c *big.Int) *big.Int {
		if c.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(new(big.Int).Add(a, b), c)
	},
	MulMod: func(a, b, c *big.Int) *big.Int {
		if c.Sign() == 0 {
			return new(big.Int)
		}
		return new(big.Int).Rem(new(big.Int).Mul(a, b), c)
	},
	Exp: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Exp(a, b, two256) },
	SignExtend: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(31)) >= 0 {
			return b
		}
		bits := uint(a.Uint64()+1) * 8
		low := new(big.Int).Mod(b, new(big.Int).Lsh(big.NewInt(1), bits))
		if low.Bit(int(bits-1)) == 1 {
			low.Sub(low, new(big.Int).Lsh(big.NewInt(1), bits))
		}
		return low
	},
	Lt:     func(a, b, _ *big.Int) *big.Int { return boolBig(a.Cmp(b) < 0) },
	Gt:     func(a, b, _ *big.Int) *big.Int { return boolBig(a.Cmp(b) > 0) },
	SLt:    func(a, b, _ *big.Int) *big.Int { return boolBig(signed(a).Cmp(signed(b)) < 0) },
	SGt:    func(a, b, _ *big.Int) *big.Int { return boolBig(signed(a).Cmp(signed(b)) > 0) },
	Eq:     func(a, b, _ *big.Int) *big.Int { return boolBig(a.Cmp(b) == 0) },
	IsZero: func(a, _, _ *big.Int) *big.Int { return boolBig(a.Sign() == 0) },
	And:    func(a, b, _ *big.Int) *big.Int { return new(big.Int).And(a, b) },
	Or:     func(a, b, _ *big.Int) *big.Int { return new(big.Int).Or(a, b) },
	Xor:    func(a, b, _ *big.Int) *big.Int { return new(big.Int).Xor(a, b) },
	Not:    func(a, _, _ *big.Int) *big.Int { return new(big.Int).Not(a) },
	Byte: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(32)) >= 0 {
			return new(big.Int)
		}
		return big.NewInt(int64(b.FillBytes(make([]byte, 32))[a.Uint64()]))
	},
	Shl: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(256)) >= 0 {
			return new(big.Int)
		}
		return new(big.Int).Lsh(b, uint(a.Uint64()))
	},
	Shr: func(a, b, _ *big.Int) *big.Int {
		if a.Cmp(big.NewInt(256)) >= 0 {
			return new(big.Int)
		}
		return new(big.Int).Rsh(b, uint(a.Uint64()))
	},
	Sar: func(a, b, _ *big.Int) *big.Int {
		n := uint(256)
		if a.Cmp(big.NewInt(256)) < 0 {
			n = uint(a.Uint64())
		}
		return new(big.Int).Rsh(signed(b), n)
	},
	CountLeadingZeros: func(a, _, _ *big.Int) *big.Int { return big.NewInt(int64(256 - a.BitLen())) },
	Move:              func(a, _, _ *big.Int) *big.Int { return a },
	Account: func(a, _, _ *big.Int) *big.Int {
		return new(big.Int).Mod(a, new(big.Int).Lsh(big.NewInt(1), 160))
	},
	Not64: func(a, _, _ *big.Int) *big.Int { return low64(new(big.Int).Not(a)) },
	Shl64: func(a, b, _ *big.Int) *big.Int {
		if n := low64(b); n.Cmp(big.NewInt(64)) < 0 {
			return low64(new(big.Int).Lsh(low64(a), uint(n.Uint64())))
		}
		return new(big.Int)
	},
	Shr64: func(a, b, _ *big.Int) *big.Int {
		if n := low64(b); n.Cmp(big.NewInt(64)) < 0 {
			return new(big.Int).Rsh(low64(a), uint(n.Uint64()))
		}
		return new(big.Int)
	},
	Index:     func(a, b, _ *big.Int) *big.Int { return new(big.Int).Add(b, new(big.Int).Lsh(a, 2)) },
	IndexDown: func(a, b, _ *big.Int) *big.Int { return new(big.Int).Sub(b, new(big.Int).Lsh(a, 2)) },
}

// low64 is a number modulo 2^64, also a negative one.
func low64(a *big.Int) *big.Int { return new(big.Int).Mod(a, new(big.Int).Lsh(big.NewInt(1), 64)) }

// TestExec compares every pure micro-operation with unbounded integers on a
// cross product of edge operands.
func TestExec(t *testing.T) {
	var edges []*big.Int
	for _, s := range []string{
		"0", "1", "2", "1f", "20", "ff", "100", "ffffffffffffffff", "10000000000000000",
		"8000000000000000000000000000000000000000000000000000000000000000",
		"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"fedcba98765432100123456789abcdef80f0e0d0c0b0a0908070605040302010",
	} {
		x, _ := new(big.Int).SetString(s, 16)
		edges = append(edges, x)
	}
	for op := Op(0); op < NumOps; op++ {
		if Table[op].Class != ClassALU || !Table[op].Result {
			continue
		}
		want, ok := reference[op]
		if !ok {
			t.Errorf("%s has no reference", Table[op].Name)
			continue
		}
		for _, a := range edges {
			for _, b := range edges {
				for _, c := range edges[:5] {
					wa, wb, wc := *uint256.MustFromBig(a), *uint256.MustFromBig(b), *uint256.MustFromBig(c)
					var z Word
					Exec(op, &z, &wa, &wb, &wc)
					exp := new(big.Int).Mod(want(a, b, c), two256)
					if z.ToBig().Cmp(exp) != 0 {
						t.Fatalf("%s(%x, %x, %x) = %x, want %x", Table[op].Name, a, b, c, &z, exp)
					}
				}
			}
		}
	}
}

// TestTableComplete checks that every micro-operation has a row.
func TestTableComplete(t *testing.T) {
	seen := map[string]Op{}
	for op := Op(0); op < NumOps; op++ {
		name := Table[op].Name
		if name == "" {
			t.Fatalf("micro-operation %d has no row", op)
		}
		if other, dup := seen[name]; dup {
			t.Fatalf("%q names both %d and %d", name, other, op)
		}
		seen[name] = op
	}
}
