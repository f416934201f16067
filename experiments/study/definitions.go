package study

import (
	"fmt"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// definitions: how many transactions are independent depends on what a conflict is.
var definitions = Study{
	Name:  "definitions",
	Title: "Independent transactions by definition of a conflict",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Preset: "scalar", Axes: []string{"policy: [sealevel]", "cores: [1]"},
	}}},
	Figures: []Figure{{Spec: chart.Spec{Name: "definitions"}, Make: byDefinition}},
	Table: Table{By: []string{"policy"}, Metrics: []string{
		"independent_slot", "independent_key", "independent_holder", "independent_touched", "independent_account", "independent_contract",
	}},
	Text: `A transaction is independent when it waits for none before it. By storage slot {{.Percent "independent_slot" ""}} of all transactions are, by state key
(balances and nonces too) {{.Percent "independent_key" ""}}, by account {{.Percent "independent_account" ""}}, by contract {{.Percent "independent_contract" ""}}. At least half of
the transactions are independent by slot in {{.Share "independent_slot" "" 0.5}} blocks, by account in {{.Share "independent_account" "" 0.5}}. Published shares can be
compared only under one definition. Fees do not conflict here (lazy-beneficiary).`,
}

// byDefinition draws a distribution over blocks for each definition.
func byDefinition(t *sweep.Table) (*plot.Figure, error) {
	var all *plot.Figure
	for _, name := range levels.Definitions() {
		f, err := chart.Draw(t, chart.Spec{Kind: "cdf", Y: "independent_" + name})
		if err != nil {
			return nil, err
		}
		f.Series[0].Name = name
		if all == nil {
			all = f
			continue
		}
		all.Series = append(all.Series, f.Series[0])
	}
	all.Caption = fmt.Sprintf("Share of blocks whose share of independent transactions stays up to a value, a line a definition of conflict, n = %d.", len(all.Series[0].Points))
	return all, nil
}
