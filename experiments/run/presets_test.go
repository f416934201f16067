package run_test

import (
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// TestPresets: every machine is right, and all of them commit the same.
func TestPresets(t *testing.T) {
	reference, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "scalar"))
	for _, p := range config.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			out, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, p.Name))
			runtest.SameCommitted(t, reference, out)
		})
	}
}

func TestStackGasAndFusion(t *testing.T) {
	reference, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4"))
	for _, set := range []string{"core.stack=execute", "core.stack=rename", "core.stack=fold", "core.gas=serial", "core.gas=prefix", "core.gas=free", "fusion.jump=true", "fusion.test=true", "fusion.pair=true"} {
		t.Run(set, func(t *testing.T) {
			out, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4", set))
			runtest.SameCommitted(t, reference, out)
		})
	}
}

// TestPrefixGas: gas that is computed ahead of its commit is right.
func TestPrefixGas(t *testing.T) {
	out, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4", "core.gas=prefix"))
	if s := &out.Core.Stats; s.GasAnswers == 0 || s.Squashes[pipeline.CauseGas] > 0 {
		t.Errorf("%d answers, %d of them wrong", s.GasAnswers, s.Squashes[pipeline.CauseGas])
	}
}

// TestPredictors: each predictor alone, whatever it predicts, changes nothing that
// is committed.
func TestPredictors(t *testing.T) {
	reference, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4"))
	alone := map[string][]string{"runahead": {"true", "false"}}
	for _, kind := range pipeline.PredictorKinds() {
		alone[kind.Key] = kind.Names()
	}
	for key, names := range alone {
		for _, name := range names {
			set := "predictor." + key + "=" + name
			t.Run(set, func(t *testing.T) {
				out, _ := runtest.Right(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4", set))
				runtest.SameCommitted(t, reference, out)
			})
		}
	}
}

// TestLyingOracle: an oracle is a predictor too. One that reads a golden run in which
// every amount of gas and every third place is wrong costs cycles
// and nothing else. It is what makes the squash cause gas occur: an oracle that
// tells the truth is never wrong about the gas left.
func TestLyingOracle(t *testing.T) {
	p := runtest.Embedded(t)
	reference, _ := runtest.Right(t, p, runtest.Setup(t, "ooo-4"))
	lie := tampered(p, func(g *traces.Golden) {
		for i := range g.Steps.Len() {
			s := g.Steps.At(i)
			s.Gas += uint64(i%7) + 1
			if i%3 == 0 {
				s.PC++
			}
		}
	})
	lie.Ask(lie.Golden)
	s := runtest.Setup(t, "ooo-4", "core.gas=free", "predictor.branch=oracle", "predictor.target=oracle", "predictor.call=oracle",
		"predictor.memory=oracle", "predictor.state=oracle")
	out, r := runtest.Run(t, lie, s, run.Options{})
	if !r.Valid.OK {
		t.Fatal(out.Difference)
	}
	runtest.SameCommitted(t, reference, out)
	for _, cause := range []string{"gas", "branch"} {
		if r.Squashes[cause] == 0 {
			t.Errorf("no squash for cause %s", cause)
		}
	}
}
