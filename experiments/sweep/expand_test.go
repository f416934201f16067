package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOrder: blocks first, then the axes as they are written, zipped ones at the place of
// the first, seeds last.
func TestOrder(t *testing.T) {
	f := sweepFile(t, `
name: order
axes:
  core.rob: [16, 32]
  core.iq: [4, 8]
  core.regs: [32, 64]
zip: [[core.regs, core.rob]]
exclude:
  - {core.rob: 16, core.iq: 8}
seeds: [7, 9]
`)
	p, err := f.Plan(tool.Executable)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pt := range p.Points {
		got = append(got, fmt.Sprint(pt.Config.Core.ROB, pt.Config.Core.IQ, pt.Config.Core.Regs, pt.Seed, pt.Values))
	}
	want := []string{
		"16 4 32 7[16 4 32]", "16 4 32 9[16 4 32]",
		"32 4 64 7[32 4 64]", "32 4 64 9[32 4 64]",
		"32 8 64 7[32 8 64]", "32 8 64 9[32 8 64]",
	}
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " [", "[")
	}
	if !slices.Equal(got, want) {
		t.Errorf("points\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestIdentity: everything that a result depends on changes the name of its point, and
// nothing else does.
func TestIdentity(t *testing.T) {
	plain := "name: a\nbase: {preset: ooo-2}\naxes: {core.rob: [64]}\n"
	id := func(t *testing.T, text, executable string) string {
		p, err := sweepFile(t, text).Plan(executable)
		if err != nil {
			t.Fatal(err)
		}
		return p.Points[0].ID
	}
	first := id(t, plain, "e")
	for name, text := range map[string]string{
		"another size":   strings.Replace(plain, "64", "65", 1),
		"another key":    plain + "seeds: [2]\n",
		"a policy":       strings.Replace(plain, "axes: {", "axes: {policy: [monad], ", 1),
		"no comparison":  plain + "check: false\n",
		"no baseline":    plain + "baseline: false\n",
		"a limited time": plain + "maxCycles: 1000000\n",
	} {
		if id(t, text, "e") == first {
			t.Errorf("%s: the same point", name)
		}
	}
	if id(t, plain, "f") == first {
		t.Error("another executable: the same point")
	}
	for name, text := range map[string]string{
		"another name":      strings.Replace(plain, "name: a", "name: b", 1),
		"the preset's size": strings.Replace(plain, "core.rob: [64]", "core.iq: [32]", 1),
		"cores of one core": strings.Replace(plain, "axes: {", "axes: {cores: [4], ", 1),
	} {
		if id(t, text, "e") != first {
			t.Errorf("%s: another point", name)
		}
	}
}

func TestShards(t *testing.T) {
	for _, n := range []int{0, 1, 7, 100} {
		for _, of := range []int{1, 2, 3, 7, 150} {
			next := 0
			for i := range of {
				first, last := Shard{i, of}.bounds(n)
				if first != next || last < first || last-first > n/of+1 {
					t.Errorf("shard %d/%d of %d points: %d to %d", i, of, n, first, last)
				}
				next = last
			}
			if next != n {
				t.Errorf("%d shards of %d points end at %d", of, n, next)
			}
		}
	}
}

func TestShardOf(t *testing.T) {
	for _, c := range []struct{ env, want, err string }{
		{"HOME=/", "0/1", ""},
		{"SLURM_ARRAY_TASK_ID=3", "0/1", ""}, // without a count it is no shard
		{"SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=4", "3/4", ""},
		{"SLURM_ARRAY_TASK_ID=13 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=10", "3/4", ""},
		{"SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_COUNT=4", "", "shard 4/4 does not exist"},
		{"SLURM_ARRAY_TASK_ID=a SLURM_ARRAY_TASK_COUNT=4", "", "SLURM_ARRAY_TASK_ID=a: not a number"},
		{"JOB_COMPLETION_INDEX=0 JOB_COMPLETIONS=2", "0/2", ""},
		{"JOB_COMPLETION_INDEX=0", "", "JOB_COMPLETIONS"},
	} {
		s, _, err := ShardOf(strings.Fields(c.env))
		if c.err == "" && (err != nil || s.String() != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %s, %v", c.env, s, err)
		}
	}
}

// TestExample: the example beside the project is a sweep.
func TestExample(t *testing.T) {
	f, err := ReadFile("../../examples/sweep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan(tool.Executable)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Points) != 6*(2+1*2) {
		t.Errorf("%d points: six machines, under two predictors alone, under one shared by 1 and 4 cores", len(p.Points))
	}
}
