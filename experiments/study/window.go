package study

import (
	"strconv"

	"github.com/ooovm/ooovm/experiments/chart"
)

// window: how much more a larger window finds, after Wall (ASPLOS 1991), for blocks that do different work.
var window = Study{
	Name:  "window",
	Title: "Instruction-level parallelism against the size of the window",
	Data: []Data{{
		Name:   "main",
		Sweep:  windowSweep(),
		Derive: []Derived{{"class", "of the block's work, by executed instructions a transaction", class}},
	}},
	Figures: []Figure{{Spec: chart.Spec{Name: "window", Kind: "line", X: "core.rob", Y: "ipc", Series: "class"}}},
	Table:   Table{By: []string{"class", "core.rob"}, Metrics: []string{"ipc", "uipc", "speedup"}},
	Text: `From a reorder buffer of {{.Name "core.rob" "first"}} to one of {{.Name "core.rob" "last"}} micro-ops, with all queues
in proportion, the IPC grows by a factor of {{.Ratio "ipc" "core.rob=first" "core.rob=last"}}, of which
{{.Ratio "ipc" "core.rob=256" "core.rob=last"}} beyond 256. Blocks are classed by instructions a transaction: under 500 most
transactions are plain transfers, under 2,500 tokens dominate, above contracts that call contracts, exchanges mostly.`,
}

func windowSweep() Sweep {
	axes, zip := windows(32, 64, 128, 256, 512, 1024)
	return Sweep{Preset: "ooo-4", Axes: axes, Zip: zip}
}

// The bounds of classes, in instructions a transaction. A transfer of a token takes about a thousand.
const (
	fewInstructions  = 500
	manyInstructions = 2500
)

func class(cell func(string) string) string {
	instructions, _ := strconv.ParseFloat(cell("instructions"), 64)
	transactions, _ := strconv.ParseFloat(cell("transactions"), 64)
	switch each := instructions / max(transactions, 1); {
	case each < fewInstructions:
		return "transfers"
	case each < manyInstructions:
		return "tokens"
	}
	return "exchanges"
}
