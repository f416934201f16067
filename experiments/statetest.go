package experiments

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// StateTests runs official state tests through the simulated core.
type StateTests struct {
	Setup   Setup
	Options Options        // of every run; there is no probe
	Jobs    int            // subtests at once; 0 for all host cores
	Fork    string         // run this fork only; empty for all
	Run     *regexp.Regexp // run the subtests whose ID matches; nil for all
	Skip    *regexp.Regexp // skip the subtests whose ID matches; nil for none
}

// Verdict on a subtest.
type SubtestVerdict uint8

// Verdicts.
const (
	SubtestPassed      SubtestVerdict = iota
	SubtestFailed                     // post-state, logs, rejection or an instruction is wrong
	SubtestUnsupported                // the fork cannot be run: neither passed nor failed
	SubtestBroken                     // the simulator failed
)

// SubtestResult is what came out of one subtest.
type SubtestResult struct {
	Subtest      fixtures.Subtest
	Verdict      SubtestVerdict
	StateRoot    state.Hash // after the transaction, zero when none was made
	Err          error      // what is wrong, nil when it passed
	Cycles       uint64
	Instructions uint64 // committed
	Checked      uint64 // of these, compared in lockstep
	Rejected     bool   // the transaction was, before anything ran
}

// Reason says in one line why the subtest did not pass, and is empty if it did.
func (r *SubtestResult) Reason() string {
	if r.Err == nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(r.Err.Error(), func(c rune) bool { return c == '\n' }), ";")
}

// StateTestSink is told what a run of state tests finds, in the order of the inputs
// whatever finishes first.
type StateTestSink struct {
	Result  func(*SubtestResult) error
	Ignored func(path, why string)
	Broken  func(*fixtures.FileError)
}

// StateTestTotals counts subtests.
type StateTestTotals struct {
	Tests, Subtests                     int // that were selected
	Passed, Failed, Unsupported, Broken int
	Skipped                             int // by Skip
	Rejected                            int // of those passed
	Instructions, Checked, Cycles       uint64
}

func (t *StateTestTotals) add(r *SubtestResult) {
	t.Subtests++
	t.Instructions += r.Instructions
	t.Checked += r.Checked
	t.Cycles += r.Cycles
	switch r.Verdict {
	case SubtestPassed:
		t.Passed++
		if r.Rejected {
			t.Rejected++
		}
	case SubtestFailed:
		t.Failed++
	case SubtestUnsupported:
		t.Unsupported++
	case SubtestBroken:
		t.Broken++
	}
}

// finding is one thing that the scan of the inputs has come upon: a subtest, a file
// that is ignored, or one that is broken.
type finding struct {
	subtest fixtures.Subtest
	cache   *decoder.Cache
	result  chan *SubtestResult
	ignored [2]string
	broken  *fixtures.FileError
}

// ahead is how many findings the scan may be ahead of the report, so that one long
// subtest does not hold up the others and memory stays bounded.
const ahead = 1024

var errStopped = errors.New("stopped")

// Each runs the subtests of the inputs and reports to the sink. When the context of
// the options ends, its error comes with the totals so far.
func (s *StateTests) Each(paths []string, sink *StateTestSink) (totals StateTestTotals, err error) {
	jobs := s.Jobs
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	found, work, stop := make(chan *finding, ahead), make(chan *finding), make(chan struct{})
	defer close(stop)
	send := func(to chan<- *finding, f *finding) error {
		select {
		case to <- f:
			return nil
		case <-stop:
			return errStopped
		}
	}
	tests, skipped := 0, 0
	go func() {
		defer close(found)
		defer close(work)
		// The only error is that of send.
		_ = fixtures.Scan(paths, &fixtures.Handler{
			Test: func(t *fixtures.Test) error {
				cache, selected := evm.NewCache(), false
				for _, sub := range t.Subtests() {
					run, skip := s.selects(sub)
					if skip {
						skipped++
					}
					if !run {
						continue
					}
					selected = true
					f := &finding{subtest: sub, cache: cache, result: make(chan *SubtestResult, 1)}
					if err := send(found, f); err != nil {
						return err
					}
					if err := send(work, f); err != nil {
						return err
					}
				}
				if selected {
					tests++
				}
				return nil
			},
			Ignored: func(path, why string) { _ = send(found, &finding{ignored: [2]string{path, why}}) },
			Broken:  func(err *fixtures.FileError) error { return send(found, &finding{broken: err}) },
		})
	}()
	for range jobs {
		go func() {
			for f := range work {
				f.result <- s.one(f.subtest, f.cache)
			}
		}()
	}
	for f := range found {
		switch {
		case f.broken != nil:
			sink.Broken(f.broken)
		case f.result == nil:
			sink.Ignored(f.ignored[0], f.ignored[1])
		default:
			r := <-f.result
			if s.stopped(r.Err) {
				return totals, r.Err
			}
			totals.add(r)
			if err := sink.Result(r); err != nil {
				return totals, err
			}
		}
	}
	totals.Tests, totals.Skipped = tests, skipped
	return totals, nil
}

