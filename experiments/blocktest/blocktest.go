// Package blocktest runs Ethereum's official blockchain tests, block after block, through one
// simulated core or several that share a block: command blocktest.
package blocktest

import (
	"errors"
	"fmt"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// Tests runs official blockchain tests.
type Tests struct {
	official.Selection
	Setup   run.Setup   // its machine section says who runs the blocks
	Options run.Options // of every run; there is no probe
	Host    batch.Host
	// Carry lets predictors keep what they have learned from one block of a test to the next.
	Carry bool
}

// Result is what came out of one test.
type Result struct {
	official.Outcome
	Test *fixtures.BlockTest

	Blocks       int // accepted
	Refused      int // as they have to be
	Unsimulated  int // of the refused: a configuration that reads the golden run has none to read
	Transactions int // of the accepted blocks
	Incarnations uint64
}

// Sink is told what a run of the tests finds.
type Sink = official.Sink[*Result]

// Totals counts tests.
type Totals struct {
	official.Counts
	Blocks, Refused, Unsimulated, Transactions int
	Incarnations                               uint64
}

// Parallel reports whether several cores share a block.
func (s *Tests) Parallel() bool { return s.Setup.Config.Machine.Policy != machine.SequentialPolicy }

// Each runs the tests of the inputs and reports to the sink. When the context of the options
// ends, its error comes with the totals so far.
func (s *Tests) Each(paths []string, sink *Sink) (totals Totals, err error) {
	skipped := 0 // complete when the stream has ended
	err = official.Each(s.Host, s.Options.Stop, func(found *official.Found[*fixtures.BlockTest]) {
		// The only error is one of found.
		_ = fixtures.Scan(paths, &fixtures.Handler{
			Block: func(t *fixtures.BlockTest) error {
				run, skip := s.Selects(t.ID(), t.Network)
				if skip {
					skipped++
				}
				if !run {
					return nil
				}
				return found.Case(t)
			},
			Ignored: found.Ignored,
			Broken:  found.Broken,
		})
	}, s.one, func(r *Result) *official.Outcome { return &r.Outcome },
		&Sink{Ignored: sink.Ignored, Broken: sink.Broken, Result: func(r *Result) error {
			totals.Add(&r.Outcome)
			totals.Blocks += r.Blocks
			totals.Refused += r.Refused
			totals.Unsimulated += r.Unsimulated
			totals.Transactions += r.Transactions
			totals.Incarnations += r.Incarnations
			return sink.Result(r)
		}})
	if err == nil {
		totals.Skipped = skipped
	}
	return totals, err
}

// one runs a test and judges it.
func (s *Tests) one(t *fixtures.BlockTest) *Result {
	r := &Result{Test: t}
	if t.Unsupported != "" {
		r.Judge(official.NotSupported(errors.New(t.Unsupported)))
		return r
	}
	r.Judge(invariant.Guard("", func() error {
		return (&trial{Tests: s, test: t, result: r}).run()
	}))
	return r
}

// differ is what makes a test fail, where other errors are failures of the simulator.
func differ(format string, args ...any) error {
	return run.Difference(fmt.Errorf(format, args...))
}
