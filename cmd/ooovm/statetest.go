package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/statetest"
	"github.com/ooovm/ooovm/traces/fixtures"
)

func newStateTest(c *cli) *cobra.Command {
	var f officialFlags
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
			t, err := f.tests(c, "subtests", fixtures.Forks(), fixtures.Fork)
			if err != nil {
				return err
			}
			s := &statetest.Tests{Selection: t.Selection, Setup: t.setup, Options: t.options, Host: t.host}
			return subtestReport.print(c, func(sink *statetest.Sink) (*official.Counts, string, error) {
				totals, err := s.Each(args, sink)
				return &totals.Counts, stateTestSummary(s, &totals), err
			})
		}),
	}
	f.register(cmd, "subtests")
	complete(cmd, "fork", cobra.FixedCompletions(fixtures.Forks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func stateTestSummary(s *statetest.Tests, t *statetest.Totals) string {
	return fmt.Sprintf("%d subtests of %d tests under %s: %d passed (%d rejected transactions), %d failed, %d unsupported, %d broken, %d skipped; %d instructions, %s, %d cycles",
		t.Cases, t.Tests, s.Setup.Preset, t.Passed, t.Rejected, t.Failed, t.Unsupported, t.Broken, t.Skipped, t.Instructions, compared(s.Options.Lockstep, t.Checked), t.Cycles)
}

// compared says how many instructions were compared.
func compared(lockstep bool, n uint64) string {
	if !lockstep {
		return "not compared in lockstep"
	}
	return fmt.Sprintf("%d compared in lockstep", n)
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

func newSubtestEntry(r *statetest.Result) subtestEntry {
	return subtestEntry{
		Name: r.Subtest.Name, Fork: r.Subtest.Fork, Index: r.Subtest.Index, Pass: r.Verdict == official.Passed,
		StateRoot: fmt.Sprintf("%#x", r.StateRoot), Error: r.Reason(), Cycles: r.Cycles,
	}
}

var subtestReport = &officialReport[*statetest.Result]{
	cases: "subtests", one: "subtest",
	outcome: func(r *statetest.Result) *official.Outcome { return &r.Outcome },
	id:      func(r *statetest.Result) string { return r.Subtest.ID() },
	entry:   func(r *statetest.Result) any { return newSubtestEntry(r) },
	header:  []string{"path", "name", "fork", "index", "pass", "state root", "error", "cycles"},
	number:  []bool{false, false, false, true, false, false, false, true},
	row: func(r *statetest.Result) []any {
		e := newSubtestEntry(r)
		return []any{r.Subtest.Path, e.Name, e.Fork, e.Index, e.Pass, e.StateRoot, e.Error, e.Cycles}
	},
}