// stopped reports whether an error is that the campaign is to end.
func (s *StateTests) stopped(err error) bool {
	return err != nil && s.Options.Stop != nil && errors.Is(err, s.Options.Stop.Err())
}

// selects decides whether a subtest is run, and whether it is not because of Skip.
func (s *StateTests) selects(sub fixtures.Subtest) (run, skip bool) {
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
func (s *StateTests) one(sub fixtures.Subtest, cache *decoder.Cache) (r *SubtestResult) {
	r = &SubtestResult{Subtest: sub}
	defer func() {
		// A broken invariant of the simulator must not take the other subtests along.
		if p := recover(); p != nil {
			r.Verdict, r.Err = SubtestBroken, fmt.Errorf("simulator error: %v\n%s", p, debug.Stack())
		}
	}()
	if !sub.Supported() {
		r.Verdict, r.Err = SubtestUnsupported, fmt.Errorf("fork %s is not supported", sub.Fork)
		return r
	}
	t := subtest{StateTests: s, result: r, world: state.NewWorld(sub.Prestate())}
	defer t.close()
	var difference *differenceError
	switch r.Err = t.run(cache); {
	case r.Err == nil:
	case errors.As(r.Err, &difference):
		r.Verdict = SubtestFailed
	default:
		r.Verdict = SubtestBroken
	}
	return r
}

// differenceError is what makes a subtest fail, where other errors are failures of
// the simulator.
type differenceError struct{ error }

func differ(format string, args ...any) error {
	return &differenceError{fmt.Errorf(format, args...)}
}

// subtest is the state of one run.
type subtest struct {
	*StateTests
	result  *SubtestResult
	world   *state.World
	message *traces.Message
	stream  *traces.Stream // of go-ethereum while it executes, or
	golden  *traces.Golden // what it has executed; nil for both: not compared
	oracle  predictor.Golden
	refused error // why go-ethereum rejects the transaction
}

func (t *subtest) close() {
	if t.stream != nil {
		t.stream.Close()
	}
}

// run executes the subtest on the core and compares what can be compared.
func (t *subtest) run(cache *decoder.Cache) error {
	var err error
	if t.message, err = t.result.Subtest.Message(); err != nil {
		if !traces.Rejected(err) {
			return differ("%w", err)
		}
		return t.rejected(err)
	}
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
	core.MaxCycles, core.Stop, core.VerifyEvery = t.Options.MaxCycles, t.Options.Stop, t.Options.VerifyEvery
	w := &watcher{core: core, opt: &t.Options}
	if source != nil {
		w.lockstep = lockstep.NewEVM(source, sys)
		core.SetChecker(w.lockstep)
	}
	err = machine.Sequential(core, sys, 1, w)
	t.result.Cycles, t.result.Instructions = core.Cycle(), core.Stats.Instructions
	if w.lockstep != nil {
		t.result.Checked = w.lockstep.Checked()
		if diff := w.lockstep.Err(); diff != nil {
			t.close()
			if err := t.finishGolden(); err != nil {
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
