package run

import (
	"fmt"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/pipeline"
)

// Baselines are the in-order core that speedups are given over, and the same with its stack
// instructions folded, after a run. A core that was not run is nil.
type Baselines struct{ Scalar, Folded *pipeline.Core }

// baselines runs something on both cores. simulate returns the core after the run, or what
// is wrong with what it did.
func baselines(name string, simulate func(*pipeline.Config) (core *pipeline.Core, difference, err error)) (base Baselines, err error) {
	for _, b := range []struct {
		core  **pipeline.Core
		stack string
	}{{&base.Scalar, "execute"}, {&base.Folded, "fold"}} {
		cfg, err := config.Baseline(b.stack)
		if err != nil {
			return base, err
		}
		core, difference, err := simulate(&cfg.Config)
		if err != nil {
			return base, err
		}
		if difference != nil {
			return base, fmt.Errorf("%s: the baseline core is wrong: %w", name, difference)
		}
		*b.core = core
	}
	return base, nil
}

// Baselines runs the block on the in-order cores, unchecked but for its end.
func (p *Block) Baselines(opt Options) (Baselines, error) {
	return baselines(p.Bundle.Name, func(cfg *pipeline.Config) (core *pipeline.Core, difference, err error) {
		out, err := p.Run(cfg, Options{MaxCycles: opt.MaxCycles, Stop: opt.Stop})
		if err != nil {
			return nil, nil, err
		}
		if out.Verdict.OK {
			return out.Core, nil, nil
		}
		return nil, out.Difference, nil
	})
}

// Result runs the block and describes the run. base makes the runs that it is compared with,
// nil for none; what is wrong has no speedup, and is compared with nothing.
func (p *Block) Result(setup Setup, opt Options, base func() (Baselines, error)) (*Result, *Outcome, error) {
	out, err := p.Run(&setup.Config.Config, opt)
	if err != nil {
		return nil, nil, err
	}
	var b Baselines
	if base != nil && out.Verdict.OK {
		if b, err = base(); err != nil {
			return nil, nil, err
		}
	}
	r, err := p.Describe(setup, out, b)
	return r, out, err
}
