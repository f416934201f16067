package machine_test

import (
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// still is a base that nobody changes.
type still struct{ *state.World }

func (b still) Load(k *state.Key) (state.Value, bool) { return b.Value(k) }
func (b still) Pending(*state.Key) bool               { return false }
func (b still) Read(*state.Key)                       {}
func (b still) AtLeast(*state.Key, *isa.Word)         {}

// TestAbort: a transaction that is given up in any cycle leaves a drained core, and
// runs as if it had never been tried. Every transaction of the embedded block is
// given up three times.
func TestAbort(t *testing.T) {
	b, err := traces.Embedded()
	if err == nil {
		err = b.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	var txs []*state.Tx
	for i, tx := range b.Txs {
		x, err := state.NewTx(tx, state.Address(b.Senders[i]), b.Header.BaseFee)
		if err != nil {
			t.Fatal(err)
		}
		txs = append(txs, x)
	}
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		t.Fatal(err)
	}
	for _, preset := range []string{"scalar", "ooo-4"} {
		eff, err := config.Load(config.Source{Set: []string{"preset=" + preset, "state.misses=1"}})
		if err != nil {
			t.Fatal(err)
		}
		world := state.NewWorld(b.Prestate)
		if err := state.BeginBlock(world, env, b.Header); err != nil {
			t.Fatal(err)
		}
		cache := evm.NewCache()
		make := func() (*pipeline.Core, *evm.Speculative) {
			sys := evm.NewSpeculative(env, txs, cache, state.Strict)
			core, err := pipeline.New(eff.Config.Config, sys, nil)
			if err != nil {
				t.Fatal(err)
			}
			return core, sys
		}
		tried, sysTried := make()
		calm, sysCalm := make()
		aborted := 0
		for i := range txs {
			// try runs the transaction after a rest, up to a number of steps.
			try := func(core *pipeline.Core, sys *evm.Speculative, rest isa.Cycle, steps int) {
				sys.Open(still{world})
				e, err := sys.Begin(i)
				if err != nil {
					t.Fatal(err)
				}
				core.Begin(&e, 0, core.Cycle()+rest)
				for n := 0; core.Running() && n < steps; n++ {
					next, ok := core.Next()
					if !ok {
						t.Fatalf("%s: transaction %d: nothing can happen any more", preset, i)
					}
					core.Step(next)
				}
				if core.Running() {
					aborted++
					core.Abort(core.Cycle())
				} else if err := core.End(); err != nil {
					t.Fatal(err)
				}
				if err := core.Drained(); err != nil {
					t.Fatalf("%s: transaction %d after %d steps: %v", preset, i, steps, err)
				}
			}
			for k := range 3 {
				try(tried, sysTried, isa.Cycle(1500*k), 7+(i*131+k*97)%300)
			}
			try(tried, sysTried, 5000, 1<<30)
			try(calm, sysCalm, 0, 1<<30)
			got, result := sysTried.Close()
			want, wantResult := sysCalm.Close()
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(result, wantResult) {
				t.Fatalf("%s: transaction %d leaves something else behind when it was given up before", preset, i)
			}
			world.Apply(want)
		}
		if 2*aborted < len(txs) { // transactions without code are through before they are given up
			t.Errorf("%s: only %d incarnations were given up", preset, aborted)
		}
		golden, err := traces.Execute(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := state.EndBlock(world, env, b.Ending(nil)); err != nil {
			t.Fatal(err)
		}
		if err := traces.ComparePostState(world, golden); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
	}
}
