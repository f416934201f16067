package run_test

import (
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// carried runs the embedded block n times with what was learned handed on.
func carried(t *testing.T, s run.Setup, n int) (reports []*run.Result, outcomes []*run.Outcome) {
	t.Helper()
	p := runtest.Embedded(t)
	var last *run.Outcome
	for range n {
		opt := run.Options{Lockstep: true, VerifyEvery: 64}
		if last != nil {
			opt.Inherit = last.Core
		}
		out, r := runtest.Run(t, p, s, opt)
		if !r.Valid.OK {
			t.Fatal(out.Difference)
		}
		reports, outcomes, last = append(reports, r), append(outcomes, out), out
	}
	return reports, outcomes
}

// TestCarry: what was learned changes cycles and nothing that is committed, for every
// kind of predictor, chaos included.
func TestCarry(t *testing.T) {
	for _, set := range [][]string{
		{"predictor.branch=tage+loop", "predictor.target=ittage+ras", "predictor.call=path", "predictor.keys=recipe"},
		{"predictor.branch=gshare", "predictor.keys=last"},
		{"predictor.branch=perceptron", "predictor.keys=recipe", "predictor.ahead=2", "predictor.runahead=true"},
		{"predictor.branch=chaos", "predictor.target=chaos", "predictor.keys=chaos", "chaos.squash=20000"},
		{"predictor.branch=oracle", "predictor.keys=oracle"},
	} {
		_, outcomes := carried(t, runtest.Setup(t, "ooo-4", set...), 3)
		for i := range outcomes[1:] {
			runtest.SameCommitted(t, outcomes[0], outcomes[i+1])
		}
	}
}

// TestCarryLearns: the second time, the same keys are known.
func TestCarryLearns(t *testing.T) {
	for _, keys := range []string{"last", "recipe"} {
		reports, _ := carried(t, runtest.Setup(t, "ooo-4", "predictor.keys="+keys), 2)
		first, second := reports[0].Prefetch, reports[1].Prefetch
		if second.Loads.Covered <= first.Loads.Covered || second.Useful <= first.Useful {
			t.Errorf("%s: %d of %d first loads covered, then %d", keys, first.Loads.Covered, first.Loads.All, second.Loads.Covered)
		}
		if reports[1].Counts.Cycles >= reports[0].Counts.Cycles {
			t.Errorf("%s: %d cycles, then %d", keys, reports[0].Counts.Cycles, reports[1].Counts.Cycles)
		}
	}
}

// TestInheritChecksTheConfiguration: tables of one size are not those of another.
func TestInheritChecksTheConfiguration(t *testing.T) {
	p := runtest.Embedded(t)
	out, _ := runtest.Run(t, p, runtest.Setup(t, "ooo-4"), run.Options{})
	if _, err := p.Run(&runtest.Setup(t, "ooo-8").Config.Config, run.Options{Inherit: out.Core}); err == nil {
		t.Error("a core of another configuration inherits")
	}
}

// TestPrefetchAccounts: the counts of prefetching fit together.
func TestPrefetchAccounts(t *testing.T) {
	for _, set := range []string{"predictor.keys=recipe", "predictor.keys=oracle", "predictor.keys=bal", "predictor.keys=chaos", "predictor.runahead=true"} {
		_, r := runtest.Run(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4", set), run.Options{})
		p := r.Prefetch
		for _, c := range []run.Coverage{p.Touches, p.Loads, p.Seen, p.Known} {
			if c.Timely > c.Covered || c.Covered > c.All {
				t.Errorf("%s: %+v", set, c)
			}
		}
		if p.Known.All > p.Seen.All || p.Seen.All > p.Loads.All || p.Loads.All > p.Touches.All {
			t.Errorf("%s: %d known, %d seen, %d loads, %d touches", set, p.Known.All, p.Seen.All, p.Loads.All, p.Touches.All)
		}
		if p.Useful != p.Touches.Covered || p.Useful > p.Issued || p.Late != p.Useful-p.Touches.Timely {
			t.Errorf("%s: issued %d, useful %d, late %d", set, p.Issued, p.Useful, p.Late)
		}
		if p.Issued == 0 {
			t.Errorf("%s: nothing was prefetched", set)
		}
	}
	if _, r := runtest.Run(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4"), run.Options{}); r.Prefetch != nil {
		t.Error("a run without prefetching has an account of it")
	}
}
