// Package run turns one block, or one program of the FuelVM, under one configuration into
// one judged result.
//
// A Block is a bundle made ready for any number of runs. A run of it, on one core (Block.Run)
// or on several that share it (Block.Parallel), is an Outcome: the machine as the run left
// it, and a verdict. Describe makes a Result of it, which is what users see and files keep.
// What keeps a block from having one is an Error, which knows whose fault it is.
package run

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Block is a bundle made ready for any number of runs: checked, its golden run
// made once, and its code decoded once. Runs of one block may be made at once.
type Block struct {
	Bundle *traces.Bundle
	Golden *traces.Golden // nil of an Unproved block
	Cache  *decoder.Cache
	oracle *traces.Oracle // nil unless the whole run is recorded
	txs    []*state.Tx
	hashes map[state.Address]state.Hash // of the pre-state's codes

	identity  func() (string, error) // of the bundle, computed once
	postState *sync.Mutex            // reading the golden post-state fills its caches
}

// Need is what runs of a block read of its golden run. What meets one meets those before it.
type Need uint8

// Needs.
const (
	// Results: what receipts are made of, and the post-state.
	Results Need = iota
	// Streams: the instructions, for lockstep. They are not kept: they execute beside each run.
	Streams
	// Steps: the same for several runs. Those of a block that is not long are kept
	// (traces.MostRecorded).
	Steps
	// Recording: all that is recorded, for what asks about any instruction at any time.
	Recording
)

// golden makes the run that a need is met by.
var golden = [...]func(context.Context, *traces.Bundle) (*traces.Golden, error){
	Results: traces.ExecuteContext,
	Streams: func(stop context.Context, b *traces.Bundle) (*traces.Golden, error) {
		return traces.Comparable(stop, b, 0)
	},
	Steps: func(stop context.Context, b *traces.Bundle) (*traces.Golden, error) {
		return traces.Comparable(stop, b, traces.MostRecorded)
	},
	Recording: traces.RecordContext,
}

// NeedOf is what a run with or without lockstep reads under a configuration, which may have
// predictors that ask the golden run.
func NeedOf(lockstep bool, cfg *pipeline.Config) Need {
	switch {
	case cfg.ReadsGolden():
		return Recording
	case lockstep:
		return Steps
	}
	return Results
}

// Prepare checks a bundle and makes its golden run, with what its runs need. Its error is a
// Difference: the block contradicts itself, or cannot be executed; or the fault of a golden
// run that breaks.
func Prepare(stop context.Context, b *traces.Bundle, need Need) (*Block, error) {
	stop = orForever(stop)
	p, err := prepare(stop, b, need)
	switch {
	case stop.Err() != nil:
		return nil, stop.Err()
	case errors.As(err, new(*invariant.Error)):
		return nil, err
	case budget.Exceeds(err): // nothing has been found out about the block
		return nil, err
	case err != nil:
		return nil, Difference(err)
	}
	return p, nil
}

// orForever stands for a context that a caller does not have.
func orForever(stop context.Context) context.Context {
	if stop == nil {
		return context.Background()
	}
	return stop
}

func prepare(stop context.Context, b *traces.Bundle, need Need) (*Block, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	g, err := golden[need](stop, b)
	if err != nil {
		return nil, err
	}
	p, err := Unproved(b)
	if err != nil {
		return nil, err
	}
	p.Golden = g
	if need == Recording {
		p.oracle = g.Oracle()
	}
	return p, nil
}

// Unproved is Prepare for a block without a golden run, as go-ethereum refuses it: its runs
// are compared with the header alone, and ought to refuse it, too. Its bundle has been checked.
func Unproved(b *traces.Bundle) (*Block, error) {
	p := &Block{Bundle: b, Cache: evm.NewCache(), hashes: b.Prestate.CodeHashes(), identity: sync.OnceValues(b.Hash), postState: new(sync.Mutex)}
	for i, tx := range b.Txs {
		t, err := state.NewTx(tx, state.Address(b.Senders[i]), b.Header.BaseFee)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name, &state.InvalidError{Tx: i, Err: err})
		}
		p.txs = append(p.txs, t)
	}
	return p, nil
}

// Options of one run.
type Options struct {
	Lockstep bool           // compare every committed instruction
	Probe    pipeline.Probe // watches transaction ProbeTx, nil for none
	ProbeTx  int

	Ledger Ledger // books every commit slot, nil for nothing

	Inherit *pipeline.Core // whose predictors have learned something before, nil for none

	VerifyEvery uint64          // recount the core's structures every so many steps, 0 for never
	MaxCycles   uint64          // pipeline.ErrMaxCycles beyond, 0 for no limit
	Stop        context.Context // ends the run with its error, nil for never
}

// Bound gives a core the limits of the options and the memory that it may take.
func (o *Options) Bound(core *pipeline.Core, memory *budget.Budget) {
	core.MaxCycles, core.Stop, core.VerifyEvery = isa.Cycle(o.MaxCycles), o.Stop, o.VerifyEvery
	core.SetMemory(memory)
}

// Ledger books the slots of a run, transaction by transaction.
type Ledger interface {
	pipeline.Ledger
	BeginTx()
}

