// Package metric is the one table of what is plotted, compared and reported from the results of sweeps. A metric is a
// ratio of two columns, so that over several blocks it is a ratio of totals: blocks weigh as much as they take.
package metric

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/suggest"
)

// Sense says which way a metric is better.
type Sense int

// The senses. Neither is for what describes the work rather than the machine.
const (
	Lower   Sense = -1
	Neither Sense = 0
	Higher  Sense = 1
)

// Metric is a row of the table. Num and Den are products of columns of the results; without Den it is a quantity of a block.
type Metric struct {
	Name     string
	Label    string // of an axis
	Unit     string
	Num, Den []string
	Scale    float64 // of the ratio; 0 for 1
	Better   Sense
	Baseline string // what it is relative to, empty for nothing
}

// The baselines that ratios are over.
const (
	baseScalar = "one in-order core, preset scalar, on the same block"
	baseFolded = "one in-order core that folds stack instructions, on the same block"
)

const perThousand = 1000

var metrics = []Metric{
	{Name: "cycles", Label: "cycles", Unit: "cycles a block", Num: columns("cycles"), Better: Lower},
	{Name: "speedup", Label: "speedup", Num: columns("baseline_cycles"), Den: columns("cycles"), Better: Higher, Baseline: baseScalar},
	{Name: "speedup_folded", Label: "speedup", Num: columns("baseline_folded_cycles"), Den: columns("cycles"), Better: Higher, Baseline: baseFolded},
	{Name: "ipc", Label: "IPC", Unit: "instructions/cycle", Num: columns("instructions"), Den: columns("cycles"), Better: Higher},
	{Name: "uipc", Label: "micro-op IPC", Unit: "micro-ops/cycle", Num: columns("uops"), Den: columns("cycles"), Better: Higher},
	{Name: "cpi", Label: "CPI", Unit: "cycles/instruction", Num: columns("cycles"), Den: columns("instructions"), Better: Lower},
	{Name: "gas_rate", Label: "gas rate", Unit: "Mgas/s", Num: columns("gas"), Den: columns("microseconds"), Better: Higher},
	{Name: "uops_per_instruction", Label: "micro-ops", Unit: "an instruction", Num: columns("uops"), Den: columns("instructions")},
	perInstructions("branch_mpki", "branch MPKI", "branch_mispredicts"),
	perInstructions("target_mpki", "jump target MPKI", "target_mispredicts"),
	perInstructions("call_mpki", "call target MPKI", "call_mispredicts"),
	perInstructions("squash_pki", "squashes", "squashes"),
	perInstructions("memory_violation_pki", "memory order violations", "memory_violations"),
	perInstructions("state_violation_pki", "state order violations", "state_violations"),
	perInstructions("value_squash_pki", "squashes for a wrong value", "squashes_value"),
	perInstructions("state_far_pki", "far state accesses", "state_far"),
	{Name: "wrong_path", Label: "wrong-path micro-ops", Unit: "a committed one", Num: columns("wrong_path_uops"), Den: columns("uops"), Better: Lower},
	{Name: "value_coverage", Label: "state values predicted", Unit: "share of loads", Num: columns("value_predicted"), Den: columns("value_loads"), Better: Higher},
	{Name: "value_accuracy", Label: "state values right", Unit: "share of predicted", Num: columns("value_right"), Den: columns("value_predicted"), Better: Higher},
	{Name: "prefetch_coverage", Label: "storage keys prefetched in time", Unit: "share of first touches", Num: columns("prefetch_loads_timely"), Den: columns("prefetch_loads"), Better: Higher},
	{Name: "overlap", Label: "transactions that overlap", Unit: "share", Num: columns("window_overlapped"), Den: columns("transactions")},
	{Name: "reexecution_rate", Label: "re-executions", Unit: "a transaction", Num: columns("reexecutions"), Den: columns("transactions"), Better: Lower},
	{Name: "waste", Label: "wasted time", Unit: "share of core cycles", Num: columns("wasted_cycles"), Den: columns("cores", "cycles"), Better: Lower},
	independent("slot"), independent("key"), independent("holder"), independent("touched"), independent("account"), independent("contract"),
}

func columns(names ...string) []string { return names }

// perInstructions is an event per thousand committed instructions.
func perInstructions(name, label, event string) Metric {
	return Metric{Name: name, Label: label, Unit: "per 1000 instructions", Num: columns(event), Den: columns("instructions"), Scale: perThousand, Better: Lower}
}

// independent is the share of transactions that wait for none before them. The results have it block by block; times
// the transactions it is their number.
func independent(definition string) Metric {
	return Metric{
		Name: "independent_" + definition, Label: "independent transactions", Unit: "share",
		Num: columns("independent_"+definition, "transactions"), Den: columns("transactions"),
	}
}

// All lists the metrics.
func All() []Metric { return slices.Clone(metrics) }

// Find looks a metric up. Any other column of numbers is one too: a quantity of a block.
func Find(name string, t *sweep.Table) (Metric, error) {
	for _, m := range metrics {
		if m.Name == name {
			return m, nil
		}
	}
	c, err := t.Column(name)
	if err != nil {
		var names []string
		for _, m := range metrics {
			names = append(names, m.Name)
		}
		return Metric{}, fmt.Errorf("no metric %q; there are %s, and the columns of numbers that `ooovm sweep columns` lists%s", name, strings.Join(names, ", "), suggest.Text(name, append(names, t.Names()...)))
	}
	if c.Kind == sweep.Text {
		return Metric{}, fmt.Errorf("column %s holds text, not numbers", name)
	}
	return Metric{Name: name, Label: name, Unit: c.Unit, Num: columns(name)}, nil
}

// Mean is the mean that a wanted one comes to: what has no denominator has no ratio of totals, but an arithmetic mean
// over blocks.
func (m *Metric) Mean(wanted stats.Mean) stats.Mean {
	if wanted == stats.TotalRatio && len(m.Den) == 0 {
		return stats.Arithmetic
	}
	return wanted
}

// Formula says what is divided by what.
func (m *Metric) Formula() string {
	s := strings.Join(m.Num, " x ")
	if m.Scale != 0 {
		s = fmt.Sprintf("%g %s", m.Scale, s)
	}
	if len(m.Den) > 0 {
		s += " / " + strings.Join(m.Den, " / ")
	}
	return s
}

// Samples gives every row of a table as a numerator and a denominator; NaN where one of the columns is empty.
func (m *Metric) Samples(t *sweep.Table) ([]stats.Sample, error) {
	scale := m.Scale
	if scale == 0 {
		scale = 1
	}
	list := make([]stats.Sample, t.Len())
	for i := range list {
		list[i] = stats.Sample{Num: scale, Den: 1}
	}
	for _, name := range m.Num {
		values, err := t.Numbers(name)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.Name, err)
		}
		for i, v := range values {
			list[i].Num *= v
		}
	}
	for _, name := range m.Den {
		values, err := t.Numbers(name)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.Name, err)
		}
		for i, v := range values {
			list[i].Den *= v
		}
	}
	return list, nil
}

// Defined tells a sample of numbers from one with an empty column.
func Defined(s stats.Sample) bool { return !math.IsNaN(s.Num) && !math.IsNaN(s.Den) }
