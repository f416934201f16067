package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/traces/importer"
)

func newTraceBAL(c *cli) *cobra.Command {
	var out, check string
	cmd := &cobra.Command{
		Use:   "bal BLOCK (-o FILE | --check FILE)",
		Short: "Write or check a block's access list (EIP-7928)",
		Long: `Writes the block access list of a block, or compares one with it, in the RLP encoding of
go-ethereum v1.16.9. Exits with 3 when the list is not the block's.`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			if (out == "") == (check == "") {
				return usageError(errors.New("either -o or --check is needed"))
			}
			b, err := run.OpenContext(c.ctx, args[0])
			if err != nil {
				return usageError(err)
			}
			p, err := run.Prepare(c.ctx, b, run.Results)
			if err == nil {
				err = p.Reproduces()
			}
			if err != nil {
				return err
			}
			if check != "" {
				given, err := os.ReadFile(check)
				if err != nil {
					return usageError(err)
				}
				if err := importer.CheckAccessList(b, given); err != nil {
					return importError(fmt.Errorf("%s: %w", check, err))
				}
				c.note("%s: it is the access list of block %s", check, b.Name)
				return nil
			}
			list, err := importer.AccessList(b)
			if err != nil {
				return err
			}
			return usageError(files.WriteBytes(out, list))
		}),
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write")
	cmd.Flags().StringVar(&check, "check", "", "`file` to compare, RLP or hexadecimal text of it")
	return cmd
}
