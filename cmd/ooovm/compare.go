package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
)

func newCompare(c *cli) *cobra.Command {
	var metrics []string
	cmd := &cobra.Command{
		Use:   "compare DIR_A DIR_B",
		Short: "Say in what two sweeps differ and whether it matters",
		Long: `Pairs the points of two sweeps by block and by the axes that both have, says in what program, blocks and
configuration they differ, and compares metrics block by block: the ratio B/A of the totals with its
95 % interval (bootstrap over blocks), the blocks that are better and worse, and a sign test.`,
		Example: `  ooovm compare runs/before runs/after
  ooovm compare runs/bimodal runs/tage --metric cycles --metric branch_mpki --json`,
		Args: cobra.ExactArgs(2),
		RunE: action(func(_ *cobra.Command, args []string) error {
			a, err := sweep.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			b, err := sweep.Open(args[1])
			if err != nil {
				return usageError(err)
			}
			r, err := chart.Compare(a, b, metrics)
			if err != nil {
				return usageError(err)
			}
			return c.print(r, comparisonTables(r)...)
		}),
	}
	cmd.Flags().StringArrayVar(&metrics, "metric", nil, "`metric` to compare, as plot has them; repeatable (default the usual ones)")
	return cmd
}

func comparisonTables(r *chart.Comparison) []*table.Table {
	what := &table.Table{Header: []string{"what differs", r.A, r.B}}
	for _, d := range r.Differences {
		what.Add(d.What, shortened(d.A), shortened(d.B))
	}
	if len(r.Differences) == 0 {
		what.Add("nothing", "", "")
	}
	points := &table.Table{Header: []string{"points", "number"}, Number: []bool{false, true}}
	points.Add("paired", r.Pairs)
	points.Add("of these without a right result", r.Failed)
	points.Add("only in "+r.A, r.OnlyA)
	points.Add("only in "+r.B, r.OnlyB)
	t := &table.Table{
		Header: []string{"metric", "mean over blocks", "A", "B", "B/A", "95 % interval", "blocks", "better", "worse", "same", "sign test p", "verdict"},
		Number: []bool{false, false, true, true, true, true, true, true, true, true, true, false},
	}
	for i := range r.Metrics {
		m := &r.Metrics[i]
		interval := ""
		if low := digits(m.Test.Interval.Low); low != "" {
			interval = low + " to " + digits(m.Test.Interval.High)
		}
		t.Add(m.Metric, string(m.Mean), digits(m.A), digits(m.B), digits(m.Test.Ratio), interval,
			m.Test.N, m.Better, m.Worse, m.Test.Same, digits(m.Test.SignTest), m.Verdict)
	}
	return []*table.Table{what, points, t}
}

// digits prints four of a number, nothing where it is undefined.
func digits(x stats.Float) string {
	if x.String() == "" {
		return ""
	}
	return fmt.Sprintf("%.4g", float64(x))
}

// shortened cuts hashes down to what tells them apart.
func shortened(s string) string {
	const hash = 64
	if len(s) == hash {
		return s[:16]
	}
	return s
}
