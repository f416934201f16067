// Package official has what the commands that run Ethereum's official tests share: which cases
// are run, what is said of one, and reports in the order of the inputs.
package official

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// Verdict on a case.
type Verdict uint8

// Verdicts.
const (
	Passed      Verdict = iota
	Failed              // something that the case states, or an instruction, is wrong
	Unsupported         // the case cannot be run: neither passed nor failed
	Broken              // the simulator failed
)

// Outcome is what came out of a case.
type Outcome struct {
	Verdict      Verdict
	Err          error // what is wrong, nil when it passed
	Cycles       uint64
	Instructions uint64 // committed
	Checked      uint64 // of these, compared in lockstep
}

// Judge settles the verdict of a case that was run, by the error that it ended with.
func (o *Outcome) Judge(err error) {
	o.Err = err
	var not *unsupported
	switch {
	case err == nil:
		o.Verdict = Passed
	case errors.As(err, &not):
		o.Verdict = Unsupported
	case run.FaultOf(err) == run.Different:
		o.Verdict = Failed
	default:
		o.Verdict = Broken
	}
}

// Reason says in one line why the case did not pass, and is empty if it did.
func (o *Outcome) Reason() string {
	if o.Err == nil {
		return ""
	}
	return strings.Join(strings.FieldsFunc(o.Err.Error(), func(c rune) bool { return c == '\n' }), "; ")
}

type unsupported struct{ error }

func (u *unsupported) Unwrap() error { return u.error }

// NotSupported marks the reason why a case cannot be run.
func NotSupported(err error) error { return &unsupported{err} }

// Selection says which cases are run.
type Selection struct {
	Fork string         // of this fork only; empty for all
	Run  *regexp.Regexp // whose ID matches; nil for all
	Skip *regexp.Regexp // not those whose ID matches; nil for none
}

// Selects decides whether a case is run, and whether it is not because of Skip.
func (s *Selection) Selects(id, fork string) (run, skip bool) {
	if s.Fork != "" && fork != s.Fork {
		return false, false
	}
	if s.Run != nil && !s.Run.MatchString(id) {
		return false, false
	}
	skip = s.Skip != nil && s.Skip.MatchString(id)
	return !skip, skip
}

// Counts of the cases that were run.
type Counts struct {
	Cases, Passed, Failed, Unsupported, Broken int
	Skipped                                    int // by Selection.Skip
	Instructions, Checked, Cycles              uint64
}

// Add counts a case.
func (c *Counts) Add(o *Outcome) {
	c.Cases++
	c.Instructions += o.Instructions
	c.Checked += o.Checked
	c.Cycles += o.Cycles
	*[...]*int{Passed: &c.Passed, Failed: &c.Failed, Unsupported: &c.Unsupported, Broken: &c.Broken}[o.Verdict]++
}

// Sink is told what a run of the tests finds, in the order of the inputs whatever finishes
// first.
type Sink[R any] struct {
	Result  func(R) error
	Ignored func(path, why string)
	Broken  func(*fixtures.FileError)
}

// Found takes what a scan of the inputs comes upon, in order. An error ends the scan.
type Found[C any] struct {
	Case    func(C) error
	Ignored func(path, why string)
	Broken  func(*fixtures.FileError) error
}

// finding is one thing that the scan has come upon: a case with its result, a file that is
// ignored, or one that is broken.
type finding[C, R any] struct {
	isCase  bool
	subject C
	result  R
	ignored [2]string
	broken  *fixtures.FileError
}

var errStopped = errors.New("stopped")

// Each runs the cases that a scan finds, several at once, and reports to the sink. Its error is
// that of the sink, or that of the context when it has ended.
func Each[C, R any](h batch.Host, stop context.Context, scan func(*Found[C]), one func(C) R, outcome func(R) *Outcome, sink *Sink[R]) error {
	type found = finding[C, R]
	findings := func(yield func(found) bool) {
		send := func(f found) error {
			if !yield(f) {
				return errStopped
			}
			return nil
		}
		scan(&Found[C]{
			Case:    func(c C) error { return send(found{isCase: true, subject: c}) },
			Ignored: func(path, why string) { _ = send(found{ignored: [2]string{path, why}}) },
			Broken:  func(err *fixtures.FileError) error { return send(found{broken: err}) },
		})
	}
	return batch.Stream(h, findings, func(f found) found {
		if f.isCase {
			f.result = one(f.subject)
		}
		return f
	}, func(f found) error {
		switch {
		case f.broken != nil:
			sink.Broken(f.broken)
		case !f.isCase:
			sink.Ignored(f.ignored[0], f.ignored[1])
		default:
			if err := outcome(f.result).Err; err != nil && stop != nil && errors.Is(err, stop.Err()) {
				return err
			}
			return sink.Result(f.result)
		}
		return nil
	})
}
