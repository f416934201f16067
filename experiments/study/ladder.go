package study

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/experiments/ablation"
	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/config"
)

// ladder: one technique more a step, from in order to the dataflow limit, after Wall (ASPLOS 1991).
var ladder = Study{
	Name:  "ladder",
	Title: "The ladder of models from in order to dataflow",
	Data:  []Data{{Name: "main", Measure: &Measure{Columns: []string{"step", "cycles", "instructions", "uops", "baseline_cycles"}, Of: climb}}},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "ladder", Kind: "line", X: "step", Y: "speedup", Log: true, Wide: true}},
	},
	Table: Table{By: []string{"step"}, Metrics: []string{"speedup", "ipc"}},
	Text: `What ooovm ablate computes. Folding alone makes the in-order core {{.Total "speedup" "step=+ folding"}} times as fast. Of an
out-of-order core with every predictor of the machine ({{.Total "speedup" "step=+ state values"}}) perfect prediction would make
{{.Total "speedup" "step=+ perfect prediction"}}, an unbounded machine with it {{.Total "speedup" "step=+ unbounded machine"}}. The dataflow
limit, at unit latency and without the envelope of transactions, stands at {{.Total "speedup" "step=dataflow limit"}}.`,
}

// climb computes the ladder of a block.
func climb(stop context.Context, path string) (rows [][]string, err error) {
	s := &ablation.Study{Base: config.Source{Set: []string{"preset=" + config.DefaultPreset}}, Host: batch.Host{Jobs: 1}, Stop: stop}
	if err := s.Prepare(); err != nil {
		return nil, err
	}
	err = s.Run([]string{path}, func(r ablation.Report) error {
		if r.Err != nil {
			return r.Err
		}
		for _, step := range r.Result.Steps {
			rows = append(rows, []string{
				step.Step, fmt.Sprint(step.Cycles), fmt.Sprint(r.Result.Instructions), fmt.Sprint(step.Uops), fmt.Sprint(r.Result.Steps[0].Cycles),
			})
		}
		return nil
	})
	return rows, err
}
