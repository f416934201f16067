package fuel

import (
	"crypto/elliptic"
	"math/big"
)

// p256 has the numbers of secp256r1. The standard library recovers no keys, so the
// group is written out, in affine coordinates: a recovery is rare, and nothing here is secret.
var p256 = elliptic.P256().Params()

// curvePoint is a point of secp256r1; x nil is the point at infinity.
type curvePoint struct{ x, y *big.Int }

// RecoverR1 gives the public key that made a secp256r1 signature of a hash (SEC 1,
// 4.1.6): (s R - z G) / r, where R has the abscissa r.
func RecoverR1(sig []byte, hash ID) (key [64]byte, ok bool) {
	rs, odd := splitSignature(sig)
	r, s := new(big.Int).SetBytes(rs[:32]), new(big.Int).SetBytes(rs[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(p256.N) >= 0 || s.Cmp(p256.N) >= 0 {
		return key, false
	}
	point, ok := liftX(r, odd)
	if !ok {
		return key, false
	}
	inv := new(big.Int).ModInverse(r, p256.N)
	z := new(big.Int).SetBytes(hash[:])
	u1 := z.Mul(z.Neg(z), inv)
	u2 := s.Mul(s, inv)
	q := addPoints(
		multiply(curvePoint{p256.Gx, p256.Gy}, u1.Mod(u1, p256.N)),
		multiply(point, u2.Mod(u2, p256.N)))
	if q.x == nil {
		return key, false
	}
	q.x.FillBytes(key[:32])
	q.y.FillBytes(key[32:])
	return key, true
}

// liftX finds the point with the abscissa x and an ordinate of the given parity.
func liftX(x *big.Int, odd bool) (curvePoint, bool) {
	y := new(big.Int).Mul(x, x) // x^3 - 3 x + b
	y.Sub(y, big.NewInt(3))
	y.Mul(y, x)
	y.Add(y, p256.B)
	y.Mod(y, p256.P)
	if y.ModSqrt(y, p256.P) == nil {
		return curvePoint{}, false
	}
	if y.Bit(0) == 1 != odd {
		y.Sub(p256.P, y)
	}
	return curvePoint{x, y}, true
}

func addPoints(a, b curvePoint) curvePoint {
	if a.x == nil {
		return b
	}
	if b.x == nil {
		return a
	}
	slope := new(big.Int)
	switch {
	case a.x.Cmp(b.x) != 0:
		slope.Sub(b.x, a.x)
		slope.Mod(slope, p256.P)
		slope.ModInverse(slope, p256.P)
		slope.Mul(slope, new(big.Int).Sub(b.y, a.y))
	case a.y.Cmp(b.y) != 0 || a.y.Sign() == 0:
		return curvePoint{}
	default: // 3 (x^2 - 1) / 2 y
		slope.ModInverse(new(big.Int).Lsh(a.y, 1), p256.P)
		n := new(big.Int).Mul(a.x, a.x)
		n.Sub(n, big.NewInt(1))
		slope.Mul(slope, n.Mul(n, big.NewInt(3)))
	}
	slope.Mod(slope, p256.P)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, a.x)
	x.Sub(x, b.x)
	x.Mod(x, p256.P)
	y := new(big.Int).Sub(a.x, x)
	y.Mul(y, slope)
	y.Sub(y, a.y)
	return curvePoint{x, y.Mod(y, p256.P)}
}

func multiply(p curvePoint, k *big.Int) (sum curvePoint) {
	for i := k.BitLen() - 1; i >= 0; i-- {
		sum = addPoints(sum, sum)
		if k.Bit(i) == 1 {
			sum = addPoints(sum, p)
		}
	}
	return sum
}
