package generator

import (
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"
)

// dice draws integers. PCG's sequence is specified; what math/rand/v2 derives from
// it is not, so the one derivation that is needed is here.
type dice struct{ src *rand.PCG }

func newDice(seed uint64) dice { return dice{rand.NewPCG(seed, 0)} }

// below draws from [0, n). The bias, below n/2^64, is of no concern.
func (d dice) below(n uint64) uint64 {
	high, _ := bits.Mul64(d.src.Uint64(), n)
	return high
}

// oneIn is true once in n draws.
func (d dice) oneIn(n uint64) bool { return d.below(n) == 0 }

// zipf gives the running sums of n weights, of which the i-th, counted from 1, is
// i^-(skew/100) in units of 2^-40, by integers alone: 2 to the power of -skew/100 times
// the binary logarithm of i.
func zipf(n, skew int) []uint64 {
	roots := halfPowers()
	sums := make([]uint64, n)
	var sum uint64
	for i := range sums {
		y := log2(uint64(i+1)) * uint64(skew) / 100
		whole, part := y>>logBits, y&(1<<logBits-1)
		weight := uint64(1) << 62
		for k, root := range roots {
			if part>>(logBits-1-k)&1 == 1 {
				weight = timesQ62(weight, root)
			}
		}
		sum += weight >> 22 >> min(whole, 63)
		sums[i] = sum
	}
	return sums
}

// logBits is how many bits of a logarithm stand behind the point.
const logBits = 32

// log2 gives the binary logarithm of x, which is not zero, rounded down: the whole part
// is its length, and each further bit comes from squaring what is left, in [1, 2).
func log2(x uint64) uint64 {
	whole := bits.Len64(x) - 1
	y, m := uint64(whole), x<<(63-whole) // m in units of 2^-63
	for range logBits {
		high, low := bits.Mul64(m, m) // in units of 2^-126
		y <<= 1
		if high>>63 == 1 {
			y, m = y|1, high
		} else {
			m = high<<1 | low>>63
		}
	}
	return y
}

// halfPowers gives 2^-(1/2), 2^-(1/4) and so on, in units of 2^-62.
func halfPowers() [logBits]uint64 {
	var roots [logBits]uint64
	x := uint256.NewInt(1 << 61)
	for k := range roots {
		x.Lsh(x, 62)
		x.Sqrt(x)
		roots[k] = x.Uint64()
	}
	return roots
}

func timesQ62(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high<<2 | low>>62
}

// among draws a place in running sums of weights.
func (d dice) among(sums []uint64) int {
	x := d.below(sums[len(sums)-1])
	i, _ := slices.BinarySearch(sums, x+1)
	return i
}

// digest gives 32 bytes that depend on a seed, on what they are for and on a number.
func digest(seed uint64, label string, i int) common.Hash {
	text := []byte("ooovm generator\n" + label + "\n")
	text = binary.BigEndian.AppendUint64(text, seed)
	text = binary.BigEndian.AppendUint64(text, uint64(i))
	return crypto.Keccak256Hash(text)
}

// addressOf gives an address without a known key.
func addressOf(seed uint64, label string, i int) common.Address {
	return common.BytesToAddress(digest(seed, label, i).Bytes())
}

// account is an externally owned account.
type account struct {
	key     *ecdsa.PrivateKey
	address common.Address
	nonce   uint64 // of its next transaction
}

func newAccounts(seed uint64, n int) ([]*account, error) {
	accounts := make([]*account, n)
	for i := range accounts {
		key, err := crypto.ToECDSA(digest(seed, "account", i).Bytes())
		if err != nil {
			return nil, fmt.Errorf("key of account %d: %w", i, err)
		}
		accounts[i] = &account{key: key, address: crypto.PubkeyToAddress(key.PublicKey)}
	}
	return accounts, nil
}
