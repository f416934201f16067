package traces

import (
	"fmt"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
)

// ChainConfig gives the fork schedule of a public chain by its id.
func ChainConfig(id uint64) (*params.ChainConfig, error) {
	for _, c := range []*params.ChainConfig{
		params.MainnetChainConfig,
		params.SepoliaChainConfig,
		params.HoleskyChainConfig,
		params.HoodiChainConfig,
	} {
		if c.ChainID.IsUint64() && c.ChainID.Uint64() == id {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no fork schedule for chain %d", id)
}

// Rules gives the rules in force at a block. The Merge has no number or time of
// its own: a block whose difficulty is zero is behind it (EIP-3675).
func Rules(config *params.ChainConfig, header *types.Header) params.Rules {
	return config.Rules(header.Number, header.Difficulty.Sign() == 0, header.Time)
}

// Fork names the rules in force at a block, in lower case. Forks that change only
// the difficulty (Muir, Arrow and Gray Glacier) or blob limits have no name here.
func Fork(config *params.ChainConfig, header *types.Header) string {
	r := Rules(config, header)
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"osaka", r.IsOsaka},
		{"prague", r.IsPrague},
		{"cancun", r.IsCancun},
		{"shanghai", r.IsShanghai},
		{"paris", r.IsMerge},
		{"london", r.IsLondon},
		{"berlin", r.IsBerlin},
		{"istanbul", r.IsIstanbul},
		{"petersburg", r.IsPetersburg},
		{"constantinople", r.IsConstantinople},
		{"byzantium", r.IsByzantium},
		{"spuriousdragon", r.IsEIP158},
		{"tangerine", r.IsEIP150},
		{"homestead", r.IsHomestead},
	} {
		if f.on {
			return f.name
		}
	}
	return "frontier"
}

// Fork names the rules in force at the bundle's block.
func (b *Bundle) Fork() string { return Fork(b.Config, b.Header) }

// Rules gives the rules in force at the bundle's block.
func (b *Bundle) Rules() params.Rules { return Rules(b.Config, b.Header) }
