package experiments

import (
	"reflect"
	"sync"
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle" // its predictors are named by presets
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// mainnetPath is a block of the corpus; the test is skipped where it is absent.
func mainnetPath(t testing.TB, number uint64) string {
	t.Helper()
	return corpustest.Block(t, number)
}

// prepared gives a block and its recorded golden run.
func prepared(t testing.TB, path string) *Block {
	t.Helper()
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(b, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var recordEmbedded = sync.OnceValues(func() (*Block, error) {
	b, err := traces.Embedded()
	if err != nil {
		return nil, err
	}
	return Prepare(b, true)
})

// embedded is the embedded block, prepared once for all tests. Tests that use it do
// not run in parallel: comparing post-states fills caches of the golden run.
func embedded(t testing.TB) *Block {
	t.Helper()
	p, err := recordEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// setup is a preset with some values set, as -s sets them.
func setup(t testing.TB, preset string, set ...string) Setup {
	t.Helper()
	eff, err := config.Load(config.Source{Set: append([]string{"preset=" + preset}, set...)})
	if err != nil {
		t.Fatal(err)
	}
	return Setup{Preset: preset, Hash: config.Hash(&eff.Config), Config: &eff.Config}
}

// chaotic is a preset in which every prediction is random.
func chaotic(t testing.TB, preset string, seed uint64) Setup {
	t.Helper()
	s := setup(t, preset)
	config.Chaos(s.Config, seed)
	s.Hash = config.Hash(s.Config)
	return s
}

// run simulates and describes; whether the block is right is for the caller to say.
func run(t testing.TB, p *Block, s Setup, opt Options) (*Outcome, *Result) {
	t.Helper()
	out, err := p.Run(s.Config, opt)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Describe(s, out, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkSlots(t, s.Config, r)
	return out, r
}

// checkSlots asserts that every commit slot of every cycle has one cause, and every
// squash and every serial slot one, too.
func checkSlots(t testing.TB, cfg *pipeline.Config, r *Result) {
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

// right simulates in lockstep and asserts that nothing differs.
func right(t testing.TB, p *Block, s Setup) (*Outcome, *Result) {
	t.Helper()
	out, r := run(t, p, s, Options{Lockstep: true})
	if out.Difference != nil || !r.Valid.OK {
		t.Fatalf("%s under %s: %v", p.Bundle.Name, s.Preset, out.Difference)
	}
	golden := uint64(len(p.Golden.Steps))
	if got := *r.Valid.InstructionsChecked; got != golden || r.Counts.Instructions != golden {
		t.Errorf("%s under %s: %d instructions, %d checked, the golden run has %d", p.Bundle.Name, s.Preset, r.Counts.Instructions, got, golden)
	}
	return out, r
}

// sameCommitted asserts that two runs committed the same: the stream (place, opcode,
// gas left and result of every instruction that is not a stack instruction, in
// order), what receipts are made of, and every account of the post-state.
func sameCommitted(t testing.TB, want, got *Outcome) {
	t.Helper()
	if a, b := want.Core.StreamDigest(), got.Core.StreamDigest(); a != b {
		t.Errorf("committed streams differ: %#x and %#x", a, b)
	}
	if !reflect.DeepEqual(want.Results, got.Results) {
		t.Error("gas used, success or logs of transactions differ")
	}
	if a, b := worldDigest(want), worldDigest(got); a != b {
		t.Errorf("post-states differ: %s and %s", a, b)
	}
}

func worldDigest(out *Outcome) string {
	d := newDigester()
	d.world(out.World)
	return d.hex()
}
