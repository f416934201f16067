package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/lru"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"
)

// counted is a built-in that counts how often it is computed.
type counted struct {
	gas  uint64
	err  error
	runs *atomic.Int64
}

func (c counted) RequiredGas([]byte) uint64 { return c.gas }
func (c counted) Name() string              { return "COUNTED" }
func (c counted) Run(input []byte) ([]byte, error) {
	c.runs.Add(1)
	return bytes.Clone(input), c.err
}

func newResults() *builtinResults {
	return &builtinResults{kept: lru.NewBasicLRU[builtinCall, builtinResult](keptResults)}
}

// TestBuiltinResults: a dear computation is made once for each input, whoever asks and
// however it ends; a cheap one every time.
func TestBuiltinResults(t *testing.T) {
	failure := errors.New("failure")
	for _, c := range []struct {
		name   string
		gas    uint64
		err    error
		inputs []string
		runs   int64
	}{
		{"dear", dearBuiltin, nil, []string{"a", "a", "a"}, 1},
		{"two inputs", dearBuiltin, nil, []string{"a", "b", "a", "b"}, 2},
		{"a failure", dearBuiltin, failure, []string{"a", "a"}, 1},
		{"cheap", dearBuiltin - 1, nil, []string{"a", "a", "a"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, contract := newResults(), counted{c.gas, c.err, new(atomic.Int64)}
			for _, in := range c.inputs {
				input := []byte(in)
				output, err := r.run(contract, input)
				if string(output) != in || !errors.Is(err, c.err) {
					t.Errorf("%q gives %q, %v", in, output, err)
				}
				output[0], input[0] = 'x', 'y' // a caller may do so
			}
			if n := contract.runs.Load(); n != c.runs {
				t.Errorf("computed %d times, want %d", n, c.runs)
			}
		})
	}
}

// TestBuiltinResultsAtOnce: who asks for what is being computed waits for it.
func TestBuiltinResultsAtOnce(t *testing.T) {
	r, contract := newResults(), counted{dearBuiltin, nil, new(atomic.Int64)}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if output, err := r.run(contract, []byte("a")); string(output) != "a" || err != nil {
				t.Errorf("%q, %v", output, err)
			}
		})
	}
	all.Wait()
	if n := contract.runs.Load(); n != 1 {
		t.Errorf("computed %d times", n)
	}
}

// TestBuiltinsAreShared: what go-ethereum's interpreter has computed, the core does not
// compute again.
func TestBuiltinsAreShared(t *testing.T) {
	rules := params.MergedTestChainConfig.Rules(new(big.Int), true, 0)
	p := NewPrecompiles(rules)
	input := make([]byte, 213) // EIP-152: rounds, h, m, t, f
	binary.BigEndian.PutUint32(input, dearBuiltin)
	ctx := vm.BlockContext{
		BlockNumber: new(big.Int), Random: new(common.Hash),
		CanTransfer: func(vm.StateDB, common.Address, *uint256.Int) bool { return true },
		Transfer:    func(vm.StateDB, common.Address, common.Address, *uint256.Int) {},
	}
	evm := vm.NewEVM(ctx, host{NewWorld(nil)}, params.MergedTestChainConfig, vm.Config{})
	InstallBuiltins(evm, p)
	before := builtins.kept.Len()
	want, _, err := evm.Call(common.Address{}, common.Address{19: 9}, input, 10*dearBuiltin, new(uint256.Int))
	if err != nil || len(want) != 64 {
		t.Fatalf("%x, %v", want, err)
	}
	blake, _ := p.Lookup(Address{19: 9})
	got, err := blake.Run(input)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the core has %x, %v; go-ethereum %x", got, err, want)
	}
	if n := builtins.kept.Len() - before; n != 1 {
		t.Errorf("%d results kept, want 1", n)
	}
}
