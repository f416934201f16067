package run_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// TestSkippingIdleCycles: time that is skipped in one step is accounted for as if
// it had been simulated. A core that may squash at random skips nothing, and one
// that does so once in a million cycles mostly does not do it.
func TestSkippingIdleCycles(t *testing.T) {
	p := runtest.Embedded(t)
	for _, set := range []string{"core.rob=256", "core.rob=8", "core.regs=4", "core.iq=3", "core.stateq=1", "state.misses=1", "core.inorder=true"} {
		t.Run(set, func(t *testing.T) {
			skipping, a := runtest.Run(t, p, runtest.Setup(t, "ooo-4", set), run.Options{})
			for seed := 1; ; seed++ {
				s := runtest.Setup(t, "ooo-4", set, "chaos.squash=1", fmt.Sprintf("predictor.seed=%d", seed))
				stepping, b := runtest.Run(t, p, s, run.Options{})
				if b.Squashes["chaos"] > 0 {
					continue
				}
				if skipping.Core.Stats.Skipped == 0 || stepping.Core.Stats.Skipped != 0 {
					t.Fatalf("skipped %d and %d cycles", skipping.Core.Stats.Skipped, stepping.Core.Stats.Skipped)
				}
				stepping.Core.Stats.Skipped = skipping.Core.Stats.Skipped
				if skipping.Core.Stats != stepping.Core.Stats || a.Counts != b.Counts {
					t.Errorf("skipping idle cycles:\n%+v\nstepping through them:\n%+v", skipping.Core.Stats, stepping.Core.Stats)
				}
				return
			}
		})
	}
}

// TestDigestTellsRunsApart: a digest that never changes would pass TestOneDigest.
func TestDigestTellsRunsApart(t *testing.T) {
	p := runtest.Embedded(t)
	seen := map[string]string{}
	for _, set := range []string{"core.rob=256", "core.rob=255", "latency.div=29", "predictor.branch=gshare", "core.clock=3001"} {
		_, r := runtest.Run(t, p, runtest.Setup(t, "ooo-4", set), run.Options{})
		if other, twice := seen[r.Digest]; twice {
			t.Errorf("%s and %s have one digest", set, other)
		}
		seen[r.Digest] = set
	}
}

// TestOrderOfBlocks: what ran before a block does not matter, nor does how often the
// block ran already.
func TestOrderOfBlocks(t *testing.T) {
	paths := runtest.SmallBlocks(t)
	s := runtest.Setup(t, "ooo-4")
	var blocks []*run.Block
	for _, path := range paths {
		blocks = append(blocks, runtest.Prepared(t, path))
	}
	digests := map[string]string{}
	for range 2 {
		for _, p := range blocks {
			_, r := runtest.Right(t, p, s)
			if before, ok := digests[p.Bundle.Name]; ok && before != r.Digest {
				t.Errorf("%s has digests %s and %s", p.Bundle.Name, before, r.Digest)
			}
			digests[p.Bundle.Name] = r.Digest
		}
		slices.Reverse(blocks)
	}
}
