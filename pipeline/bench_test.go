package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/ooovm/ooovm/pipeline"
)

// stages are loop bodies that keep one stage of the core busy. The loop's counter
// is on top of the stack.
var stages = []struct{ name, body string }{
	{"rename", "PUSH1 1 DUP2 SWAP1 DUP1 POP DUP3 SWAP2 POP POP POP PUSH1 7 PUSH1 8 SWAP1 POP POP"},
	{"commit", "DUP1 PUSH1 3 ADD PUSH1 5 XOR PUSH1 9 SUB NOT ISZERO PUSH1 1 OR POP"},
	{"forward", "DUP1 PUSH1 0 MSTORE PUSH1 0 MLOAD DUP1 PUSH1 32 MSTORE PUSH1 32 MLOAD POP POP"},
	{"gather", "DUP1 PUSH1 0 MSTORE DUP1 PUSH1 32 MSTORE PUSH1 16 MLOAD PUSH1 9 MLOAD POP POP"},
	{"hash", "DUP1 PUSH1 0 MSTORE PUSH1 64 PUSH1 0 KECCAK256 POP"},
	{"branch", "DUP1 PUSH1 1 AND PUSH1 14 JUMPI JUMPDEST JUMPDEST"},
	{"state", "DUP1 PUSH1 7 AND SLOAD PUSH1 9 SLOAD POP POP"},
}

// loop runs a body so many times. It begins at position 5, the body at 6.
func loop(body string, times int) string {
	return fmt.Sprintf("PUSH4 %d JUMPDEST %s PUSH1 1 SWAP1 SUB DUP1 PUSH1 5 JUMPI STOP", times, body)
}

// simulate runs the program's transaction on a new core.
func (p *program) simulate(t testing.TB, cfg *pipeline.Config) *pipeline.Core {
	t.Helper()
	return p.simulateOn(t, cfg, func(*pipeline.Core) {})
}

// simulateOn is simulate on a core that set has changed.
func (p *program) simulateOn(t testing.TB, cfg *pipeline.Config, set func(*pipeline.Core)) *pipeline.Core {
	t.Helper()
	sys, env := begin(t, p.bundle(t))
	core, err := pipeline.New(*cfg, sys, nil)
	if err != nil {
		t.Fatal(err)
	}
	set(core)
	if err := core.Run(&env, 0); err != nil {
		t.Fatal(err)
	}
	if !sys.Results[0].Success {
		t.Fatal("the transaction failed")
	}
	return core
}

// real is the base configuration with predictors that exist.
func real() *pipeline.Config {
	cfg := base()
	p := &cfg.Predictor
	p.Branch, p.Target, p.Call, p.Memory, p.State = "bimodal", "btb+ras", "last", "store-sets", "store-sets"
	return &cfg
}

// BenchmarkStage gives the time of a micro-op in programs that keep one stage busy;
// setting up a core and a state is part of it.
func BenchmarkStage(b *testing.B) {
	for _, s := range stages {
		b.Run(s.name, func(b *testing.B) {
			p := program{name: s.name, code: loop(s.body, 20_000), gas: 16_000_000}
			cfg := real()
			var instructions, uops uint64
			for b.Loop() {
				core := p.simulate(b, cfg)
				instructions += core.Stats.Instructions
				uops += core.Stats.Uops
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(instructions), "ns/instruction")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(uops), "ns/uop")
		})
	}
}

// TestAllocations: micro-ops allocate nothing. A loop of twice the length allocates
// no more than one of a thousandth of what it adds in micro-ops.
func TestAllocations(t *testing.T) {
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			cfg := real()
			measure := func(times int) (allocations float64, uops uint64) {
				p := program{name: s.name, code: loop(s.body, times), gas: 16_000_000}
				allocations = testing.AllocsPerRun(2, func() { uops = p.simulate(t, cfg).Stats.Uops })
				return allocations, uops
			}
			few, short := measure(5_000)
			many, long := measure(10_000)
			if perUop := (many - few) / float64(long-short); perUop >= 0.001 {
				t.Errorf("%g allocations a micro-op: %g for %d, %g for %d", perUop, few, short, many, long)
			}
		})
	}
}
