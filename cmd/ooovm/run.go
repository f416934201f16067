package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/observe/pipeview"
	"github.com/ooovm/ooovm/traces/fuel"
)

// simulation are the flags of commands that simulate blocks.
type simulation struct {
	configFlags
	jobs      int
	check     bool
	baseline  bool
	carry     bool
	maxCycles uint64
}

func (s *simulation) register(cmd *cobra.Command) {
	s.configFlags.register(cmd)
	s.registerHost(cmd)
	s.registerCheck(cmd)
	registerCarry(cmd, &s.carry)
	cmd.Flags().BoolVar(&s.baseline, "baseline", true, "also run the in-order core, for the speedup over it")
}

// registerCheck adds the flags that say how far a run is followed.
func (s *simulation) registerCheck(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.check, "check", true, "compare every committed instruction with the golden run (lockstep)")
	cmd.Flags().Uint64Var(&s.maxCycles, "max-cycles", 0, "give a block up after so many simulated cycles (0: never)")
}

// registerCarry adds the flag that lets predictors learn over several blocks.
func registerCarry(cmd *cobra.Command, carry *bool) {
	cmd.Flags().BoolVar(carry, "carry", false, "predictors keep what they have learned from one block to the next, in the order given")
}

// registerHost adds the flags of commands that work on many blocks.
func (s *simulation) registerHost(cmd *cobra.Command) {
	cmd.Flags().IntVarP(&s.jobs, "jobs", "j", 0, "blocks at once (default all host cores that have memory for one)")
}

// campaign prepares the runs of a command.
func (s *simulation) campaign(c *cli) (*campaign.Campaign, error) {
	eff, err := s.load(c)
	if err != nil {
		return nil, err
	}
	if err := checkJobs(s.jobs, "blocks"); err != nil {
		return nil, err
	}
	if m := &eff.Config.Machine; m.Mapping != "default" {
		if _, err := m.Config(); err != nil {
			return nil, usageError(fmt.Errorf("machine.mapping: %w", err))
		}
	}
	return &campaign.Campaign{
		Setup:    run.SetupOf(eff),
		Options:  run.Options{Lockstep: s.check, MaxCycles: s.maxCycles, Stop: c.ctx},
		Baseline: s.baseline,
		Host:     batch.Host{Jobs: s.jobs},
		Carry:    s.carry,
	}, nil
}

// inputs expands the arguments; no argument is the embedded block.
func inputs(c *cli, args []string) ([]string, error) { return inputsAnd(c, args, nil) }

// inputsAnd also takes from folders what another kind of input is.
func inputsAnd(c *cli, args []string, also func(path string) bool) ([]string, error) {
	if len(args) == 0 {
		if c.where != "" {
			return nil, usageError(errors.New("--where selects from blocks that are named"))
		}
		return []string{""}, nil
	}
	paths, ignored, err := corpus.Choose(c.ctx, args, c.where, also)
	if err != nil {
		return nil, usageError(err)
	}
	for _, path := range ignored {
		if filepath.Base(path) == corpus.IndexFile {
			continue
		}
		c.note("%s: ignored, no known kind of input", path)
	}
	if len(paths) == 0 {
		return nil, usageError(errors.New("no block in what was named"))
	}
	return paths, nil
}

// tally collects what went wrong over several blocks; the severest gives the exit
// code.
type tally struct {
	c          *cli
	code       int
	failed     int
	unfinished int
}

func (t *tally) add(r campaign.Report) {
	err := r.Err
	if err == nil && !r.Result.Valid.OK {
		err = run.Difference(fmt.Errorf("%s: %s", r.Result.Trace.Name, r.Result.Valid.Difference))
	}
	t.note(err)
}

// note counts what became of one block.
func (t *tally) note(err error) {
	code := codeOf(err)
	switch {
	case code == exitTimeout, code == exitInterrupted:
		t.unfinished++ // err says so once, for all
	case err != nil:
		t.c.complain(err)
		t.failed++
	}
	if severity[code] > severity[t.code] {
		t.code = code
	}
}

