package study

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/generator"
)

// TestRetryStorms makes the table of docs/levels.md: no policy is wrong, nor executes
// without end, however hot a key is.
func TestRetryStorms(t *testing.T) {
	if testing.Short() {
		t.Skip("generates blocks")
	}
	var lines []string
	for _, storm := range contentions {
		b, err := generator.New(generator.Params{Workload: "swap-pools", Transactions: stormSwaps, Seed: 1, Senders: stormSwaps, Pools: storm.pools, Hot: 100 * storm.skew})
		if err != nil {
			t.Fatal(err)
		}
		p := runtest.Prepare(t, b)
		s := runtest.Setup(t, "scalar")
		ref := runtest.Reference(t, p, s.Config, state.LazyTransfers)
		runtest.EveryPolicy([]int{16}, func(name string, mc machine.Config) {
			mc.Crediting = state.LazyTransfers
			out := runtest.Policy(t, p, s.Config, mc, ref.Footprints)
			speedup := float64(ref.Stats.Cycles) / float64(out.Stats.Cycles)
			lines = append(lines, fmt.Sprintf("%s | %s | %.2f | %.0f %%", storm.name, name, speedup, 100*float64(out.Stats.Reexecutions())/stormSwaps))
			if n := out.Stats.Reexecutions(); n > stormSwaps*stormSwaps {
				t.Errorf("%s, %s: %d executed again", storm.name, name, n)
			}
		})
	}
	t.Log("\n" + strings.Join(lines, "\n"))
}
