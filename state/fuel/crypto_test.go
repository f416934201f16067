package fuel

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
)

// compact gives a signature with the parity bit that makes recover find the key.
func compact(r, s *big.Int, odd bool) []byte {
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	if odd {
		sig[32] |= 0x80
	}
	return sig
}

// TestRecover signs with each curve's own library; of the two parities one gives the key.
func TestRecover(t *testing.T) {
	for _, c := range []struct {
		name    string
		curve   elliptic.Curve
		recover func([]byte, ID) ([64]byte, bool)
	}{
		{"secp256k1", crypto.S256(), RecoverK1},
		{"secp256r1", elliptic.P256(), RecoverR1},
	} {
		for i := range 8 {
			key, err := ecdsa.GenerateKey(c.curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			hash := sha256.Sum256([]byte{byte(i)})
			r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
			if err != nil {
				t.Fatal(err)
			}
			if half := new(big.Int).Rsh(c.curve.Params().N, 1); s.Cmp(half) > 0 {
				s.Sub(c.curve.Params().N, s) // the top bit is for the parity
			}
			var want [64]byte
			key.X.FillBytes(want[:32])
			key.Y.FillBytes(want[32:])
			even, _ := c.recover(compact(r, s, false), hash)
			odd, _ := c.recover(compact(r, s, true), hash)
			if even != want == (odd != want) {
				t.Errorf("%s: %x and %x, one should be %x", c.name, even, odd, want)
			}
		}
		if _, ok := c.recover(make([]byte, 64), ID{}); ok {
			t.Errorf("%s: zeros are no signature", c.name)
		}
	}
}

func TestVerifyEd(t *testing.T) {
	key, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	sig := ed25519.Sign(private, message)
	identity := append([]byte{1}, make([]byte, 31)...)
	// With the identity as the key, R = 0 B and s = 0 verify any message but for the strict rule.
	weak := append(bytes.Clone(identity), make([]byte, 32)...)
	for _, c := range []struct {
		name              string
		key, sig, message []byte
		want              bool
	}{
		{"right", key, sig, message, true},
		{"another message", key, sig, []byte("massage"), false},
		{"a key of small order", identity, weak, message, false},
	} {
		if got := VerifyEd(c.key, c.sig, c.message); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !ed25519.Verify(identity, message, weak) {
		t.Error("the weak signature does not show what it should")
	}
}

func TestCurve(t *testing.T) {
	generator := make([]byte, g1Size)
	generator[31], generator[63] = 1, 2
	three := append(bytes.Clone(generator), make([]byte, scalar)...)
	three[g1Size+scalar-1] = 3
	double, p := Curve(curveAdd, append(bytes.Clone(generator), generator...))
	if p != NoPanic {
		t.Fatal(p)
	}
	sum, p := Curve(curveAdd, append(double[:], generator...))
	product, p2 := Curve(CurveMul, three)
	if p != NoPanic || p2 != NoPanic || sum != product {
		t.Errorf("G + G + G is %x, %v; 3 G is %x, %v", sum, p, product, p2)
	}
	off := bytes.Clone(three)
	off[63] = 3
	if _, p := Curve(CurveMul, off); p != PanicInvalidEllipticCurvePoint {
		t.Errorf("a point off the curve: %v", p)
	}
	if one, p := Pairing(nil); !one || p != NoPanic {
		t.Errorf("the empty product: %v, %v", one, p)
	}
	if _, p := Pairing(bytes.Repeat([]byte{1}, pairSize)); p != PanicInvalidEllipticCurvePoint {
		t.Errorf("a pair off the curves: %v", p)
	}
}

func TestCurveInput(t *testing.T) {
	for _, c := range []struct {
		curve, operation, want uint64
		panic                  Panic
	}{
		{0, 0, 128, NoPanic},
		{0, 1, 96, NoPanic},
		{0, 2, 0, PanicUnsupportedOperationType},
		{1, 0, 0, PanicUnsupportedCurveId},
	} {
		if n, p := CurveInput(c.curve, c.operation); n != c.want || p != c.panic {
			t.Errorf("%+v: %d, %v", c, n, p)
		}
	}
}

func TestCodeRoot(t *testing.T) {
	code := bytes.Repeat([]byte{7}, codeLeaf+1)
	want := MerkleRoot([][]byte{code[:codeLeaf], {7, 0, 0, 0, 0, 0, 0, 0}})
	if got := CodeRoot(code); got != want {
		t.Errorf("%v where %v is expected", got, want)
	}
}
