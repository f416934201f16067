package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
)

func newSweep(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Run many configurations on many blocks, on one host or many",
		Long: `A sweep file names axes: configuration keys, policies, numbers of cores, blocks. Every point of
the space that they span is run once and kept in a directory, from where a sweep that was stopped or
killed goes on. docs/experiments.md describes the file and what is in the directory.`,
	}
	cmd.AddCommand(newSweepRun(c), newSweepResume(c), newSweepStatus(c), newSweepMerge(c), newSweepSlurm(c), newSweepColumns(c))
	requireSubcommand(cmd)
	return cmd
}

// sweepWork are the flags of commands that run points.
type sweepWork struct {
	jobs       int
	shard      string
	force      bool
	alone      bool
	noProgress bool
}

func (s *sweepWork) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVarP(&s.jobs, "jobs", "j", 0, "points at once (default all host cores that have memory for one)")
	f.StringVar(&s.shard, "shard", "", "run part `i/n` of the points only, i from 0; else as SLURM_ARRAY_TASK_ID (of SLURM_ARRAY_TASK_COUNT) or JOB_COMPLETION_INDEX (of JOB_COMPLETIONS) say")
	f.BoolVar(&s.force, "force", false, "take over the directory of another sweep or executable")
	f.BoolVar(&s.alone, "alone", false, "nobody else works in the directory: what processes of other hosts have left there is abandoned")
	f.BoolVar(&s.noProgress, "no-progress", false, "no progress bar (there is one only where stderr is a terminal)")
}

// options settles the flags and the shard.
func (s *sweepWork) options(c *cli) (sweep.Options, error) {
	opt := sweep.Options{Jobs: s.jobs, Alone: s.alone}
	if err := checkJobs(s.jobs, "points"); err != nil {
		return opt, err
	}
	opt.Jobs = budget.Jobs(s.jobs)
	if s.shard != "" {
		var err error
		if opt.Shard, err = sweep.ParseShard(s.shard); err != nil {
			return opt, usageError(fmt.Errorf("--shard: %w", err))
		}
		return opt, nil
	}
	shard, from, err := sweep.ShardOf(c.environ)
	if err != nil {
		return opt, usageError(err)
	}
	if from != "" {
		c.note("shard %s, from %s", shard, from)
	}
	opt.Shard = shard
	return opt, nil
}

// sweepTool describes this program for the directory of a sweep.
func sweepTool() (sweep.Tool, error) {
	hash, err := sweep.Executable()
	b := versionInfo()
	return sweep.Tool{Version: b.Version, Commit: b.Commit, Go: b.Go, OS: b.OS, Arch: b.Arch, GoEthereum: b.GoEthereum, Executable: hash}, err
}

func newSweepRun(c *cli) *cobra.Command {
	var s sweepWork
	var dir string
	var dry bool
	cmd := &cobra.Command{
		Use:   "run FILE -o DIR",
		Short: "Run the points of a sweep file that are not done yet",
		Long: `Runs every point of the sweep that is not done in DIR, and writes results.csv, results.parquet
and manifest.json there. A point that fails is recorded, and the rest goes on: exit code 4.
Interrupted or killed, the same command or sweep resume goes on where it was. A shard runs its
part of the points only and leaves the results to sweep merge.`,
		Example: `  ooovm sweep run sweep.yaml -o runs/rob
  ooovm sweep run sweep.yaml --dry-run
  ooovm sweep run sweep.yaml -o runs/rob --shard 0/4`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(cmd *cobra.Command, args []string) error {
			opt, err := s.options(c)
			if err != nil {
				return err
			}
			f, err := sweep.ReadFile(args[0])
			if err != nil {
				return usageError(err)
			}
			tool, err := sweepTool()
			if err != nil {
				return err
			}
			if dry {
				plan, err := f.Plan(tool.Executable)
				if err != nil {
					return usageError(err)
				}
				return c.printPlan(plan, opt.Shard)
			}
			if dir == "" {
				return usageError(errors.New("-o DIR is missing: where the sweep is kept"))
			}
			r, err := sweep.Create(dir, f, tool, s.force)
			if err != nil {
				return usageError(err)
			}
			return c.work(r, opt, sweep.NewSession(os.Args, tool), s.noProgress)
		}),
	}
	s.register(cmd)
	cmd.Flags().StringVarP(&dir, "out", "o", "", "`DIR` of the sweep")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the points and run none")
	return cmd
}

