package state

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
)

// MaxExcessBlobGas bounds the excess whose exponential is computed (EIP-4844): a fee of 256
// bits is e^177.4, and no schedule has an update fraction above 2^25. go-ethereum goes on
// for as many terms as the exponent has, so that a header can keep it busy for ever.
const MaxExcessBlobGas = 178 << 25

// MinUpdateFraction is the least update fraction of a blob schedule that is taken. The
// chains have several millions; the work for a fee grows as it shrinks.
const MinUpdateFraction = 1 << 20

// BlobBaseFee is the price of blob gas, in wei. The error is for an excess that no chain can
// have.
func BlobBaseFee(config *params.ChainConfig, time, excess uint64) (*big.Int, error) {
	if excess <= MaxExcessBlobGas {
		fee := eip4844.CalcBlobFee(config, &types.Header{Time: time, ExcessBlobGas: &excess})
		if fee.BitLen() <= 256 {
			return fee, nil
		}
	}
	return nil, fmt.Errorf("an excess blob gas of %d makes a blob base fee above 256 bits", excess)
}
