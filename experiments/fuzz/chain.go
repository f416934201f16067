package fuzz

import (
	"math/big"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/state"
)

// chainAt is a chain that has activated every fork up to the given one from its
// first block on, and none after it.
func chainAt(fork evm.Fork) *params.ChainConfig {
	c := &params.ChainConfig{ChainID: big.NewInt(1), BlobScheduleConfig: params.DefaultBlobSchedule}
	for _, b := range []struct {
		fork evm.Fork
		at   **big.Int
	}{
		{evm.Homestead, &c.HomesteadBlock},
		{evm.TangerineWhistle, &c.EIP150Block},
		{evm.SpuriousDragon, &c.EIP155Block},
		{evm.SpuriousDragon, &c.EIP158Block},
		{evm.Byzantium, &c.ByzantiumBlock},
		{evm.Constantinople, &c.ConstantinopleBlock},
		{evm.Petersburg, &c.PetersburgBlock},
		{evm.Istanbul, &c.IstanbulBlock},
		{evm.Berlin, &c.BerlinBlock},
		{evm.London, &c.LondonBlock},
		{evm.Paris, &c.TerminalTotalDifficulty},
	} {
		if fork >= b.fork {
			*b.at = new(big.Int)
		}
	}
	for _, t := range []struct {
		fork evm.Fork
		at   **uint64
	}{
		{evm.Shanghai, &c.ShanghaiTime},
		{evm.Cancun, &c.CancunTime},
		{evm.Prague, &c.PragueTime},
		{evm.Osaka, &c.OsakaTime},
	} {
		if fork >= t.fork {
			*t.at = new(uint64)
		}
	}
	// Without a block of its own, Petersburg comes with Constantinople.
	if fork == evm.Constantinople {
		c.PetersburgBlock = big.NewInt(1 << 40)
	}
	return c
}

// baseFee is that of every block since London, in wei.
const baseFee = 7

// blockAt is the block that a case runs in.
func blockAt(fork evm.Fork, coinbase state.Address) (*state.BlockEnv, error) {
	h := &types.Header{
		Number: big.NewInt(1000), Time: 1_700_000_000, Coinbase: [20]byte(coinbase), GasLimit: 30_000_000,
		Difficulty: big.NewInt(0x20000), ParentHash: [32]byte{1, 2, 3},
	}
	if fork >= evm.London {
		h.BaseFee = big.NewInt(baseFee)
	}
	if fork >= evm.Paris {
		h.Difficulty = new(big.Int)
		h.MixDigest = [32]byte{0: 0x5a, 31: 0x7e}
	}
	if fork >= evm.Cancun {
		h.ExcessBlobGas = new(uint64)
	}
	return state.NewBlockEnv(h, chainAt(fork), nil)
}
