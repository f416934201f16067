package study

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/limits"
)

// transactions: a window that reaches across transactions, as Lam and Wilson (ISCA 1992) let one reach across branches
// that do not control what follows.
var transactions = Study{
	Name:  "transactions",
	Title: "Speculation across transactions in one window",
	Data: []Data{
		{Name: "main", Sweep: acrossTransactions()},
		{Name: "limits", Measure: &Measure{Columns: []string{"scope", "cycles", "instructions", "uops"}, Of: bothScopes}},
	},
	Figures: []Figure{{Spec: chart.Spec{Name: "transactions", Kind: "line", X: "core.transactions", Y: "speedup", Series: "core.rob"}}},
	Table:   Table{By: []string{"core.rob", "core.transactions"}, Metrics: []string{"speedup", "overlap", "squash_pki"}},
	Text: `With 256 micro-ops of window, {{.Name "core.transactions" "last"}} transactions at once take
{{.Ratio "cycles" "core.rob=256, core.transactions=first" "core.rob=256, core.transactions=last"}} of the cycles of a core that drains between transactions, with
{{.Name "core.rob" "last"}} {{.Ratio "cycles" "core.rob=last, core.transactions=first" "core.rob=last, core.transactions=last"}}. The ceiling of the dataflow, with unit latency
and dependences through storage only, is {{(.In "limits").Total "ipc" "scope=tx"}} instructions a cycle when transactions follow each other and
{{(.In "limits").Total "ipc" "scope=block"}} when all start at once (ooovm limits --scope block).`,
}

func acrossTransactions() Sweep {
	axes, zip := windows(256, 1024)
	return Sweep{Preset: "ooo-4", Axes: append(axes, "core.transactions: [1, 2, 4, 16]"), Zip: zip}
}

// bothScopes computes the dataflow limits of a block transaction by transaction and as a whole.
func bothScopes(stop context.Context, path string) (rows [][]string, err error) {
	for _, block := range []bool{false, true} {
		s := &limits.Study{Options: limits.Options{Block: block}, Host: batch.Host{Jobs: 1}, Stop: stop}
		if err := s.Run([]string{path}, func(r limits.Report) error {
			if r.Err != nil {
				return r.Err
			}
			l := r.Result
			rows = append(rows, []string{l.Scope, fmt.Sprint(l.CriticalPath), fmt.Sprint(l.Instructions), fmt.Sprint(l.Executed)})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
