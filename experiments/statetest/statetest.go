// Package statetest runs Ethereum's official state tests through the simulated core: command
// statetest.
package statetest

import (
	"fmt"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// Tests runs official state tests through the simulated core.
type Tests struct {
	official.Selection
	Setup   run.Setup
	Options run.Options // of every run; there is no probe
	Host    batch.Host
}

// Result is what came out of one subtest.
type Result struct {
	official.Outcome
	Subtest   fixtures.Subtest
	StateRoot state.Hash // after the transaction, zero when none was made
	Rejected  bool       // the transaction was, before anything ran
}

// Sink is told what a run of state tests finds.
type Sink = official.Sink[*Result]

// Totals counts subtests.
type Totals struct {
	official.Counts
	Tests    int // that were selected
	Rejected int // of the subtests that passed
}

// subject is a subtest, with what those of one test share.
type subject struct {
	fixtures.Subtest
	cache *decoder.Cache
}

// Each runs the subtests of the inputs and reports to the sink. When the context of
// the options ends, its error comes with the totals so far.
func (s *Tests) Each(paths []string, sink *Sink) (totals Totals, err error) {
	var selected Totals // complete when the stream has ended
	err = official.Each(s.Host, s.Options.Stop, func(found *official.Found[subject]) { s.scan(paths, &selected, found) },
		func(c subject) *Result { return s.one(c.Subtest, c.cache) },
		func(r *Result) *official.Outcome { return &r.Outcome },
		&Sink{Ignored: sink.Ignored, Broken: sink.Broken, Result: func(r *Result) error {
			totals.Add(&r.Outcome)
			if r.Verdict == official.Passed && r.Rejected {
				totals.Rejected++
			}
			return sink.Result(r)
		}})
	if err == nil {
		totals.Tests, totals.Skipped = selected.Tests, selected.Skipped
	}
	return totals, err
}

// scan looks through the inputs and counts the tests and what is skipped of them.
func (s *Tests) scan(paths []string, count *Totals, found *official.Found[subject]) {
	// The only error is one of found.
	_ = fixtures.Scan(paths, &fixtures.Handler{
		Test: func(t *fixtures.Test) error {
			cache, selected := evm.NewCache(), false
			for _, sub := range t.Subtests() {
				run, skip := s.Selects(sub.ID(), sub.Fork)
				if skip {
					count.Skipped++
				}
				if !run {
					continue
				}
				selected = true
				if err := found.Case(subject{sub, cache}); err != nil {
					return err
				}
			}
			if selected {
				count.Tests++
			}
			return nil
		},
		Ignored: found.Ignored,
		Broken:  found.Broken,
	})
}

// one runs a subtest and judges it.
func (s *Tests) one(sub fixtures.Subtest, cache *decoder.Cache) *Result {
	r := &Result{Subtest: sub}
	if !sub.Supported() {
		r.Judge(official.NotSupported(fmt.Errorf("fork %s is not supported", sub.Fork)))
		return r
	}
	r.Judge(invariant.Guard("", func() error {
		t := subtest{Tests: s, result: r, world: state.NewWorld(sub.Prestate())}
		defer t.close()
		return t.run(cache)
	}))
	return r
}

// differ is what makes a subtest fail, where other errors are failures of the simulator.
func differ(format string, args ...any) error {
	return run.Difference(fmt.Errorf(format, args...))
}

// subtest is the state of one run.
type subtest struct {
	*Tests
	result  *Result
	world   *state.World
	message *traces.Message
	stream  *traces.Stream // of go-ethereum while it executes, or
	golden  *traces.Golden // what it has executed; nil for both: not compared
	oracle  predictor.Golden
	refused error // why go-ethereum rejects the transaction
}

func (t *subtest) close() {
	if t.stream != nil {
		_ = t.stream.Close() // what is wrong with it has been asked for
	}
}

// run executes the subtest on the core and compares what can be compared.
func (t *subtest) run(cache *decoder.Cache) (err error) {
	defer budget.Recover(t.result.Subtest.ID(), &err)
	if t.message, err = t.result.Subtest.Message(); err != nil {
		if !traces.Rejected(err) {
			return differ("%w", err)
		}
		return t.rejected(err)
	}
	t.message.Memory = budget.OfRun()
	tx, err := state.NewMessageTx(t.message.Call)
	if err != nil {
		return t.rejected(err)
	}
	if err := t.startGolden(); err != nil {
		return err
	}
	sys := evm.NewSystem(t.world, t.message.Env, []*state.Tx{tx}, cache)
	if _, err := sys.Begin(0); err != nil {
		if err := t.finishGolden(); err != nil {
			return err
		}
		if t.golden != nil && t.refused == nil {
			return differ("rejected, which go-ethereum does not: %w", err)
		}
		return t.rejected(err)
	}
	if t.refused != nil {
		return differ("not rejected, which go-ethereum does: %w", t.refused)
	}
	if err := t.execute(sys); err != nil {
		return err
	}
	return t.judge(&sys.Results[0])
}

// startGolden starts go-ethereum beside the core; where the configuration has an
// oracle, it runs before, and whole.
func (t *subtest) startGolden() (err error) {
	switch {
	case t.Setup.Config.ReadsGolden():
		t.golden, err = traces.RecordMessage(t.message)
		if traces.Rejected(err) {
			t.refused, err = err, nil
		}
		if err == nil {
			t.oracle = t.golden.Oracle()
		}
	case t.Options.Lockstep:
		t.stream, err = traces.StreamMessage(t.message)
	}
	return err
}

// finishGolden waits for go-ethereum.
func (t *subtest) finishGolden() (err error) {
	if t.stream == nil {
		return nil
	}
	t.golden, err = t.stream.Finish()
	if traces.Rejected(err) {
		t.refused, err = err, nil
	}
	return err
}

// execute runs the core, in lockstep unless that is turned off.
func (t *subtest) execute(sys *evm.System) error {
	core, err := pipeline.New(t.Setup.Config.Config, sys, t.oracle)
	if err != nil {
		return err
	}
	var source traces.Source
	switch {
	case t.stream != nil:
		source = t.stream
	case t.Options.Lockstep:
		source = t.golden
	}
	t.Options.Bound(core, t.message.Memory.Rest())
	w := &run.Watcher{Core: core}
	if source != nil {
		w.Check = lockstep.NewEVM(source, sys)
		core.SetChecker(w.Check)
	}
	err = machine.Sequential(core, sys, 1, w)
	t.result.Cycles, t.result.Instructions = uint64(core.Cycle()), core.Stats.Instructions
	if w.Check != nil {
		t.result.Checked = w.Check.Checked()
		if diff := w.Check.Err(); diff != nil {
			if err := source.Close(); err != nil && !traces.Rejected(err) {
				return err // it ended too early
			}
			return differ("%w", diff)
		}
	}
	if err != nil {
		return err
	}
	if source != nil && t.result.Checked != t.result.Instructions {
		return differ("%d instructions committed, but %d compared", t.result.Instructions, t.result.Checked)
	}
	return t.finishGolden()
}

// judge compares the outcome of a transaction that ran with go-ethereum's and with
// what the fixture states.
func (t *subtest) judge(got *state.TxResult) error {
	want := t.result.Subtest.Expectation()
	if err := t.setRoot(); err != nil {
		return err
	}
	if t.refused != nil {
		return differ("not rejected, which go-ethereum does: %w", t.refused)
	}
	if t.golden != nil {
		golden := &t.golden.Results[0]
		if got.GasUsed != golden.GasUsed || got.Success != golden.Success {
			return differ("gas used %d, success %v, go-ethereum has %d, %v", got.GasUsed, got.Success, golden.GasUsed, golden.Success)
		}
		if err := traces.ComparePostState(t.world, t.golden); err != nil {
			return differ("%w", err)
		}
	}
	if want.Exception != "" {
		return differ("not rejected, but it has to be: %s", want.Exception)
	}
	if t.result.StateRoot != state.Hash(want.Root) {
		return differ("post-state root %#x, has to be %#x", t.result.StateRoot, want.Root)
	}
	logs, err := state.LogsHash(got.Logs)
	if err != nil {
		return err
	}
	if logs != state.Hash(want.Logs) {
		return differ("logs hash %#x, has to be %#x", logs, want.Logs)
	}
	return nil
}

// rejected judges a transaction that is not valid: it leaves the state as it was. In the
// tests of some fillers the coinbase is credited nothing all the same.
func (t *subtest) rejected(reason error) error {
	t.result.Rejected = true
	if err := t.setRoot(); err != nil {
		return err
	}
	want := t.result.Subtest.Expectation()
	if want.Exception == "" {
		return differ("rejected: %w", reason)
	}
	if t.golden != nil {
		if err := traces.ComparePostState(t.world, t.golden); err != nil {
			return differ("%w", err)
		}
	}
	if t.result.StateRoot != state.Hash(want.Root) && t.result.Subtest.TouchesCoinbase {
		env := t.message.Env
		t.world.BeginTx()
		t.world.AddBalance(env.Coinbase, new(isa.Word))
		t.world.EndTx(env.DeleteEmpty())
		if err := t.setRoot(); err != nil {
			return err
		}
	}
	if t.result.StateRoot != state.Hash(want.Root) {
		return differ("state root after the rejection %#x, has to be %#x", t.result.StateRoot, want.Root)
	}
	return nil
}

func (t *subtest) setRoot() (err error) {
	t.result.StateRoot, err = state.Root(t.world)
	return err
}
