package run_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestReferenceIsSequential: a run in order over the view takes the cycles, and
// commits the stream, of the run that has no view.
func TestReferenceIsSequential(t *testing.T) {
	p := runtest.Embedded(t)
	for _, preset := range []string{"scalar", "ooo-4", "limit"} {
		s := runtest.Setup(t, preset)
		out, _ := runtest.Right(t, p, s)
		for c := state.Strict; c <= state.LazyTransfers; c++ {
			ref := runtest.Reference(t, p, s.Config, c)
			if ref.Stats.Cycles != uint64(out.Core.Cycle()) {
				t.Errorf("%s, %s: %d cycles, %d without a view", preset, state.Creditings[c], ref.Stats.Cycles, uint64(out.Core.Cycle()))
			}
			runtest.SameCommitted(t, out, &ref.Outcome)
		}
	}
}

// TestPolicies: whatever the policy, the number of cores, the crediting, the core and
// its mistakes, a block commits what the golden run says. No run on a core that a
// transaction always takes the same time on is faster than the longest chain of its
// dataflow, nor than its cores allow.
func TestPolicies(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { allPolicies(t, runtest.Embedded(t), []int{1, 2, 4, 16}) })
	for _, number := range []uint64{1150000, 2641321, 15752489} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			if testing.Short() {
				t.Skip("mainnet blocks")
			}
			allPolicies(t, runtest.Prepared(t, corpustest.Block(t, number)), []int{3, 16})
		})
	}
}

// forgetful is the in-order core without anything that makes a transaction faster
// when it runs again: no way to state, and predictors that learn nothing. On any
// other core a stale incarnation fetches state for the one that follows it, which
// can so beat the time of the reference run.
func forgetful(t *testing.T) run.Setup {
	s := runtest.Setup(t, "scalar")
	cfg := *s.Config
	cfg.State.Near, cfg.State.Far = 0, 0
	cfg.Predictor.Branch, cfg.Predictor.Target, cfg.Predictor.Call = "not-taken", "none", "none"
	cfg.Predictor.Memory, cfg.Predictor.State = "wait", "wait"
	s.Config = &cfg
	return s
}

func allPolicies(t *testing.T, p *run.Block, cores []int) {
	t.Helper()
	for c := state.Strict; c <= state.LazyTransfers; c++ {
		for i, s := range []run.Setup{forgetful(t), runtest.Setup(t, "ooo-4"), runtest.Chaotic(t, "ooo-4", 1)} {
			ref := runtest.Reference(t, p, s.Config, c)
			span, work := oracle.Span(ref.Footprints), oracle.Work(ref.Footprints)
			runtest.EveryPolicy(cores, func(name string, mc machine.Config) {
				mc.Crediting = c
				out := runtest.Policy(t, p, s.Config, mc, ref.Footprints)
				info, _, err := machine.FindPolicy(mc.Policy, "")
				if err != nil {
					t.Fatal(err)
				}
				if i > 0 || info.Level == "vm" || info.Level == "instruction" || info.Level == machine.LevelBound {
					return // its times depend on what ran before, or below the transaction no such limit holds
				}
				if n := out.Stats.Cycles; n < span || uint64(mc.Cores)*n < work {
					t.Errorf("%s, %s, %s, %s: %d cycles; the longest chain takes %d, all work %d", p.Bundle.Name, s.Preset, state.Creditings[c], name, n, span, work)
				}
			})
		}
	}
}

// TestPoliciesOnOneCore: the policies that commit as they go execute nothing twice on
// one core. They take the time of the block in order, and what their tasks cost.
func TestPoliciesOnOneCore(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "scalar")
	for c := state.Strict; c <= state.LazyTransfers; c++ {
		ref := runtest.Reference(t, p, s.Config, c)
		reads := uint64(0)
		for i := range ref.Footprints {
			reads += uint64(len(ref.Footprints[i].Reads))
		}
		n := uint64(len(p.Bundle.Txs))
		for _, x := range []struct {
			policy string
			cost   uint64
		}{
			{"block-stm", 2*100*n + 4*reads},
			{"monad", 2*100*n + 4*reads},
			{"repair", 2*100*n + 4*reads},
			{"frame", 0},
			{"sealevel", 100 * n},
			{"dag-oracle", 100 * n},
		} {
			out := runtest.Policy(t, p, s.Config, machine.Config{Policy: x.policy, Cores: 1, Crediting: c}, ref.Footprints)
			if want := ref.Stats.Cycles + x.cost; out.Stats.Cycles != want || out.Stats.Reexecutions() != 0 {
				t.Errorf("%s, %s: %d cycles and %d executed again, want %d and none", x.policy, state.Creditings[c], out.Stats.Cycles, out.Stats.Reexecutions(), want)
			}
		}
	}
}

