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
// i^-skew in units of 2^-40; nil for equal ones.
func zipf(n, skew int) []uint64 {
	if skew == 0 {
		return nil
	}
	sums := make([]uint64, n)
	var sum uint64
	for i := range sums {
		weight := uint64(1) << 40
		for range skew {
			weight /= uint64(i + 1)
		}
		sum += weight
		sums[i] = sum
	}
	return sums
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
