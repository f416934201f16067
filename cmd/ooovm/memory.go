package main

import (
	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/budget"
)

// size is a flag with a number of bytes, as 512M or 2G; 0 is none.
type size int64

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return budget.Size(int64(*s))
}

func (s *size) Set(text string) error {
	n, err := budget.Parse(text)
	*s = size(n)
	return err
}

// Type is what help calls the value.
func (s *size) Type() string { return "size" }

// addMemoryFlag adds the flag that every command has which reads or runs something.
func (c *cli) addMemoryFlag(root *cobra.Command) {
	root.PersistentFlags().Var(&c.memory, "memory",
		"memory of one run, as 512M or 2G (default half of the process's, shared by the jobs)")
}

// settleMemory has every run obey --memory.
func (c *cli) settleMemory() {
	budget.Limit(int64(c.memory))
	budget.Govern()
}