func newSweepResume(c *cli) *cobra.Command {
	var s sweepWork
	cmd := &cobra.Command{
		Use:   "resume DIR",
		Short: "Go on with a sweep that was stopped",
		Args:  cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			opt, err := s.options(c)
			if err != nil {
				return err
			}
			tool, err := sweepTool()
			if err != nil {
				return err
			}
			r, err := sweep.Reopen(args[0], tool, s.force)
			if err != nil {
				return usageError(err)
			}
			return c.work(r, opt, sweep.NewSession(os.Args, tool), s.noProgress)
		}),
	}
	s.register(cmd)
	return cmd
}

// work runs points, says what became of them, and leaves results and manifest.
func (c *cli) work(r *sweep.Run, opt sweep.Options, session *sweep.Session, silent bool) error {
	opt.Stop = c.ctx
	for _, e := range c.environ {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "OOOVM_") {
			session.Warnings = append(session.Warnings, name+" has no effect: a sweep is what its file says")
			c.note("%s", session.Warnings[len(session.Warnings)-1])
		}
	}
	bar := c.progress(silent)
	opt.Progress = bar.show
	x, err := r.Execute(opt)
	bar.end()
	stopped, name := reason(c.ctx)
	complete := err == nil && len(x.Unkept) == 0
	code := stopped
	switch {
	case stopped != exitOK:
	case err != nil:
		code = exitFailed
	case x.OK < x.Points:
		code = exitPartial
	}
	session.End(x, opt, code)
	if e := r.Conclude(opt.Shard, session, complete); err == nil || stopped != exitOK {
		err = e
	}
	if err != nil {
		return err
	}
	for _, why := range x.Unkept {
		c.warn("%v; the point is not done: `ooovm sweep resume %s` runs it", why, r.Dir)
	}
	for _, what := range r.Mended {
		c.warn("%s: made again", what)
	}
	if stopped != exitOK {
		return &exitError{stopped, fmt.Errorf("%s: %d of %d points done; `ooovm sweep resume %s` goes on", name, x.Done(), x.Points, r.Dir)}
	}
	if err := c.printSweep(r, sweep.Progress{Tally: x.Tally}, opt.Shard, nil); err != nil {
		return err
	}
	return c.partial(r, x.Tally)
}

// told is how many points that went wrong are named; status and the results have all.
const told = 10

// partial is the error of a sweep of which not all is well.
func (c *cli) partial(r *sweep.Run, t sweep.Tally) error {
	if t.OK == t.Points {
		return nil
	}
	var list strings.Builder
	n, err := r.Failures(&list, told)
	if err != nil {
		return err
	}
	for line := range strings.Lines(list.String()) {
		c.warn("%s", strings.TrimSuffix(line, "\n"))
	}
	if n > told {
		c.warn("and %d more; column error of the results has all", n-told)
	}
	if t.Left() > 0 {
		return &exitError{exitPartial, fmt.Errorf("%d of %d points are not done, %d went wrong", t.Left(), t.Points, t.Wrong+t.Failed)}
	}
	return &exitError{exitPartial, fmt.Errorf("%d of %d points went wrong", t.Wrong+t.Failed, t.Points)}
}

// warn tells what even --quiet does not hide.
func (c *cli) warn(format string, args ...any) { c.say(fmt.Sprintf(format, args...)) }

// printPlan prints the points of a shard.
func (c *cli) printPlan(p *sweep.Plan, shard sweep.Shard) error {
	t, err := p.Table(shard)
	if err != nil {
		return err
	}
	type point map[string]string
	object := struct {
		Schema string  `json:"schema"`
		Name   string  `json:"name"`
		Points []point `json:"points"`
	}{"ooovm.sweep-points/1", p.File.Name, []point{}}
	for _, row := range t.Rows {
		pt := point{}
		for i, name := range t.Header {
			pt[name] = row[i]
		}
		object.Points = append(object.Points, pt)
	}
	if err := c.print(object, t); err != nil {
		return err
	}
	c.note("%d points", len(t.Rows))
	return nil
}

