package study

import "github.com/ooovm/ooovm/experiments/chart"

// grid: more cores, or larger ones.
var grid = Study{
	Name:  "grid",
	Title: "Cores against buffer sizes",
	Data:  []Data{{Name: "main", Sweep: coresAndWindows()}},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "grid", Kind: "heat", X: "core.rob", Y: "cores", Z: "speedup"}},
	},
	Table: Table{By: []string{"cores", "core.rob"}, Metrics: []string{"speedup", "waste"}},
	Text: `Under Block-STM, with the reorder buffer and all queues in proportion. One core with {{.Name "core.rob" "last"}} micro-ops makes
{{.Total "speedup" "cores=1, core.rob=last"}}, {{.Name "cores" "last"}} cores with {{.Name "core.rob" "first"}} micro-ops each make {{.Total "speedup" "cores=last, core.rob=first"}}, and both
{{.Total "speedup" "cores=last, core.rob=last"}}. The larger window takes {{.Ratio "cycles" "cores=1, core.rob=first" "cores=1, core.rob=last"}} of the cycles on one core and
{{.Ratio "cycles" "cores=last, core.rob=first" "cores=last, core.rob=last"}} on {{.Name "cores" "last"}}: the two kinds of parallelism do not get in each other's way where these are alike.`,
}

func coresAndWindows() Sweep {
	axes, zip := windows(32, 128, 512)
	return Sweep{Preset: "ooo-4", Set: []string{"machine.policy: block-stm"}, Axes: append(axes, "cores: [1, 2, 4, 8]"), Zip: zip}
}
