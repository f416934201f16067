package isa

import (
	"math/big"
	"testing"
)

// TestExecFlagged compares values and second results with unbounded integers.
func TestExecFlagged(t *testing.T) {
	edges := []uint64{0, 1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, ^uint64(0) - 1, ^uint64(0)}
	high := func(v *big.Int) (uint64, uint64) {
		return low64(v).Uint64(), low64(new(big.Int).Rsh(v, 64)).Uint64()
	}
	undefined := func(is bool, v func() *big.Int) (uint64, uint64) {
		if is {
			return 0, 1
		}
		return v().Uint64(), 0
	}
	reference := map[Op]func(a, b, c *big.Int) (uint64, uint64){
		Add64: func(a, b, _ *big.Int) (uint64, uint64) { return high(new(big.Int).Add(a, b)) },
		Sub64: func(a, b, _ *big.Int) (uint64, uint64) { return high(new(big.Int).Sub(a, b)) },
		Mul64: func(a, b, _ *big.Int) (uint64, uint64) { return high(new(big.Int).Mul(a, b)) },
		MulDiv64: func(a, b, c *big.Int) (uint64, uint64) {
			product := new(big.Int).Mul(a, b)
			if c.Sign() == 0 {
				return low64(product.Rsh(product, 64)).Uint64(), 0
			}
			return high(product.Quo(product, c))
		},
		Exp64: func(a, b, _ *big.Int) (uint64, uint64) {
			if a.Cmp(big.NewInt(1)) <= 0 {
				if b.Sign() == 0 {
					return 1, 0
				}
				return a.Uint64(), 0
			}
			if b.Cmp(big.NewInt(64)) < 0 {
				if v := new(big.Int).Exp(a, b, nil); v.IsUint64() {
					return v.Uint64(), 0
				}
			}
			return 0, 1
		},
		Div64: func(a, b, _ *big.Int) (uint64, uint64) {
			return undefined(b.Sign() == 0, func() *big.Int { return new(big.Int).Quo(a, b) })
		},
		Mod64: func(a, b, _ *big.Int) (uint64, uint64) {
			return undefined(b.Sign() == 0, func() *big.Int { return new(big.Int).Rem(a, b) })
		},
		Log64: func(a, b, _ *big.Int) (uint64, uint64) {
			return undefined(a.Sign() == 0 || b.Cmp(big.NewInt(1)) <= 0, func() *big.Int {
				n := int64(0)
				for p := new(big.Int).Set(b); p.Cmp(a) <= 0; p.Mul(p, b) {
					n++
				}
				return big.NewInt(n)
			})
		},
		Root64: func(a, b, _ *big.Int) (uint64, uint64) {
			return undefined(b.Sign() == 0, func() *big.Int {
				if b.Cmp(big.NewInt(64)) > 0 {
					return big.NewInt(int64(a.Sign()))
				}
				z := new(big.Int)
				for i := 63; i >= 0; i-- {
					z.SetBit(z, i, 1)
					if new(big.Int).Exp(z, b, nil).Cmp(a) > 0 {
						z.SetBit(z, i, 0)
					}
				}
				return z
			})
		},
	}
	for op := Op(0); op < NumOps; op++ {
		if Table[op].Class != ClassFlagged || op == Narrow || op == Wide {
			continue
		}
		for _, a := range edges {
			for _, b := range edges {
				for _, c := range edges {
					value, second := ExecFlagged(op, 0, a, b, c)
					wantValue, want := reference[op](new(big.Int).SetUint64(a), new(big.Int).SetUint64(b), new(big.Int).SetUint64(c))
					if value != wantValue || second != want {
						t.Fatalf("%s(%d, %d, %d) = %d, %d, want %d, %d", Table[op].Name, a, b, c, value, second, wantValue, want)
					}
				}
			}
		}
	}
}

// TestNarrow has the results of 8 bits worked out by hand.
func TestNarrow(t *testing.T) {
	for _, c := range []struct {
		imm                     NarrowOp
		a, b, value, secondWant uint64
	}{
		{NarrowAdd, 0x1ff, 2, 1, 1},
		{NarrowSub, 1, 2, 255, ^uint64(0)},
		{NarrowMul, 100, 100, 10000 & 255, 10000 >> 8},
		{NarrowExp, 2, 8, 0, 1},
		{NarrowExp, 2, 7, 128, 0},
		{NarrowShl, 3, 7, 128, 0},
		{NarrowXnor, 0xf0, 0xff, 0xf0, 0},
		{NarrowAdd | 1<<4, 0xffff, 1, 0, 1},
		{NarrowAdd | 2<<4, 0xffff, 1, 0x10000, 0},
	} {
		if value, second := ExecFlagged(Narrow, c.imm, c.a, c.b, 0); value != c.value || second != c.secondWant {
			t.Errorf("narrow %#x of %d, %d = %d, %d, want %d, %d", c.imm, c.a, c.b, value, second, c.value, c.secondWant)
		}
	}
}
