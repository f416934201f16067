// Package ablation adds one technique at a time, from the in-order stack machine to the
// dataflow limit: command ablate.
package ablation

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/limits"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// Schema names the form of a Result.
const Schema = "ooovm.ablate/1"

// Result is the ladder from the in-order stack machine to the dataflow limit for one
// block, a row a step, as D. Wall's table of the limits of instruction-level
// parallelism (ASPLOS 1991) has it. In a total, Trace has no name.
type Result struct {
	Schema       string         `json:"schema"`
	Trace        *run.TraceInfo `json:"trace"` // null in the total over blocks
	Blocks       int            `json:"blocks"`
	Base         string         `json:"base"` // preset
	Instructions uint64         `json:"instructions"`
	Steps        []Step         `json:"steps"`
}

// Step is one row: the core of the row before with one thing more.
type Step struct {
	Step    string   `json:"step"`
	Set     []string `json:"set"`    // what differs from the row's preset, as key=value
	Preset  string   `json:"preset"` // empty for the dataflow limit, which is no machine
	Oracle  bool     `json:"oracle"`
	Cycles  uint64   `json:"cycles"`
	Uops    uint64   `json:"uops"`
	IPC     *float64 `json:"ipc"`
	UIPC    *float64 `json:"uipc"`
	Gain    *float64 `json:"gain"`    // cycles of the row before over these
	Speedup *float64 `json:"speedup"` // cycles of the first row over these
}

// rung is a step of the ladder before it is run.
type rung struct {
	name string
	base bool // on the base core; else on the preset
	// preset is "" for the dataflow limit.
	preset string
	set    []string
}

// ladder is the sequence of steps. Those on the base core begin without its predictors.
func ladder() []rung {
	static := []string{"predictor.branch=backward", "predictor.target=none", "predictor.call=none"}
	waits := []string{"predictor.memory=wait", "predictor.state=wait"}
	blind := []string{"predictor.keys=none", "predictor.runahead=false", "predictor.value=none"}
	recipes := []string{"predictor.keys=recipe", "predictor.value=none"}
	learned := []string{"predictor.keys=recipe", "predictor.value=last"}
	perfect := []string{
		"core.gas=free", "predictor.branch=oracle", "predictor.target=oracle", "predictor.call=oracle",
		"predictor.memory=oracle", "predictor.state=oracle", "predictor.keys=oracle", "predictor.value=oracle",
	}
	join := func(parts ...[]string) (all []string) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	return []rung{
		{name: "in-order stack", preset: "scalar", set: []string{"core.stack=execute"}},
		{name: "+ folding", preset: "scalar", set: []string{"core.stack=fold", fmt.Sprintf("core.decode=%d", config.FoldedDecode)}},
		{name: "+ renaming, out of order", base: true, set: join(static, waits, blind)},
		{name: "+ disambiguation", base: true, set: join(static, blind)},
		{name: "+ branch prediction", base: true, set: blind},
		{name: "+ state prediction", base: true, set: recipes},
		{name: "+ state values", base: true, set: learned},
		{name: "+ perfect prediction", base: true, set: perfect},
		{name: "+ unbounded machine", preset: "limit"},
		{name: "dataflow limit"},
	}
}

// Study runs the ladder over blocks.
type Study struct {
	Base config.Source // of the base core
	Stop context.Context
	batch.Host

	steps []step
	name  string
}

// step is a rung with its configuration, nil for the dataflow limit.
type step struct {
	rung
	config *pipeline.Config
}

// Report is one block's ladder, or why there is none.
type Report = batch.Report[*Result]

// Prepare makes the configurations of all steps; its error is the user's.
func (s *Study) Prepare() error {
	s.steps = nil
	for _, r := range ladder() {
		st := step{rung: r}
		source := config.Source{Set: append([]string{"preset=" + r.preset}, r.set...)}
		if r.base {
			source = s.Base
			source.Set = append(append([]string(nil), s.Base.Set...), r.set...)
		}
		if r.base || r.preset != "" {
			eff, err := config.Load(source)
			if err != nil {
				return err
			}
			st.config, st.preset = &eff.Config.Config, eff.Preset
			if r.base {
				s.name = eff.Preset
			}
		}
		s.steps = append(s.steps, st)
	}
	return nil
}

// Run hands over the ladders in the order of the paths.
func (s *Study) Run(paths []string, emit func(Report) error) error {
	return batch.Blocks(s.Host, s.Stop, paths, s.of, emit)
}

// of computes a block's ladder.
func (s *Study) of(b *traces.Bundle) (*Result, error) {
	p, err := run.Prepare(s.Stop, b, run.Recording)
	if err != nil {
		return nil, err
	}
	a := &Result{Schema: Schema, Blocks: 1, Base: s.name}
	for i := range s.steps {
		if s.Stop != nil && s.Stop.Err() != nil {
			return nil, s.Stop.Err()
		}
		st := &s.steps[i]
		row := Step{Step: st.name, Set: st.set, Preset: st.preset}
		if st.config == nil {
			l, err := limits.OfBlock(p, limits.Options{})
			if err != nil {
				return nil, err
			}
			row.Cycles, row.Uops = l.CriticalPath, l.Executed
		} else {
			out, err := p.Run(st.config, run.Options{Stop: s.Stop})
			if err != nil {
				return nil, err
			}
			if !out.Verdict.OK {
				return nil, run.Difference(fmt.Errorf("%s: %s: %w", b.Name, st.name, out.Difference))
			}
			if a.Trace == nil {
				trace, err := p.TraceInfo(out.GasUsed())
				if err != nil {
					return nil, err
				}
				a.Trace, a.Instructions = &trace, out.Core.Stats.Instructions
			}
			row.Cycles, row.Uops, row.Oracle = uint64(out.Core.Cycle()), out.Core.Stats.Uops, st.config.ReadsGolden()
		}
		a.Steps = append(a.Steps, row)
	}
	a.settle()
	return a, nil
}

// settle computes the ratios.
func (a *Result) settle() {
	for i := range a.Steps {
		s := &a.Steps[i]
		s.IPC, s.UIPC = run.Ratio(a.Instructions, s.Cycles), run.Ratio(s.Uops, s.Cycles)
		s.Gain, s.Speedup = run.Ratio(a.Steps[max(i, 1)-1].Cycles, s.Cycles), run.Ratio(a.Steps[0].Cycles, s.Cycles)
	}
}

// Add puts a block into the total by time: cycles add up, as if blocks ran one after
// the other.
func (a *Result) Add(b *Result) {
	if a.Blocks == 0 {
		*a = Result{Schema: Schema, Base: b.Base, Steps: make([]Step, len(b.Steps))}
		for i := range b.Steps {
			a.Steps[i] = b.Steps[i]
			a.Steps[i].Cycles, a.Steps[i].Uops = 0, 0
		}
	}
	a.Blocks += b.Blocks
	a.Instructions += b.Instructions
	for i := range b.Steps {
		a.Steps[i].Cycles += b.Steps[i].Cycles
		a.Steps[i].Uops += b.Steps[i].Uops
	}
	a.settle()
}
