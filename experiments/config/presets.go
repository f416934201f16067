package config

import (
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
)

// Preset is a named complete configuration.
type Preset struct {
	Name   string
	Doc    string // one line
	Config Config
}

// DefaultPreset is what is simulated when nothing else is asked for.
const DefaultPreset = "ooo-4"

// Presets lists the presets, from the smallest to the largest.
func Presets() []Preset { return append([]Preset(nil), presets...) }

func presetNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.Name
	}
	return names
}

// unlimited is wider and deeper than anything that mainnet blocks fill.
const unlimited = 1 << 20

// What the finite presets share. docs/model.md has the source of every number.
var (
	latency = pipeline.LatencyConfig{
		ALU: 1, Shift: 1, Mul: 5, Div: 30, MulMod: 45, Exp: 40, Hash: 24, Load: 4, Store: 1, Copy: 1, Branch: 1, State: 4, System: 20,
		Builtins: "flat", Microsecond: 195,
	}
	predictors = pipeline.PredictorConfig{
		Branch: "bimodal", Target: "btb+ras", Call: "last", Memory: "store-sets", State: "store-sets", Keys: "none", Value: "none", ValueBy: "account", ValueBits: 12, Confidence: 4, Prefetches: 16, KeyBits: 12,
		BranchBits: 12, HistoryBits: 12, TargetBits: 10, ReturnStack: 32, DependBits: 10, Seed: 1,
	}
)

// sharing is how several cores share a block, whatever they are.
var sharing = machine.Settings{
	Policy: "sequential", Cores: 1, Mapping: "default", Crediting: "lazy-beneficiary", Estimate: "wait",
	Schedule: 100, Check: 4, Lookahead: 256,
}

// watchdog is a hundred times the longest state latency that a configuration may
// have: no machine that works commits nothing for so long.
const watchdog = 1_000_000_000

// hierarchy is the state hierarchy with so many outstanding misses.
func hierarchy(misses int) pipeline.StateConfig {
	return pipeline.StateConfig{Hierarchy: "dram", Buffer: 4096, Near: 40, Far: 240, Misses: misses}
}

