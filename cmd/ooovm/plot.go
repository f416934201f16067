package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
)

// meanNames are the words of --mean.
var meanNames = []struct {
	name string
	mean stats.Mean
}{
	{"total", stats.TotalRatio},
	{"median", stats.Median},
	{"p10", stats.P10},
	{"p90", stats.P90},
	{"arithmetic", stats.Arithmetic},
	{"geometric", stats.Geometric},
	{"harmonic", stats.Harmonic},
}

func newPlot(c *cli) *cobra.Command {
	var (
		s     chart.Spec
		mean  string
		where []string
		out   string
	)
	var means []string
	for _, m := range meanNames {
		means = append(means, m.name)
	}
	cmd := &cobra.Command{
		Use:   "plot DIR",
		Short: "Draw a figure from the results of a sweep",
		Long: `Draws the results of a sweep as SVG, PDF and PNG, with the plotted numbers as CSV and the caption as
JSON beside them.

` + chart.About() + `
The mean is taken over blocks and nothing else: an axis that varies otherwise is an error.
Metrics: ` + strings.Join(metricNames(), ", ") + `,
and any other column of numbers (ooovm sweep columns), which is averaged over blocks.`,
		Example: `  ooovm plot runs/rob --x core.rob --y uipc --series predictor.branch
  ooovm plot runs/grid --kind heat --x core.rob --y cores --z speedup
  ooovm plot runs/rob --kind scatter --x predictor.branch --y cycles --where predictor.branch=bimodal,tage --where core.rob=256`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			if mean != "" {
				i := slices.Index(means, mean)
				if i < 0 {
					return usageError(errOneOf("--mean", mean, means))
				}
				s.Mean = meanNames[i].mean
			}
			for _, text := range where {
				condition, err := chart.ParseCondition(text)
				if err != nil {
					return usageError(errFlag("--where", err))
				}
				s.Where = append(s.Where, condition)
			}
			if err := checkFigurePlace(out); err != nil {
				return usageError(err)
			}
			run, err := sweep.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			t, err := run.Table()
			if err != nil {
				return usageError(err)
			}
			f, err := chart.Draw(t, s)
			if err != nil {
				return usageError(err)
			}
			f.Source = run.Source()
			return c.saveFigure(f, run.Dir, out)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&s.Kind, "kind", "line", strings.Join(chart.Kinds(), ", "))
	f.StringVar(&s.X, "x", "", "`axis`: a configuration key of the sweep, policy, cores, block, ...")
	f.StringVar(&s.Y, "y", "", "`metric`; of a heat map the second axis, of a stack its composition")
	f.StringVar(&s.Z, "z", "", "`metric` of a heat map")
	f.StringVar(&s.Series, "series", "", "`axis` that tells lines apart")
	f.StringVar(&mean, "mean", "", "over blocks: "+strings.Join(means, ", ")+" (default total: ratio of totals)")
	f.StringArrayVar(&where, "where", nil, "only rows with `column=value` (or value,value); repeatable")
	f.StringVarP(&out, "out", "o", "", "`FILE` (.svg, .pdf, .png) or folder (default DIR/figures)")
	f.BoolVar(&s.Wide, "wide", false, "over both columns of a page")
	f.BoolVar(&s.Log, "log", false, "metric on a logarithmic axis")
	complete(cmd, "kind", cobra.FixedCompletions(chart.Kinds(), cobra.ShellCompDirectiveNoFileComp))
	complete(cmd, "mean", cobra.FixedCompletions(means, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func metricNames() (names []string) {
	for _, m := range metric.All() {
		names = append(names, m.Name)
	}
	return names
}

// checkFigurePlace refuses places that cannot take a figure, which is several files.
func checkFigurePlace(out string) error {
	info, err := os.Stat(out)
	if err != nil || info.IsDir() || plot.IsPicture(out) {
		return nil // what cannot be written is said when it is
	}
	return fmt.Errorf("-o %s: a figure is a picture with its numbers and its caption: a folder, or FILE.svg, .pdf or .png", out)
}

// saveFigure writes a figure and says where, with its caption.
func (c *cli) saveFigure(f *plot.Figure, dir, out string) error {
	object := struct {
		Schema string       `json:"schema"`
		Files  []string     `json:"files"`
		Figure *plot.Figure `json:"figure"`
	}{Schema: "ooovm.plot/1", Figure: f}
	if plot.IsPicture(out) {
		if err := f.SaveAs(out); err != nil {
			return usageError(err)
		}
		stem := strings.TrimSuffix(out, filepath.Ext(out))
		object.Files = []string{out, stem + ".csv", stem + ".json"}
	} else {
		if out == "" {
			out = filepath.Join(dir, "figures")
		}
		if err := f.Save(out); err != nil {
			return usageError(err)
		}
		for _, name := range f.Files() {
			object.Files = append(object.Files, filepath.Join(out, name))
		}
	}
	t := &table.Table{Header: []string{"measure", "value"}}
	t.Add("figure", object.Files[0])
	t.Add("numbers", object.Files[len(object.Files)-2])
	t.Add("caption", f.Caption)
	return c.print(object, t)
}
