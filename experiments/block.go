// Package experiments turns simulations into results: it runs blocks under
// configurations, judges them, and describes them.
package experiments

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
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
	Golden *traces.Golden
	Cache  *decoder.Cache
	oracle *traces.Oracle // nil unless recorded
	txs    []*state.Tx
	hashes map[state.Address]state.Hash // of the pre-state's codes

	identity  func() (string, error) // of the bundle, computed once
	postState *sync.Mutex            // reading the golden post-state fills its caches
}

// Prepare checks a bundle and makes its golden run. record keeps the stream that
// lockstep and oracles need.
func Prepare(b *traces.Bundle, record bool) (*Block, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	run := traces.Execute
	if record {
		run = traces.Record
	}
	golden, err := run(b)
	if err != nil {
		return nil, err
	}
	p := &Block{Bundle: b, Golden: golden, Cache: evm.NewCache(), hashes: b.Prestate.CodeHashes(), identity: sync.OnceValues(b.Hash), postState: new(sync.Mutex)}
	if record {
		p.oracle = golden.Oracle()
	}
	for i, tx := range b.Txs {
		t, err := state.NewTx(tx, state.Address(b.Senders[i]), b.Header.BaseFee)
		if err != nil {
			return nil, fmt.Errorf("%s: transaction %d: %w", b.Name, i, err)
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

	Inherit *pipeline.Core // whose predictors have learnt something before, nil for none

	VerifyEvery uint64          // recount the core's structures every so many steps, 0 for never
	MaxCycles   uint64          // pipeline.ErrMaxCycles beyond, 0 for no limit
	Stop        context.Context // ends the run with its error, nil for never
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
	Checked uint64 // instructions compared in lockstep
	// Repaired instructions ran with stale values, and were repaired: only what they leave
	// behind is compared.
	Repaired uint64
	Verdict  traces.Verdict
	// Difference is what validation found, nil when the block is right.
	Difference error
}

// watcher connects the machine to the lockstep check and the ledger.
type watcher struct {
	core     *pipeline.Core
	lockstep *lockstep.EVM // nil when not compared
	opt      *Options
}

func (w *watcher) BeginTx(i int) {
	if w.opt.Ledger != nil {
		w.opt.Ledger.BeginTx()
	}
	if w.lockstep != nil && !w.lockstep.BeginTx(i) {
		w.core.SetChecker(nil)
	}
}

func (w *watcher) EndTx(i int) error {
	if w.lockstep != nil {
		w.lockstep.EndTx(i)
	}
	return nil
}

// difference is what lockstep found, nil when it found or compared nothing.
func (w *watcher) difference() error {
	if w.lockstep == nil {
		return nil
	}
	return w.lockstep.Err()
}

// observer is the lockstep check as the core sees it: it never stops the run. After
// the first difference it lets go of the core, so that the block is simulated to its
// end and has the digest of the same run without a check.
type observer struct {
	*lockstep.EVM
	core *pipeline.Core
}

func (o observer) Err() error {
	if o.EVM.Err() != nil {
		o.core.SetChecker(nil)
	}
	return nil
}

// Run simulates the block under a configuration. The error is for what made a run
// impossible; what validation finds is in the outcome.
func (p *Block) Run(cfg *pipeline.Config, opt Options) (*Outcome, error) {
	out, err := p.simulate(cfg, opt)
	if err != nil {
		return nil, err
	}
	p.judge(out, opt.Lockstep)
	return out, nil
}

// simulate is Run without the verdict.
func (p *Block) simulate(cfg *pipeline.Config, opt Options) (*Outcome, error) {
	b := p.Bundle
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	world := state.NewWorld(b.Prestate)
	world.KnowCodeHashes(p.hashes)
	sys := evm.NewSystem(world, env, p.txs, p.Cache)
	var golden predictor.Golden
	if cfg.ReadsGolden() {
		if p.oracle == nil {
			return nil, fmt.Errorf("%s: the configuration reads the golden run, which was not recorded", b.Name)
		}
		golden = p.oracle
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
	core.MaxCycles, core.Stop, core.VerifyEvery = opt.MaxCycles, opt.Stop, opt.VerifyEvery
	core.SetProbe(opt.Probe, opt.ProbeTx)
	out := &Outcome{Core: core, World: world}
	w := &watcher{core: core, opt: &opt}
	if opt.Ledger != nil {
		core.SetLedger(opt.Ledger)
	}
	if opt.Lockstep {
		w.lockstep = lockstep.NewEVM(p.Golden, sys)
		core.SetChecker(observer{w.lockstep, core})
	}
	if err := state.BeginBlock(world, env, b.Header); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	err = machine.Sequential(core, sys, len(p.txs), w)
	out.Difference = w.difference()
	switch {
	case err == nil:
	case out.Difference == nil:
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	default: // a machine that has gone astray need not reach the end
		out.Difference = fmt.Errorf("%w\nafter which the simulation stopped: %w", out.Difference, err)
	}
	if err := state.EndBlock(world, env, b.Withdrawals); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	out.Results = sys.Results
	if w.lockstep != nil {
		out.Checked = w.lockstep.Checked()
	}
	return out, nil
}

// judge fills the verdict.
func (p *Block) judge(out *Outcome, lockstep bool) {
	note := func(err error) *bool {
		ok := err == nil
		if !ok && out.Difference == nil {
			out.Difference = err
		}
		return &ok
	}
	if lockstep {
		err := out.Difference
		if want := uint64(len(p.Golden.Steps)); err == nil && out.Checked+out.Repaired != want {
			err = fmt.Errorf("%d instructions checked in lockstep, the golden run has %d", out.Checked, want)
		}
		out.Verdict.Lockstep = note(err)
	}
	if len(out.Results) == len(p.Bundle.Txs) {
		results := make([]traces.TxResult, len(out.Results))
		for i, r := range out.Results {
			results[i] = traces.TxResult{GasUsed: r.GasUsed, Success: r.Success, Logs: r.Logs}
		}
		verdict, err := p.Bundle.Verify(results)
		if err == nil {
			err = p.headerDifference(&verdict, results)
		}
		verdict.Lockstep = out.Verdict.Lockstep
		out.Verdict = verdict
		note(err)
		p.postState.Lock()
		err = traces.ComparePostState(out.World, p.Golden)
		p.postState.Unlock()
		out.Verdict.PostState = note(err)
	} else {
		no := false
		out.Verdict.GasUsed = &no
	}
	out.Verdict.Settle()
}

// headerDifference names what the header says otherwise, nil when it agrees.
func (p *Block) headerDifference(v *traces.Verdict, results []traces.TxResult) error {
	if v.OK {
		return nil
	}
	got, err := p.Bundle.Summarize(results)
	if err != nil {
		return err
	}
	header := p.Bundle.Header
	var parts []string
	if !*v.GasUsed {
		parts = append(parts, fmt.Sprintf("gas used is %d, the header says %d", got.GasUsed, header.GasUsed))
	}
	if !*v.LogsBloom {
		parts = append(parts, "logs bloom is not the header's")
	}
	if v.ReceiptsRoot != nil && !*v.ReceiptsRoot {
		parts = append(parts, fmt.Sprintf("receipts root is %v, the header says %v", *got.ReceiptsRoot, header.ReceiptHash))
	}
	return errors.New(strings.Join(parts, "; "))
}
