package state

import (
	"slices"

	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
)

// Precompiled is one precompiled contract of a fork. The computation is
// go-ethereum's: signatures and pairings are no part of what is simulated.
// The results of dear computations are kept.
type Precompiled struct {
	Address  Address
	contract vm.PrecompiledContract
}

// RequiredGas is the price of running it on the input.
func (p Precompiled) RequiredGas(input []byte) uint64 { return p.contract.RequiredGas(input) }

// Run computes the output; an error fails the call and takes all of its gas.
func (p Precompiled) Run(input []byte) ([]byte, error) { return p.contract.Run(input) }

// Name is what the contract is called, such as "ECREC".
func (p Precompiled) Name() string { return p.contract.Name() }

// Number identifies the contract for decoder.Program.Builtin: its address, which
// is small and never zero.
func (p Precompiled) Number() int { return precompileNumber(p.Address) }

// Precompiles are the precompiled contracts of one fork.
type Precompiles struct {
	byNumber  map[int]Precompiled
	addresses []Address
}

// NewPrecompiles gives the precompiled contracts that the rules have.
func NewPrecompiles(rules params.Rules) *Precompiles {
	p := &Precompiles{byNumber: make(map[int]Precompiled)}
	for address, contract := range vm.ActivePrecompiledContracts(rules) {
		p.byNumber[precompileNumber(Address(address))] = Precompiled{Address(address), keeping{contract}}
		p.addresses = append(p.addresses, Address(address))
	}
	slices.SortFunc(p.addresses, func(a, b Address) int { return precompileNumber(a) - precompileNumber(b) })
	return p
}

// Lookup finds the contract at an address.
func (p *Precompiles) Lookup(a Address) (Precompiled, bool) {
	number := precompileNumber(a)
	if number == 0 {
		return Precompiled{}, false
	}
	contract, ok := p.byNumber[number]
	return contract, ok
}

// Numbered finds the contract with a Number.
func (p *Precompiles) Numbered(number int) (Precompiled, bool) {
	contract, ok := p.byNumber[number]
	return contract, ok
}

// Addresses lists the contracts' addresses in order, not to be changed.
func (p *Precompiles) Addresses() []Address { return p.addresses }

// precompileNumber is the value of an address below 2^16, and 0 of any other.
func precompileNumber(a Address) int {
	if [18]byte(a[:18]) != [18]byte{} {
		return 0
	}
	return int(a[18])<<8 | int(a[19])
}
