package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/inspect"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/traces"
)

func newTraceInfo(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "info [BLOCK...]",
		Short: "Say what is in a block",
		Long: `Prints the transactions of a block by kind, the contracts that they call, the
instructions by class, the keys of the state that most transactions use, and the share of
transactions that wait for none before them, by the conflict definitions of levels.`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			t, printed := tally{c: c}, false
			host := batch.Host{Jobs: 1} // what is printed first is wanted first
			if err := batch.Blocks(host, c.ctx, paths, func(b *traces.Bundle) (*inspect.Result, error) { return inspect.Block(c.ctx, b) }, func(r batch.Report[*inspect.Result]) error {
				if t.note(r.Err); r.Err != nil {
					return nil
				}
				if printed && table.Format(c.format) == table.Text {
					if _, err := fmt.Fprintln(c.stdout); err != nil {
						return err
					}
				}
				printed = true
				return c.print(r.Result, inspectionTables(r.Result)...)
			}); err != nil {
				return err
			}
			return t.err(len(paths))
		}),
	}
}

func inspectionTables(in *inspect.Result) []*table.Table {
	facts := &table.Table{Header: []string{"fact", "value"}, Number: []bool{false, true}}
	facts.Add("block", in.Trace.Name)
	facts.Add("fork", in.Trace.Fork)
	facts.Add("transactions", in.Trace.Transactions)
	facts.Add("gas used", in.Trace.GasUsed)
	facts.Add("instructions", in.Instructions)
	facts.Add("deepest call", in.MaxDepth)
	facts.Add("accounts", in.Accounts)
	facts.Add("slots", in.Slots)
	facts.Add("codes", in.Codes)
	facts.Add("bytes of code", in.CodeBytes)
	for _, d := range oracle.Definitions {
		if s, ok := in.Shares[d.Name]; ok {
			facts.Add("independent transactions by "+d.Name, fmt.Sprintf("%.1f %%", 100*s))
		}
	}
	if p := in.Provenance; p != nil {
		facts.Add("made by", p.Source+" "+p.Dialect)
		for _, w := range p.Warnings {
			facts.Add("not known", w)
		}
	}
	kinds := shareTable("transactions", in.Kinds)
	mix := shareTable("instructions", in.Mix)
	contracts := &table.Table{Header: []string{"contract", "transactions", "bytes of code"}, Number: []bool{false, true, true}}
	for _, u := range in.Contracts {
		contracts.Add(u.Address, u.Transactions, u.CodeBytes)
	}
	hot := &table.Table{Header: []string{"key", "account", "slot", "transactions", "reads", "writes"}, Number: []bool{false, false, false, true, true, true}}
	for _, k := range in.Hot {
		hot.Add(k.Kind, k.Account, k.Slot, k.Transactions, k.Reads, k.Writes)
	}
	return []*table.Table{facts, kinds, mix, contracts, hot}
}

func shareTable(what string, list []inspect.Share) *table.Table {
	t := &table.Table{Header: []string{what, "number", "share"}, Number: []bool{false, true, true}}
	for _, s := range list {
		t.Add(s.Name, s.Count, fmt.Sprintf("%.1f %%", 100*s.Share))
	}
	return t
}
