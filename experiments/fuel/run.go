// Package fuel runs FuelVM programs on simulated cores and judges them, as its parent
// does with blocks of the Ethereum virtual machine.
package fuel

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/fuel"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	golden "github.com/ooovm/ooovm/traces/fuel"
)

// Options of one run.
type Options struct {
	Lockstep    bool           // compare every committed instruction
	Probe       pipeline.Probe // watches transaction ProbeTx, nil for none
	ProbeTx     int
	VerifyEvery uint64          // recount the core's structures every so many steps, 0 for never
	MaxCycles   uint64          // pipeline.ErrMaxCycles beyond, 0 for no limit
	Stop        context.Context // ends the run with its error, nil for never
	Cache       *decoder.Cache  // of decoded code, nil for one of its own
}

// Outcome is one run of one program.
type Outcome struct {
	Core    *pipeline.Core
	Block   *golden.Block
	Checked uint64 // instructions compared in lockstep
	Stream  error  // the first difference of the committed stream
	// Difference is what validation found first, nil when the program is right.
	Difference error
}

// watcher tells the lockstep check of the bounds of transactions.
type watcher struct {
	check *lockstep.Fuel // nil when not compared
}

func (w *watcher) BeginTx(i int) {
	if w.check != nil {
		w.check.BeginTx(i)
	}
}

func (w *watcher) EndTx(int) error { return nil }

// Run simulates a program's transactions one after the other under a configuration and
// compares what they came to with what the program expects. The error is for what made
// a run impossible.
func Run(p *golden.Program, cfg *pipeline.Config, opt Options) (out *Outcome, err error) {
	defer budget.Recover(p.Name, &err)
	cache := opt.Cache
	if cache == nil {
		cache = fuel.NewCache()
	}
	stop := opt.Stop
	if stop == nil {
		stop = context.Background()
	}
	var oracle predictor.Golden
	if cfg.ReadsGolden() {
		recorded, err := golden.RecordOracle(stop, p)
		if err != nil {
			return nil, err
		}
		oracle = recorded
	}
	sys := fuel.NewSystem(fuel.Work{Name: p.Name, Params: p.Params, Block: &p.Block, World: p.World(), Transactions: p.Transactions}, cache, opt.Lockstep)
	core, err := pipeline.New(*cfg, sys, oracle)
	if err != nil {
		return nil, err
	}
	core.VerifyEvery, core.MaxCycles, core.Stop = opt.VerifyEvery, isa.Cycle(opt.MaxCycles), opt.Stop
	core.SetMemory(p.Memory.Rest())
	core.SetProbe(opt.Probe, opt.ProbeTx)
	out = &Outcome{Core: core}
	var check *lockstep.Fuel
	if opt.Lockstep {
		check = lockstep.NewFuel(p, sys)
		defer check.Close()
		core.SetChecker(lockstep.Observer{Checker: check, Core: core})
	}
	err = machine.Sequential(core, sys, len(p.Transactions), &watcher{check})
	if check != nil {
		if err == nil {
			check.End()
		}
		out.Stream, out.Checked = check.Err(), check.Checked()
	}
	if err != nil && out.Stream == nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	out.Block = &golden.Block{World: sys.State(), Results: sys.Results}
	if out.Stream != nil {
		out.Stream = fmt.Errorf("%s: %w", p.Name, out.Stream)
		out.Difference = out.Stream
	} else {
		out.Difference = golden.Compare(p, out.Block)
	}
	return out, nil
}
