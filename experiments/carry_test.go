package experiments

import "testing"

// carried runs the embedded block n times with what was learnt handed on.
func carried(t *testing.T, s Setup, n int) (reports []*Result, outcomes []*Outcome) {
	t.Helper()
	p := embedded(t)
	var last *Outcome
	for range n {
		opt := Options{Lockstep: true, VerifyEvery: 64}
		if last != nil {
			opt.Inherit = last.Core
		}
		out, r := run(t, p, s, opt)
		if !r.Valid.OK {
			t.Fatal(out.Difference)
		}
		reports, outcomes, last = append(reports, r), append(outcomes, out), out
	}
	return reports, outcomes
}

// TestCarry: what was learnt changes cycles and nothing that is committed, for every
// kind of predictor, chaos included.
func TestCarry(t *testing.T) {
	for _, set := range [][]string{
		{"predictor.branch=tage+loop", "predictor.target=ittage+ras", "predictor.call=path", "predictor.keys=recipe"},
		{"predictor.branch=gshare", "predictor.keys=last"},
		{"predictor.branch=perceptron", "predictor.keys=recipe", "predictor.ahead=2", "predictor.runahead=true"},
		{"predictor.branch=chaos", "predictor.target=chaos", "predictor.keys=chaos", "chaos.squash=20000"},
		{"predictor.branch=oracle", "predictor.keys=oracle"},
	} {
		_, outcomes := carried(t, setup(t, "ooo-4", set...), 3)
		for i := range outcomes[1:] {
			sameCommitted(t, outcomes[0], outcomes[i+1])
		}
	}
}

// TestCarryLearns: the second time, the same keys are known.
func TestCarryLearns(t *testing.T) {
	for _, keys := range []string{"last", "recipe"} {
		reports, _ := carried(t, setup(t, "ooo-4", "predictor.keys="+keys), 2)
		first, second := reports[0].Prefetch, reports[1].Prefetch
		if second.Loads.Covered <= first.Loads.Covered || second.Useful <= first.Useful {
			t.Errorf("%s: %d of %d first loads covered, then %d", keys, first.Loads.Covered, first.Loads.All, second.Loads.Covered)
		}
		if reports[1].Counts.Cycles >= reports[0].Counts.Cycles {
			t.Errorf("%s: %d cycles, then %d", keys, reports[0].Counts.Cycles, reports[1].Counts.Cycles)
		}
	}
}

// TestCarryIsSaid: a campaign that carries says so, is reproducible, and its first block
// runs as without.
func TestCarryIsSaid(t *testing.T) {
	digests := func(carry bool) (list []string) {
		c := Campaign{Setup: setup(t, "ooo-4"), Carry: carry, Jobs: 2}
		if err := c.Run([]string{"", ""}, func(r Report) error {
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

// TestInheritChecksTheConfiguration: tables of one size are not those of another.
func TestInheritChecksTheConfiguration(t *testing.T) {
	p := embedded(t)
	out, _ := run(t, p, setup(t, "ooo-4"), Options{})
	if _, err := p.Run(setup(t, "ooo-8").Config, Options{Inherit: out.Core}); err == nil {
		t.Error("a core of another configuration inherits")
	}
}

// TestPrefetchAccounts: the counts of prefetching fit together.
func TestPrefetchAccounts(t *testing.T) {
	for _, set := range []string{"predictor.keys=recipe", "predictor.keys=oracle", "predictor.keys=bal", "predictor.keys=chaos", "predictor.runahead=true"} {
		_, r := run(t, embedded(t), setup(t, "ooo-4", set), Options{})
		p := r.Prefetch
		for _, c := range []Coverage{p.Touches, p.Loads, p.Seen, p.Known} {
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
	if _, r := run(t, embedded(t), setup(t, "ooo-4"), Options{}); r.Prefetch != nil {
		t.Error("a run without prefetching has an account of it")
	}
}
