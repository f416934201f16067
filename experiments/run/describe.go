package run

import (
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/pipeline/prefetch"
	"github.com/ooovm/ooovm/traces"
)

// TraceInfo names the block; gasUsed is what its execution used.
func (p *Block) TraceInfo(gasUsed uint64) (TraceInfo, error) {
	hash, err := p.identity()
	if err != nil {
		return TraceInfo{}, err
	}
	return TraceInfo{
		Name: p.Bundle.Name, Hash: hash, Number: p.Bundle.Header.Number.Uint64(), Fork: p.Bundle.Fork(),
		Transactions: len(p.Bundle.Txs), GasUsed: gasUsed,
	}, nil
}

// Setup names a configuration for a result.
type Setup struct {
	Preset  string
	Hash    string
	Config  *config.Config
	Carry   bool   // predictors are handed on from block to block
	Learned string // digest of the run that they come from, empty at first
}

// SetupOf names a configuration that was loaded.
func SetupOf(e *config.Effective) Setup {
	return Setup{Preset: e.Preset, Hash: config.Hash(&e.Config), Config: &e.Config}
}

// Describe turns an outcome into a result.
func (p *Block) Describe(setup Setup, out *Outcome, base Baselines) (*Result, error) {
	trace, err := p.TraceInfo(out.GasUsed())
	if err != nil {
		return nil, err
	}
	r := describe(setup, trace, out.Core, base)
	r.Valid = validity(out.Verdict, out.Checked, out.Difference)
	r.Counts.ReadsOutsideBundle = out.World.ReadsOutside()
	r.Digest = Digest(setup.Hash+setup.Learned, trace.Hash, out)
	return r, nil
}

// validity says what was compared and what came out.
func validity(verdict traces.Verdict, checked uint64, difference error) (v Validity) {
	v.Verdict = verdict
	if verdict.Lockstep != nil {
		v.InstructionsChecked = &checked
	}
	if difference != nil {
		v.Difference = difference.Error()
	}
	return v
}

// Info names the configuration in a result.
func (s *Setup) Info() ConfigInfo {
	return ConfigInfo{Preset: s.Preset, Hash: s.Hash, Stack: s.Config.Core.Stack, Builtins: s.Config.Latency.Builtins, Oracle: s.Config.ReadsGolden(), Chaos: s.Config.Misbehaves(), Carry: s.Carry}
}

// describe says what a core has done.
func describe(setup Setup, trace TraceInfo, core *pipeline.Core, base Baselines) *Result {
	s := &core.Stats
	cycles := uint64(core.Cycle())
	cfg := &setup.Config.Config
	r := &Result{
		Schema: ResultSchema,
		Trace:  trace,
		Config: setup.Info(),
		Counts: Counts{
			Instructions: s.Instructions, Uops: s.Uops, ExecutedUops: s.Executed, Cycles: cycles,
			SquashedUops: s.SquashedUops, WrongPathUops: s.WrongPathUops, Calls: s.Calls,
			StackFills: s.StackFills,
		},
		IPC:      Ratio(s.Instructions, cycles),
		UIPC:     Ratio(s.Uops, cycles),
		Time:     TimeInfo{ClockMHz: cfg.Core.ClockMHz, Microseconds: *Rounded(float64(cycles) / float64(cfg.Core.ClockMHz))},
		Squashes: map[string]uint64{}, Stalls: map[string]uint64{
			"rob": s.FullROB, "iq": s.FullIQ, "regs": s.FullRegs, "loadq": s.FullLoadQ, "storeq": s.FullStoreQ, "stateq": s.FullStateQ,
		},
		Predictors: PredictorInfo{
			Branch:            prediction(cfg.Predictor.Branch, s.Branches, s.DirectionMispredicts, s.Instructions),
			Target:            prediction(cfg.Predictor.Target, s.CommittedJumps, s.TargetMispredicts, s.Instructions),
			Call:              prediction(cfg.Predictor.Call, s.Calls, s.CallMispredicts, s.Instructions),
			Jumps:             JumpInfo{s.ConstantJumps, s.ReturnJumps, s.CommittedJumps - s.ConstantJumps - s.ReturnJumps, s.ReturnMispredicts, perThousand(s.ReturnMispredicts, s.Instructions), perThousand(s.TargetMispredicts-s.ReturnMispredicts, s.Instructions)},
			FrontEndRedirects: s.FrontEndRedirects,
			Memory:            Dependence{cfg.Predictor.Memory, s.MemoryForwards, s.MemoryWaits, s.MemoryViolations, s.MemoryFalseWaits},
			State:             stateDependence(cfg.Predictor.State, s),
			Value: ValueInfo{
				cfg.Predictor.Value, s.Value.Loads, s.Value.Predicted, s.Value.Right, s.Value.Wrong, s.Value.Unread,
				Ratio(s.Value.Predicted, s.Value.Loads), Ratio(s.Value.Right, s.Value.Predicted),
			},
			Gas: prediction(cfg.Core.Gas, s.GasAnswers, s.Squashes[pipeline.CauseGas], s.Instructions),
		},
		State:    StateInfo{s.StateHits, s.StateNear, s.StateFar, s.MissStalls, s.TransferWaits},
		Prefetch: prefetchInfo(cfg, &s.Prefetch),
		Window:   windowInfo(cfg, s),
	}
	if cycles > 0 {
		r.Time.MgasPerSec = Rounded(float64(r.Trace.GasUsed) / r.Time.Microseconds)
	}
	unlimited := cfg.Core.Commit >= 1<<20
	if !unlimited {
		r.CPIStack = map[string]uint64{}
	}
	if !unlimited {
		r.Serial = map[string]uint64{}
		for op, n := range s.Serial {
			if n > 0 {
				r.Serial[isa.Table[op].Name] = n
			}
		}
	}
	for cause, name := range pipeline.CauseNames {
		if !unlimited {
			r.CPIStack[name] = s.Slots[cause]
		}
		if n := s.Squashes[cause]; n > 0 {
			r.Squashes[name] = n
			r.Counts.Squashes += n
		}
	}
	r.Baseline = baseline(base.Scalar, cycles)
	r.Folded = baseline(base.Folded, cycles)
	if r.Baseline != nil {
		r.Speedup = r.Baseline.Speedup
	}
	return r
}

