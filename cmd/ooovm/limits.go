package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/limits"
	"github.com/ooovm/ooovm/experiments/table"
)

func newLimits(c *cli) *cobra.Command {
	var (
		s              simulation
		scope, latency string
		window, width  int
	)
	cmd := &cobra.Command{
		Use:   "limits [BLOCK...]",
		Short: "Compute the dataflow limits of blocks, without a pipeline",
		Long: `Computes how many instructions a cycle the dataflow of the committed stream
allows: each starts when its operands are ready, through the stack, memory by byte,
call data, return data and storage. PUSH, DUP, SWAP, POP and JUMPDEST take no time.
There is no control, gas, balance or name dependence, and no machine.

With --scope tx the critical paths of the transactions are added up; with --scope
block storage dependences reach across transactions, which all start at once.
--latency model takes the latencies of the configuration instead of one cycle.
System calls, the transaction envelope and signatures are not counted.

` + precedenceHelp,
		Example: `  ooovm limits blocks/
  ooovm limits --scope block --json blocks/*.json.gz
  ooovm limits --window 256 --width 8`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			if window < 0 || width < 0 {
				return usageError(fmt.Errorf("--window %d, --width %d: a number of instructions, or 0 for any number", window, width))
			}
			study := &limits.Study{Options: limits.Options{Window: window, Width: width}}
			eff, err := s.load(c)
			if err != nil {
				return err
			}
			switch scope {
			case "tx":
			case "block":
				study.Options.Block = true
			default:
				return usageError(fmt.Errorf("--scope %q: it is tx or block", scope))
			}
			switch latency {
			case "unit":
			case "model":
				study.Options.Model = &eff.Config.Config
			default:
				return usageError(fmt.Errorf("--latency %q: it is unit or model", latency))
			}
			study.Jobs, study.Stop = s.jobs, c.ctx
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			return c.limits(study, paths)
		}),
	}
	cmd.Flags().StringVar(&scope, "scope", "tx", "tx: each transaction by itself; block: storage dependences across transactions")
	cmd.Flags().StringVar(&latency, "latency", "unit", "unit: one cycle each; model: the configuration's")
	cmd.Flags().IntVar(&window, "window", 0, "executed instructions under way at once (0: any number)")
	cmd.Flags().IntVar(&width, "width", 0, "executed instructions started in a cycle (0: any number)")
	s.configFlags.register(cmd)
	s.registerHost(cmd)
	return cmd
}

func (c *cli) limits(study *limits.Study, paths []string) error {
	t := tally{c: c}
	out := &rows{c: c, header: &table.Table{
		Header: []string{"block", "fork", "txs", "instructions", "executed", "critical path", "instructions/cycle", "executed/cycle"},
		Number: []bool{false, false, true, true, true, true, true, true},
	}, least: []int{nameWidth(paths), forkWidth, 4}}
	var total limits.Result
	each := func(r limits.Report) error {
		if t.note(r.Err); r.Err != nil {
			return out.addFailed(r.Path, r.Err, len(out.header.Header))
		}
		l := r.Result
		total.Trace.Transactions += l.Trace.Transactions
		total.Instructions += l.Instructions
		total.Executed += l.Executed
		total.CriticalPath += l.CriticalPath
		if table.Format(c.format) == table.JSON {
			return c.print(l)
		}
		return out.Add(l.Trace.Name, l.Trace.Fork, l.Trace.Transactions, l.Instructions, l.Executed, l.CriticalPath, number(l.ILP, 2), number(l.UILP, 2))
	}
	if err := c.counting("blocks", func(progress func(done, all int)) error {
		study.Progress = progress
		return study.Run(paths, each)
	}); err != nil {
		return err
	}
	if len(paths) > 1 && out.stream != nil { // ratios of totals: blocks one after the other
		total.Settle()
		if err := out.Add("total", "", total.Trace.Transactions, total.Instructions, total.Executed, total.CriticalPath, number(total.ILP, 2), number(total.UILP, 2)); err != nil {
			return err
		}
	}
	return t.err(len(paths))
}
