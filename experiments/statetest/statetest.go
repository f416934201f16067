// Package statetest runs Ethereum's official state tests through the simulated core: command
// statetest.
package statetest

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/batch"
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
	Setup   run.Setup
	Options run.Options // of every run; there is no probe
	Host    batch.Host
	Fork    string         // run this fork only; empty for all
	Run     *regexp.Regexp // run the subtests whose ID matches; nil for all
	Skip    *regexp.Regexp // skip the subtests whose ID matches; nil for none
}

// Verdict on a subtest.
type Verdict uint8

// Verdicts.
const (
	Passed      Verdict = iota
	Failed              // post-state, logs, rejection or an instruction is wrong
	Unsupported         // the fork cannot be run: neither passed nor failed
	Broken              // the simulator failed
)

// Result is what came out of one subtest.
type Result struct {
	Subtest      fixtures.Subtest
	Verdict      Verdict
	StateRoot    state.Hash // after the transaction, zero when none was made
	Err          error      // what is wrong, nil when it passed
	Cycles       uint64
	Instructions uint64 // committed
	Checked      uint64 // of these, compared in lockstep
	Rejected     bool   // the transaction was, before anything ran
}

// Reason says in one line why the subtest did not pass, and is empty if it did.
func (r *Result) Reason() string {
	if r.Err == nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(r.Err.Error(), func(c rune) bool { return c == '\n' }), ";")
}

// Sink is told what a run of state tests finds, in the order of the inputs
// whatever finishes first.
type Sink struct {
	Result  func(*Result) error
	Ignored func(path, why string)
	Broken  func(*fixtures.FileError)
}

// Totals counts subtests.
type Totals struct {
	Tests, Subtests                     int // that were selected
	Passed, Failed, Unsupported, Broken int
	Skipped                             int // by Skip
	Rejected                            int // of those passed
	Instructions, Checked, Cycles       uint64
}

func (t *Totals) add(r *Result) {
	t.Subtests++
	t.Instructions += r.Instructions
	t.Checked += r.Checked
	t.Cycles += r.Cycles
	switch r.Verdict {
	case Passed:
		t.Passed++
		if r.Rejected {
			t.Rejected++
		}
	case Failed:
		t.Failed++
	case Unsupported:
		t.Unsupported++
	case Broken:
		t.Broken++
	}
}

// finding is one thing that the scan of the inputs has come upon: a subtest with its result,
// a file that is ignored, or one that is broken.
type finding struct {
	subtest fixtures.Subtest
	cache   *decoder.Cache // nil unless it is a subtest
	result  *Result
	ignored [2]string
	broken  *fixtures.FileError
}

var errStopped = errors.New("stopped")

// Each runs the subtests of the inputs and reports to the sink. When the context of
// the options ends, its error comes with the totals so far.
func (s *Tests) Each(paths []string, sink *Sink) (totals Totals, err error) {
	var selected Totals // complete when the stream has ended
	err = batch.Stream(s.Host, s.findings(paths, &selected), func(f finding) finding {
		if f.cache != nil {
			f.result = s.one(f.subtest, f.cache)
		}
		return f
	}, func(f finding) error {
		switch {
		case f.broken != nil:
			sink.Broken(f.broken)
		case f.result == nil:
			sink.Ignored(f.ignored[0], f.ignored[1])
		case s.stopped(f.result.Err):
			return f.result.Err
		default:
			totals.add(f.result)
			return sink.Result(f.result)
		}
		return nil
	})
	if err == nil {
		totals.Tests, totals.Skipped = selected.Tests, selected.Skipped
	}
	return totals, err
}

// findings scans the inputs and counts the tests and what is skipped of them.
func (s *Tests) findings(paths []string, count *Totals) iter.Seq[finding] {
	return func(yield func(finding) bool) {
		send := func(f finding) error {
			if !yield(f) {
				return errStopped
			}
			return nil
		}
		// The only error is that of send.
		_ = fixtures.Scan(paths, &fixtures.Handler{
			Test: func(t *fixtures.Test) error {
				cache, selected := evm.NewCache(), false
				for _, sub := range t.Subtests() {
					run, skip := s.selects(sub)
					if skip {
						count.Skipped++
					}
					if !run {
						continue
					}
					selected = true
					if err := send(finding{subtest: sub, cache: cache}); err != nil {
						return err
					}
				}
				if selected {
					count.Tests++
				}
				return nil
			},
			Ignored: func(path, why string) { _ = send(finding{ignored: [2]string{path, why}}) },
			Broken:  func(err *fixtures.FileError) error { return send(finding{broken: err}) },
		})
	}
}

// stopped reports whether an error is that the campaign is to end.
func (s *Tests) stopped(err error) bool {
	return err != nil && s.Options.Stop != nil && errors.Is(err, s.Options.Stop.Err())
}

// selects decides whether a subtest is run, and whether it is not because of Skip.
func (s *Tests) selects(sub fixtures.Subtest) (run, skip bool) {
	if s.Fork != "" && sub.Fork != s.Fork {
		return false, false
	}
	id := sub.ID()
	if s.Run != nil && !s.Run.MatchString(id) {
		return false, false
	}
	skip = s.Skip != nil && s.Skip.MatchString(id)
	return !skip, skip
}

// one runs a subtest and judges it.
func (s *Tests) one(sub fixtures.Subtest, cache *decoder.Cache) *Result {
	r := &Result{Subtest: sub}
	if !sub.Supported() {
		r.Verdict, r.Err = Unsupported, fmt.Errorf("fork %s is not supported", sub.Fork)
		return r
	}
	r.Err = invariant.Guard("", func() error {
		t := subtest{Tests: s, result: r, world: state.NewWorld(sub.Prestate())}
		defer t.close()
		return t.run(cache)
	})
	switch {
	case r.Err == nil:
	case run.FaultOf(r.Err) == run.Different:
		r.Verdict = Failed
	default:
		r.Verdict = Broken
	}
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
