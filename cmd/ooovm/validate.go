package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fuel"
)

func newValidate(c *cli) *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "validate [BLOCK...]",
		Short: "Prove that simulated blocks are right, instruction by instruction",
		Long: `Simulates every block in lockstep with go-ethereum and compares gas used, logs
bloom, receipts root and post-state. Prints a row a block, or with --json the
objects of run. Exits with 3 when any block differs. A file of FuelVM programs is a
row that sums them up; its programs are compared with a golden interpreter in
lockstep and with everything that the file expects.

` + precedenceHelp,
		Example: `  ooovm validate blocks/
  ooovm validate --preset scalar --json blocks/*.json.gz`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			ctx, stop := s.deadline()
			defer stop()
			camp, err := s.campaign(ctx, c)
			if err != nil {
				return err
			}
			paths, err := inputsAnd(c, args, fuel.IsProgramFile)
			if err != nil {
				return err
			}
			t := tally{c: c}
			rows := &table.Table{
				Header: []string{"block", "fork", "txs", "gas used", "bloom", "receipts", "post-state", "lockstep", "instructions", "cycles", "IPC", "speedup"},
				Number: []bool{false, false, true, false, false, false, false, false, true, true, true, true},
			}
			var totals experiments.Totals
			var file programs
			reports := 0
			if err := camp.Run(paths, func(r experiments.Report) error {
				t.add(r)
				reports++
				if file.path != r.Path {
					file.row(rows)
					file = programs{path: r.Path}
				}
				if r.Program {
					file.add(r.Result)
				}
				if r.Result == nil {
					if !r.Program {
						rows.Add(traces.BundleName(r.Path), "", "", whyNone(r.Err), "", "", "", "", "", "", "", "")
					}
					return nil
				}
				totals.Add(r.Result)
				if table.Format(c.format) == table.JSON {
					return c.print(r.Result)
				}
				if r.Program {
					return nil
				}
				v := &r.Result.Valid
				rows.Add(r.Result.Trace.Name, r.Result.Trace.Fork, r.Result.Trace.Transactions,
					checkMark(v.GasUsed), checkMark(v.LogsBloom), checkMark(v.ReceiptsRoot), checkMark(v.PostState), checkMark(v.Lockstep),
					r.Result.Counts.Instructions, r.Result.Counts.Cycles, number(r.Result.IPC, 3), number(r.Result.Speedup, 3))
				return nil
			}); err != nil {
				return err
			}
			file.row(rows)
			if table.Format(c.format) != table.JSON {
				rows.Add("total", "", totals.Transactions, "", "", "", "", "", totals.Instructions, totals.Cycles,
					number(totals.IPC(), 3), number(totals.Speedup(), 3))
				if err := c.print(nil, rows); err != nil {
					return err
				}
			}
			c.note("%d of %d blocks right under %s; the total speedup is the ratio of total cycles, over scalar with folding it is %s",
				totals.Right, reports, camp.Setup.Preset, number(totals.FoldedSpeedup(), 3))
			return t.err(reports)
		}),
	}
	s.register(cmd)
	return cmd
}

// whyNone says in a row why a block was not simulated; the message has the rest.
func whyNone(err error) string {
	switch codeOf(err) {
	case exitDifference:
		return "differs"
	case exitUsage:
		return "no block"
	}
	return "failed"
}

// programs sums up the programs of one file.
type programs struct {
	path   string
	number int
	totals experiments.Totals
	checks [4]bool // of those that are compared: gas used, receipts, state, lockstep
	fork   string
	locked bool // they ran in lockstep
}

func (p *programs) add(r *experiments.Result) {
	if p.number == 0 {
		p.checks = [4]bool{true, true, true, true}
	}
	p.number++
	if r == nil {
		p.checks = [4]bool{}
		return
	}
	p.totals.Add(r)
	p.fork = r.Trace.Fork
	v := &r.Valid
	for i, check := range []*bool{v.GasUsed, v.ReceiptsRoot, v.PostState, v.Lockstep} {
		if check != nil && !*check {
			p.checks[i] = false
		}
	}
	p.locked = v.Lockstep != nil
}

// row adds the file's row, if it is a file of programs.
func (p *programs) row(rows *table.Table) {
	if p.number == 0 {
		return
	}
	mark := func(i int) string { return checkMark(&p.checks[i]) }
	lockstep := "-"
	if p.locked {
		lockstep = mark(3)
	}
	rows.Add(fmt.Sprintf("%s (%d of %d programs right)", filepath.Base(p.path), p.totals.Right, p.number), p.fork, p.totals.Transactions,
		mark(0), "-", mark(1), mark(2), lockstep,
		p.totals.Instructions, p.totals.Cycles, number(p.totals.IPC(), 3), number(p.totals.Speedup(), 3))
}

func newBench(c *cli) *cobra.Command {
	var f configFlags
	var carry bool
	cmd := &cobra.Command{
		Use:   "bench [BLOCK...]",
		Short: "Measure the simulator's own speed against go-ethereum on the same blocks",
		Long: `Simulates each block on one host thread without lockstep, and executes it on
go-ethereum in the same process, both in process CPU time. The slowdown is the
ratio of the two totals.

` + precedenceHelp,
		RunE: action(func(_ *cobra.Command, args []string) error {
			eff, err := f.load(c)
			if err != nil {
				return err
			}
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			b, err := experiments.Bench(paths, eff.Preset, &eff.Config, carry)
			if err != nil {
				return &exitError{codeOf(err), err}
			}
			t := &table.Table{Header: []string{"measure", "value"}, Number: []bool{false, true}}
			t.Add("preset", b.Preset)
			t.Add("blocks", b.Blocks)
			t.Add("instructions", b.Instructions)
			t.Add("micro-ops", b.Uops)
			t.Add("cycles", b.Cycles)
			t.Add("CPU seconds", fmt.Sprintf("%.3f", b.CPUSeconds))
			t.Add("instructions/s", number(b.InstructionsPerSecond, 0))
			t.Add("micro-ops/s", number(b.UopsPerSecond, 0))
			t.Add("cycles/s", number(b.CyclesPerSecond, 0))
			t.Add("go-ethereum instructions/s", number(b.GethInstructionsPerSecond, 0))
			t.Add("slowdown", number(b.Slowdown, 2))
			t.Add("peak bytes of the process", b.PeakBytes)
			return c.print(b, t)
		}),
	}
	f.register(cmd)
	registerCarry(cmd, &carry)
	return cmd
}
