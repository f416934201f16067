package workbench_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/experiments/workbench"
	"github.com/ooovm/ooovm/traces"
)

// TestWorkbench: runs of one block at the same time, with all that they share, are the
// runs that Campaign and Shared make one by one.
func TestWorkbench(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	opt := run.Options{Lockstep: true}
	w, err := workbench.New(b, opt, run.Recording)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, set := range [][]string{
		nil,
		{"core.rob=16"},
		{"machine.policy=block-stm", "machine.cores=4"},
		{"machine.policy=block-stm", "machine.cores=8"},
		{"machine.policy=sealevel", "machine.cores=4", "core.rob=16"},
		{"machine.policy=frame", "machine.cores=4", "machine.crediting=strict"},
	} {
		s := runtest.Setup(t, "ooo-2", set...)
		all.Go(func() {
			var got, want any
			var err, wrong error
			if s.Config.Machine.Policy == "sequential" {
				got, err = w.RunOne(s, true)
				c := campaign.Campaign{Setup: s, Options: opt, Baseline: true}
				if e := c.Run([]string{""}, func(r campaign.Report) error { want = r.Result; return r.Err }); e != nil {
					t.Error(e)
				}
			} else {
				got, wrong, err = w.RunShared(s)
				want, _, _ = levels.Shared(runtest.Embedded(t), s, opt)
			}
			x, _ := json.Marshal(got)
			y, _ := json.Marshal(want)
			if err != nil || wrong != nil || string(x) != string(y) {
				t.Errorf("%v: %v, %v\n%s\nwant\n%s", set, err, wrong, x, y)
			}
		})
	}
	all.Wait()
}
