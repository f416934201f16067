package state

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"
	"github.com/ethereum/go-ethereum/core/vm"
)

// A built-in that is priced by its work may be asked for billions of rounds (BLAKE2's
// compression, EIP-152), and the golden run, the simulated core and the baseline ask for
// the same. Results of dear ones are kept, so that the work is done once.
const (
	// dearBuiltin, in gas, is about a tenth of a second of BLAKE2. Blocks of mainnet hardly
	// ever have one, so that what is measured of the simulator's speed does not change.
	dearBuiltin = 1_000_000
	keptResults = 64
)

type builtinCall struct {
	contract vm.PrecompiledContract
	input    [sha256.Size]byte
}

type builtinResult func() (output []byte, err error)

// builtinResults keeps the latest results. It is safe for concurrent use; a caller waits
// for a result that is already being computed.
type builtinResults struct {
	mu   sync.Mutex
	kept lru.BasicLRU[builtinCall, builtinResult]
}

// builtins is shared by everything that runs in the process: a result depends on nothing
// but the contract and its input.
var builtins = &builtinResults{kept: lru.NewBasicLRU[builtinCall, builtinResult](keptResults)}

func (r *builtinResults) run(contract vm.PrecompiledContract, input []byte) ([]byte, error) {
	if contract.RequiredGas(input) < dearBuiltin {
		return contract.Run(input)
	}
	call := builtinCall{contract, sha256.Sum256(input)}
	r.mu.Lock()
	result, ok := r.kept.Get(call)
	if !ok {
		own := bytes.Clone(input) // the caller may change its own while another waits
		result = sync.OnceValues(func() ([]byte, error) { return contract.Run(own) })
		r.kept.Add(call, result)
	}
	r.mu.Unlock()
	output, err := result()
	return bytes.Clone(output), err
}

// keeping is a contract whose dear results are kept.
type keeping struct{ vm.PrecompiledContract }

func (k keeping) Run(input []byte) ([]byte, error) {
	return builtins.run(k.PrecompiledContract, input)
}

// InstallBuiltins lets go-ethereum's interpreter share the kept results of built-ins.
func InstallBuiltins(evm *vm.EVM, p *Precompiles) {
	contracts := make(vm.PrecompiledContracts, len(p.byNumber))
	for _, contract := range p.byNumber {
		contracts[common.Address(contract.Address)] = contract.contract
	}
	evm.SetPrecompiles(contracts)
}
