package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/ablation"
	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/table"
)

func newAblate(c *cli) *cobra.Command {
	var s simulation
	var base string
	cmd := &cobra.Command{
		Use:   "ablate [BLOCK...]",
		Short: "Add one technique at a time, from the in-order stack machine to the dataflow limit",
		Long: `Runs each block on a ladder of machines that differ in one thing from row to row:
in-order stack, folding, renaming, disambiguation, branch prediction, state
prediction, perfect prediction, unbounded machine, dataflow limit. Totals are by time:
the cycles of all blocks added up. Rows that read the golden run say oracle. The
dataflow limit counts executed instructions instead of micro-ops.`,
		Example: `  ooovm ablate 19426587.json.gz
  ooovm ablate --base ooo-8 --json blocks/`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			study := &ablation.Study{
				Base: config.Source{Env: c.environ, Set: append([]string{"preset=" + base}, s.set...)},
				Host: batch.Host{Jobs: s.jobs}, Stop: c.ctx,
			}
			if err := study.Prepare(); err != nil {
				return usageError(err)
			}
			t := tally{c: c}
			var total ablation.Result
			each := func(r ablation.Report) error {
				if t.note(r.Err); r.Err != nil {
					return nil
				}
				total.Add(r.Result)
				return c.print(r.Result, ablationTable(r.Result.Trace.Name, r.Result))
			}
			if err := c.counting("blocks", func(progress func(done, all int)) error {
				study.Progress = progress
				return study.Run(paths, each)
			}); err != nil {
				return err
			}
			if total.Blocks > 1 {
				if err := c.print(&total, ablationTable(fmt.Sprintf("%d blocks", total.Blocks), &total)); err != nil {
					return err
				}
			}
			return t.err(len(paths))
		}),
	}
	cmd.Flags().StringVar(&base, "base", config.DefaultPreset, "preset of the out-of-order rows")
	complete(cmd, "base", completePresets)
	cmd.Flags().StringArrayVarP(&s.set, "set", "s", nil, "set one `key=value` of the base; repeatable")
	s.registerHost(cmd)
	return cmd
}

func ablationTable(name string, a *ablation.Result) *table.Table {
	t := &table.Table{
		Header: []string{name, "core", "oracle", "cycles", "instructions/cycle", "micro-ops/cycle", "gain", "speedup"},
		Number: []bool{false, false, false, true, true, true, true, true},
	}
	for _, s := range a.Steps {
		core := s.Preset
		if core == "" {
			core = "-"
		}
		t.Add(s.Step, core, s.Oracle, s.Cycles, number(s.IPC, 3), number(s.UIPC, 3), number(s.Gain, 3), number(s.Speedup, 3))
	}
	return t
}
