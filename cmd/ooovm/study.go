package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/study"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
)

func newStudy(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "study",
		Short: "Run the ready experiments: data, figures, a table and a paragraph",
	}
	cmd.AddCommand(newStudyList(c), newStudyRun(c))
	requireSubcommand(cmd)
	return cmd
}

func newStudyList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the studies",
		Args:  cobra.NoArgs,
		RunE: action(func(*cobra.Command, []string) error {
			type entry struct {
				Name    string   `json:"name"`
				Title   string   `json:"title"`
				Figures []string `json:"figures"`
			}
			object := struct {
				Schema  string  `json:"schema"`
				Studies []entry `json:"studies"`
			}{Schema: "ooovm.studies/1"}
			t := &table.Table{Header: []string{"study", "what it is about"}}
			for _, s := range study.All() {
				e := entry{Name: s.Name, Title: s.Title}
				for i := range s.Figures {
					e.Figures = append(e.Figures, s.Figures[i].Name)
				}
				object.Studies = append(object.Studies, e)
				t.Add(s.Name, s.Title)
			}
			return c.print(object, t)
		}),
	}
}

func newStudyRun(c *cli) *cobra.Command {
	var opt study.Options
	var silent bool
	cmd := &cobra.Command{
		Use:   "run NAME|all -o DIR",
		Short: "Run a study, or all",
		Long: `Measures, and writes DIR/NAME: figures, table.csv, NAME.md with a paragraph of what was found,
manifest.json, and the measurements in data. A study that was stopped goes on where it was. Without
--blocks it runs on the block that is part of the program, or on blocks of its own (gas, storms).`,
		Example: `  ooovm study run window -o out
  ooovm study run all -o out --blocks blocks/ -j 8
  ooovm study run gas -o out --blocks fixtures/codesize.json --blocks fixtures/sha256.json
  ooovm study run all -o out --redraw`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			list, err := study.Find(args[0])
			if err != nil {
				return usageError(err)
			}
			if opt.Out == "" {
				return usageError(errors.New("-o DIR is missing: where the study is kept"))
			}
			if err := checkJobs(opt.Jobs, "points"); err != nil {
				return err
			}
			if opt.Redraw && len(opt.Blocks) > 0 {
				return usageError(errors.New("--redraw measures nothing: --blocks has no meaning with it"))
			}
			if len(opt.Blocks) > 0 {
				if _, err := inputs(c, opt.Blocks); err != nil {
					return err
				}
			}
			if opt.Tool, err = sweepTool(); err != nil {
				return err
			}
			opt.Stop, opt.Argv = c.ctx, os.Args
			return c.study(list, opt, silent)
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&opt.Out, "out", "o", "", "`DIR` of the studies")
	f.StringArrayVar(&opt.Blocks, "blocks", nil, "`file`, folder or pattern of blocks; repeatable (default the embedded block, or the study's own)")
	f.IntVarP(&opt.Jobs, "jobs", "j", 0, "points at once (default all host cores that have memory for one)")
	f.BoolVar(&opt.Force, "force", false, "measure again what another executable or other blocks have begun")
	f.BoolVar(&opt.Redraw, "redraw", false, "measure nothing: make figures, table and text again")
	f.BoolVar(&silent, "no-progress", false, "no progress bar (there is one only where stderr is a terminal)")
	return cmd
}

// study runs studies one after the other.
func (c *cli) study(list []*study.Study, opt study.Options, silent bool) error {
	t := &table.Table{Header: []string{"study", "points", "missing", "report"}, Number: []bool{false, true, true, false}}
	reports := []*study.Report{}
	missing := 0
	for _, s := range list {
		bar := c.progress(silent)
		opt.Measure = func(_, _ string) func(sweep.Tally) {
			bar.end()
			bar = c.progress(silent)
			return bar.show
		}
		r, err := s.Run(opt)
		bar.end()
		if code, name := reason(opt.Stop); err != nil && code != exitOK {
			return &exitError{code, fmt.Errorf("%s in study %s; the same command goes on", name, s.Name)}
		}
		if err != nil {
			return usageError(err)
		}
		missing += r.Missing
		reports = append(reports, r)
		t.Add(r.Name, r.Points, r.Missing, filepath.Join(opt.Out, s.Name, s.Name+".md"))
		c.note("%s: %s", r.Name, r.Text)
	}
	object := struct {
		Schema  string          `json:"schema"`
		Studies []*study.Report `json:"studies"`
	}{"ooovm.study-reports/1", reports}
	if err := c.print(object, t); err != nil {
		return err
	}
	if missing > 0 {
		return &exitError{exitPartial, fmt.Errorf("%d points have no right result: data/*/results.csv says why", missing)}
	}
	return nil
}