// GasUsed is that of all transactions.
func (out *Outcome) GasUsed() (sum uint64) {
	for i := range out.Results {
		sum += out.Results[i].GasUsed
	}
	return sum
}

func prediction(name string, made, wrong, instructions uint64) Prediction {
	p := Prediction{Name: name, Made: made, Mispredicts: wrong}
	if made > 0 && wrong <= made { // wrong paths can be wrong more often than anything commits
		p.Accuracy = Rounded(1 - float64(wrong)/float64(made))
	}
	p.MPKI = perThousand(wrong, instructions)
	return p
}

func perThousand(n, instructions uint64) *float64 { return Ratio(1000*n, instructions) }

func baseline(core *pipeline.Core, cycles uint64) *Baseline {
	if core == nil {
		return nil
	}
	s, c := &core.Stats, uint64(core.Cycle())
	return &Baseline{
		Preset: "scalar", Stack: core.Config().Core.Stack, Cycles: c,
		IPC: Ratio(s.Instructions, c), UIPC: Ratio(s.Uops, c), Speedup: Ratio(c, cycles),
	}
}

func stateDependence(name string, s *pipeline.Stats) StateDependence {
	t := &s.Transient
	return StateDependence{
		Dependence{name, s.StateForwards, s.StateWaits, s.StateViolations, s.StateFalseWaits},
		DependenceCounts{s.StateForwards - t.Forwards, s.StateWaits - t.Waits, s.StateFalseWaits - t.FalseWaits, s.StateViolations - t.Violations},
		DependenceCounts(*t),
	}
}

func windowInfo(cfg *pipeline.Config, s *pipeline.Stats) *WindowInfo {
	if cfg.Core.Transactions < 2 {
		return nil
	}
	return &WindowInfo{cfg.Core.Transactions, s.Overlapped, s.StaleReads}
}

func prefetchInfo(cfg *pipeline.Config, s *prefetch.Stats) *PrefetchInfo {
	if !cfg.Prefetches() {
		return nil
	}
	coverage := func(all, covered, timely uint64) Coverage { return Coverage{all, covered, timely, Ratio(timely, all)} }
	return &PrefetchInfo{
		Keys: cfg.Predictor.Keys, Runahead: cfg.Predictor.Runahead,
		Issued: s.Issued, Useful: s.Useful, Late: s.Late, Useless: s.Issued - s.Useful, Redundant: s.Redundant, Dropped: s.Dropped, Refused: s.Refused,
		Accuracy:     Ratio(s.Useful, s.Issued),
		Wasted:       Ratio(s.Issued-s.Useful, s.Issued),
		Touches:      coverage(s.Touches, s.TouchesCovered, s.TouchesTimely),
		Loads:        coverage(s.Loads, s.LoadsCovered, s.LoadsTimely),
		Seen:         coverage(s.Seen, s.SeenCovered, s.SeenTimely),
		Known:        coverage(s.Known, s.KnownCovered, s.KnownTimely),
		Runaheads:    s.Runaheads,
		RunaheadUops: s.RunaheadUops,
	}
}

// Causes names the causes of the CPI stack, in the order of reports.
func Causes() []string { return pipeline.CauseNames[:] }