var presets = []Preset{
	{
		Name: "scalar",
		Doc:  "in order, one instruction a cycle, stack instructions execute: the baseline of every speedup",
		Config: Config{Machine: sharing, Config: pipeline.Config{
			Core: pipeline.CoreConfig{
				InOrder: true, Stack: "execute", Decode: 1, Width: 1, Issue: 1, Commit: 1, Taken: 1, FrontEnd: 5,
				ROB: 32, IQ: 32, LoadQ: 16, StoreQ: 16, StateQ: 16, Regs: 64, StackRegs: 64, Fill: 4, Gas: "serial", Status: "predict", Transactions: 1, Watchdog: watchdog, ClockMHz: 3000,
			},
			Units:   pipeline.UnitConfig{ALU: 1, Mul: 1, Div: 1, Hash: 1, Load: 1, Store: 1, State: 1, Branch: 1, Crypto: 1},
			Latency: latency,
			State:   hierarchy(4),
			Predictor: pipeline.PredictorConfig{
				Branch: "bimodal", Target: "btb+ras", Call: "last", Memory: "wait", State: "wait", Keys: "none", Value: "none", ValueBy: "account", ValueBits: 12, Confidence: 4, Prefetches: 4, KeyBits: 12,
				BranchBits: 10, HistoryBits: 12, TargetBits: 10, ReturnStack: 32, DependBits: 10, Seed: 1,
			},
		}},
	},
	{
		Name: "ooo-2",
		Doc:  "2-wide out of order, the size of a BOOM Medium",
		Config: Config{Machine: sharing, Config: pipeline.Config{
			Core: pipeline.CoreConfig{
				Stack: "fold", Decode: 8, Width: 2, Issue: 4, Commit: 2, Taken: 1, FrontEnd: 8,
				ROB: 64, IQ: 32, LoadQ: 16, StoreQ: 16, StateQ: 16, Regs: 64, StackRegs: 64, Fill: 4, Gas: "serial", Status: "predict", Transactions: 1, Watchdog: watchdog, ClockMHz: 3000,
			},
			Units:     pipeline.UnitConfig{ALU: 2, Mul: 1, Div: 1, Hash: 1, Load: 1, Store: 1, State: 1, Branch: 1, Crypto: 1},
			Latency:   latency,
			State:     hierarchy(8),
			Predictor: predictors,
		}},
	},
	{
		Name: "ooo-4",
		Doc:  "4-wide out of order, a window of the size of Zen 3 or Zen 4",
		Config: Config{Machine: sharing, Config: pipeline.Config{
			Core: pipeline.CoreConfig{
				Stack: "fold", Decode: 16, Width: 4, Issue: 8, Commit: 4, Taken: 1, FrontEnd: 10,
				ROB: 256, IQ: 96, LoadQ: 72, StoreQ: 64, StateQ: 64, Regs: 192, StackRegs: 64, Fill: 4, Gas: "serial", Status: "predict", Transactions: 1, Watchdog: watchdog, ClockMHz: 3000,
			},
			Units:     pipeline.UnitConfig{ALU: 4, Mul: 1, Div: 1, Hash: 1, Load: 2, Store: 2, State: 2, Branch: 2, Crypto: 1},
			Latency:   latency,
			State:     hierarchy(16),
			Predictor: predictors,
		}},
	},
	{
		Name: "ooo-8",
		Doc:  "8-wide out of order, a window between Golden Cove and Firestorm",
		Config: Config{Machine: sharing, Config: pipeline.Config{
			Core: pipeline.CoreConfig{
				Stack: "fold", Decode: 32, Width: 8, Issue: 12, Commit: 8, Taken: 2, FrontEnd: 10,
				ROB: 512, IQ: 192, LoadQ: 192, StoreQ: 114, StateQ: 128, Regs: 384, StackRegs: 64, Fill: 4, Gas: "serial", Status: "predict", Transactions: 1, Watchdog: watchdog, ClockMHz: 3000,
			},
			Units:     pipeline.UnitConfig{ALU: 6, Mul: 2, Div: 1, Hash: 2, Load: 3, Store: 2, State: 3, Branch: 2, Crypto: 1},
			Latency:   latency,
			State:     hierarchy(32),
			Predictor: predictors,
		}},
	},
	{
		Name: "limit",
		Doc:  "2^20 wide and deep, oracle prediction, unit latency: a limit study, not a machine",
		Config: Config{Machine: sharing, Config: pipeline.Config{
			Core: pipeline.CoreConfig{
				Stack: "fold", Decode: unlimited, Width: unlimited, Issue: unlimited, Commit: unlimited, Taken: unlimited, FrontEnd: 1,
				ROB: unlimited, IQ: unlimited, LoadQ: unlimited, StoreQ: unlimited, StateQ: unlimited, Regs: unlimited, StackRegs: unlimited,
				Gas: "free", Status: "predict", Transactions: 1, Watchdog: watchdog, ClockMHz: 3000,
			},
			Units: pipeline.UnitConfig{
				ALU: unlimited, Mul: unlimited, Div: unlimited, Hash: unlimited,
				Load: unlimited, Store: unlimited, State: unlimited, Branch: unlimited, Crypto: unlimited,
			},
			Latency: pipeline.LatencyConfig{
				ALU: 1, Shift: 1, Mul: 1, Div: 1, MulMod: 1, Hash: 1, Load: 1, Store: 1, Branch: 1, State: 1, System: 1,
				Builtins: "flat", Microsecond: 195,
			},
			State: pipeline.StateConfig{Hierarchy: "ideal", Buffer: unlimited, Misses: unlimited},
			Predictor: pipeline.PredictorConfig{
				Branch: "oracle", Target: "oracle", Call: "oracle", Memory: "oracle", State: "oracle", Keys: "none", Value: "none", ValueBy: "account", ValueBits: 12, Confidence: 4, Prefetches: unlimited, KeyBits: 12,
				BranchBits: 12, HistoryBits: 12, TargetBits: 10, ReturnStack: 32, DependBits: 10, Seed: 1,
			},
		}},
	},
}

// Alone is the configuration of a core that shares a block with no other.
func Alone(core *pipeline.Config) *Config { return &Config{Config: *core, Machine: sharing} }

// chaosSquashes is how often Chaos squashes, per million cycles: about every 50
// cycles, so that recovery meets every state of the machine.
const chaosSquashes = 20000

// Chaos makes every prediction random and squashes at random, whatever the preset.
// It must change nothing that is committed.
func Chaos(c *pipeline.Config, seed uint64) {
	p := &c.Predictor
	p.Branch, p.Target, p.Call, p.Memory, p.State, p.Keys, p.Value = "chaos", "chaos", "chaos", "chaos", "chaos", "chaos", "chaos"
	p.Seed = seed
	c.Chaos.Squash = chaosSquashes
}

// FoldedDecode is how many instructions the folding baseline decodes a cycle: its
// one micro-op and up to three stack instructions, the widest folding of the
// stack-machine literature that docs/model.md cites.
const FoldedDecode = 4

// Baseline is the scalar core that speedups are given over, with the stack policy
// execute, or fold for the comparison that leaves folding out.
func Baseline(stack string) (*Config, error) {
	eff, err := Load(Source{Flags: []Setting{{Flag: "baseline", Key: presetKey, Value: "scalar"}}})
	if err != nil {
		return nil, err
	}
	c := eff.Config
	c.Core.Stack = stack
	if stack == "fold" {
		c.Core.Decode = FoldedDecode
	}
	return &c, nil
}