// err is the command's error; what went wrong has been said block by block.
func (t *tally) err(blocks int) error {
	if t.code == exitOK {
		return nil
	}
	if t.unfinished > 0 {
		_, name := reason(t.c.ctx)
		return &exitError{t.code, fmt.Errorf("%s: %d of %d blocks not finished, %d failed", name, t.unfinished, blocks, t.failed)}
	}
	if blocks == 1 {
		return &exitError{t.code, errTold}
	}
	return &exitError{t.code, fmt.Errorf("%d of %d blocks failed", t.failed, blocks)}
}

// runFlags are the flags of run.
type runFlags struct {
	simulation
	compare, view, tx string
}

func newRun(c *cli) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [BLOCK...]",
		Short: "Simulate blocks and report what they are, that they are right, and what they cost",
		Long: `Simulates each block on one core, checks it against go-ethereum, and compares it
with the in-order scalar core. With --policy it is one row of levels instead. A BLOCK is a bundle file, a folder of them, a
pattern, or - for standard input; none is the embedded synthetic block. A file of FuelVM programs (name.fuel.json, or vectors)
runs program by program, checked against a golden interpreter and what the file expects.

` + precedenceHelp,
		Example: `  ooovm run
  ooovm run --preset ooo-8 19426587.json.gz
  ooovm run -s core.rob=64 --json blocks/
  ooovm run program.fuel.json
  ooovm run --compare evm token swap
  ooovm run --policy block-stm --cores 8 19426587.json.gz
  ooovm run 19426587.json.gz --pipeview tx3.kanata.gz --tx 3`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			camp, err := f.campaign(c)
			if err != nil {
				return err
			}
			if f.flags.Changed("compare") {
				return c.compare(f.compare, args, camp)
			}
			paths, err := inputsAnd(c, args, fuel.IsProgramFile)
			if err != nil {
				return err
			}
			if err := f.suits(&camp.Setup.Config.Machine); err != nil {
				return usageError(err)
			}
			if f.view != "" && camp.Setup.Config.Machine.Policy != machine.SequentialPolicy {
				return usageError(errors.New("--pipeview shows one core, not a policy on several"))
			}
			if camp.Setup.Config.Machine.Policy != machine.SequentialPolicy {
				return c.levels(&levels.Study{Core: camp.Setup, Single: true, Options: camp.Options, Host: camp.Host}, paths)
			}
			return f.onOneCore(c, camp, paths)
		}),
	}
	f.register(cmd)
	f.registerSharing(cmd)
	cmd.Flags().StringVar(&f.compare, "compare", "", "run workloads (`evm`: token, swap, loop, hash; all when none is named) on the FuelVM and on that machine")
	complete(cmd, "compare", cobra.FixedCompletions([]string{"evm"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().StringVar(&f.view, "pipeview", "", "write one transaction stage by stage to a `file`: .kanata, .o3 or .json, and .gz or .zst")
	cmd.Flags().StringVar(&f.tx, "tx", "0", "the `transaction` that --pipeview shows: its number, from 0, or its hash")
	return cmd
}

// registerSharing adds the flags of commands in which several cores may share a block.
func (s *simulation) registerSharing(cmd *cobra.Command) {
	cmd.Flags().String("policy", machine.SequentialPolicy, "policy of several cores that share the block (machine.policy); see levels")
	cmd.Flags().Int("cores", 1, "cores that share the block, 0 for as many as it has transactions (machine.cores)")
	s.keys = []flagKey{{"policy", "machine.policy"}, {"cores", "machine.cores"}}
	complete(cmd, "policy", cobra.FixedCompletions(machine.PolicyNames(), cobra.ShellCompDirectiveNoFileComp))
}

// suits reports which flags are for one core, or for several, and do not suit the policy.
func (s *simulation) suits(m *machine.Settings) error {
	one := m.Policy == machine.SequentialPolicy
	switch {
	case !one && s.carry:
		return errors.New("--carry is for one core, not a policy on several")
	case one && s.flags.Changed("cores") && m.Cores != 1:
		return fmt.Errorf("--cores %d: several cores need a --policy", m.Cores)
	}
	return nil
}

// onOneCore runs the blocks one by one and prints each.
func (f *runFlags) onOneCore(c *cli, camp *campaign.Campaign, paths []string) error {
	rec, err := f.recorder(camp, paths)
	if err != nil {
		return usageError(err)
	}
	t := tally{c: c}
	reports := 0
	each := func(r campaign.Report) error {
		t.add(r)
		reports++
		if r.Result == nil {
			return nil
		}
		return c.print(r.Result, runTables(r.Result)...)
	}
	if err := c.counting("blocks", func(progress func(done, all int)) error {
		camp.Progress = progress
		return camp.Run(paths, each)
	}); err != nil {
		return &exitError{codeOf(err), err}
	}
	if rec != nil && t.code == exitOK {
		if err := rec.Save(f.view); err != nil {
			return err
		}
		c.note("%s: %d micro-ops of transaction %s", f.view, rec.Len(), f.tx)
	}
	return t.err(reports)
}

// recorder watches the transaction that is to be shown, nil for none.
func (f *runFlags) recorder(camp *campaign.Campaign, paths []string) (*pipeview.Recorder, error) {
	if f.view == "" {
		if f.flags.Changed("tx") {
			return nil, errors.New("--tx goes with --pipeview")
		}
		return nil, nil
	}
	if err := pipeview.Supported(f.view); err != nil {
		return nil, err
	}
	if len(paths) != 1 {
		return nil, fmt.Errorf("--pipeview shows one block, %d were named", len(paths))
	}
	var err error
	if camp.Watch, err = campaign.ParseTx(f.tx); err != nil {
		return nil, fmt.Errorf("--tx %w", err)
	}
	rec := pipeview.NewRecorder()
	camp.Options.Probe = rec
	return rec, nil
}

// number prints an optional ratio.
func number(x *float64, digits int) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, *x)
}

