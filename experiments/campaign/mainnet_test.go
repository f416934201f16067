package campaign_test

import (
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestMainnetTotals: over all real blocks the machine is right, and it is an
// out-of-order machine.
func TestMainnetTotals(t *testing.T) {
	if testing.Short() {
		t.Skip("all mainnet blocks")
	}
	folder := filepath.Dir(corpustest.Block(t, 46147))
	paths, _, err := traces.Collect([]string{folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := campaign.Campaign{Setup: runtest.Setup(t, "ooo-4"), Options: run.Options{Lockstep: true}, Baseline: true, Host: batch.Host{Jobs: 2}}
	var totals campaign.Totals
	var slots, serial, wrongPath, checked uint64
	squashes := map[string]uint64{}
	if err := c.Run(paths, func(r campaign.Report) error {
		if r.Err != nil {
			t.Error(r.Err)
			return nil
		}
		res := r.Result
		if !res.Valid.OK {
			t.Errorf("%s: %s", res.Trace.Name, res.Valid.Difference)
		}
		runtest.CheckSlots(t, c.Setup.Config, res)
		totals.Add(res)
		checked += *res.Valid.InstructionsChecked
		wrongPath += res.Counts.WrongPathUops
		slots += res.Counts.Cycles * uint64(c.Setup.Config.Core.Commit)
		serial += res.CPIStack["serial"]
		for cause, n := range res.Squashes {
			squashes[cause] += n
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if totals.Right != len(paths) || checked != totals.Instructions {
		t.Errorf("%d of %d blocks right, %d of %d instructions checked", totals.Right, len(paths), checked, totals.Instructions)
	}
	if x := totals.FoldedSpeedup(); x == nil || *x < 1.5 {
		t.Errorf("speedup over scalar with folding is %v, want at least 1.5", number(x))
	}
	if 10*serial >= slots {
		t.Errorf("%d of %d slots are lost to serialization, a tenth or more", serial, slots)
	}
	if wrongPath == 0 {
		t.Error("no micro-op was executed on a wrong path")
	}
	// Chaos squashes only when asked to, and gas is predicted only by an oracle.
	for _, cause := range []string{"branch", "target", "call", "memoryOrder", "stateOrder", "fault"} {
		if squashes[cause] == 0 {
			t.Errorf("no squash for cause %s", cause)
		}
	}
	t.Logf("%d blocks, %d instructions: %.3fx over scalar, %.3fx over scalar with folding; %.2f %% serial slots; %d wrong-path micro-ops; squashes %v",
		totals.Blocks, totals.Instructions, number(totals.Speedup()), number(totals.FoldedSpeedup()), 100*float64(serial)/float64(slots), wrongPath, squashes)
}

// number is an optional ratio; an undefined one is below every bound.
func number(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}
