package run_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/traces"
)

var (
	randomConfigs = flag.Int("random-configs", 40, "how many random configurations TestRandomConfigurations draws")
	randomFrom    = flag.Int("random-from", 0, "number of the first configuration drawn")
	randomVerify  = flag.Uint64("random-verify", 97, "recount the core's structures every so many steps")
	randomBlocks  = flag.String("random-blocks", "", "pattern of bundles to run them on; the embedded block when empty")
)

// randomConfiguration draws every number of a finite machine, sizes evenly by
// magnitude down to the smallest legal one.
func randomConfiguration(seed uint64) *pipeline.Config {
	rng := rand.New(rand.NewPCG(seed, 0xc0f))
	upTo := func(limit int) int {
		bits := 1
		for 1<<bits <= limit {
			bits++
		}
		return min(limit, 1+rng.IntN(1<<rng.IntN(bits)))
	}
	pick := func(names ...string) string { return names[rng.IntN(len(names))] }
	latency := func() int { return upTo(60) }
	stack := pick("execute", "rename", "fold", "fold")
	return &pipeline.Config{
		Core: pipeline.CoreConfig{
			InOrder: rng.IntN(8) == 0, Stack: stack, Decode: upTo(64), Width: upTo(16), Issue: upTo(16), Commit: upTo(16), Taken: upTo(4),
			FrontEnd: upTo(20), ROB: upTo(2048), IQ: upTo(512), LoadQ: upTo(128), StoreQ: upTo(128), StateQ: upTo(128), Regs: upTo(1024),
			StackRegs: 32 + upTo(128), Fill: upTo(16) - 1, Transactions: upTo(64), Gas: pick("serial", "prefix"), Watchdog: 1_000_000, ClockMHz: 3000,
		},
		Fusion: pipeline.FusionConfig{Jump: rng.IntN(2) == 0, Test: rng.IntN(2) == 0, Pair: rng.IntN(2) == 0},
		Units:  pipeline.UnitConfig{ALU: upTo(8), Mul: upTo(3), Div: upTo(3), Hash: upTo(3), Load: upTo(4), Store: upTo(4), State: upTo(4), Branch: upTo(4), Crypto: upTo(4)},
		Latency: pipeline.LatencyConfig{
			ALU: latency(), Shift: latency(), Mul: latency(), Div: latency(), MulMod: latency(), Exp: upTo(50) - 1, Hash: latency(), Load: latency(),
			Store: latency(), Copy: upTo(8) - 1, Branch: latency(), State: latency(), System: latency(),
			Builtins: pick("software", "accelerator", "flat"), Microsecond: upTo(3000),
		},
		State: pipeline.StateConfig{Hierarchy: "dram", Buffer: upTo(4096) - 1, Near: upTo(200) - 1, Far: upTo(4000) - 1, Interval: upTo(200) - 1, Misses: upTo(64)},
		Predictor: pipeline.PredictorConfig{
			Branch: pick(predictor.Directions.Names()...), Target: pick(predictor.Targets.Names()...),
			Call: pick(predictor.CallTargets.Names()...), Memory: pick(predictor.Dependences.Names()...), State: pick(predictor.Dependences.Names()...),
			BranchBits: upTo(14), HistoryBits: upTo(20), TargetBits: upTo(10), ReturnStack: upTo(64), DependBits: upTo(12), Seed: seed,
			Keys:  pick(predictor.KeyPredictors.Names()...),
			Value: pick(predictor.ValuePredictors.Names()...), ValueBy: pick("site", "account", "key"), ValueBits: upTo(12), Confidence: upTo(4) - 1, Runahead: rng.IntN(2) == 0, Prefetches: upTo(64), Ahead: rng.IntN(4), KeyBits: upTo(12),
		},
		Chaos: pipeline.ChaosConfig{Squash: rng.IntN(2) * rng.IntN(50_000)},
	}
}

// TestRandomConfigurations commits the same under any finite machine. A failing
// one is printed as a configuration file.
func TestRandomConfigurations(t *testing.T) {
	blocks := []*run.Block{}
	add := func(b *traces.Bundle, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		p, err := run.Prepare(context.Background(), b, run.Recording)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, p)
	}
	if *randomBlocks == "" {
		add(traces.Embedded())
	} else {
		paths, err := filepath.Glob(*randomBlocks)
		if err != nil || len(paths) == 0 {
			t.Fatalf("-random-blocks %s: no bundle (%v)", *randomBlocks, err)
		}
		for _, path := range paths {
			add(traces.Load(path))
		}
	}
	n := *randomConfigs
	if testing.Short() {
		n = min(n, 8)
	}
	for i := *randomFrom; i < *randomFrom+n; i++ {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			cfg := randomConfiguration(uint64(i))
			for _, p := range blocks {
				out, err := p.Run(cfg, run.Options{Lockstep: true, VerifyEvery: *randomVerify})
				if err == nil {
					err = out.Difference
				}
				if err != nil {
					text, _ := json.MarshalIndent(config.Map(config.Alone(cfg)), "", "  ")
					t.Fatalf("block %s: %v\nconfiguration file (.json):\n%s", p.Bundle.Name, err, text)
				}
			}
		})
	}
}