// checkMark prints a check: null is one that does not apply or was not made.
func checkMark(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "ok"
	}
	return "WRONG"
}

// runTables lays a result out for a person.
func runTables(r *run.Result) []*table.Table {
	checked := "-"
	if r.Valid.InstructionsChecked != nil {
		checked = fmt.Sprint(*r.Valid.InstructionsChecked)
	}
	v := &r.Valid
	block := &table.Table{Header: []string{"block", "fork", "transactions", "gas"}, Number: []bool{false, false, true, true}}
	row := []any{fmt.Sprintf("%s (%d)", r.Trace.Name, r.Trace.Number), r.Trace.Fork, r.Trace.Transactions, r.Trace.GasUsed}
	for _, check := range []struct {
		name   string
		same   *bool
		always bool // shown when it does not apply, too
	}{
		{"gas used", v.GasUsed, true},
		{"logs bloom", v.LogsBloom, true},
		{"receipts root", v.ReceiptsRoot, true},
		{"requests", v.Requests, false},
		{"post-state", v.PostState, true},
		{"state root", v.StateRoot, false},
		{"lockstep", v.Lockstep, true},
	} {
		if check.always || check.same != nil {
			block.Header, block.Number = append(block.Header, check.name), append(block.Number, false)
			row = append(row, checkMark(check.same))
		}
	}
	block.Header, block.Number = append(block.Header, "checked"), append(block.Number, true)
	block.Add(append(row, checked)...)

	core := &table.Table{Header: []string{"core", "stack", "instructions", "micro-ops", "executed", "cycles", "IPC", "uIPC", "speedup"}, Number: []bool{false, false, true, true, true, true, true, true, true}}
	name := r.Config.Preset
	if r.Config.Oracle {
		name += " (oracle)"
	}
	if r.Config.Chaos {
		name += " (chaos)"
	}
	core.Add(name, r.Config.Stack, r.Counts.Instructions, r.Counts.Uops, r.Counts.ExecutedUops, r.Counts.Cycles, number(r.IPC, 3), number(r.UIPC, 3), "")
	for _, b := range []*run.Baseline{r.Baseline, r.Folded} {
		if b != nil {
			core.Add(b.Preset, b.Stack, "", "", "", b.Cycles, number(b.IPC, 3), number(b.UIPC, 3), number(b.Speedup, 3))
		}
	}
	tables := []*table.Table{block, core}
	if r.CPIStack != nil || len(r.Squashes) > 0 { // a limit study has no stack
		tables = append(tables, slotTable(r))
	}
	tables = append(tables, predictorTable(r))
	summary := &table.Table{Header: []string{"measure", "value"}, Number: []bool{false, true}}
	summary.Add(fmt.Sprintf("time at %d MHz, us", r.Time.ClockMHz), fmt.Sprintf("%.3f", r.Time.Microseconds))
	summary.Add("Mgas/s", number(r.Time.MgasPerSec, 1))
	summary.Add("wrong-path micro-ops executed", r.Counts.WrongPathUops)
	summary.Add("state accesses: buffer / near / far", fmt.Sprintf("%d / %d / %d", r.State.Hits, r.State.Near, r.State.Far))
	summary.Add("reads outside the bundle", r.Counts.ReadsOutsideBundle)
	summary.Add("built-ins", r.Config.Builtins)
	missing := "signature checks, state root"
	if r.Config.Builtins == "flat" {
		missing += ", prices of built-ins"
	}
	summary.Add("not modeled", missing)
	summary.Add("digest", r.Digest[:16])
	return append(tables, summary)
}

