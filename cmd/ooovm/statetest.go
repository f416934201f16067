package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/statetest"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// stateTestFlags are the flags of statetest.
type stateTestFlags struct {
	simulation
	fork  string
	run   string
	skip  string
	chaos uint64
}

// campaign prepares the run of the subtests that the flags select.
func (f *stateTestFlags) campaign(c *cli) (*statetest.Tests, error) {
	eff, err := f.load(c)
	if err != nil {
		return nil, err
	}
	if err := checkJobs(f.jobs, "subtests"); err != nil {
		return nil, err
	}
	if f.flags.Changed("chaos") {
		config.Chaos(&eff.Config.Config, f.chaos)
		eff.Preset += fmt.Sprintf(" with chaos %d", f.chaos)
	}
	s := &statetest.Tests{
		Setup:   run.SetupOf(eff),
		Options: run.Options{Lockstep: f.check, MaxCycles: f.maxCycles, Stop: c.ctx},
		Host:    batch.Host{Jobs: f.jobs},
	}
	if f.fork != "" {
		var ok bool
		if s.Fork, ok = fixtures.Fork(f.fork); !ok {
			return nil, usageError(errOneOf("--fork", f.fork, fixtures.Forks()))
		}
	}
	for _, p := range []struct {
		flag, pattern string
		to            **regexp.Regexp
	}{{"run", f.run, &s.Run}, {"skip", f.skip, &s.Skip}} {
		if p.pattern == "" {
			continue
		}
		if *p.to, err = regexp.Compile(p.pattern); err != nil {
			return nil, usageError(fmt.Errorf("--%s: %w", p.flag, err))
		}
	}
	return s, nil
}