// TestDeclaredSetsAreEnough: what a run in order has read is all that any other run of
// the same transactions depends on, so that no policy that knows it executes anything
// twice.
func TestDeclaredSetsAreEnough(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "ooo-4")
	for c := state.Strict; c <= state.LazyTransfers; c++ {
		ref := runtest.Reference(t, p, s.Config, c)
		for _, info := range machine.Policies() {
			if !info.Oracle {
				continue
			}
			for _, mapping := range info.Mappings {
				out := runtest.Policy(t, p, s.Config, machine.Config{Policy: info.Name, Mapping: mapping, Cores: 8, Crediting: c}, ref.Footprints)
				if n := out.Stats.Reexecutions(); n != 0 {
					t.Errorf("%s by %s, %s: %d executed again", info.Name, mapping, state.Creditings[c], n)
				}
			}
		}
	}
}

// TestRepair: what is repaired is not executed again, and the rest is, once.
func TestRepair(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "scalar")
	for c := state.Strict; c <= state.LazyTransfers; c++ {
		monad := runtest.Policy(t, p, s.Config, machine.Config{Policy: "monad", Cores: 4, Crediting: c}, nil)
		out := runtest.Policy(t, p, s.Config, machine.Config{Policy: "repair", Cores: 4, Crediting: c}, nil)
		failed := uint64(0)
		for g, n := range out.Stats.Guards {
			if machine.Guard(g) != machine.GuardsHeld {
				failed += n
			}
		}
		if c == state.LazyTransfers && (out.Stats.Guards[machine.GuardsHeld] == 0 || out.Repaired == 0) {
			t.Error("nothing was repaired")
		}
		if again := out.Stats.Reexecutions(); again != failed || again > monad.Stats.Reexecutions() {
			t.Errorf("%s: %d executed again, %d guards failed, %d executed again without repair", state.Creditings[c], again, failed, monad.Stats.Reexecutions())
		}
	}
}

// TestMonadTwiceAtMost: a transaction that is executed at its turn cannot fail again.
func TestMonadTwiceAtMost(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "scalar")
	out := runtest.Policy(t, p, s.Config, machine.Config{Policy: "monad", Cores: 16, Crediting: state.Strict}, nil)
	if n := len(p.Bundle.Txs); out.Stats.Reexecutions() == 0 || out.Stats.Reexecutions() >= uint64(n) {
		t.Errorf("%d of %d executed again", out.Stats.Reexecutions(), n)
	}
}

// TestPoliciesAreDeterministic: two runs agree in every count.
func TestPoliciesAreDeterministic(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "ooo-4")
	ref := runtest.Reference(t, p, s.Config, state.LazyBeneficiary)
	runtest.EveryPolicy([]int{5}, func(name string, mc machine.Config) {
		mc.Crediting = state.LazyBeneficiary
		a := runtest.Policy(t, p, s.Config, mc, ref.Footprints)
		b := runtest.Policy(t, p, s.Config, mc, ref.Footprints)
		if a.Stats != b.Stats || !reflect.DeepEqual(a.Core.Stats, b.Core.Stats) {
			t.Errorf("%s: %+v and %+v", name, a.Stats, b.Stats)
		}
	})
}

// TestWrongSets: declared sets that leave everything out cost time, and nothing else.
func TestWrongSets(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "scalar")
	empty := make([]oracle.Footprint, len(p.Bundle.Txs))
	out := runtest.Policy(t, p, s.Config, machine.Config{Policy: "dag-oracle", Cores: 8}, empty)
	if out.Stats.Reexecutions() == 0 {
		t.Error("nothing was executed again")
	}
}
