package timing

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// bound runs the block on a core and demands of every covered transaction that it
// takes no fewer cycles than its dataflow; exactly as many where exact is set and
// nothing in it serializes. It counts both kinds.
func (b *block) bound(t *testing.T, cfg *pipeline.Config, exact bool) (equal, above int) {
	t.Helper()
	world := state.NewWorld(b.Prestate)
	sys := evm.NewSystem(world, b.env, b.txs, b.cache)
	if err := state.BeginBlock(world, b.env, b.Header); err != nil {
		t.Fatal(err)
	}
	source := &Source{Golden: b.golden, Env: b.env}
	var core *pipeline.Core
	var scheduler *Scheduler
	for i := range b.txs {
		env, err := sys.Begin(i)
		if err != nil {
			t.Fatal(err)
		}
		if core == nil {
			if core, err = pipeline.New(*cfg, sys, b.oracle); err != nil {
				t.Fatal(err)
			}
			if scheduler, err = New(cfg); err != nil {
				t.Fatal(err)
			}
		}
		start := core.Cycle()
		if err := core.Run(&env, uint64(b.golden.TxStart[i])); err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
		stream, err := source.Build(i, &env, cfg.Core.Stack, cfg.Core.Decode)
		if not := (*NotCovered)(nil); errors.As(err, &not) {
			core = nil // what its wrong paths leave in the hierarchy is not known
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		limit, err := scheduler.Dataflow(stream)
		if err != nil {
			t.Fatal(err)
		}
		least := limit + Depth - 1 + isa.Cycle(cfg.Core.FrontEnd)
		got := core.Cycle() - start
		switch {
		case got < least:
			t.Fatalf("%s: transaction %d takes %d cycles, its dataflow %d and the depth are %d", b.Name, i, got, limit, least)
		case got == least:
			equal++
		case exact && !scheduler.Serializes(stream):
			t.Fatalf("%s: transaction %d takes %d cycles, its dataflow %d and the depth are %d", b.Name, i, got, limit, least)
		default:
			above++
		}
	}
	return equal, above
}

// TestLimitIsDataflow proves the preset limit: transaction by transaction it takes
// the cycles of the dataflow limit and the depth of the pipeline.
func TestLimitIsDataflow(t *testing.T) {
	cfg := preset(t, "limit")
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	equal, above := prepare(t, b).bound(t, cfg, true)
	t.Logf("%s: %d transactions at the limit, %d that serialize above it", b.Name, equal, above)
	if equal < 100 {
		t.Errorf("only %d transactions of the embedded block are compared exactly", equal)
	}
	equal, above = 0, 0
	for _, path := range corpustest.Blocks(t) {
		b, err := traces.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.GasUsed > 3_500_000 {
			continue // for time
		}
		e, a := prepare(t, b).bound(t, cfg, true)
		equal, above = equal+e, above+a
	}
	t.Logf("mainnet: %d transactions at the limit, %d that serialize above it", equal, above)
}

// TestNoMachineBeatsDataflow holds finite machines of every kind against the limit
// under their own latencies.
func TestNoMachineBeatsDataflow(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, b)
	rng := rand.New(rand.NewPCG(2, 9))
	n := 30
	if testing.Short() {
		n = 5
	}
	for range n {
		cfg := randomConfig(rng)
		p.bound(t, &cfg, false)
	}
}

func preset(t *testing.T, name string) *pipeline.Config {
	t.Helper()
	eff, err := config.Load(config.Source{Flags: []config.Setting{{Flag: "test", Key: "preset", Value: name}}})
	if err != nil {
		t.Fatal(err)
	}
	return &eff.Config.Config
}