// slotTable shows the CPI stack beside the squashes, cause by cause.
func slotTable(r *run.Result) *table.Table {
	t := &table.Table{Header: []string{"cause", "slots", "share", "CPI", "squashes"}, Number: []bool{false, true, true, true, true}}
	var total uint64
	for _, n := range r.CPIStack {
		total += n
	}
	for _, cause := range run.Causes() {
		n, squashes := r.CPIStack[cause], r.Squashes[cause]
		if n == 0 && squashes == 0 {
			continue
		}
		slots, share, cpi := "-", "-", "-" // a limit study has no CPI stack
		if total > 0 {
			slots = fmt.Sprint(n)
			share = fmt.Sprintf("%.1f %%", 100*float64(n)/float64(total))
			if r.Counts.Instructions > 0 {
				cpi = fmt.Sprintf("%.3f", float64(n)/float64(total)*float64(r.Counts.Cycles)/float64(r.Counts.Instructions))
			}
		}
		t.Add(cause, slots, share, cpi, squashes)
	}
	return t
}

func predictorTable(r *run.Result) *table.Table {
	t := &table.Table{Header: []string{"predictor", "name", "made", "wrong", "accuracy", "MPKI"}, Number: []bool{false, false, true, true, true, true}}
	p := &r.Predictors
	for _, row := range []struct {
		kind string
		p    run.Prediction
	}{{"branch", p.Branch}, {"jump target", p.Target}, {"return", p.Returns()}, {"dynamic jump", p.DynamicJumps()}, {"call target", p.Call}} {
		accuracy := "-"
		if row.p.Accuracy != nil {
			accuracy = fmt.Sprintf("%.2f %%", 100**row.p.Accuracy)
		}
		t.Add(row.kind, row.p.Name, row.p.Made, row.p.Mispredicts, accuracy, number(row.p.MPKI, 3))
	}
	for _, row := range []struct {
		kind string
		d    run.DependenceCounts
		name string
	}{
		{"memory order", p.Memory.Counts(), p.Memory.Name},
		{"storage order", p.State.Persistent, p.State.Name},
		{"transient order", p.State.Transient, p.State.Name},
	} {
		t.Add(row.kind, row.name, fmt.Sprintf("%d waits, %d false", row.d.Waits, row.d.FalseWaits), fmt.Sprintf("%d violations", row.d.Violations), fmt.Sprintf("%d forwards", row.d.Forwards), "-")
	}
	if v := &p.Value; v.Name != "none" {
		accuracy := "-"
		if v.Accuracy != nil {
			accuracy = fmt.Sprintf("%.2f %%", 100**v.Accuracy)
		}
		t.Add("state value", v.Name, fmt.Sprintf("%d of %d", v.Predicted, v.Loads), v.Wrong, accuracy, "-")
	}
	return t
}
