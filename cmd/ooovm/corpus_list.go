package main

import (
	"cmp"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/traces"
)

// listedBlock is a row of a list of blocks.
type listedBlock struct {
	Number       uint64 `json:"number"`
	Hash         string `json:"hash"`
	Fork         string `json:"fork"`
	Transactions int    `json:"transactions"`
	Gas          uint64 `json:"gas"`
}

func newCorpusList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "list BLOCK...",
		Short: "List blocks by number and hash, for others to fetch",
		Long: `Prints the number, hash, fork, transactions and gas of blocks, in the order of their
numbers. As CSV it is what "ooovm trace fetch --list" takes: whoever has an archive node
makes the same bundles of it, checked by hash.`,
		Example: `  ooovm corpus list blocks/ --format csv > corpus.csv
  ooovm trace fetch --rpc http://127.0.0.1:8545 --list corpus.csv -o blocks/`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(errors.New("corpus list takes blocks: files, folders or patterns"))
			}
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			t := tally{c: c}
			var list []listedBlock
			for _, path := range paths {
				b, err := traces.LoadContext(c.ctx, path)
				if err == nil {
					err = b.Check()
				}
				if err != nil {
					t.note(blockError(err))
					continue
				}
				h := b.Header
				list = append(list, listedBlock{h.Number.Uint64(), h.Hash().Hex(), b.Fork(), len(b.Txs), h.GasUsed})
			}
			slices.SortStableFunc(list, func(a, b listedBlock) int { return cmp.Compare(a.Number, b.Number) })
			out := &table.Table{
				Header: []string{"number", "hash", "fork", "transactions", "gas"},
				Number: []bool{true, false, false, true, true},
			}
			for _, b := range list {
				out.Add(b.Number, b.Hash, b.Fork, b.Transactions, b.Gas)
			}
			if err := c.print(list, out); err != nil {
				return err
			}
			return t.err(len(paths))
		}),
	}
}
