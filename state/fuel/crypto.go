package fuel

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/bn256"
)

// Keccak256 hashes as K256 does.
func Keccak256(data []byte) (id ID) { return ID(crypto.Keccak256(data)) }

// Sha256 hashes as S256 does.
func Sha256(data []byte) ID { return sha256.Sum256(data) }

// splitSignature takes a 64-byte signature apart. Its two numbers leave the highest
// bit of the second one free: there is the parity of the point that recovery needs.
func splitSignature(sig []byte) (rs [64]byte, odd bool) {
	copy(rs[:], sig)
	odd = rs[32]&0x80 != 0
	rs[32] &= 0x7f
	return rs, odd
}

// RecoverK1 gives the public key, two coordinates, that made a secp256k1 signature of a hash.
func RecoverK1(sig []byte, hash ID) (key [64]byte, ok bool) {
	rs, odd := splitSignature(sig)
	v := byte(0)
	if odd {
		v = 1
	}
	pub, err := crypto.Ecrecover(hash[:], append(rs[:], v))
	if err != nil || len(pub) != 65 {
		return key, false
	}
	copy(key[:], pub[1:])
	return key, true
}

// defaultMessage is the length that ED19 takes 0 for.
const defaultMessage = 32

// EdMessageLength gives the length of the message that ED19 verifies, in bytes.
func EdMessageLength(operand uint64) uint64 {
	if operand == 0 {
		return defaultMessage
	}
	return operand
}

// smallOrder are the encodings of the points of ed25519 whose order divides 8, canonical or
// not, without their sign bits.
var smallOrder = func() (list [7][32]byte) {
	for i, s := range [...]string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		if _, err := hex.Decode(list[i][:], []byte(s)); err != nil {
			panic(err) // a typing error in this list
		}
	}
	return list
}()

func hasSmallOrder(point []byte) bool {
	p := [32]byte(point)
	p[31] &= 0x7f
	for i := range smallOrder {
		if p == smallOrder[i] {
			return true
		}
	}
	return false
}

// VerifyEd verifies an ed25519 signature strictly: keys and commitments of small order are refused.
func VerifyEd(key, sig, message []byte) bool {
	return !hasSmallOrder(key) && !hasSmallOrder(sig[:32]) && ed25519.Verify(key, message, sig)
}

// Sizes of points of alt_bn128 in bytes.
const (
	g1Size   = 64
	g2Size   = 128
	pairSize = g1Size + g2Size
	scalar   = 32
)

// Curve operations of ECOP.
const (
	curveAdd uint64 = iota
	CurveMul        // a point by a scalar
)

// curveAltBN128 is the only curve that there is.
const curveAltBN128 uint64 = 0

// CurveInput gives how many bytes ECOP reads.
func CurveInput(curve, operation uint64) (uint64, Panic) {
	switch {
	case curve != curveAltBN128:
		return 0, PanicUnsupportedCurveId
	case operation == curveAdd:
		return 2 * g1Size, NoPanic
	case operation == CurveMul:
		return g1Size + scalar, NoPanic
	}
	return 0, PanicUnsupportedOperationType
}

// Curve adds two points, or multiplies one by a scalar (ECOP). The input is as long as CurveInput says.
func Curve(operation uint64, input []byte) (point [g1Size]byte, p Panic) {
	var a, sum bn256.G1
	if _, err := a.Unmarshal(input[:g1Size]); err != nil {
		return point, PanicInvalidEllipticCurvePoint
	}
	if operation == CurveMul {
		sum.ScalarMult(&a, new(big.Int).SetBytes(input[g1Size:]))
	} else {
		var b bn256.G1
		if _, err := b.Unmarshal(input[g1Size:]); err != nil {
			return point, PanicInvalidEllipticCurvePoint
		}
		sum.Add(&a, &b)
	}
	copy(point[:], sum.Marshal())
	return point, NoPanic
}

// PairingInput gives how many bytes EPAR reads.
func PairingInput(curve, pairs uint64) (uint64, Panic) {
	if curve != curveAltBN128 {
		return 0, PanicUnsupportedOperationType
	}
	if pairs > MemorySize/pairSize {
		return 0, PanicMemoryOverflow
	}
	return pairs * pairSize, NoPanic
}

// Pairing tells whether the product of the pairings is one (EPAR).
func Pairing(input []byte) (bool, Panic) {
	var g1 []*bn256.G1
	var g2 []*bn256.G2
	for ; len(input) > 0; input = input[pairSize:] {
		a, b, err := unmarshalPair(input[:pairSize])
		if err != nil {
			return false, PanicInvalidEllipticCurvePoint
		}
		g1, g2 = append(g1, a), append(g2, b)
	}
	return bn256.PairingCheck(g1, g2), NoPanic
}

func unmarshalPair(b []byte) (*bn256.G1, *bn256.G2, error) {
	a, c := new(bn256.G1), new(bn256.G2)
	_, err := a.Unmarshal(b[:g1Size])
	_, err2 := c.Unmarshal(b[g1Size:])
	return a, c, errors.Join(err, err2)
}
