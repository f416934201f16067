package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// officialFlags are the flags of the commands that run official tests.
type officialFlags struct {
	simulation
	fork  string
	run   string
	skip  string
	chaos uint64
}

// register adds the flags; cases is what the command calls what it runs.
func (f *officialFlags) register(cmd *cobra.Command, cases string) {
	f.configFlags.register(cmd)
	f.registerHost(cmd)
	f.registerCheck(cmd)
	cmd.Flags().Lookup("jobs").Usage = cases + " at once (default all host cores that have memory for one)"
	cmd.Flags().Lookup("max-cycles").Usage = "give one up after so many simulated cycles (0: never)"
	cmd.Flags().StringVar(&f.fork, "fork", "", "run the "+cases+" of this `fork` only")
	cmd.Flags().StringVar(&f.run, "run", "", "run only "+cases+" whose name matches the regular expression")
	cmd.Flags().StringVar(&f.skip, "skip", "", "skip "+cases+" whose name matches the regular expression")
	cmd.Flags().Uint64Var(&f.chaos, "chaos", 0, "random predictions and squashes from this `seed`, whatever the preset predicts")
}

// officialTests is what the flags come to.
type officialTests struct {
	official.Selection
	setup   run.Setup
	options run.Options
	host    batch.Host
}

// tests prepares a run of the cases that the flags select.
func (f *officialFlags) tests(c *cli, cases string, forks []string, fork func(string) (string, bool)) (t officialTests, err error) {
	eff, err := f.load(c)
	if err != nil {
		return t, err
	}
	if err := checkJobs(f.jobs, cases); err != nil {
		return t, err
	}
	if f.flags.Changed("chaos") {
		config.Chaos(&eff.Config.Config, f.chaos)
		eff.Preset += fmt.Sprintf(" with chaos %d", f.chaos)
	}
	t.setup = run.SetupOf(eff)
	t.options = run.Options{Lockstep: f.check, MaxCycles: f.maxCycles, Stop: c.ctx}
	t.host = batch.Host{Jobs: f.jobs}
	if f.fork != "" {
		var ok bool
		if t.Fork, ok = fork(f.fork); !ok {
			return t, usageError(errOneOf("--fork", f.fork, forks))
		}
	}
	for _, p := range []struct {
		flag, pattern string
		to            **regexp.Regexp
	}{{"run", f.run, &t.Run}, {"skip", f.skip, &t.Skip}} {
		if p.pattern == "" {
			continue
		}
		if *p.to, err = regexp.Compile(p.pattern); err != nil {
			return t, usageError(fmt.Errorf("--%s: %w", p.flag, err))
		}
	}
	return t, nil
}

// officialReport says how the results of a command are printed.
type officialReport[R any] struct {
	cases   string // what the command calls what it runs
	one     string // of them
	outcome func(R) *official.Outcome
	id      func(R) string
	entry   func(R) any // in the JSON list
	header  []string
	number  []bool
	row     func(R) []any
}

// officialRun is a run of the tests: each reports to the sink, and returns the counts and the
// line that sums them up.
type officialRun[R any] func(*official.Sink[R]) (counts *official.Counts, summary string, err error)

// print runs the tests and prints what comes out.
func (p *officialReport[R]) print(c *cli, each officialRun[R]) error {
	out := &casePrinter[R]{c: c, officialReport: p}
	code := exitOK
	grave := func(now int) {
		if severity[now] > severity[code] {
			code = now
		}
	}
	done := 0
	var counts *official.Counts
	var summary string
	err := c.counting(p.cases, func(progress func(done, all int)) (err error) {
		counts, summary, err = each(&official.Sink[R]{
			Result: func(r R) error {
				if done++; progress != nil {
					progress(done, 0)
				}
				o := p.outcome(r)
				switch o.Verdict {
				case official.Broken:
					grave(exitFailed)
					if broken, ok := fault(o.Err); ok {
						c.say(p.id(r) + ": " + broken.Error() + c.faultNote(broken))
					}
				case official.Failed, official.Unsupported:
					grave(exitDifference)
				}
				return out.add(r, o)
			},
			Ignored: func(path, why string) { c.note("%s: ignored, %s", path, why) },
			Broken: func(err *fixtures.FileError) {
				grave(exitUsage)
				c.say(err.Error())
			},
		})
		return err
	})
	if err := out.close(); err != nil {
		return err
	}
	switch {
	case counts.Cases == 0:
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
	case code != exitOK && counts.Passed == counts.Cases:
		return &exitError{code, errTold} // files that could not be read
	case code != exitOK:
		return &exitError{code, fmt.Errorf("%d of %d %s did not pass", counts.Cases-counts.Passed, counts.Cases, p.cases)}
	case counts.Cases == 0:
		return usageError(errors.New("no " + p.one + " was selected"))
	}
	return nil
}

// casePrinter prints cases as they come.
type casePrinter[R any] struct {
	*officialReport[R]
	c     *cli
	rows  *table.Table // of the formats that need all rows at once
	comma bool
}

func (p *casePrinter[R]) add(r R, o *official.Outcome) error {
	switch f := table.Format(p.c.format); {
	case f == table.JSON:
		encoded, err := json.Marshal(p.entry(r))
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
	case f != table.Text:
		p.table().Add(p.row(r)...)
		return nil
	case o.Verdict == official.Passed:
		return nil
	}
	_, err := fmt.Fprintf(p.c.stdout, "%s: %s\n", plain.Visible(p.id(r)), plain.Visible(o.Reason()))
	return err
}

func (p *casePrinter[R]) table() *table.Table {
	if p.rows == nil {
		p.rows = &table.Table{Header: p.header, Number: p.number}
	}
	return p.rows
}

// close ends what is printed.
func (p *casePrinter[R]) close() error {
	switch f := table.Format(p.c.format); {
	case f == table.Text:
		return nil
	case f != table.JSON:
		return p.c.print(nil, p.table())
	case !p.comma:
		_, err := fmt.Fprintln(p.c.stdout, "[]")
		return err
	}
	_, err := fmt.Fprintln(p.c.stdout, "\n]")
	return err
}
