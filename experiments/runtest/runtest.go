// Package runtest has what tests of runs share: blocks, configurations, and what has to hold
// of every run.
package runtest

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	_ "github.com/ooovm/ooovm/predictor/oracle" // its predictors are named by presets
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// Project is the path of a file of this project.
func Project(elem ...string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), "..", ".."}, elem...)...)
}

// SmallBlocks are the embedded and some small real blocks, where there are any.
func SmallBlocks(t testing.TB) []string {
	return []string{"", corpustest.Block(t, 1150000), corpustest.Block(t, 9068998), corpustest.Block(t, 22188088), corpustest.Block(t, 22615247)}
}

// Prepared is a block with its recorded golden run.
func Prepared(t testing.TB, path string) *run.Block {
	t.Helper()
	b, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return Prepare(t, b)
}

// Prepare is Prepared for a bundle at hand.
func Prepare(t testing.TB, b *traces.Bundle) *run.Block {
	t.Helper()
	p, err := run.Prepare(context.Background(), b, run.Recording)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var recordEmbedded = sync.OnceValues(func() (*run.Block, error) {
	b, err := traces.Embedded()
	if err != nil {
		return nil, err
	}
	return run.Prepare(context.Background(), b, run.Recording)
})

// Embedded is the embedded block, prepared once for all tests. Tests that use it do
// not run in parallel: comparing post-states fills caches of the golden run.
func Embedded(t testing.TB) *run.Block {
	t.Helper()
	p, err := recordEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Setup is a preset with some values set, as -s sets them.
func Setup(t testing.TB, preset string, set ...string) run.Setup {
	t.Helper()
	eff, err := config.Load(config.Source{Set: append([]string{"preset=" + preset}, set...)})
	if err != nil {
		t.Fatal(err)
	}
	return run.SetupOf(eff)
}

// Chaotic is a preset in which every prediction is random.
func Chaotic(t testing.TB, preset string, seed uint64) run.Setup {
	t.Helper()
	s := Setup(t, preset)
	config.Chaos(&s.Config.Config, seed)
	s.Hash = config.Hash(s.Config)
	return s
}

// Run simulates and describes; whether the block is right is for the caller to say.
func Run(t testing.TB, p *run.Block, s run.Setup, opt run.Options) (*run.Outcome, *run.Result) {
	t.Helper()
	r, out, err := p.Result(s, opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	CheckSlots(t, s.Config, r)
	return out, r
}

// CheckSlots asserts that every commit slot of every cycle has one cause, and every
// squash and every serial slot one, too.
func CheckSlots(t testing.TB, cfg *config.Config, r *run.Result) {
	t.Helper()
	if got := sum(r.Squashes); got != r.Counts.Squashes {
		t.Errorf("the squashes add up to %d of %d", got, r.Counts.Squashes)
	}
	if got := sum(r.Stalls); got > r.Counts.Cycles {
		t.Errorf("dispatch stalled in %d of %d cycles", got, r.Counts.Cycles)
	}
	if r.Config.Preset == "limit" {
		if r.CPIStack != nil || r.Serial != nil {
			t.Error("the limit study has a CPI stack")
		}
		return
	}
	if got, want := sum(r.CPIStack), uint64(cfg.Core.Commit)*r.Counts.Cycles; got != want {
		t.Errorf("the CPI stack adds up to %d slots, %d cycles of width %d have %d", got, r.Counts.Cycles, cfg.Core.Commit, want)
	}
	if got, want := sum(r.Serial), r.CPIStack["serial"]; got != want {
		t.Errorf("the micro-ops waited for add up to %d of %d serial slots", got, want)
	}
}

func sum(m map[string]uint64) (total uint64) {
	for _, n := range m {
		total += n
	}
	return total
}

// Right simulates in lockstep and asserts that nothing differs.
func Right(t testing.TB, p *run.Block, s run.Setup) (*run.Outcome, *run.Result) {
	t.Helper()
	out, r := Run(t, p, s, run.Options{Lockstep: true})
	if out.Difference != nil || !r.Valid.OK {
		t.Fatalf("%s under %s: %v", p.Bundle.Name, s.Preset, out.Difference)
	}
	golden := uint64(p.Golden.Instructions())
	if got := *r.Valid.InstructionsChecked; got != golden || r.Counts.Instructions != golden {
		t.Errorf("%s under %s: %d instructions, %d checked, the golden run has %d", p.Bundle.Name, s.Preset, r.Counts.Instructions, got, golden)
	}
	return out, r
}

// SameCommitted asserts that two runs committed the same: the stream (place, opcode,
// gas left and result of every instruction that is not a stack instruction, in
// order), what receipts are made of, and every account of the post-state.
func SameCommitted(t testing.TB, want, got *run.Outcome) {
	t.Helper()
	if a, b := want.Core.StreamDigest(), got.Core.StreamDigest(); a != b {
		t.Errorf("committed streams differ: %#x and %#x", a, b)
	}
	if !reflect.DeepEqual(want.Results, got.Results) {
		t.Error("gas used, success or logs of transactions differ")
	}
	if a, b := run.StateDigest(want.World), run.StateDigest(got.World); a != b {
		t.Errorf("post-states differ: %s and %s", a, b)
	}
}

// EveryPolicy calls visit for every policy and mapping on every number of cores.
func EveryPolicy(cores []int, visit func(name string, mc machine.Config)) {
	for _, info := range machine.Policies() {
		if info.Name == machine.SequentialPolicy {
			continue
		}
		for _, mapping := range info.Mappings {
			for _, n := range cores {
				visit(fmt.Sprintf("%s/%s/%d", info.Name, mapping, n), machine.Config{Policy: info.Name, Mapping: mapping, Cores: n})
			}
		}
	}
}

// Policy runs a block under a policy, with the costs of the configuration, and asserts
// that it is right, instruction by instruction.
func Policy(t testing.TB, p *run.Block, cfg *config.Config, mc machine.Config, block []oracle.Footprint) *run.ParallelOutcome {
	t.Helper()
	costs, err := cfg.Machine.Config()
	if err != nil {
		t.Fatal(err)
	}
	costs.Policy, costs.Mapping, costs.Cores, costs.Crediting, costs.Oracle = mc.Policy, mc.Mapping, mc.Cores, mc.Crediting, block
	out, err := p.Parallel(&cfg.Config, costs, run.Options{Lockstep: true, MaxCycles: 100_000_000})
	if err != nil {
		t.Fatal(err)
	}
	if out.Difference != nil || !out.Verdict.OK || out.Checked+out.Repaired != uint64(p.Golden.Instructions()) {
		t.Fatalf("%s: %v, %d of %d instructions checked", p.Bundle.Name, out.Difference, out.Checked, p.Golden.Instructions())
	}
	return out
}

// Reference is the run in order, from which the declared access sets come.
func Reference(t testing.TB, p *run.Block, cfg *config.Config, c state.Crediting) *run.ParallelOutcome {
	t.Helper()
	return Policy(t, p, cfg, machine.Config{Policy: machine.SequentialPolicy, Cores: 1, Crediting: c}, nil)
}
