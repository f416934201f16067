package fuzz

import (
	"math/rand/v2"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
)

// watchdog gives up a machine that commits nothing for so many cycles: far longer
// than the longest latency that is drawn.
const watchdog = 1_000_000

// drawMachine draws the configuration of a core: a preset, a preset gone mad, or any
// finite machine down to the smallest.
func drawMachine(d *dice) *pipeline.Config {
	var c pipeline.Config
	switch d.below(4) {
	case 0:
		c = pick(d, config.Presets()...).Config.Config
	case 1:
		c = pick(d, config.Presets()...).Config.Config
		config.Chaos(&c, uint64(d.below(1<<16)))
		c.Core.Stack = pick(d, "execute", "rename", "fold")
	default:
		c = finite(d)
	}
	c.Core.Watchdog = watchdog
	return &c
}

// finite draws every number of a finite machine, sizes evenly by magnitude, and
// every predictor that there is.
func finite(d *dice) pipeline.Config {
	latency := func() int { return d.upTo(60) }
	squash := 0
	if d.oneIn(2) {
		squash = d.upTo(200_000)
	}
	return pipeline.Config{
		Core: pipeline.CoreConfig{
			InOrder: d.oneIn(8), Stack: pick(d, "execute", "rename", "fold", "fold"), Decode: d.upTo(64), Width: d.upTo(16), Issue: d.upTo(16),
			Commit: d.upTo(16), Taken: d.upTo(4), FrontEnd: d.upTo(20), ROB: d.upTo(1024), IQ: d.upTo(512), LoadQ: d.upTo(128),
			StoreQ: d.upTo(128), StateQ: d.upTo(128), Regs: d.upTo(1024), StackRegs: 31 + d.upTo(128), Fill: d.upTo(16) - 1,
			Gas: pick(d, "serial", "prefix", "prefix", "free"), Status: pick(d, "predict", "rename"), Transactions: d.upTo(8), ClockMHz: 3000,
		},
		Fusion: pipeline.FusionConfig{Jump: d.oneIn(2), Test: d.oneIn(2), Pair: d.oneIn(2)},
		Units: pipeline.UnitConfig{
			ALU: d.upTo(8), Mul: d.upTo(3), Div: d.upTo(3), Hash: d.upTo(3), Load: d.upTo(4), Store: d.upTo(4), State: d.upTo(4), Branch: d.upTo(4), Crypto: d.upTo(4),
		},
		Latency: pipeline.LatencyConfig{
			ALU: latency(), Shift: latency(), Mul: latency(), Div: latency(), MulMod: latency(), Exp: d.upTo(50) - 1, Hash: latency(),
			Load: latency(), Store: latency(), Copy: d.upTo(8) - 1, Branch: latency(), State: latency(), System: latency(),
			Builtins: pick(d, "flat", "software", "accelerator"), Microsecond: d.upTo(3000),
		},
		State: pipeline.StateConfig{Hierarchy: "dram", Buffer: d.upTo(64) - 1, Near: d.upTo(200) - 1, Far: d.upTo(2000) - 1, Interval: d.upTo(200) - 1, Misses: d.upTo(64)},
		Predictor: pipeline.PredictorConfig{
			Branch: pick(d, predictor.Directions.Names()...), Target: pick(d, predictor.Targets.Names()...),
			Call: pick(d, predictor.CallTargets.Names()...), Memory: pick(d, predictor.Dependences.Names()...),
			State: pick(d, predictor.Dependences.Names()...), BranchBits: d.upTo(12), HistoryBits: d.upTo(20) - 1, TargetBits: d.upTo(10),
			ReturnStack: d.upTo(64), DependBits: d.upTo(10), Seed: uint64(d.below(1 << 16)),
			Keys:  pick(d, predictor.KeyPredictors.Names()...),
			Value: pick(d, predictor.ValuePredictors.Names()...), ValueBy: pick(d, "site", "account", "key"), ValueBits: d.upTo(12), Confidence: d.upTo(4) - 1, Runahead: d.below(2) == 0, Prefetches: d.upTo(64), Ahead: int(d.below(4)), KeyBits: d.upTo(10),
		},
		Chaos: pipeline.ChaosConfig{Squash: squash},
	}
}

// answers is the golden run of the present transaction, as oracle predictors ask it:
// by the number of an instruction in the whole run.
type answers struct {
	golden predictor.Golden
	base   uint64 // number of the transaction's first instruction
}

var _ predictor.Golden = (*answers)(nil)

func (a *answers) Taken(k uint64) bool              { return a.golden.Taken(k - a.base) }
func (a *answers) NextPC(k uint64) (uint32, bool)   { return a.golden.NextPC(k - a.base) }
func (a *answers) Callee(k uint64) (isa.Word, bool) { return a.golden.Callee(k - a.base) }
func (a *answers) Overlap(load, store uint64) bool {
	return a.golden.Overlap(load-a.base, store-a.base)
}
func (a *answers) Faults(k uint64) bool                { return a.golden.Faults(k - a.base) }
func (a *answers) Value(k uint64) (isa.Word, bool)     { return a.golden.Value(k - a.base) }
func (a *answers) Gas(k uint64) (left uint64, ok bool) { return a.golden.Gas(k - a.base) }

// oracle is what oracle predictors ask: nil unless the machine has one.
func (r *run) oracle() predictor.Golden {
	switch {
	case !r.Machine.ReadsGolden():
		return nil
	case r.Lies > 0:
		return newLiar(&r.answers, r.Lies)
	}
	return &r.answers
}

// liar is a golden run that gives wrong answers. The core may be misled by them, but
// not into committing anything else.
type liar struct {
	golden  predictor.Golden
	percent uint64 // of its answers are lies
	rng     *rand.PCG
}

var _ predictor.Golden = (*liar)(nil)

func newLiar(golden predictor.Golden, percent int) *liar {
	return &liar{golden, uint64(percent), rand.NewPCG(uint64(percent), 0x11a2)}
}

func (l *liar) lies() bool { return l.rng.Uint64()%100 < l.percent }

func (l *liar) Taken(k uint64) bool { return l.golden.Taken(k) != l.lies() }

func (l *liar) Overlap(load, store uint64) bool { return l.golden.Overlap(load, store) != l.lies() }

func (l *liar) Faults(k uint64) bool { return l.golden.Faults(k) != l.lies() }

func (l *liar) NextPC(k uint64) (uint32, bool) {
	if l.lies() {
		return uint32(l.rng.Uint64() % 512), true
	}
	return l.golden.NextPC(k)
}

func (l *liar) Callee(k uint64) (isa.Word, bool) {
	if l.lies() {
		return contracts[l.rng.Uint64()%uint64(len(contracts))].Word(), true
	}
	return l.golden.Callee(k)
}

func (l *liar) Gas(k uint64) (uint64, bool) {
	if l.lies() {
		return l.rng.Uint64() % 100_000, true
	}
	return l.golden.Gas(k)
}

func (l *liar) Value(k uint64) (isa.Word, bool) {
	if l.lies() {
		return isa.Word{l.rng.Uint64() % 3}, true
	}
	return l.golden.Value(k)
}

// DrawMachine makes a numbered machine: a preset, a preset gone mad, or any finite one.
func DrawMachine(seed uint64) *pipeline.Config { return drawMachine(numbered(seed)) }
