// Command outside is a program of another module that adds a branch predictor and a policy to ooovm, each in a file of
// its own, and runs a block with both: the block that is part of ooovm, or those of the arguments.
package main

import (
	"fmt"
	"os"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/workbench"
	"github.com/ooovm/ooovm/traces"
)

func main() {
	paths := os.Args[1:]
	if len(paths) == 0 {
		paths = []string{""}
	}
	for _, path := range paths {
		if err := both(path); err != nil {
			fmt.Fprintln(os.Stderr, "outside:", err)
			os.Exit(1)
		}
	}
}

func both(path string) error {
	block, err := traces.Embedded()
	if path != "" {
		block, err = run.Open(path)
	}
	if err != nil {
		return err
	}
	bench, err := workbench.New(block, run.Options{Lockstep: true}, run.Steps)
	if err != nil {
		return err
	}
	alone, err := setup("predictor.branch=agree")
	if err != nil {
		return err
	}
	one, err := bench.RunOne(alone, true)
	if err != nil {
		return err
	}
	if !one.Valid.OK {
		return fmt.Errorf("%s: %s", block.Name, one.Valid.Difference)
	}
	fmt.Printf("%s: one core, branch predictor agree: %d cycles, %d of %d branches mispredicted\n",
		block.Name, one.Counts.Cycles, one.Predictors.Branch.Mispredicts, one.Predictors.Branch.Made)

	shared, err := setup("predictor.branch=agree", "machine.policy=batches", "machine.cores=8")
	if err != nil {
		return err
	}
	several, difference, err := bench.RunShared(shared)
	if err != nil {
		return err
	}
	if difference != nil {
		return difference
	}
	row := several.Rows[0]
	fmt.Printf("%s: eight cores, policy batches: %d cycles, speedup %.2f, %d executed again\n", block.Name, row.Cycles, *row.Speedup, row.Reexecutions)
	return nil
}

// setup is the default preset with some values of its own.
func setup(set ...string) (run.Setup, error) {
	eff, err := config.Load(config.Source{Set: set})
	if err != nil {
		return run.Setup{}, err
	}
	return run.SetupOf(eff), nil
}
