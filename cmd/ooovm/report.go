package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/report"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/files"
)

func newReport(c *cli) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "report DIR [-o FILE]",
		Short: "Make one HTML page of a sweep's results",
		Long: `Writes one self-contained page: what became of the points, totals with their intervals,
interactive figures, CPI stacks, every point, the configuration and the manifest. The page
loads nothing, from the network or from disk. A sweep that is not finished has the points
that are done.`,
		Example: `  ooovm report runs/window
  ooovm report runs/window -o window.html`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			r, err := sweep.Open(args[0])
			if err != nil {
				return usageError(err)
			}
			page, err := report.Make(r)
			if err != nil {
				return usageError(err)
			}
			if output == "" {
				output = filepath.Join(r.Dir, "report.html")
			}
			if err := files.Write(output, page.Write); err != nil {
				return usageError(err)
			}
			c.note("%s", output)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`FILE` to write (default DIR/report.html)")
	return cmd
}
