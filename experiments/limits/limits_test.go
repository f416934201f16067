package limits_test

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/limits"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

var (
	sender    = state.Address{19: 0x5e}
	contractA = state.Address{19: 0xaa}
	contractB = state.Address{19: 0xbb}
)

// asm takes opcodes as they are and integers as what a PUSH1 pushes.
func asm(parts ...any) (code []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case vm.OpCode:
			code = append(code, byte(p))
		case int:
			code = append(code, byte(vm.PUSH1), byte(p))
		case []byte:
			code = append(code, p...)
		}
	}
	return code
}

// call calls an account with input and output ranges; its gas is a constant, so that
// the call is finished at 1.
func call(op vm.OpCode, account byte, inOff, inLen, outOff, outLen int) []byte {
	parts := []any{outLen, outOff, inLen, inOff}
	if op == vm.CALL {
		parts = append(parts, 0)
	}
	return asm(append(parts, int(account), []byte{byte(vm.PUSH3), 0, 0xff, 0xff}, op)...)
}

func record(t *testing.T, a, b []byte) (*traces.Golden, *state.BlockEnv) {
	t.Helper()
	chain := params.MergedTestChainConfig
	rules := chain.Rules(new(big.Int), true, 0)
	to := common.Address(contractA)
	env := &state.BlockEnv{
		GasLimit: 10_000_000, ChainID: isa.Word{1}, Config: chain, Rules: rules,
		BlockHash: func(uint64) state.Hash { return state.Hash{} }, Precompiles: state.NewPrecompiles(rules),
	}
	g, err := traces.RecordMessage(&traces.Message{
		Name: t.Name(), Env: env,
		Ground: traces.NewGround(state.Prestate{sender: {Balance: isa.Word{1}}, contractA: {Nonce: 1, Code: a}, contractB: {Nonce: 1, Code: b}}),
		Call: &core.Message{
			From: common.Address(sender), To: &to, GasLimit: 1_000_000,
			Value: new(big.Int), GasPrice: new(big.Int), GasFeeCap: new(big.Int), GasTipCap: new(big.Int),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, env
}

// In the comments, the number behind an instruction is when it is finished.
func TestUnitLatency(t *testing.T) {
	add := []any{1, 1, vm.ADD} // 1
	sum := func(rest ...any) []byte { return asm(append(append([]any{}, add...), rest...)...) }
	for _, c := range []struct {
		name     string
		a, b     []byte
		executed uint64 // with the implicit STOP
		path     uint64
	}{
		{"nothing but stack", asm(1, 2, vm.SWAP1, vm.POP, vm.DUP1, vm.JUMPDEST, vm.STOP), nil, 1, 1},
		{"a chain through the stack", sum(vm.DUP1, vm.ADD /* 2 */, 5, vm.SWAP1, vm.SUB /* 3 */), nil, 4, 3},
		{"two chains", sum(vm.DUP1, vm.ADD /* 2 */, 1, 1, vm.ADD /* 1 */), nil, 4, 2},
		{"a byte in common", sum(0, vm.MSTORE /* 2 */, 31, vm.MLOAD /* 3 */), nil, 4, 3},
		{"no byte in common", sum(0, vm.MSTORE /* 2 */, 32, vm.MLOAD /* 1 */), nil, 4, 2},
		{"one byte stored over a late word", sum(0, vm.MSTORE /* 2 */, 7, 0, vm.MSTORE8 /* 1 */, 0, vm.MLOAD /* 3 */), nil, 5, 3},
		{"a hash waits for its bytes", sum(0, vm.MSTORE /* 2 */, 32, 0, vm.KECCAK256 /* 3 */), nil, 4, 3},
		{"a copy waits for its bytes", sum(0, vm.MSTORE /* 2 */, 32, 0, 64, vm.MCOPY /* 3 */, 64, vm.MLOAD /* 4 */), nil, 5, 4},
		{"storage", sum(3, vm.SSTORE /* 2 */, 3, vm.SLOAD /* 3 */), nil, 4, 3},
		{"another slot", sum(3, vm.SSTORE /* 2 */, 4, vm.SLOAD /* 1 */), nil, 4, 2},
		{"storage that a store names late", asm(7, 1, 2, vm.ADD /* 1 */, vm.SSTORE /* 2 */, 3, vm.SLOAD /* 3 */), nil, 4, 3},
		{"transient storage is another space", sum(3, vm.TSTORE /* 2 */, 3, vm.SLOAD /* 1 */), nil, 4, 2},
		{
			"call data", sum(0, vm.MSTORE /* 2 */, call(vm.CALL, 0xbb, 0, 32, 0, 0) /* 1 */), asm(0, vm.CALLDATALOAD /* 3 */), 6, 3,
		},
		{
			"call data of other bytes", sum(0, vm.MSTORE /* 2 */, call(vm.CALL, 0xbb, 32, 32, 0, 0) /* 1 */), asm(0, vm.CALLDATALOAD /* 1 */), 6, 2,
		},
		{
			"returned bytes keep their times", asm(call(vm.CALL, 0xbb, 0, 0, 0, 32) /* 1 */, 0, vm.MLOAD /* 2 */),
			asm(7, 0, vm.MSTORE /* 1 */, 16, 16, vm.ADD /* 1 */, 0, vm.RETURN /* 2 */), 6, 2,
		},
		{
			"success waits for the end of the callee", asm(call(vm.CALL, 0xbb, 0, 0, 0, 32) /* 1 */, vm.ISZERO /* 3 */),
			asm(16, 16, vm.ADD /* 1 */, 0, vm.RETURN /* 2 */), 5, 3,
		},
		{
			"success waits for the call", asm(call(vm.CALL, 0xbb, 0, 0, 0, 0)[:8], 0, 0xbb, 1, 1, vm.ADD /* 1 */, vm.CALL /* 2 */, vm.ISZERO /* 3 */),
			asm(vm.STOP /* 1 */), 5, 3,
		},
		{
			"return data", asm(call(vm.CALL, 0xbb, 0, 0, 0, 0), 32, 0, 0, vm.RETURNDATACOPY /* 3 */, 0, vm.MLOAD /* 4 */),
			sum(0, vm.MSTORE /* 2 */, 32, 0, vm.RETURN /* 1 */), 7, 4,
		},
		{
			"a built-in", sum(0, vm.MSTORE /* 2 */, call(vm.CALL, 4, 0, 32, 64, 32) /* 1, its output 3 */, 64, vm.MLOAD /* 4 */), nil, 5, 4,
		},
		{"success of a built-in", sum(0, vm.MSTORE /* 2 */, call(vm.CALL, 4, 0, 32, 64, 32) /* 1, its output 3 */, vm.ISZERO /* 2 */), nil, 5, 3},
		{
			"a reverted store stays the last writer", asm(call(vm.DELEGATECALL, 0xbb, 0, 0, 0, 0), 3, vm.SLOAD /* 3 */),
			sum(3, vm.SSTORE /* 2 */, 0, 0, vm.REVERT /* 1 */), 6, 3,
		},
		{"a fault takes a slot", sum(vm.JUMP /* 2 */), nil, 2, 2},
		{"init code adds no dependence", asm(0, 0, vm.MSTORE /* 1 */, 1, 1, vm.ADD /* 1 */, 0, 0, vm.CREATE /* 2 */, vm.STOP), nil, 5, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, env := record(t, c.a, c.b)
			got := limits.Of(g, env, limits.Options{})
			want := limits.Limit{Instructions: uint64(g.Steps.Len()), Executed: c.executed, CriticalPath: c.path}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// Five instructions that do not depend on each other, and a chain of three.
func TestResources(t *testing.T) {
	free := asm(1, 1, vm.ADD, 1, 1, vm.ADD, 1, 1, vm.ADD, 1, 1, vm.ADD, vm.STOP)
	chain := asm(1, 1, vm.ADD, vm.DUP1, vm.ADD, vm.DUP1, vm.ADD, vm.STOP)
	for _, c := range []struct {
		name          string
		code          []byte
		window, width int
		path          uint64
	}{
		{"no bound", free, 0, 0, 1},
		{"width 1", free, 0, 1, 5},
		{"width 2", free, 0, 2, 3},
		{"window 1", free, 1, 0, 5},
		{"window 2", free, 2, 0, 3},
		{"window beyond the program", free, 100, 0, 1},
		{"a chain in width 1", chain, 0, 1, 4},
		{"a chain in window 1", chain, 1, 0, 4},
		{"a chain in window 2", chain, 2, 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, env := record(t, c.code, nil)
			if got := limits.Of(g, env, limits.Options{Window: c.window, Width: c.width}); got.CriticalPath != c.path {
				t.Errorf("critical path %d, want %d", got.CriticalPath, c.path)
			}
		})
	}
}

// The latencies of a configuration; a slot costs the way to far state once.
func TestModelLatency(t *testing.T) {
	cfg, err := config.Baseline("fold")
	if err != nil {
		t.Fatal(err)
	}
	l, far := &cfg.Latency, cfg.State.Far
	for _, c := range []struct {
		name string
		code []byte
		path int
	}{
		{"multiply, then add", asm(3, 3, vm.MUL, 1, vm.ADD), l.Mul + l.ALU},
		{"two bytes of exponent", asm(1, 9, vm.EXP, []byte{byte(vm.PUSH2), 1, 0}, 9, vm.EXP), l.Mul + 2*l.Exp},
		{"hash of two blocks", asm(136, 0, vm.KECCAK256), 2 * l.Hash},
		{"the same slot again", asm(3, vm.SLOAD, 3, vm.ADD, vm.SLOAD), l.State + far + l.ALU + l.State},
		{"another slot", asm(3, vm.SLOAD, 4, vm.ADD, vm.SLOAD), l.State + far + l.ALU + l.State + far},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, env := record(t, c.code, nil)
			got := limits.Of(g, env, limits.Options{Model: &cfg.Config})
			if got.CriticalPath != uint64(c.path) {
				t.Errorf("critical path %d, want %d", got.CriticalPath, c.path)
			}
		})
	}
}

// Storage reaches across transactions in the scope of a block only.
func TestBlockScope(t *testing.T) {
	g, env := record(t, asm(1, 1, vm.ADD, 3, vm.SSTORE, 3, vm.SLOAD, vm.DUP1, vm.ADD), nil) // 1, 2, 3, 4
	twice := *g
	n := uint32(g.Steps.Len())
	twice.Steps = traces.SeriesOf(append(g.Steps.Slice(), g.Steps.Slice()...))
	twice.Accesses = traces.SeriesOf(g.Accesses.Slice())
	twice.TxStart = []int{0, int(n), 2 * int(n)}
	for _, a := range g.Accesses.Slice() {
		a.Step += n
		a.Frame += 100
		twice.Accesses.Append(a)
	}
	if got := limits.Of(&twice, env, limits.Options{}).CriticalPath; got != 8 {
		t.Errorf("transactions by themselves: %d, want 4 + 4", got)
	}
	if got := limits.Of(&twice, env, limits.Options{Block: true}).CriticalPath; got != 4 {
		t.Errorf("the block: %d, want 4: the second one's store hides the first's", got)
	}
	loads := twice
	reader, _ := record(t, asm(3, vm.SLOAD, vm.DUP1, vm.ADD), nil) // 3, 4 behind the first one's store
	loads.Steps = traces.SeriesOf(append(g.Steps.Slice(), reader.Steps.Slice()...))
	loads.TxStart = []int{0, int(n), int(n) + reader.Steps.Len()}
	loads.Accesses = traces.SeriesOf(g.Accesses.Slice())
	for _, a := range reader.Accesses.Slice() {
		a.Step += n
		a.Key = g.Accesses.At(0).Key
		loads.Accesses.Append(a)
	}
	if got := limits.Of(&loads, env, limits.Options{}).CriticalPath; got != 6 {
		t.Errorf("transactions by themselves: %d, want 4 + 2", got)
	}
	if got := limits.Of(&loads, env, limits.Options{Block: true}).CriticalPath; got != 4 {
		t.Errorf("the block: %d, want 4: the load waits for the store of the other transaction", got)
	}
}
