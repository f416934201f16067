package study

import "github.com/ooovm/ooovm/experiments/chart"

// aliasing: how loads of memory and of state pass older stores, after Moshovos et al. (ISCA 1997) and Chrysos and Emer (ISCA 1998).
var aliasing = Study{
	Name:  "aliasing",
	Title: "Memory and state dependence prediction",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Preset: "ooo-4",
		Axes:   []string{"predictor.memory: [wait, blind, store-sets]", "predictor.state: [wait, blind, store-sets]"},
	}}},
	Figures: []Figure{{Spec: chart.Spec{Name: "aliasing", Kind: "heat", X: "predictor.memory", Y: "predictor.state", Z: "speedup"}}},
	Table:   Table{By: []string{"predictor.memory", "predictor.state"}, Metrics: []string{"cycles", "memory_violation_pki", "state_violation_pki"}},
	Text: `Store sets for memory and state take {{.Ratio "cycles" "predictor.memory=wait, predictor.state=wait" "predictor.memory=store-sets, predictor.state=store-sets"}} of the cycles of
a core whose loads wait for every older address, and loads that never wait
{{.Ratio "cycles" "predictor.memory=wait, predictor.state=wait" "predictor.memory=blind, predictor.state=blind"}}. Loads that never wait are wrong {{.Total "memory_violation_pki" "predictor.memory=blind, predictor.state=store-sets"}} times per 1000 instructions
in memory and {{.Total "state_violation_pki" "predictor.memory=store-sets, predictor.state=blind"}} in the state.`,
}