// printSweep prints how far a sweep is.
func (c *cli) printSweep(r *sweep.Run, p sweep.Progress, shard sweep.Shard, damage []error) error {
	damaged := []string{}
	for _, err := range damage {
		damaged = append(damaged, err.Error())
	}
	object := struct {
		Schema string `json:"schema"`
		Name   string `json:"name"`
		Dir    string `json:"dir"`
		Shard  string `json:"shard"`
		sweep.Tally
		Left      int      `json:"left"`
		PerSecond *float64 `json:"pointsPerSecond"`
		Damaged   []string `json:"damaged"`
	}{"ooovm.sweep-status/1", r.Name, r.Dir, shard.String(), p.Tally, p.Left(), p.PerSecond, damaged}
	t := &table.Table{Header: []string{"measure", "value"}, Number: []bool{false, true}}
	t.Add("sweep", r.Name)
	if !shard.All() {
		t.Add("shard", shard)
	}
	t.Add("points", p.Points)
	t.Add("done", p.Done())
	t.Add("failed", p.Failed)
	t.Add("wrong", p.Wrong)
	t.Add("left", p.Left())
	if len(damaged) > 0 {
		t.Add("damaged", len(damaged))
	}
	if p.PerSecond != nil {
		t.Add("points/s, latest", fmt.Sprintf("%.1f", *p.PerSecond))
		if p.Left() > 0 {
			t.Add("time left", time.Duration(float64(p.Left()) / *p.PerSecond * float64(time.Second)).Round(time.Second))
		}
	}
	if _, err := os.Stat(filepath.Join(r.Dir, sweep.ResultsCSV)); err == nil {
		t.Add("results", filepath.Join(r.Dir, sweep.ResultsCSV))
	}
	return c.print(object, t)
}

func newSweepStatus(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "status DIR",
		Short: "Say how far a sweep is, and what of it is damaged",
		Args:  cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			r, err := sweep.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			p, damage := r.Progress()
			if err := c.printSweep(r, p, sweep.Shard{}, damage); err != nil {
				return err
			}
			if p.Left() == 0 && len(damage) == 0 && !r.HasResults() {
				c.warn("%s: all is done, and no results are written yet: `ooovm sweep resume %s` writes them, of shards `ooovm sweep merge %s`", r.Dir, r.Dir, r.Dir)
			}
			if len(damage) == 0 {
				return nil
			}
			for _, what := range damage {
				c.warn("%v", what)
			}
			return usageError(fmt.Errorf("%s: %d damaged; `ooovm sweep resume %s` mends it", r.Dir, len(damage), r.Dir))
		}),
	}
}

func newSweepMerge(c *cli) *cobra.Command {
	var mixed bool
	cmd := &cobra.Command{
		Use:   "merge DIR...",
		Short: "Write the results of shards, of one directory or several",
		Long: `Writes results.csv, results.parquet and manifest.json of the first DIR: a row for every point that
is done in any of them. Points that are missing or went wrong: exit code 4.`,
		Args: cobra.MinimumNArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			r, t, err := sweep.Merge(args, mixed)
			if err != nil {
				return usageError(err)
			}
			for _, what := range r.Mended {
				c.warn("%s: left out", what)
			}
			if err := c.printSweep(r, sweep.Progress{Tally: t}, sweep.Shard{}, nil); err != nil {
				return err
			}
			return c.partial(r, t)
		}),
	}
	cmd.Flags().BoolVar(&mixed, "mixed", false, "merge the points of different executables")
	return cmd
}

