package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/suggest"
)

// cli is one invocation: where it writes, what it was started in, and the flags
// that every command has.
type cli struct {
	stdout, stderr io.Writer
	results, notes *gate // at the end of both
	args, environ  []string

	ctx      context.Context // ends with --timeout, Ctrl-C and SIGTERM
	release  context.CancelFunc
	limited  chan context.Context // hands over the context that --timeout ends
	dumpPath string               // of the faults

	format  string
	json    bool
	quiet   bool
	verbose bool
	noColor bool
	timeout time.Duration
	memory  size

	where string // condition on blocks
}

// execute runs a command line and gives its exit code. Results go to stdout,
// everything else to stderr.
func execute(args []string, stdout, stderr io.Writer, environ []string) int {
	c := newCLI(args, stdout, stderr, environ)
	return c.end(c.run)
}

// end runs a command to its end, and gives its exit code.
func (c *cli) end(run func() error) int {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	c.ctx = ctx
	ended := make(chan error, 1)
	go func() {
		ended <- invariant.Guard("", run)
	}()
	err := c.supervise(ctx, stop, ended)
	if c.results.isClosed() { // the command may still run: nothing of it is touched
		newCLI(c.args, c.results.to, c.notes.to, c.environ).complainBriefly(err)
		return exitCode(err)
	}
	if failure := c.results.failure(); failure != nil {
		told := &exitError{exitFailed, fmt.Errorf("standard output: %w", failure)}
		if errors.Is(err, failure) {
			err = nil // the command has met it, too
		}
		err = graver(err, told)
	}
	if err != nil {
		c.complain(err)
	}
	return exitCode(err)
}

func newCLI(args []string, stdout, stderr io.Writer, environ []string) *cli {
	c := &cli{results: &gate{to: stdout}, notes: &gate{to: stderr}, args: args, environ: environ, limited: make(chan context.Context, 1)}
	c.stdout, c.stderr = c.results, c.notes
	return c
}

// run parses the command line and runs its command.
func (c *cli) run() error {
	root := newRoot(c)
	root.SetArgs(c.args)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.Execute()
	if c.release != nil {
		defer c.release()
	}
	if code, name := reason(c.ctx); err != nil && code != exitOK {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			err = errNotFinished(name)
		}
		return &exitError{code, err} // whatever else the end has brought about
	}
	return err
}

func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "ooovm",
		Short: "Simulate out-of-order execution of bytecode, instruction by instruction",
		Long: `ooovm runs real blocks through simulated out-of-order cores, checks every
committed instruction, and reports how much parallelism there is.

` + exitHelp,
		Version:       versionInfo().Version,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			c.settleMemory()
			return usageError(errors.Join(c.checkOutput(), c.limit()))
		},
	}
	root.SetVersionTemplate("ooovm {{.Version}}\n")
	c.addOutputFlags(root)
	c.addMemoryFlag(root)
	root.AddCommand(
		c.whereFlag(newRun(c)),
		c.whereFlag(newValidate(c)),
		newStateTest(c),
		newBlockTest(c),
		c.whereFlag(newLimits(c)),
		c.whereFlag(newLevels(c)),
		c.whereFlag(newAblate(c)),
		newProfile(c),
		newSweep(c),
		newPlot(c),
		newCompare(c),
		newStudy(c),
		newReport(c),
		c.whereFlag(newBench(c)),
		newTrace(c),
		newCorpus(c),
		newConfig(c),
		newList(c),
		newSelftest(c),
		newVersion(c),
	)
	root.InitDefaultCompletionCmd()
	root.SetFlagErrorFunc(flagError)
	requireSubcommand(root)
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			requireSubcommand(cmd)
		}
	}
	return root
}

// requireSubcommand makes a command that only groups others print its help when
// it is alone, and refuse what it does not know; cobra would take that silently.
func requireSubcommand(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			var names []string
			for _, sub := range cmd.Commands() {
				names = append(names, sub.Name())
			}
			return fmt.Errorf("unknown command %q for %q; see %s --help%s", args[0], cmd.CommandPath(), cmd.CommandPath(), suggest.Text(args[0], names))
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}
