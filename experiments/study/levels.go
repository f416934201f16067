package study

import "github.com/ooovm/ooovm/experiments/chart"

// severalCores: what each level of parallelism gives, by itself and on out-of-order cores.
var severalCores = Study{
	Name:  "levels",
	Title: "Levels of parallelism on several cores",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Axes: []string{"preset: [scalar, ooo-4]", "policy: [sealevel, block-stm, repair]", "cores: [1, 4, 8, 16]"},
	}}},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "levels-scalar", Kind: "line", X: "cores", Y: "speedup", Series: "policy", Where: only("preset", "scalar")}},
		{Spec: chart.Spec{Name: "levels", Kind: "line", X: "cores", Y: "speedup", Series: "policy", Where: only("preset", "ooo-4")}},
		{Spec: chart.Spec{Name: "levels-lost", Kind: "stack", X: "policy", Y: "cores", Where: append(only("preset", "ooo-4"), only("cores", "16")...)}},
	},
	Table: Table{By: []string{"preset", "policy", "cores"}, Metrics: []string{"speedup", "reexecution_rate", "waste"}},
	Text: `On 16 scalar cores Block-STM is {{.Interval "speedup" "preset=scalar, policy=block-stm, cores=16"}} times as fast as one, account locks
{{.Interval "speedup" "preset=scalar, policy=sealevel, cores=16"}}; on 16 out-of-order cores {{.Interval "speedup" "preset=ooo-4, policy=block-stm, cores=16"}} and
{{.Interval "speedup" "preset=ooo-4, policy=sealevel, cores=16"}}. The universal scalability law fits Block-STM on out-of-order cores with
{{.Law "preset=ooo-4, policy=block-stm"}}; repair with {{.Law "preset=ooo-4, policy=repair"}}; intervals of the parameters are by bootstrap over residuals.`,
}

// only keeps one value of a column.
func only(column, value string) []chart.Condition {
	return []chart.Condition{{Column: column, Values: []string{value}}}
}
