package study

import "github.com/ooovm/ooovm/experiments/chart"

// replay: doing all of it again against doing again what depends on the stale value.
var replay = Study{
	Name:  "replay",
	Title: "Squash against selective replay",
	Data: []Data{
		{Name: "main", Sweep: Sweep{Preset: "ooo-4", Axes: []string{"policy: [monad, repair]", "cores: [2, 4, 16]"}}},
		{Name: "value", Sweep: Sweep{Preset: "ooo-4", Axes: []string{"predictor.value: [none, last, oracle]"}}},
	},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "replay", Kind: "line", X: "cores", Y: "speedup", Series: "policy"}},
		{Data: "value", Spec: chart.Spec{Name: "replay-value", Kind: "stack", X: "predictor.value", Y: "cpi"}},
	},
	Table: Table{By: []string{"policy", "cores"}, Metrics: []string{"speedup", "reexecution_rate", "waste"}},
	Text: `Between transactions two policies with the same optimistic execution and merge in order are compared: monad runs a transaction with a stale read again, repair
executes again only what depends on the read, and all of it when a guard fails. On {{.Name "cores" "last"}} cores repair takes
{{.Ratio "cycles" "policy=monad, cores=last" "policy=repair, cores=last"}} of the cycles, and {{.Total "reexecution_rate" "policy=repair, cores=last"}} instead of
{{.Total "reexecution_rate" "policy=monad, cores=last"}} re-executions a transaction. Inside a core a wrong value of a state load squashes all that is younger: the predictor last
causes {{(.In "value").Total "value_squash_pki" "predictor.value=last"}} squashes per 1000 instructions and takes
{{(.In "value").Ratio "cycles" "predictor.value=none" "predictor.value=last"}} of the cycles without prediction; the oracle, which never squashes, takes
{{(.In "value").Ratio "cycles" "predictor.value=none" "predictor.value=oracle"}}: what no replay can beat. A core that replays selectively is not modeled.`,
}
