// Package batch does something with many inputs: several at once, guarded from each other,
// and reported in their order whatever finishes first. What is done with one is for its
// clients to say, a package each.
package batch

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/traces"
)

// Host says how the host is used.
type Host struct {
	Jobs int // inputs at once; 0 for all host cores that have memory for one
	// Progress is told, from any goroutine, of each input that has ended; nil for nobody.
	Progress Progress
}

// Progress says how many inputs have ended, of how many; all is 0 where nobody knows.
type Progress func(done, all int)

// Report is what came of one input. Err says why there is no result, or what validation
// found in it.
type Report[T any] struct {
	Path   string
	Result T
	Err    error
}

// ahead is how many inputs of a stream may be taken up before the first of them is
// reported: one that takes long does not hold up the others, and memory stays bounded.
const ahead = 1024

// Ordered does something with each input and hands over the results in the order of the
// inputs. The first error of emit ends it, and so does a panic, which becomes an error.
func Ordered[I, T any](h Host, inputs []I, one func(I) T, emit func(T) error) error {
	return ordered(h, slices.Values(inputs), len(inputs), one, emit)
}

// Stream is Ordered for inputs of which nobody knows how many there are.
func Stream[I, T any](h Host, inputs iter.Seq[I], one func(I) T, emit func(T) error) error {
	return ordered(h, inputs, 0, one, emit)
}

// task is an input and where its result is expected.
type task[I, T any] struct {
	input  I
	result chan outcome[T]
}

// outcome is a result, or a panic on the way to it.
type outcome[T any] struct {
	value T
	fault error
}

func ordered[I, T any](h Host, inputs iter.Seq[I], all int, one func(I) T, emit func(T) error) error {
	jobs := budget.JobsFor(h.Jobs, all)
	reports, work, stop := make(chan task[I, T], max(ahead, all)), make(chan task[I, T]), make(chan struct{})
	defer close(stop)
	var fault error // in the inputs, known when reports is closed
	go func() {
		defer close(reports)
		defer close(work)
		fault = invariant.Guard("", func() error {
			for input := range inputs {
				t := task[I, T]{input, make(chan outcome[T], 1)}
				for _, to := range []chan task[I, T]{reports, work} {
					select {
					case to <- t:
					case <-stop:
						return nil
					}
				}
			}
			return nil
		})
	}()
	var done atomic.Int64
	for range jobs {
		go func() {
			for t := range work {
				var o outcome[T]
				o.fault = invariant.Guard("", func() error {
					o.value = one(t.input)
					return nil
				})
				t.result <- o
				if n := done.Add(1); h.Progress != nil {
					h.Progress(int(n), all)
				}
			}
		}()
	}
	for t := range reports {
		o := <-t.result
		if o.fault != nil {
			return o.fault
		}
		if err := emit(o.value); err != nil {
			return err
		}
	}
	return fault
}

// Guard does something about an input unless stop is done. A broken invariant of the
// simulator is an error like others: it does not take the other inputs along.
func Guard(name string, stop context.Context, do func() error) error {
	return invariant.Guard(name, func() error {
		if stop != nil && stop.Err() != nil {
			return stop.Err()
		}
		return do()
	})
}

// Blocks loads the blocks of the paths and does something with each. One that cannot be
// loaded, or over which the simulator breaks, does not keep the others back. An empty path
// is the embedded block.
func Blocks[T any](h Host, stop context.Context, paths []string, do func(*traces.Bundle) (T, error), emit func(Report[T]) error) error {
	return Ordered(h, paths, func(path string) Report[T] { return Block(path, stop, do) }, emit)
}

// Block is Blocks for one.
func Block[T any](path string, stop context.Context, do func(*traces.Bundle) (T, error)) (r Report[T]) {
	r.Path = path
	r.Err = Guard(path, stop, func() error {
		b, err := run.OpenContext(stop, path)
		if err != nil {
			return run.Input(err)
		}
		r.Result, err = do(b)
		return err
	})
	return r
}
