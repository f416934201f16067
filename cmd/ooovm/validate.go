package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/bench"
	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
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
			camp, err := s.campaign(c)
			if err != nil {
				return err
			}
			paths, err := inputsAnd(c, args, fuel.IsProgramFile)
			if err != nil {
				return err
			}
			return c.validate(camp, paths)
		}),
	}
	s.register(cmd)
	return cmd
}

// validate prints a row for each block as it ends.
func (c *cli) validate(camp *campaign.Campaign, paths []string) error {
	out := &rows{c: c, header: &table.Table{
		Header: []string{"block", "fork", "txs", "gas used", "bloom", "receipts", "post-state", "lockstep", "instructions", "cycles", "IPC", "speedup"},
		Number: []bool{false, false, true, false, false, false, false, false, true, true, true, true},
	}, least: []int{nameWidth(paths), forkWidth, 4, 0, 0, 0, 0, 0, 0, 10, 5}}
	t := tally{c: c}
	var totals campaign.Totals
	var file programs
	reports := 0
	if err := c.counting("blocks", func(progress func(done, all int)) error {
		camp.Progress = progress
		return camp.Run(paths, func(r campaign.Report) error {
			t.add(r)
			reports++
			if file.path != r.Path {
				if err := file.row(out); err != nil {
					return err
				}
				file = programs{path: r.Path}
			}
			if r.Result != nil {
				totals.Add(r.Result)
			}
			switch {
			case r.Result != nil && table.Format(c.format) == table.JSON:
				return c.print(r.Result)
			case r.Program:
				file.add(r.Result, r.Err)
				return nil
			case r.Result == nil:
				return out.addFailed(r.Path, r.Err, len(out.header.Header))
			}
			v := &r.Result.Valid
			return out.Add(r.Result.Trace.Name, r.Result.Trace.Fork, r.Result.Trace.Transactions,
				checkMark(v.GasUsed), checkMark(v.LogsBloom), checkMark(v.ReceiptsRoot), checkMark(v.PostState), checkMark(v.Lockstep),
				r.Result.Counts.Instructions, r.Result.Counts.Cycles, number(r.Result.IPC, 3), number(r.Result.Speedup, 3))
		})
	}); err != nil {
		return err
	}
	if err := file.row(out); err != nil {
		return err
	}
	if out.stream == nil && table.Format(c.format) != table.JSON {
		return t.err(reports)
	}
	if err := out.Add("total", "", totals.Transactions, "", "", "", "", "", totals.Instructions, totals.Cycles,
		number(totals.IPC(), 3), number(totals.Speedup(), 3)); err != nil {
		return err
	}
	c.note("%d of %d blocks right under %s; the total speedup is the ratio of total cycles, over scalar with folding it is %s",
		totals.Right, reports, camp.Setup.Preset, number(totals.FoldedSpeedup(), 3))
	return t.err(reports)
}

// forkWidth is the width of most names of forks.
const forkWidth = len("constantinople")

// nameWidth is the width of the longest name among the blocks, for rows that come before
// the blocks are known.
func nameWidth(paths []string) (width int) {
	for _, path := range paths {
		name := corpus.Name(path)
		switch {
		case path == "":
			name = "synthetic-mix"
		case fuel.IsProgramFile(path):
			name = programsName(path, 100, 100)
		}
		width = max(width, len(name))
	}
	return width
}

// whyNone says in a row why a block was not simulated; the message has the rest.
func whyNone(err error) string {
	switch codeOf(err) {
	case exitDifference:
		return "differs"
	case exitUsage:
		return "no block"
	case exitTimeout, exitInterrupted:
		return "not run"
	}
	return "failed"
}

// programs sums up the programs of one file.
type programs struct {
	path   string
	number int
	totals campaign.Totals
	checks [4]bool // of those that are compared: gas used, receipts, state, lockstep
	fork   string
	locked bool // they ran in lockstep
	notRun int
}

func (p *programs) add(r *run.Result, err error) {
	if p.number == 0 {
		p.checks = [4]bool{true, true, true, true}
	}
	p.number++
	if r == nil {
		if code := codeOf(err); code == exitTimeout || code == exitInterrupted {
			p.notRun++
		}
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

// programsName names a file of programs in its row.
func programsName(path string, right, number int) string {
	return fmt.Sprintf("%s (%d of %d programs right)", filepath.Base(path), right, number)
}

// row adds the file's row, if it is a file of programs.
func (p *programs) row(out *rows) error {
	if p.number == 0 {
		return nil
	}
	name := programsName(p.path, p.totals.Right, p.number)
	if p.notRun == p.number {
		return out.Add(name, "", "", "not run", "", "", "", "", "", "", "", "")
	}
	mark := func(i int) string { return checkMark(&p.checks[i]) }
	lockstep := "-"
	if p.locked {
		lockstep = mark(3)
	}
	return out.Add(name, p.fork, p.totals.Transactions,
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
			sum := tally{c: c}
			b := bench.Run(c.ctx, paths, eff.Preset, &eff.Config.Config, carry, sum.note)
			if b.Blocks == 0 {
				return sum.err(len(paths))
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
			if err := c.print(b, t); err != nil {
				return err
			}
			return sum.err(len(paths))
		}),
	}
	f.register(cmd)
	registerCarry(cmd, &carry)
	return cmd
}
