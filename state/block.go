package state

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
)

// BlockEnv is what transactions see of their block, and the rules they run by.
type BlockEnv struct {
	Number      uint64
	Time        uint64 // seconds
	Coinbase    Address
	Difficulty  isa.Word
	Random      isa.Word // since the merge (EIP-4399)
	GasLimit    uint64
	BaseFee     isa.Word // wei per gas; zero before London
	BlobBaseFee isa.Word // wei per blob gas; zero before Cancun
	ChainID     isa.Word
	// BlockHash gives the hash of an older block, zero when it is not known. The
	// window of 256 blocks is the instruction's affair.
	BlockHash func(number uint64) Hash

	Config      *params.ChainConfig
	Rules       params.Rules
	Precompiles *Precompiles
}

// NewBlockEnv makes the environment of a block from its header. hashes holds the
// known hashes of older blocks; the parent's is taken from the header.
func NewBlockEnv(header *types.Header, config *params.ChainConfig, hashes map[uint64]common.Hash) (*BlockEnv, error) {
	if header.Number == nil || !header.Number.IsUint64() {
		return nil, fmt.Errorf("block number %v is not a 64-bit number", header.Number)
	}
	merged := header.Difficulty == nil || header.Difficulty.Sign() == 0
	env := &BlockEnv{
		Number:   header.Number.Uint64(),
		Time:     header.Time,
		Coinbase: Address(header.Coinbase),
		GasLimit: header.GasLimit,
		Config:   config,
		Rules:    config.Rules(header.Number, merged, header.Time),
	}
	env.Precompiles = NewPrecompiles(env.Rules)
	env.BlockHash = func(number uint64) Hash {
		if hash, ok := hashes[number]; ok {
			return Hash(hash)
		}
		if number+1 == env.Number {
			return Hash(header.ParentHash)
		}
		return Hash{}
	}
	if merged {
		env.Random.SetBytes32(header.MixDigest[:])
	}
	if env.Rules.IsLondon && header.BaseFee == nil {
		return nil, fmt.Errorf("block %d has no base fee but London's rules", env.Number)
	}
	var blobFee *big.Int
	if header.ExcessBlobGas != nil && env.Rules.IsCancun {
		if eip4844.MaxBlobsPerBlock(config, header.Time) == 0 {
			return nil, fmt.Errorf("block %d: the chain has no blob schedule at time %d", env.Number, header.Time)
		}
		var err error
		if blobFee, err = BlobBaseFee(config, header.Time, *header.ExcessBlobGas); err != nil {
			return nil, fmt.Errorf("block %d: %w", env.Number, err)
		}
	}
	for _, field := range []struct {
		name string
		to   *isa.Word
		from *big.Int
	}{
		{"difficulty", &env.Difficulty, header.Difficulty},
		{"base fee", &env.BaseFee, header.BaseFee},
		{"blob base fee", &env.BlobBaseFee, blobFee},
		{"chain id", &env.ChainID, config.ChainID},
	} {
		if err := setWord(field.to, field.from); err != nil {
			return nil, fmt.Errorf("block %d: %s: %w", env.Number, field.name, err)
		}
	}
	return env, nil
}

// DeleteEmpty reports whether empty accounts that are touched go (EIP-158).
func (e *BlockEnv) DeleteEmpty() bool { return e.Rules.IsEIP158 }

// setWord converts a number that may be missing, which gives zero.
func setWord(to *isa.Word, from *big.Int) error {
	if from == nil {
		return nil
	}
	if from.Sign() < 0 || to.SetFromBig(from) {
		return fmt.Errorf("%v is not a 256-bit number", from)
	}
	return nil
}
