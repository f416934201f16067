package main

import "github.com/spf13/cobra"

func newTrace(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "trace", Short: "Fetch, import, make and look at what is simulated"}
	cmd.AddCommand(newTraceFetch(c), newTraceImport(c), c.whereFlag(newTraceInfo(c)), newTraceGen(c), newTraceBAL(c), newTraceDisasm(c))
	return cmd
}
