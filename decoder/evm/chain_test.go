package evm

import (
	"math/big"

	"github.com/ethereum/go-ethereum/params"
)

// chainAt gives a chain that has activated every fork up to the given one from
// its first block on, and none after it.
func chainAt(fork Fork) *params.ChainConfig {
	c := &params.ChainConfig{ChainID: big.NewInt(1), BlobScheduleConfig: params.DefaultBlobSchedule}
	blocks := []struct {
		fork Fork
		at   **big.Int
	}{
		{Homestead, &c.HomesteadBlock},
		{TangerineWhistle, &c.EIP150Block},
		{SpuriousDragon, &c.EIP155Block},
		{SpuriousDragon, &c.EIP158Block},
		{Byzantium, &c.ByzantiumBlock},
		{Constantinople, &c.ConstantinopleBlock},
		{Petersburg, &c.PetersburgBlock},
		{Istanbul, &c.IstanbulBlock},
		{Berlin, &c.BerlinBlock},
		{London, &c.LondonBlock},
		{Paris, &c.TerminalTotalDifficulty},
	}
	times := []struct {
		fork Fork
		at   **uint64
	}{
		{Shanghai, &c.ShanghaiTime},
		{Cancun, &c.CancunTime},
		{Prague, &c.PragueTime},
		{Osaka, &c.OsakaTime},
	}
	for _, b := range blocks {
		if fork >= b.fork {
			*b.at = new(big.Int)
		}
	}
	for _, t := range times {
		if fork >= t.fork {
			*t.at = new(uint64)
		}
	}
	// A config without an explicit Petersburg block has it with Constantinople.
	if fork == Constantinople {
		c.PetersburgBlock = big.NewInt(1 << 40)
	}
	return c
}

// rulesAt gives the rules of a block of that chain.
func rulesAt(fork Fork) params.Rules {
	return chainAt(fork).Rules(big.NewInt(1), fork >= Paris, 1)
}