func newSweepSlurm(c *cli) *cobra.Command {
	var s sweep.Slurm
	var dir string
	var force, submit bool
	cmd := &cobra.Command{
		Use:   "slurm FILE -o DIR",
		Short: "Write a Slurm job array for a sweep, and the job that merges it",
		Long: `Makes DIR and writes DIR/slurm/array.sh, a job array whose tasks run a part of the points each, and
DIR/slurm/merge.sh. DIR, the blocks and this program have to be at the same paths on the nodes. An array
that is submitted again runs what is left.`,
		Example: `  ooovm sweep slurm sweep.yaml -o runs/rob --chunk 500 --sbatch=--time=02:00:00 --submit`,
		Args:    cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			if dir == "" {
				return usageError(errors.New("-o DIR is missing: where the sweep is kept"))
			}
			if s.Chunk < 0 || s.Limit < 0 || s.CPUs < 1 {
				return usageError(errors.New("--chunk and --array-limit are not negative, --cpus is 1 or more"))
			}
			f, err := sweep.ReadFile(args[0])
			if err != nil {
				return usageError(err)
			}
			tool, err := sweepTool()
			if err != nil {
				return err
			}
			if s.Program, err = os.Executable(); err != nil {
				return err
			}
			r, err := sweep.Create(dir, f, tool, force)
			if err != nil {
				return usageError(err)
			}
			scripts, err := r.WriteScripts(s)
			if err != nil {
				return usageError(err)
			}
			object := struct {
				Schema string   `json:"schema"`
				Array  string   `json:"array"`
				Merge  string   `json:"merge"`
				Tasks  int      `json:"tasks"`
				Points int      `json:"points"`
				Jobs   []string `json:"jobs"`
			}{"ooovm.sweep-slurm/1", scripts.Array, scripts.Merge, scripts.Tasks, len(r.Points), []string{}}
			t := &table.Table{Header: []string{"measure", "value"}}
			t.Add("points", len(r.Points))
			t.Add("tasks", scripts.Tasks)
			t.Add("array", scripts.Array)
			t.Add("merge", scripts.Merge)
			if submit {
				array, merge, err := scripts.Submit()
				if err != nil {
					return err
				}
				object.Jobs = append(object.Jobs, array, merge)
				t.Add("array job", array)
				t.Add("merge job", merge)
			}
			return c.print(object, t)
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&dir, "out", "o", "", "`DIR` of the sweep, on storage that all nodes share")
	f.BoolVar(&submit, "submit", false, "hand both jobs to sbatch")
	f.IntVar(&s.Chunk, "chunk", 0, "points a task (default 100, or more so that there are at most 1000 tasks)")
	f.IntVar(&s.Limit, "array-limit", 0, "tasks that run at once (default no limit)")
	f.IntVar(&s.CPUs, "cpus", 1, "cores of a task, and points that it runs at once")
	f.StringArrayVar(&s.Options, "sbatch", nil, "one more `option` for both jobs, as --sbatch=--time=01:00:00; repeatable")
	f.BoolVar(&force, "force", false, "take over the directory of another sweep or executable")
	return cmd
}

func newSweepColumns(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "columns",
		Short: "Describe the columns of the results",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			columns := sweep.Columns(nil)
			t := &table.Table{Header: []string{"column", "kind", "unit", "meaning"}}
			for _, col := range columns {
				t.Add(col.Name, col.Kind, col.Unit, col.Doc)
			}
			return c.print(struct {
				Schema  string         `json:"schema"`
				Columns []sweep.Column `json:"columns"`
			}{"ooovm.sweep-columns/1", columns}, t)
		}),
	}
}

// progress is a bar on the terminal, or nothing.
type progress struct {
	bar  *progressbar.ProgressBar
	to   io.Writer
	done int // before this process
	on   bool
}

func (c *cli) progress(silent bool) *progress {
	f, ok := file(c.stderr)
	return &progress{to: c.stderr, on: ok && !silent && !c.quiet && term.IsTerminal(int(f.Fd()))}
}

// show draws how far it is; the rate and the time left are those of this process.
func (p *progress) show(t sweep.Tally) {
	if !p.on {
		return
	}
	if p.bar == nil {
		p.done = t.Done()
		p.bar = progressbar.NewOptions(t.Left(), progressbar.OptionSetWriter(p.to), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("points"), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionSetWidth(30))
	}
	_ = p.bar.Set(t.Done() - p.done)
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.to)
	}
}
