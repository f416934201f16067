package study

import "github.com/ooovm/ooovm/experiments/chart"

// predictors: branch predictors of four decades, by misses and by what the misses cost.
var predictors = Study{
	Name:  "predictors",
	Title: "Branch prediction",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Preset: "ooo-4",
		Axes:   []string{"predictor.branch: [taken, backward, bimodal, gshare, perceptron, tage, tage+loop, oracle]"},
	}}},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "predictors", Kind: "bar", X: "predictor.branch", Y: "branch_mpki"}},
		{Spec: chart.Spec{Name: "predictors-speedup", Kind: "bar", X: "predictor.branch", Y: "speedup"}},
	},
	Table: Table{By: []string{"predictor.branch"}, Metrics: []string{"branch_mpki", "cycles", "speedup"}},
	Text: `Bimodal counters mispredict {{.Total "branch_mpki" "predictor.branch=bimodal"}} branches per 1000 instructions, TAGE
{{.Total "branch_mpki" "predictor.branch=tage"}}. TAGE takes
{{.Ratio "cycles" "predictor.branch=bimodal" "predictor.branch=tage"}} of the cycles of bimodal, a perfect predictor would take
{{.Ratio "cycles" "predictor.branch=bimodal" "predictor.branch=oracle"}}. The fewest cycles has {{.Best "cycles" "predictor.branch" ""}}. Predictors begin empty in each block; wrong paths count.`,
}
