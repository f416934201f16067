package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

func newTraceGen(c *cli) *cobra.Command {
	var p generator.Params
	var out, hot string
	cmd := &cobra.Command{
		Use:   "gen --workload NAME -o FILE",
		Short: "Make a block to measure",
		Long: `Makes a valid block of the project's own contracts (list workloads), sealed by
go-ethereum's chain maker, and the state that it reads. Equal flags give equal bytes.
--hot is the exponent of Zipf's law by which receivers, pools and other keys are
drawn: 0 draws evenly, 1 is harmonic, in steps of 0.01.`,
		Example: `  ooovm trace gen --workload swap-pools --transactions 200 --hot 0.3 --seed 7 -o g.json.zst
  ooovm trace gen --workload swap-hops --depth 5 --fork osaka -o hops.json.zst`,
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) (err error) {
			if p.Workload == "" {
				return usageError(fmt.Errorf("--workload: one of %s", strings.Join(workloadNames(), ", ")))
			}
			if out == "" {
				return usageError(errors.New("-o: a file to write is needed"))
			}
			if p.Hot, err = hundredths(hot); err != nil {
				return usageError(fmt.Errorf("--hot %w", err))
			}
			b, err := generator.New(p)
			if err != nil {
				return usageError(err)
			}
			b.Name = traces.BundleName(out)
			if err := b.Save(out); err != nil {
				return usageError(err)
			}
			c.note("%s: %s, %s, %d transactions, %d gas", filepath.Clean(out), p.Workload, b.Fork(), len(b.Txs), b.Header.GasUsed)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&out, "output", "o", "", "`file` to write: .json, .json.gz or .json.zst")
	f.StringVar(&p.Workload, "workload", "", "what the transactions do; see list workloads")
	f.IntVar(&p.Transactions, "transactions", 120, "how many")
	f.StringVar(&hot, "hot", "0", "exponent of Zipf's law over keys, 0 to 6")
	f.IntVar(&p.Senders, "senders", 0, "accounts that send (default half as many as transactions)")
	f.IntVar(&p.Pools, "pools", 0, "pools, also heaps and boards (default the workload's)")
	f.IntVar(&p.Depth, "depth", 0, "hops, relays or height of a tree (default the workload's)")
	f.Uint64Var(&p.Seed, "seed", 1, "of all draws")
	f.StringVar(&p.Fork, "fork", generator.DefaultFork, strings.Join(generator.Forks(), ", "))
	complete(cmd, "workload", cobra.FixedCompletions(workloadNames(), cobra.ShellCompDirectiveNoFileComp))
	complete(cmd, "fork", cobra.FixedCompletions(generator.Forks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func workloadNames() []string {
	var names []string
	for _, w := range generator.Workloads() {
		names = append(names, w.Name)
	}
	return names
}

// hundredths reads a decimal number with up to two digits behind the point, exactly.
func hundredths(text string) (int, error) {
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > 2 {
		return 0, fmt.Errorf("%q: steps of 0.01", text)
	}
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q: expected a number from 0 to 6", text)
	}
	return int(n), nil
}

type workloadEntry struct {
	Name  string   `json:"name"`
	Doc   string   `json:"doc"`
	Knobs []string `json:"knobs"`
}

func newListWorkloads(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "workloads",
		Short: "List what trace gen can make",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			object := struct {
				Schema    string          `json:"schema"`
				Workloads []workloadEntry `json:"workloads"`
			}{Schema: "ooovm.workloads/1"}
			t := &table.Table{Header: []string{"workload", "what it does", "knobs"}}
			for _, w := range generator.Workloads() {
				e := workloadEntry{w.Name, w.Doc, append([]string{"transactions", "senders", "seed", "fork"}, w.Knobs...)}
				object.Workloads = append(object.Workloads, e)
				t.Add(e.Name, e.Doc, strings.Join(e.Knobs, ", "))
			}
			return c.print(object, t)
		}),
	}
}
