package experiments

import (
	"testing"

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
			camp := Campaign{Setup: setup(t, "ooo-4"), Options: Options{Lockstep: true}}
			r, err := camp.bundle(b)
			if err != nil {
				t.Fatal(err)
			}
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
			p, err := Prepare(b, true)
			if err != nil {
				t.Fatal(err)
			}
			s := setup(t, "scalar")
			ref := reference(t, p, s.Config, state.LazyTransfers)
			everyPolicy([]int{4}, func(_ string, mc machine.Config) {
				mc.Crediting = state.LazyTransfers
				shared(t, p, s.Config, mc, ref.Footprints)
			})
		})
	}
}
