package study

import "github.com/ooovm/ooovm/experiments/chart"

// latency: how far state may be, with and without predicted keys.
var latency = Study{
	Name:  "latency",
	Title: "State latency and the prediction of state keys",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Preset: "ooo-4",
		Axes:   []string{"predictor.keys: [none, recipe, bal]", "state.far: [30, 240, 2400, 24000]"},
	}}},
	Figures: []Figure{{Spec: chart.Spec{Name: "latency", Kind: "line", X: "state.far", Y: "cpi", Series: "predictor.keys", Log: true}}},
	Table:   Table{By: []string{"predictor.keys", "state.far"}, Metrics: []string{"cpi", "prefetch_coverage"}},
	Text: `From 240 cycles (memory) to 24,000 (a drive) a first touch of state makes blocks take
{{.Ratio "cycles" "predictor.keys=none, state.far=240" "predictor.keys=none, state.far=24000"}} times the cycles without prediction, and
{{.Ratio "cycles" "predictor.keys=recipe, state.far=240" "predictor.keys=recipe, state.far=24000"}} times with recipes learned in the block, which at 24,000 take
{{.Ratio "cycles" "predictor.keys=none, state.far=24000" "predictor.keys=recipe, state.far=24000"}} of the cycles without; block access lists (an oracle before EIP-7928) take
{{.Ratio "cycles" "predictor.keys=none, state.far=24000" "predictor.keys=bal, state.far=24000"}}.`,
}
