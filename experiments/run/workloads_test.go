package run_test

import (
	"context"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/generator"
)

// TestWorkloads: a small block of every workload, on every fork in turn, is right under
// ooo-4, instruction by instruction.
func TestWorkloads(t *testing.T) {
	forks := generator.Forks()
	for i, w := range generator.Workloads() {
		t.Run(w.Name, func(t *testing.T) {
			b, err := generator.New(generator.Params{Workload: w.Name, Transactions: 12, Senders: 6, Seed: 3, Hot: 80, Fork: forks[i%len(forks)]})
			if err != nil {
				t.Fatal(err)
			}
			_, r := runtest.Run(t, runtest.Prepare(t, b), runtest.Setup(t, "ooo-4"), run.Options{Lockstep: true})
			if !r.Valid.OK {
				t.Errorf("verdict %+v", r.Valid)
			}
		})
	}
}

// TestWorkloadsUnderPolicies: every policy commits what go-ethereum does where all
// transactions want one pool, and where calls are handed on.
func TestWorkloadsUnderPolicies(t *testing.T) {
	for _, params := range []generator.Params{
		{Workload: "swap", Transactions: 10, Senders: 5, Seed: 3},
		{Workload: "proxy", Transactions: 16, Senders: 6, Seed: 3, Depth: 4, Hot: 100},
	} {
		t.Run(params.Workload, func(t *testing.T) {
			b, err := generator.New(params)
			if err != nil {
				t.Fatal(err)
			}
			p, err := run.Prepare(context.Background(), b, run.Recording)
			if err != nil {
				t.Fatal(err)
			}
			s := runtest.Setup(t, "scalar")
			ref := runtest.Reference(t, p, s.Config, state.LazyTransfers)
			runtest.EveryPolicy([]int{4}, func(_ string, mc machine.Config) {
				mc.Crediting = state.LazyTransfers
				runtest.Policy(t, p, s.Config, mc, ref.Footprints)
			})
		})
	}
}
