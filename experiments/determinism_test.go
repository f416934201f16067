package experiments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// TestOneDigest: fifty runs from loading to digest, one and two host threads in
// turn, lockstep on and off in turn.
func TestOneDigest(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	c := Campaign{Setup: setup(t, "ooo-4")}
	var first string
	for i := range 50 {
		runtime.GOMAXPROCS(1 + i%2)
		c.Options.Lockstep = i%4 < 2
		err := c.Run([]string{""}, func(r Report) error {
			if r.Err != nil {
				return r.Err
			}
			if !r.Result.Valid.OK {
				t.Fatal(r.Result.Valid.Difference)
			}
			if first == "" {
				first = r.Result.Digest
			}
			if r.Result.Digest != first {
				t.Fatalf("run %d has digest %s, the first has %s", i, r.Result.Digest, first)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSkippingIdleCycles: time that is skipped in one step is accounted for as if
// it had been simulated. A core that may squash at random skips nothing, and one
// that does so once in a million cycles mostly does not do it.
func TestSkippingIdleCycles(t *testing.T) {
	p := embedded(t)
	for _, set := range []string{"core.rob=256", "core.rob=8", "core.regs=4", "core.iq=3", "core.stateq=1", "state.misses=1", "core.inorder=true"} {
		t.Run(set, func(t *testing.T) {
			skipping, a := run(t, p, setup(t, "ooo-4", set), Options{})
			for seed := 1; ; seed++ {
				s := setup(t, "ooo-4", set, "chaos.squash=1", fmt.Sprintf("predictor.seed=%d", seed))
				stepping, b := run(t, p, s, Options{})
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
	p := embedded(t)
	seen := map[string]string{}
	for _, set := range []string{"core.rob=256", "core.rob=255", "latency.div=29", "predictor.branch=gshare", "core.clock=3001"} {
		_, r := run(t, p, setup(t, "ooo-4", set), Options{})
		if other, twice := seen[r.Digest]; twice {
			t.Errorf("%s and %s have one digest", set, other)
		}
		seen[r.Digest] = set
	}
}

// smallBlocks are an embedded and some small real blocks, where there are any.
func smallBlocks(t *testing.T) []string {
	return []string{"", mainnetPath(t, 1150000), mainnetPath(t, 9068998), mainnetPath(t, 22188088), mainnetPath(t, 22615247)}
}

// TestOrderOfBlocks: what ran before a block does not matter, nor does how often the
// block ran already.
func TestOrderOfBlocks(t *testing.T) {
	paths := smallBlocks(t)
	s := setup(t, "ooo-4")
	var blocks []*Block
	for _, path := range paths {
		blocks = append(blocks, prepared(t, path))
	}
	digests := map[string]string{}
	for range 2 {
		for _, p := range blocks {
			_, r := right(t, p, s)
			if before, ok := digests[p.Bundle.Name]; ok && before != r.Digest {
				t.Errorf("%s has digests %s and %s", p.Bundle.Name, before, r.Digest)
			}
			digests[p.Bundle.Name] = r.Digest
		}
		slices.Reverse(blocks)
	}
}

// TestCampaignBytes: blocks at once on the host change no byte of the results, nor
// their order.
func TestCampaignBytes(t *testing.T) {
	paths := smallBlocks(t)
	var outputs [][]byte
	for _, jobs := range []int{1, 2, 5} {
		var out bytes.Buffer
		c := Campaign{Setup: setup(t, "ooo-4"), Options: Options{Lockstep: true}, Baseline: true, Jobs: jobs}
		if err := c.Run(paths, func(r Report) error {
			if r.Err != nil {
				return r.Err
			}
			return json.NewEncoder(&out).Encode(r.Result)
		}); err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, out.Bytes())
	}
	for _, other := range outputs[1:] {
		if !bytes.Equal(outputs[0], other) {
			t.Errorf("results differ:\n%s\n%s", outputs[0], other)
		}
	}
}
