package campaign_test

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// TestOneDigest: fifty runs from loading to digest, one and two host threads in
// turn, lockstep on and off in turn.
func TestOneDigest(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	c := campaign.Campaign{Setup: runtest.Setup(t, "ooo-4")}
	var first string
	for i := range 50 {
		runtime.GOMAXPROCS(1 + i%2)
		c.Options.Lockstep = i%4 < 2
		err := c.Run([]string{""}, func(r campaign.Report) error {
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

// TestCarryIsSaid: a campaign that carries says so, is reproducible, and its first block
// runs as without.
func TestCarryIsSaid(t *testing.T) {
	digests := func(carry bool) (list []string) {
		c := campaign.Campaign{Setup: runtest.Setup(t, "ooo-4"), Carry: carry, Host: batch.Host{Jobs: 2}}
		if err := c.Run([]string{"", ""}, func(r campaign.Report) error {
			if r.Err != nil {
				return r.Err
			}
			if r.Result.Config.Carry != carry {
				t.Errorf("carry %v, the result says %v", carry, r.Result.Config.Carry)
			}
			list = append(list, r.Result.Digest)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	plain, first, again := digests(false), digests(true), digests(true)
	if plain[0] != plain[1] || plain[0] != first[0] {
		t.Error("blocks that learn nothing from each other differ")
	}
	if first[1] == first[0] || first[1] != again[1] {
		t.Error("the second block does not depend on the first, or not on it alone")
	}
}

// TestCampaignBytes: blocks at once on the host change no byte of the results, nor
// their order.
func TestCampaignBytes(t *testing.T) {
	paths := runtest.SmallBlocks(t)
	var outputs [][]byte
	for _, jobs := range []int{1, 2, 5} {
		var out bytes.Buffer
		c := campaign.Campaign{Setup: runtest.Setup(t, "ooo-4"), Options: run.Options{Lockstep: true}, Baseline: true, Host: batch.Host{Jobs: jobs}}
		if err := c.Run(paths, func(r campaign.Report) error {
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
