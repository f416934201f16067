package timing

import (
	"math/rand/v2"
	"testing"

	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// randomConfig draws a configuration that the scheduler covers. Small numbers are
// likelier than large ones, so that most machines have several bottlenecks.
func randomConfig(rng *rand.Rand) pipeline.Config {
	pick := func(lo, hi int) int {
		for hi-lo > 1 && rng.IntN(2) == 0 {
			hi = lo + (hi-lo+1)/2
		}
		return lo + rng.IntN(hi-lo+1)
	}
	const oracle = "oracle"
	return pipeline.Config{
		Core: pipeline.CoreConfig{
			Stack: []string{"fold", "rename", "execute"}[rng.IntN(3)], Decode: pick(1, 32), Width: pick(1, 16), Issue: pick(1, 16), Commit: pick(1, 16),
			Taken: pick(1, 4), FrontEnd: pick(1, 20), ROB: pick(1, 512), IQ: pick(1, 512), LoadQ: pick(1, 128), StoreQ: pick(1, 128),
			StateQ: pick(1, 128), Regs: pick(1, 512), StackRegs: pick(32, 128), Fill: pick(0, 10),
			Gas: []string{"free", "serial"}[rng.IntN(2)], Watchdog: 1_000_000, ClockMHz: 1000,
		},
		Units: pipeline.UnitConfig{
			ALU: pick(1, 16), Mul: pick(1, 4), Div: pick(1, 4), Hash: pick(1, 4), Load: pick(1, 8), Store: pick(1, 8), State: pick(1, 8), Branch: pick(1, 8), Crypto: pick(1, 4),
		},
		Latency: pipeline.LatencyConfig{
			ALU: pick(1, 50), Shift: pick(1, 50), Mul: pick(1, 50), Div: pick(1, 50), MulMod: pick(1, 50), Exp: pick(0, 50), Hash: pick(1, 50),
			Load: pick(1, 50), Store: pick(1, 50), Copy: pick(0, 50), Branch: pick(1, 50), State: pick(1, 50), System: pick(1, 50),
			Builtins: []string{"flat", "software", "accelerator"}[rng.IntN(3)], Microsecond: pick(1, 3000),
		},
		State: pipeline.StateConfig{Buffer: []int{0, Unlimited}[rng.IntN(2)], Near: pick(0, 50), Far: pick(0, 50), Misses: Unlimited},
		Predictor: pipeline.PredictorConfig{
			Branch: oracle, Target: oracle, Call: oracle, Memory: oracle, State: oracle, Keys: "none", Value: "none", Prefetches: 16, KeyBits: 4,
			BranchBits: 1, TargetBits: 1, ReturnStack: 1, DependBits: 1,
		},
	}
}

// The core's times are the scheduler's on 1,000 random machines: all of the
// embedded block on every fortieth, its beginning on the others.
func TestRandomMachinesOnEmbeddedBlock(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, b)
	machines := 1000
	if testing.Short() {
		machines = 40
	}
	rng := rand.New(rand.NewPCG(2, 1))
	var sum tally
	for i := range machines {
		cfg := randomConfig(rng)
		n := len(p.txs)
		if i%40 > 0 {
			n = min(n, 14)
		}
		if err := p.compare(&cfg, n, &sum); err != nil {
			t.Fatalf("machine %d: %v\n%+v", i, err, cfg)
		}
	}
	if sum.uncovered > 0 {
		t.Errorf("%d transactions are not covered", sum.uncovered)
	}
	t.Logf("%d transactions, %d micro-ops", sum.txs, sum.uops)
}

// The same on a block of what ordinary blocks have little of.
func TestRandomMachinesOnCorners(t *testing.T) {
	p := cornerBlock(t)
	for i, r := range p.golden.Results {
		if !r.Success {
			t.Fatalf("transaction %d fails", i)
		}
	}
	rng := rand.New(rand.NewPCG(2, 2))
	var sum tally
	for i := range 300 {
		cfg := randomConfig(rng)
		if err := p.compare(&cfg, len(p.txs), &sum); err != nil {
			t.Fatalf("machine %d: %v\n%+v", i, err, cfg)
		}
	}
	if sum.uncovered > 0 {
		t.Errorf("%d transactions are not covered", sum.uncovered)
	}
	t.Logf("%d transactions, %d micro-ops", sum.txs, sum.uops)
}

// The same on real blocks, two machines each. Transactions in which an instruction
// faults are not covered: what fetch meets behind a fault is no part of the
// committed stream.
func TestRandomMachinesOnMainnet(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	var sum tally
	for _, path := range corpustest.Blocks(t) {
		b, err := traces.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.GasUsed > 7_000_000 {
			continue // for time
		}
		p := prepare(t, b)
		for range 2 {
			cfg := randomConfig(rng)
			if err := p.compare(&cfg, len(p.txs), &sum); err != nil {
				t.Fatalf("%s: %v\n%+v", b.Name, err, cfg)
			}
		}
	}
	t.Logf("%d transactions covered, %d not, %d micro-ops", sum.txs, sum.uncovered, sum.uops)
	if sum.txs < 10*sum.uncovered {
		t.Errorf("%d transactions are not covered", sum.uncovered)
	}
}

// What the scheduler does not model it refuses.
func TestCovers(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*pipeline.Config)
	}{
		{"in order", func(c *pipeline.Config) { c.Core.InOrder = true }},
		{"branch predictor", func(c *pipeline.Config) { c.Predictor.Branch = "gshare" }},
		{"memory order", func(c *pipeline.Config) { c.Predictor.Memory = "wait" }},
		{"state keys", func(c *pipeline.Config) { c.Predictor.Keys = "oracle" }},
		{"miss registers", func(c *pipeline.Config) { c.State.Misses = 16 }},
		{"state buffer", func(c *pipeline.Config) { c.State.Buffer = 64 }},
		{"chaos", func(c *pipeline.Config) { c.Chaos.Squash = 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := randomConfig(rand.New(rand.NewPCG(1, 1)))
			c.set(&cfg)
			if _, err := New(&cfg); err == nil {
				t.Error("accepted")
			}
		})
	}
}
