package experiments

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/generator"
)

// storms are blocks of 120 swaps, from hardly any contention to total.
var storms = []struct {
	name        string
	pools, skew int
}{
	{"120 pools, evenly", 120, 0},
	{"120 pools, skew 1", 120, 1},
	{"120 pools, skew 2", 120, 2},
	{"120 pools, skew 3", 120, 3},
	{"one pool", 1, 0},
}

// TestRetryStorms makes the table of docs/levels.md: no policy is wrong, nor executes
// without end, however hot a key is.
func TestRetryStorms(t *testing.T) {
	if testing.Short() {
		t.Skip("generates blocks")
	}
	var lines []string
	for _, storm := range storms {
		b, err := generator.New(generator.Params{Workload: "swap-pools", Transactions: 120, Seed: 1, Senders: 120, Pools: storm.pools, Hot: 100 * storm.skew})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Prepare(b, true)
		if err != nil {
			t.Fatal(err)
		}
		s := setup(t, "scalar")
		ref := reference(t, p, s.Config, state.LazyTransfers)
		everyPolicy([]int{16}, func(name string, mc machine.Config) {
			mc.Crediting = state.LazyTransfers
			out := shared(t, p, s.Config, mc, ref.Footprints)
			speedup := float64(ref.Stats.Cycles) / float64(out.Stats.Cycles)
			lines = append(lines, fmt.Sprintf("%s | %s | %.2f | %.0f %%", storm.name, name, speedup, 100*float64(out.Stats.Reexecutions())/120))
			if n := out.Stats.Reexecutions(); n > 120*120 {
				t.Errorf("%s, %s: %d executed again", storm.name, name, n)
			}
		})
	}
	t.Log("\n" + strings.Join(lines, "\n"))
}
