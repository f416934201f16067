package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/selftest"
	"github.com/ooovm/ooovm/experiments/table"
)

func newSelftest(c *cli) *cobra.Command {
	var hours float64
	o := selftest.Options{}
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Prove this installation on this machine",
		Long: `Runs what proves that the program is right, with what it has in itself: the embedded
block under every preset, with guesses at random, under every policy and on machines drawn
at random; programs and blocks drawn at random against go-ethereum; FuelVM programs
against the golden interpreter; sweeps that are killed and taken up again, and eight
processes in one new directory. Prints what was tried; every failure is a line that names
the seed of its round, which --seed repeats. Exits with 3 when anything has failed.

The first round takes about a minute and always runs to its end. --hours goes on with other
seeds; processes side by side take seeds far apart. docs/validation.md has the counts of
long campaigns.`,
		Example: `  ooovm selftest
  ooovm selftest --hours 8 --seed 1000000
  ooovm selftest --only programs --hours 0.5`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			if !(hours >= 0 && hours <= 100_000) {
				return usageError(fmt.Errorf("--hours %g: a number of hours, or 0 for one round", hours))
			}
			program, err := os.Executable()
			if err != nil {
				return err
			}
			o.Program, o.Stop = program, c.ctx
			o.Until = time.Now().Add(time.Duration(hours * float64(time.Hour)))
			o.Progress = func(round int, check string) { c.detail("round %d: %s", round, check) }
			r, err := selftest.Run(o)
			if r == nil {
				return usageError(err)
			}
			return c.printSelftest(r, err)
		}),
	}
	cmd.Flags().Float64Var(&hours, "hours", 0, "go on with other seeds for so many `HOURS`")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 0, "seed of the first round; each has the next one")
	cmd.Flags().StringSliceVar(&o.Only, "only", nil, "only these `CHECKS`, comma-separated")
	return cmd
}

// printSelftest prints what was tried, also when it was ended early.
func (c *cli) printSelftest(r *selftest.Result, ended error) error {
	t := &table.Table{
		Header: []string{"check", "what a run is", "runs", "instructions", "failures"},
		Number: []bool{false, false, true, true, true},
	}
	for _, k := range r.Checks {
		t.Add(k.Check, k.What, k.Runs, k.Instructions, k.Failures)
	}
	if err := c.print(r, t); err != nil {
		return err
	}
	for _, f := range r.Failures {
		c.warn("%s, round with seed %d: %s: %s", f.Check, f.Seed, f.Run, f.Error)
	}
	switch {
	case ended != nil:
		return ended
	case len(r.Failures) > 0:
		return run.Difference(fmt.Errorf("selftest: %d runs have failed", len(r.Failures)))
	}
	c.note("nothing has failed in %d rounds from seed %d", r.Rounds, r.Seed)
	return nil
}
