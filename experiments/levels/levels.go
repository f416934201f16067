// Package levels says how much of a block's parallelism each policy of several cores reaches:
// command levels, and run --policy.
package levels

import (
	"fmt"
	"slices"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Schema is the schema of Result.
const Schema = "ooovm.levels/1"

// Result says how much of one block's parallelism each policy reaches.
// docs/formats.md explains every field.
type Result struct {
	Schema         string        `json:"schema"`
	Trace          run.TraceInfo `json:"trace"`
	BaselineCycles uint64        `json:"baselineCycles"` // one scalar core
	Rows           []Row         `json:"rows"`
	// IndependentShare is, by conflict definition, the share of the transactions that wait
	// for none before them; null in a block without transactions.
	IndependentShare map[string]*float64 `json:"independentShare"`
	T1OverTinf       *float64            `json:"t1OverTinf"` // on scalar cores, by key
}

// Row is one policy on one number of cores.
type Row struct {
	Level        string   `json:"level"`
	Policy       string   `json:"policy"`
	Mapping      string   `json:"mapping"`
	Core         string   `json:"core"`
	Cores        int      `json:"cores"` // 0: as many as there are transactions
	Cycles       uint64   `json:"cycles"`
	Speedup      *float64 `json:"speedup"` // over one scalar core
	Reexecutions uint64   `json:"reexecutions"`
	WastedCycles uint64   `json:"wastedCycles"`
	Valid        bool     `json:"valid"`

	Oracle       bool              `json:"oracle"`             // the access sets come from a run of the block
	Schedule     bool              `json:"schedule"`           // the time of a schedule of what ran in order, not of a simulated run
	Bounds       string            `json:"bounds,omitempty"`   // of a row that is read as a bound: on what
	PassedBy     string            `json:"passedBy,omitempty"` // and what is faster all the same
	Crediting    string            `json:"crediting"`
	Instructions uint64            `json:"instructions"` // of all incarnations
	Committed    uint64            `json:"committedInstructions"`
	Lost         map[string]uint64 `json:"lost"` // core cycles by cause, base included; null for a bound, which no cores have run

	Repairs      map[string]uint64 `json:"repairs,omitempty"` // attempts, by the guard that failed; of the policy repair
	RepairedUops uint64            `json:"repairedUops,omitempty"`
}

// Study runs blocks under every policy.
type Study struct {
	Core    run.Setup // of the combined rows; its machine section is that of all rows
	Cores   []int     // 0: as many as there are transactions
	Only    []string  // policies, empty for all
	Single  bool      // only the policy of the machine section, on its cores
	Options run.Options
	batch.Host
}

// Report is one block's levels, or why there are none. Levels with an error are complete:
// the error is what validation found in the first row that is wrong.
type Report = batch.Report[*Result]

// Run hands over the levels in the order of the paths.
func (l *Study) Run(paths []string, emit func(Report) error) error {
	return batch.Blocks(l.Host, l.Options.Stop, paths, func(b *traces.Bundle) (*Result, error) {
		p, err := run.Prepare(l.Options.Stop, b, run.NeedOf(l.Options.Lockstep, &l.Core.Config.Config))
		if err != nil {
			return nil, err
		}
		of := l.Of
		if l.Single {
			of = func(p *run.Block) (*Result, error, error) { return Shared(p, l.Core, l.Options) }
		}
		r, difference, err := of(p)
		if err == nil && difference != nil {
			err = run.Difference(fmt.Errorf("%s: %w", r.Trace.Name, difference))
		}
		return r, err
	}, emit)
}

// kind is one block on one kind of core.
type kind struct {
	name  string
	cfg   *config.Config
	block []oracle.Footprint // what the reference run has found
}

// Of runs one block. difference is what validation found first.
func (l *Study) Of(p *run.Block) (result *Result, difference, err error) {
	scalar, err := config.Baseline("execute")
	if err != nil {
		return nil, nil, err
	}
	scalar.Machine = l.Core.Config.Machine
	kinds := []*kind{{name: "scalar", cfg: scalar}}
	if l.Core.Preset != "scalar" {
		kinds = append(kinds, &kind{name: l.Core.Preset, cfg: l.Core.Config})
	}
	r := &Result{Schema: Schema, IndependentShare: map[string]*float64{}}
	for i, s := range kinds {
		ref, err := p.Reference(s.cfg, l.Options)
		if err != nil {
			return nil, nil, err
		}
		if ref.Difference != nil && difference == nil {
			difference = fmt.Errorf("the reference run on %s: %w", s.name, ref.Difference)
		}
		s.block = ref.Footprints
		if i == 0 {
			r.BaselineCycles = ref.Stats.Cycles
			if r.Trace, err = p.TraceInfo(ref.GasUsed()); err != nil {
				return nil, nil, err
			}
			r.T1OverTinf = run.Ratio(oracle.Work(s.block), oracle.Span(s.block))
			for _, d := range oracle.Definitions {
				r.IndependentShare[d.Name] = run.Ratio(uint64(oracle.Independent(d.Before(s.block))), uint64(len(s.block)))
			}
		}
	}
	for _, s := range kinds {
		rows, wrong, err := l.rows(p, s, r.BaselineCycles)
		if err != nil {
			return nil, nil, err
		}
		if difference == nil {
			difference = wrong
		}
		r.Rows = append(r.Rows, rows...)
	}
	return r, difference, nil
}

// rows runs every policy and mapping on every number of cores.
func (l *Study) rows(p *run.Block, s *kind, baseline uint64) (rows []Row, difference, err error) {
	var model, alone *run.ParallelOutcome // one run in order serves all schedule models
	for _, info := range machine.Policies() {
		if info.Name == machine.SequentialPolicy || len(l.Only) > 0 && !slices.Contains(l.Only, info.Name) {
			continue
		}
		for _, mapping := range info.Mappings {
			for _, n := range l.Cores {
				mc, err := s.cfg.Machine.Config()
				if err != nil {
					return nil, nil, err
				}
				mc.Policy, mc.Mapping, mc.Cores, mc.Oracle = info.Name, mapping, n, s.block
				var out *run.ParallelOutcome
				switch {
				case info.Model != nil && model != nil:
					out, err = model.Rearranged(mc)
				case info.OneCore && n != l.Cores[0]:
					out = alone // the same whatever the number of cores
				default:
					out, err = p.Parallel(&s.cfg.Config, mc, l.Options)
				}
				if err != nil {
					return nil, nil, err
				}
				if info.Model != nil {
					model = out
				}
				if info.OneCore {
					alone = out
				}
				if difference == nil && out.Difference != nil {
					difference = fmt.Errorf("%s (%s) on %d cores %s: %w", info.Name, mapping, n, s.name, out.Difference)
				}
				row := describeRow(info, mc, out, baseline)
				row.Core = s.name
				rows = append(rows, row)
			}
		}
	}
	return rows, difference, nil
}

// describeRow turns an outcome into a row. Its core is for the caller to name.
func describeRow(info machine.PolicyInfo, mc machine.Config, out *run.ParallelOutcome, baseline uint64) Row {
	row := Row{
		Level: info.Level, Policy: info.Name, Mapping: mc.Mapping, Cores: mc.Cores, Cycles: out.Stats.Cycles,
		Speedup: run.Ratio(baseline, out.Stats.Cycles), Reexecutions: out.Stats.Reexecutions(), WastedCycles: out.Stats.WastedCycles,
		Valid: out.Verdict.OK, Oracle: info.Oracle || mc.Mapping == machine.PerfectFrames, Schedule: info.Model != nil, Bounds: info.Bounds, PassedBy: info.PassedBy, Crediting: state.Creditings[mc.Crediting],
		Instructions: out.Stats.Instructions, Committed: out.Stats.Committed,
	}
	if info.Level != machine.LevelBound {
		row.Lost = map[string]uint64{}
		for i, name := range machine.LossNames {
			row.Lost[name] = out.Stats.Losses[i]
		}
	}
	for i, n := range out.Stats.Guards {
		if n > 0 {
			if row.Repairs == nil {
				row.Repairs = map[string]uint64{}
			}
			row.Repairs[machine.GuardNames[i]] = n
		}
	}
	row.RepairedUops = out.Stats.RepairedUops
	return row
}

// Shared runs the block under the policy of the configuration and gives it as levels
// with a single row.
func Shared(p *run.Block, setup run.Setup, opt run.Options) (r *Result, difference, err error) {
	scalar, err := ScalarOf(p, setup.Config, opt)
	if err != nil {
		return nil, nil, err
	}
	ref, err := p.Reference(setup.Config, opt)
	if err != nil {
		return nil, nil, err
	}
	return Share(p, setup, opt, scalar, ref.Footprints)
}

// Scalar is what the rows of all policies are compared with, after the run in order on a
// scalar core: levels without rows, and what validation found.
type Scalar struct {
	result     *Result
	difference error
}

// ScalarOf runs the block in order on a scalar core.
func ScalarOf(p *run.Block, cfg *config.Config, opt run.Options) (*Scalar, error) {
	l := Study{Core: run.Setup{Preset: "scalar", Config: cfg}, Options: opt}
	r, difference, err := l.Of(p)
	if err != nil {
		return nil, err
	}
	return &Scalar{r, difference}, nil
}

// Share runs the block under a policy, after the reference runs.
func Share(p *run.Block, setup run.Setup, opt run.Options, scalar *Scalar, found []oracle.Footprint) (r *Result, difference, err error) {
	info, _, err := machine.FindPolicy(setup.Config.Machine.Policy, "")
	if err != nil {
		return nil, nil, err
	}
	mc, err := setup.Config.Machine.Config()
	if err != nil {
		return nil, nil, err
	}
	mc.Oracle = found
	out, err := p.Parallel(&setup.Config.Config, mc, opt)
	if err != nil {
		return nil, nil, err
	}
	own := *scalar.result
	row := describeRow(info, mc, out, own.BaselineCycles)
	row.Core = setup.Preset
	own.Rows = []Row{row}
	if difference = scalar.difference; out.Difference != nil {
		difference = out.Difference
	}
	return &own, difference, nil
}
