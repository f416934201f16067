package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/observe/profile"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// profileLine is a row of a profile as JSON.
type profileLine struct {
	Name   string            `json:"name"`
	Cycles uint64            `json:"cycles"`
	Slots  map[string]uint64 `json:"slots"`
}

// profileResult is a profile as JSON; docs/formats.md explains every field.
type profileResult struct {
	Schema string        `json:"schema"`
	Block  string        `json:"block"`
	Preset string        `json:"preset"`
	By     string        `json:"by"`
	Cycles uint64        `json:"cycles"`
	Width  int           `json:"width"`
	Lines  []profileLine `json:"lines"`
}

func newProfile(c *cli) *cobra.Command {
	var (
		s                configFlags
		by, code, output string
		top              int
	)
	cmd := &cobra.Command{
		Use:   "profile [BLOCK]",
		Short: "Say where the cycles of a block go",
		Long: `Runs a block on one core and books every commit slot on an instruction: one that
commits, or else the oldest one in flight, with the cause that held it. Lists what
the cycles went to by transaction, contract, selector or instruction (pc), the most
expensive first. --annotate prints the code of a contract with the slots and stalls of
every instruction. --output writes a flame graph: FILE.json for speedscope.app,
FILE.pb.gz for go tool pprof. Without arguments it profiles the embedded block.

` + precedenceHelp,
		Example: `  ooovm profile 19426587.json.gz --by selector
  ooovm profile 19426587.json.gz --annotate 0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48
  ooovm profile --output flame.speedscope.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			write, err := profileFormat(output)
			if err != nil {
				return usageError(err)
			}
			eff, err := s.load(c)
			if err != nil {
				return err
			}
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			if len(paths) != 1 {
				return usageError(errors.New("a profile is of one block"))
			}
			b, err := run.OpenContext(c.ctx, paths[0])
			if err != nil {
				return run.Input(err)
			}
			rec, cycles, err := profiled(c.ctx, b, &eff.Config.Config)
			if err != nil {
				return err
			}
			if write != nil {
				if err := files.Write(output, func(w io.Writer) error { return write(rec, b.Name, w) }); err != nil {
					return err
				}
			}
			if code != "" {
				return c.annotate(rec, strings.ToLower(code))
			}
			lines, err := rec.By(by)
			if err != nil {
				return usageError(err)
			}
			r := &profileResult{Schema: "ooovm.profile/1", Block: b.Name, Preset: eff.Preset, By: by, Cycles: cycles, Width: eff.Config.Core.Commit, Lines: []profileLine{}}
			t := &table.Table{Header: []string{by, "cycles", "share", "committing", "lost to"}, Number: []bool{false, true, true, true}}
			for i := range lines {
				l := &lines[i]
				if top > 0 && i == top {
					break
				}
				j := profileLine{Name: l.Name, Cycles: rec.Cycles(l.Slots.Total()), Slots: l.Slots.ByCause()}
				r.Lines = append(r.Lines, j)
				t.Add(l.Name, j.Cycles, percent(l.Slots.Total(), cycles*uint64(r.Width)), percent(l.Slots[pipeline.CauseBase], l.Slots.Total()), l.Slots.Causes())
			}
			return c.print(r, t)
		}),
	}
	cmd.Flags().StringVar(&by, "by", "contract", "group by "+strings.Join(profile.Groupings, ", "))
	cmd.Flags().IntVar(&top, "top", 20, "rows to print (0: all)")
	cmd.Flags().StringVar(&code, "annotate", "", "print the code of the contract at this `address` with the slots of every instruction")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write a flame graph: `FILE`.json (speedscope) or FILE.pb.gz (pprof)")
	s.register(cmd)
	return cmd
}

// profileFormat chooses the writer by the file's name.
func profileFormat(path string) (func(*profile.Recorder, string, io.Writer) error, error) {
	switch {
	case path == "":
		return nil, nil
	case strings.HasSuffix(path, ".pb.gz"):
		return func(r *profile.Recorder, _ string, w io.Writer) error { return r.WritePprof(w) }, nil
	case strings.HasSuffix(path, ".json"):
		return func(r *profile.Recorder, name string, w io.Writer) error { return r.WriteSpeedscope(w, name) }, nil
	}
	return nil, fmt.Errorf("--output %s: it ends in .json (speedscope) or .pb.gz (pprof)", path)
}

// profiled runs a block in lockstep and books its slots.
func profiled(stop context.Context, b *traces.Bundle, cfg *pipeline.Config) (rec *profile.Recorder, cycles uint64, err error) {
	p, err := run.Prepare(stop, b, run.NeedOf(true, cfg))
	if err != nil {
		return nil, 0, err
	}
	rec = profile.New(cfg.Core.Commit)
	out, err := p.Run(cfg, run.Options{Lockstep: true, Ledger: rec, Stop: stop})
	if err != nil {
		return nil, 0, err
	}
	if out.Difference != nil {
		return nil, 0, run.Difference(fmt.Errorf("%s: %w", b.Name, out.Difference))
	}
	return rec, uint64(out.Core.Cycle()), nil
}

// annotate prints code beside its slots.
func (c *cli) annotate(rec *profile.Recorder, account string) error {
	list := rec.Annotate(account)
	if list == nil {
		return usageError(fmt.Errorf("--annotate %s: no code of this account ran in the block", account))
	}
	t := &table.Table{Header: []string{"pc", "instruction", "cycles", "committing", "lost to"}, Number: []bool{true, false, true, true}}
	type line struct {
		PC          uint32            `json:"pc"`
		Instruction string            `json:"instruction"`
		Slots       map[string]uint64 `json:"slots"`
	}
	lines := make([]line, len(list))
	for i := range list {
		a := &list[i]
		lines[i] = line{a.PC, a.Text, a.Slots.ByCause()}
		if a.Slots.Total() == 0 {
			t.Add(fmt.Sprintf("%#06x", a.PC), a.Text, "", "", "")
			continue
		}
		t.Add(fmt.Sprintf("%#06x", a.PC), a.Text, rec.Cycles(a.Slots.Total()), percent(a.Slots[pipeline.CauseBase], a.Slots.Total()), a.Slots.Causes())
	}
	return c.print(struct {
		Schema  string `json:"schema"`
		Account string `json:"account"`
		Code    any    `json:"code"`
	}{"ooovm.annotation/1", account, lines}, t)
}