func newStateTest(c *cli) *cobra.Command {
	var f stateTestFlags
	cmd := &cobra.Command{
		Use:   "statetest PATH...",
		Short: "Run Ethereum's official state tests through the simulated core",
		Long: `Runs every subtest (fork x data x gas x value) of state test fixtures on one core, in
lockstep with go-ethereum, and compares the root of the post-state and the hash of
the logs with what the fixture states. A PATH is a JSON fixture, a folder of them, or
a .tar.gz or .tar.zst archive, which is read as a stream. Prints a line for each
subtest that fails and a summary, or with --json a list of
{name, fork, index, pass, stateRoot, error, cycles}. Exits with 3 when any does not pass.

A subtest is named PATH:NAME/FORK/INDEX; --run and --skip match that name.

` + precedenceHelp,
		Example: `  ooovm statetest GeneralStateTests/
  ooovm statetest dev.tar.zst --fork Cancun --preset ooo-8 -j 2
  ooovm statetest dev.tar.zst --chaos 1 --run stRevertTest --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			s, err := f.campaign(c)
			if err != nil {
				return err
			}
			return c.stateTest(s, args)
		}),
	}
	f.register(cmd)
	cmd.Flags().Lookup("jobs").Usage = "subtests at once (default all host cores that have memory for one)"
	cmd.Flags().Lookup("max-cycles").Usage = "give a subtest up after so many simulated cycles (0: never)"
	cmd.Flags().StringVar(&f.fork, "fork", "", "run the subtests of this `fork` only")
	cmd.Flags().StringVar(&f.run, "run", "", "run only subtests whose name matches the regular expression")
	cmd.Flags().StringVar(&f.skip, "skip", "", "skip subtests whose name matches the regular expression")
	cmd.Flags().Uint64Var(&f.chaos, "chaos", 0, "random predictions and squashes from this `seed`, whatever the preset predicts")
	complete(cmd, "fork", cobra.FixedCompletions(fixtures.Forks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// stateTest runs the subtests and prints what comes out.
func (c *cli) stateTest(s *statetest.Tests, paths []string) error {
	out := c.subtestPrinter()
	code := exitOK
	grave := func(now int) {
		if severity[now] > severity[code] {
			code = now
		}
	}
	var totals statetest.Totals
	done := 0
	sink := &statetest.Sink{
		Result: func(r *statetest.Result) error {
			switch r.Verdict {
			case statetest.Broken:
				grave(exitFailed)
				if broken, ok := fault(r.Err); ok {
					c.say(r.Subtest.ID() + ": " + broken.Error() + c.faultNote(broken))
				}
			case statetest.Failed, statetest.Unsupported:
				grave(exitDifference)
			}
			return out.add(r)
		},
		Ignored: func(path, why string) { c.note("%s: ignored, %s", path, why) },
		Broken: func(err *fixtures.FileError) {
			grave(exitUsage)
			c.say(err.Error())
		},
	}
	err := c.counting("subtests", func(progress func(done, all int)) (err error) {
		result := sink.Result
		sink.Result = func(r *statetest.Result) error {
			if done++; progress != nil {
				progress(done, 0)
			}
			return result(r)
		}
		totals, err = s.Each(paths, sink)
		return err
	})
	if err := out.close(); err != nil {
		return err
	}
	switch summary := stateTestSummary(s, &totals); {
	case totals.Subtests == 0:
	case table.Format(c.format) != table.Text:
		c.note("%s", summary)
	default:
		if _, e := fmt.Fprintln(c.stdout, summary); err == nil {
			err = e
		}
	}
	switch {
	case err != nil && c.ctx.Err() != nil:
		code, name := reason(c.ctx)
		return &exitError{code, fmt.Errorf("%s: the rest has not been run", name)}
	case err != nil:
		return err
	case code != exitOK && totals.Passed == totals.Subtests:
		return &exitError{code, errTold} // files that could not be read
	case code != exitOK:
		return &exitError{code, fmt.Errorf("%d of %d subtests did not pass", totals.Subtests-totals.Passed, totals.Subtests)}
	case totals.Subtests == 0:
		return usageError(errors.New("no subtest was selected"))
	}
	return nil
}

func stateTestSummary(s *statetest.Tests, t *statetest.Totals) string {
	lockstep := "not compared in lockstep"
	if s.Options.Lockstep {
		lockstep = fmt.Sprintf("%d compared in lockstep", t.Checked)
	}
	return fmt.Sprintf("%d subtests of %d tests under %s: %d passed (%d rejected transactions), %d failed, %d unsupported, %d broken, %d skipped; %d instructions, %s, %d cycles",
		t.Subtests, t.Tests, s.Setup.Preset, t.Passed, t.Rejected, t.Failed, t.Unsupported, t.Broken, t.Skipped, t.Instructions, lockstep, t.Cycles)
}

// subtestEntry is a subtest in the JSON list.
type subtestEntry struct {
	Name      string `json:"name"`
	Fork      string `json:"fork"`
	Index     int    `json:"index"`
	Pass      bool   `json:"pass"`
	StateRoot string `json:"stateRoot"`
	Error     string `json:"error"`
	Cycles    uint64 `json:"cycles"`
}

// subtestPrinter prints subtests as they come.
type subtestPrinter struct {
	c     *cli
	rows  *table.Table // of the formats that need all rows at once
	comma bool
}

func (c *cli) subtestPrinter() *subtestPrinter {
	p := &subtestPrinter{c: c}
	if f := table.Format(c.format); f != table.Text && f != table.JSON {
		p.rows = &table.Table{
			Header: []string{"path", "name", "fork", "index", "pass", "state root", "error", "cycles"},
			Number: []bool{false, false, false, true, false, false, false, true},
		}
	}
	return p
}

func (p *subtestPrinter) add(r *statetest.Result) error {
	e := subtestEntry{
		Name: r.Subtest.Name, Fork: r.Subtest.Fork, Index: r.Subtest.Index, Pass: r.Verdict == statetest.Passed,
		StateRoot: fmt.Sprintf("%#x", r.StateRoot), Error: r.Reason(), Cycles: r.Cycles,
	}
	switch {
	case p.rows != nil:
		p.rows.Add(r.Subtest.Path, e.Name, e.Fork, e.Index, e.Pass, e.StateRoot, e.Error, e.Cycles)
		return nil
	case table.Format(p.c.format) == table.JSON:
		encoded, err := json.Marshal(e)
		if err != nil {
			return err
		}
		before := "[\n"
		if p.comma {
			before = ",\n"
		}
		p.comma = true
		_, err = fmt.Fprintf(p.c.stdout, "%s%s", before, plain.VisibleJSON(encoded))
		return err
	case e.Pass:
		return nil
	}
	_, err := fmt.Fprintf(p.c.stdout, "%s: %s\n", plain.Visible(r.Subtest.ID()), plain.Visible(e.Error))
	return err
}

// close ends what is printed.
func (p *subtestPrinter) close() error {
	switch {
	case p.rows != nil:
		return p.c.print(nil, p.rows)
	case table.Format(p.c.format) != table.JSON:
		return nil
	case !p.comma:
		_, err := fmt.Fprintln(p.c.stdout, "[]")
		return err
	}
	_, err := fmt.Fprintln(p.c.stdout, "\n]")
	return err
}