// Outcome is one run of one block, before it is described.
type Outcome struct {
	Core    *pipeline.Core
	World   *state.World
	Results []state.TxResult
	// Roots are the state roots after each transaction, of a whole state before Byzantium,
	// where receipts have them; otherwise none.
	Roots    []state.Hash
	Requests [][]byte // to the consensus layer, from Prague on
	Checked  uint64   // instructions compared in lockstep
	// Repaired instructions ran with stale values, and were repaired: only what they leave
	// behind is compared.
	Repaired uint64
	Verdict  traces.Verdict
	// Difference is what validation found, nil when the block is right.
	Difference error
}

// Watcher tells the lockstep check and the ledger of a core where transactions begin and
// end. It is the machine.Watcher of a core that runs alone.
type Watcher struct {
	Core   *pipeline.Core
	Check  *lockstep.EVM // nil when not compared
	Ledger Ledger        // nil for none
	Ended  func() error  // is told after each transaction, nil for nobody
}

// BeginTx ends the comparison where the golden run has no such transaction.
func (w *Watcher) BeginTx(i int) {
	if w.Ledger != nil {
		w.Ledger.BeginTx()
	}
	if w.Check != nil && !w.Check.BeginTx(i) {
		w.Core.SetChecker(nil)
	}
}

// EndTx stops the block for nothing but an error of Ended.
func (w *Watcher) EndTx(i int) error {
	if w.Check != nil {
		w.Check.EndTx(i)
	}
	if w.Ended != nil {
		return w.Ended()
	}
	return nil
}

// difference is what lockstep found, nil when it found or compared nothing.
func (w *Watcher) difference() error {
	if w.Check == nil {
		return nil
	}
	return w.Check.Err()
}

// Run simulates the block under a configuration. The error is for what made a run
// impossible; what validation finds is in the outcome.
func (p *Block) Run(cfg *pipeline.Config, opt Options) (*Outcome, error) {
	out, err := p.Simulate(cfg, opt)
	if err != nil {
		return nil, err
	}
	p.Judge(out, opt.Lockstep)
	return out, nil
}

// Simulate is Run without the verdict.
func (p *Block) Simulate(cfg *pipeline.Config, opt Options) (out *Outcome, err error) {
	b := p.Bundle
	defer budget.Recover(b.Name, &err)
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	world := state.NewWorld(b.Prestate)
	world.KnowCodeHashes(p.hashes)
	sys := evm.NewSystem(world, env, p.txs, p.Cache)
	golden, err := p.golden(cfg)
	if err != nil {
		return nil, err
	}
	core, err := pipeline.New(*cfg, sys, golden)
	if err != nil {
		return nil, err
	}
	if opt.Inherit != nil {
		if err := core.Inherit(opt.Inherit); err != nil {
			return nil, err
		}
	}
	memory := b.Memory.Rest()
	opt.Bound(core, memory)
	core.SetProbe(opt.Probe, opt.ProbeTx)
	out = &Outcome{Core: core, World: world}
	w := &Watcher{Core: core, Ledger: opt.Ledger}
	if p.receiptsHaveRoots() {
		w.Ended = out.root
	}
	if opt.Ledger != nil {
		core.SetLedger(opt.Ledger)
	}
	var source traces.Source
	if opt.Lockstep {
		if source, err = p.Golden.Source(memory); err != nil {
			return nil, err
		}
		defer source.Close()
		w.Check = lockstep.NewEVM(source, sys)
		core.SetChecker(lockstep.Observer{Checker: w.Check, Core: core})
	}
	if err := state.BeginBlock(world, env, b.Header); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	err = machine.Sequential(core, sys, len(p.txs), w)
	out.Difference = w.difference()
	if source != nil {
		if broken := source.Close(); broken != nil {
			return nil, broken
		}
	}
	switch {
	case err == nil:
	case out.Difference == nil:
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	default: // a diverged core may not terminate
		out.Difference = fmt.Errorf("%w\nafter which the simulation stopped: %w", out.Difference, err)
	}
	out.Results = sys.Results
	if out.Requests, err = state.EndBlock(world, env, b.Ending(out.Results)); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	if w.Check != nil {
		out.Checked = w.Check.Checked()
	}
	return out, nil
}

// receiptsHaveRoots reports whether a run has to find the state root after each transaction.
func (p *Block) receiptsHaveRoots() bool { return p.Bundle.Whole && !p.Bundle.Rules().IsByzantium }

// root notes the state root of the world as it is now.
func (out *Outcome) root() error {
	root, err := state.Root(out.World)
	out.Roots = append(out.Roots, root)
	return err
}

// golden is what oracle predictors of a configuration ask, nil where it has none.
func (p *Block) golden(cfg *pipeline.Config) (predictor.Golden, error) {
	switch {
	case !cfg.ReadsGolden():
		return nil, nil
	case p.oracle == nil:
		return nil, fmt.Errorf("%s: the configuration reads the golden run, which was not recorded", p.Bundle.Name)
	}
	return p.oracle, nil
}

// Open loads a block, as corpus.Open does; an empty path is the embedded block.
func Open(path string) (*traces.Bundle, error) { return OpenContext(context.Background(), path) }

// OpenContext is Open until the context ends, which is nil for never.
func OpenContext(stop context.Context, path string) (*traces.Bundle, error) {
	if path == "" {
		return traces.Embedded()
	}
	return corpus.Open(orForever(stop), path)
}
