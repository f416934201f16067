package evm

import "github.com/ooovm/ooovm/state"

// Fork names a revision of the instruction set and its gas schedule. Forks are
// ordered: every later one includes the rules of the earlier ones, so a rule is
// tested as `fork >= Berlin`. Upgrades that left execution alone are not listed.
type Fork uint8

// The forks of the Ethereum mainnet.
const (
	Frontier Fork = iota
	Homestead
	TangerineWhistle // EIP-150 and EIP-608
	SpuriousDragon   // EIP-158, EIP-160, EIP-170
	Byzantium
	Constantinople // with EIP-1283, which Petersburg took back
	Petersburg
	Istanbul
	Berlin
	London
	Paris // the Merge
	Shanghai
	Cancun
	Prague
	Osaka
	NumForks
)

var forkNames = [NumForks]string{
	"Frontier", "Homestead", "TangerineWhistle", "SpuriousDragon", "Byzantium", "Constantinople", "Petersburg",
	"Istanbul", "Berlin", "London", "Paris", "Shanghai", "Cancun", "Prague", "Osaka",
}

// String gives the fork's name as in the execution specifications.
func (f Fork) String() string {
	if f < NumForks {
		return forkNames[f]
	}
	return "unknown fork"
}

// ForkOf gives the fork whose rules hold in a block.
func ForkOf(env *state.BlockEnv) Fork {
	r := &env.Rules
	switch {
	case r.IsOsaka:
		return Osaka
	case r.IsPrague:
		return Prague
	case r.IsCancun:
		return Cancun
	case r.IsShanghai:
		return Shanghai
	case r.IsMerge:
		return Paris
	case r.IsLondon:
		return London
	case r.IsBerlin:
		return Berlin
	case r.IsIstanbul:
		return Istanbul
	case r.IsPetersburg:
		return Petersburg
	case r.IsConstantinople:
		return Constantinople
	case r.IsByzantium:
		return Byzantium
	case r.IsEIP158:
		return SpuriousDragon
	case r.IsEIP150:
		return TangerineWhistle
	case r.IsHomestead:
		return Homestead
	}
	return Frontier
}
