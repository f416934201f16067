package state

import (
	"math"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/params"
)

// TestBlobBaseFee: a fee of up to 256 bits is computed, and an excess that makes a larger one is
// refused without computing it.
func TestBlobBaseFee(t *testing.T) {
	const cancun = 1_710_338_135 // mainnet
	largest := uint64(0)         // below 256 bits
	for step := uint64(1 << 40); step > 0; step /= 2 {
		if _, err := BlobBaseFee(params.MainnetChainConfig, cancun, largest+step); err == nil {
			largest += step
		}
	}
	for _, c := range []struct {
		name   string
		excess uint64
		bits   int // of the fee, 0: refused
	}{
		{"none", 0, 1},
		{"EIP-4844's example of a doubling", 2_314_058, 2}, // e^(2314058/3338477) = 2
		{"the largest", largest, 256},
		{"one more", largest + 1, 0},
		{"beyond what is computed", MaxExcessBlobGas + 1, 0},
		{"all ones", math.MaxUint64, 0},
	} {
		fee, err := BlobBaseFee(params.MainnetChainConfig, cancun, c.excess)
		if (err == nil) != (c.bits > 0) || err == nil && fee.BitLen() != c.bits {
			t.Errorf("%s: %v, %v, want %d bits", c.name, fee, err, c.bits)
		}
	}
	if fee, err := BlobBaseFee(params.MainnetChainConfig, cancun, 10_000_000); err != nil || fee.Cmp(big.NewInt(19)) != 0 { // floor(e^2.9954)
		t.Errorf("an excess of 10,000,000 makes %v, %v", fee, err)
	}
}
