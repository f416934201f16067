package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/suggest"
)

// cli is one invocation: where it writes, what it was started in, and the flags
// that every command has.
type cli struct {
	stdout, stderr io.Writer
	environ        []string

	format  string
	json    bool
	quiet   bool
	verbose bool
	noColor bool
	memory  size

	where string // condition on blocks
}

// execute runs a command line and gives its exit code. Results go to stdout,
// everything else to stderr.
func execute(args []string, stdout, stderr io.Writer, environ []string) int {
	c := &cli{stdout: stdout, stderr: stderr, environ: environ}
	root := newRoot(c)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err != nil {
		c.complain(err)
	}
	return exitCode(err)
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
			return usageError(c.checkOutput())
		},
	}
	root.SetVersionTemplate("ooovm {{.Version}}\n")
	c.addOutputFlags(root)
	c.addMemoryFlag(root)
	root.AddCommand(
		c.whereFlag(newRun(c)),
		c.whereFlag(newValidate(c)),
		newStateTest(c),
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
