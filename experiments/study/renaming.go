package study

import "github.com/ooovm/ooovm/experiments/chart"

// renaming: what it is worth that stack instructions do not execute, at several widths.
var renaming = Study{
	Name:  "renaming",
	Title: "Stack instructions that execute, are renamed, or are folded",
	Data: []Data{{Name: "main", Sweep: Sweep{
		Preset: "ooo-4",
		Axes:   []string{"core.stack: [execute, rename, fold]", "core.width: [1, 2, 4, 8]", "core.commit: [1, 2, 4, 8]", "core.issue: [2, 4, 8, 16]", "core.decode: [4, 8, 16, 32]"},
		Zip:    []string{"core.width", "core.commit", "core.issue", "core.decode"},
	}}},
	Figures: []Figure{{Spec: chart.Spec{Name: "renaming", Kind: "line", X: "core.width", Y: "ipc", Series: "core.stack"}}},
	Table:   Table{By: []string{"core.stack", "core.width"}, Metrics: []string{"ipc", "speedup", "uops_per_instruction"}},
	Text: `Four wide, renaming the stack away takes the cycles to {{.Ratio "cycles" "core.stack=execute, core.width=4" "core.stack=rename, core.width=4"}} of those
of a core that executes it, and folding to {{.Ratio "cycles" "core.stack=execute, core.width=4" "core.stack=fold, core.width=4"}}; one wide, folding to
{{.Ratio "cycles" "core.stack=execute, core.width=1" "core.stack=fold, core.width=1"}}. Folded, a transaction is
{{.Total "uops_per_instruction" "core.stack=fold, core.width=4"}} micro-ops an instruction instead of
{{.Total "uops_per_instruction" "core.stack=execute, core.width=4"}}. IPC counts instructions as written, whatever they became.`,
}
