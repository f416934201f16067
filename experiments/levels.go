package experiments

import (
	"fmt"
	"slices"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// LevelsSchema is the schema of LevelsResult.
const LevelsSchema = "ooovm.levels/1"

// LevelsResult says how much of one block's parallelism each policy reaches.
// docs/formats.md explains every field.
type LevelsResult struct {
	Schema         string     `json:"schema"`
	Trace          TraceInfo  `json:"trace"`
	BaselineCycles uint64     `json:"baselineCycles"` // one scalar core
	Rows           []LevelRow `json:"rows"`
	// IndependentShare is, by conflict definition, the share of the transactions that wait
	// for none before them; null in a block without transactions.
	IndependentShare map[string]*float64 `json:"independentShare"`
	T1OverTinf       *float64            `json:"t1OverTinf"` // on scalar cores, by key
}

// LevelRow is one policy on one number of cores.
type LevelRow struct {
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

// Levels runs blocks under every policy.
type Levels struct {
	Core    Setup    // of the combined rows; its machine section is that of all rows
	Cores   []int    // 0: as many as there are transactions
	Only    []string // policies, empty for all
	Single  bool     // only the policy of the machine section, on its cores
	Options Options
	Jobs    int // blocks at once, 0 for all host cores

	Progress Progress
}

// LevelsReport is one block's levels, or why there are none.
type LevelsReport struct {
	Path       string
	Result     *LevelsResult
	Difference error // what validation found in the first row that is wrong
	Err        error
}

// Run hands over the levels in the order of the paths.
func (l *Levels) Run(paths []string, emit func(LevelsReport) error) error {
	return InOrder(paths, l.Jobs, l.Progress, l.one, emit)
}

func (l *Levels) one(path string) (r LevelsReport) {
	r.Path = path
	r.Err = onBlock(path, l.Options.Stop, func(b *traces.Bundle) error {
		p, err := Prepare(b, l.Options.Lockstep || l.Core.Config.ReadsGolden())
		if err != nil {
			return &DifferenceError{err}
		}
		if l.Single {
			r.Result, r.Difference, err = p.Shared(l.Core, l.Options)
		} else {
			r.Result, r.Difference, err = l.Of(p)
		}
		return err
	})
	return r
}

// study is one block on one kind of core.
type study struct {
	name  string
	cfg   *config.Config
	block []oracle.Footprint // what the reference run has found
}

// Of runs one block. difference is what validation found first.
func (l *Levels) Of(p *Block) (result *LevelsResult, difference, err error) {
	scalar, err := config.Baseline("execute")
	if err != nil {
		return nil, nil, err
	}
	scalar.Machine = l.Core.Config.Machine
	studies := []*study{{name: "scalar", cfg: scalar}}
	if l.Core.Preset != "scalar" {
		studies = append(studies, &study{name: l.Core.Preset, cfg: l.Core.Config})
	}
	r := &LevelsResult{Schema: LevelsSchema, IndependentShare: map[string]*float64{}}
	for i, s := range studies {
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
			if r.Trace, err = p.traceInfo(gasUsed(&ref.Outcome)); err != nil {
				return nil, nil, err
			}
			r.T1OverTinf = ratio(oracle.Work(s.block), oracle.Span(s.block))
			for _, d := range oracle.Definitions {
				r.IndependentShare[d.Name] = ratio(uint64(oracle.Independent(d.Before(s.block))), uint64(len(s.block)))
			}
		}
	}
	for _, s := range studies {
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
func (l *Levels) rows(p *Block, s *study, baseline uint64) (rows []LevelRow, difference, err error) {
	var model, alone *ParallelOutcome // one run in order serves all schedule models
	for _, info := range machine.Policies() {
		if info.Name == machine.InOrder || len(l.Only) > 0 && !slices.Contains(l.Only, info.Name) {
			continue
		}
		for _, mapping := range info.Mappings {
			for _, n := range l.Cores {
				mc, err := s.cfg.Machine.Config()
				if err != nil {
					return nil, nil, err
				}
				mc.Policy, mc.Mapping, mc.Cores, mc.Oracle = info.Name, mapping, n, s.block
				var out *ParallelOutcome
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
func describeRow(info machine.PolicyInfo, mc machine.Config, out *ParallelOutcome, baseline uint64) LevelRow {
	row := LevelRow{
		Level: info.Level, Policy: info.Name, Mapping: mc.Mapping, Cores: mc.Cores, Cycles: out.Stats.Cycles,
		Speedup: ratio(baseline, out.Stats.Cycles), Reexecutions: out.Stats.Reexecutions(), WastedCycles: out.Stats.WastedCycles,
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

// Reference runs the block in order on one core, over the same view of the state as
// every policy: it takes the cycles of a sequential run, and finds what each
// transaction reads and writes.
func (p *Block) Reference(cfg *config.Config, opt Options) (*ParallelOutcome, error) {
	settings := cfg.Machine.Alone()
	mc, err := settings.Config()
	if err != nil {
		return nil, err
	}
	return p.Parallel(&cfg.Config, mc, opt)
}

// Shared runs the block under the policy of the configuration and gives it as levels
// with a single row.
func (p *Block) Shared(setup Setup, opt Options) (r *LevelsResult, difference, err error) {
	scalar, err := p.scalarLevels(setup.Config, opt)
	if err != nil {
		return nil, nil, err
	}
	ref, err := p.Reference(setup.Config, opt)
	if err != nil {
		return nil, nil, err
	}
	return p.share(setup, opt, scalar, ref.Footprints)
}

// levelsOf is what all policies have in common: levels without rows, and what validation
// found in the reference run.
type levelsOf struct {
	result     *LevelsResult
	difference error
}

// scalarLevels runs the block in order on a scalar core.
func (p *Block) scalarLevels(cfg *config.Config, opt Options) (levelsOf, error) {
	l := Levels{Core: Setup{Preset: "scalar", Config: cfg}, Options: opt}
	r, difference, err := l.Of(p)
	return levelsOf{r, difference}, err
}

// share runs the block under a policy, after the reference runs.
func (p *Block) share(setup Setup, opt Options, scalar levelsOf, found []oracle.Footprint) (r *LevelsResult, difference, err error) {
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
	own.Rows = []LevelRow{row}
	if difference = scalar.difference; out.Difference != nil {
		difference = out.Difference
	}
	return &own, difference, nil
}
