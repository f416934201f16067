package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/traces"
)

func newCorpus(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "corpus", Short: "Look after folders of blocks"}
	cmd.AddCommand(newCorpusIndex(c), newCorpusList(c))
	return cmd
}

func newCorpusIndex(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "index DIR",
		Short: "Write what is in the blocks of a folder to DIR/index.json",
		Long: `Executes the blocks of a folder with go-ethereum and writes what --where may ask for.
Files that have not changed since the last index are not executed again. --where gives
the same without an index, more slowly.`,
		Example: `  ooovm corpus index blocks/
  ooovm run blocks/ --where 'fork == "cancun" && gas > 10e6'`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError(errors.New("corpus index takes one folder"))
			}
			t := tally{c: c}
			all, executed, ignored, err := corpus.Index(c.ctx, args[0], func(err error) { t.note(blockError(err)) })
			if err != nil {
				return usageError(err)
			}
			for _, path := range ignored {
				if filepath.Base(path) != corpus.IndexFile {
					c.note("%s: ignored, no known kind of input", path)
				}
			}
			c.note("%s: %d blocks, %d of them new", filepath.Join(args[0], corpus.IndexFile), all, executed)
			return t.err(all + t.failed)
		}),
	}
}

// blockError tells a block that cannot be read from one that contradicts itself or cannot be executed.
func blockError(err error) error {
	var unreadable *traces.BundleError
	var file *fs.PathError
	if errors.As(err, &unreadable) || errors.As(err, &file) {
		return run.Input(err)
	}
	return run.Difference(err)
}

// whereFlag adds the condition on the blocks that a command takes.
func (c *cli) whereFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&c.where, "where", "", "only blocks for which an `expression` holds, of "+strings.Join(corpus.Names(), ", "))
	return cmd
}
