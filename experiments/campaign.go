package experiments

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/traces"
	fueltrace "github.com/ooovm/ooovm/traces/fuel"
)

// InputError is a file that could not be read or is not sound.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// DifferenceError is what validation found before or instead of a simulation: a
// block that contradicts itself or that the golden run cannot execute.
type DifferenceError struct{ Err error }

func (e *DifferenceError) Error() string { return e.Err.Error() }
func (e *DifferenceError) Unwrap() error { return e.Err }

// Campaign runs any number of blocks under one configuration.
type Campaign struct {
	Setup    Setup
	Options  Options // of every run
	Baseline bool    // also run the in-order core, with and without folding
	Jobs     int     // blocks at once; 0 for all host cores
	// Carry lets predictors keep what they have learnt from one block to the next, in the
	// order of the paths; then blocks run one at a time.
	Carry bool
	// Watch is the transaction that the options' probe sees.
	Watch TxRef
	// Progress is told, from any goroutine, of each block that has ended; nil for nobody.
	Progress Progress

	last *Outcome // of the block before, when carrying
	path string   // digests of all blocks before
}

// Report is one block's result, or why there is none.
type Report struct {
	Path    string
	Program bool // it is about a program of the other instruction set
	Result  *Result
	Err     error
}

// Run simulates the blocks and hands over the reports in the order of the paths,
// whatever finishes first. An empty path is the embedded block. A file of programs of
// the other instruction set has a report for each of them; a probe watches one only.
func (c *Campaign) Run(paths []string, emit func(Report) error) error {
	jobs := c.Jobs
	if c.Carry {
		jobs = 1
	}
	list := works(paths)
	if c.Options.Probe != nil && len(list) > 1 {
		return &InputError{fmt.Errorf("%s: it has %d programs, of which one can be watched", paths[0], len(list))}
	}
	return InOrder(list, jobs, c.Progress, c.one, emit)
}

// Progress says how many inputs have ended, of how many.
type Progress func(done, all int)

// InOrder does something with each input, jobs at once (0 for all host cores), and
// hands over the results in the order of the inputs, whatever finishes first. The
// first error of emit ends it.
func InOrder[I, T any](inputs []I, jobs int, progress Progress, one func(I) T, emit func(T) error) error {
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	results := make([]chan T, len(inputs))
	for i := range results {
		results[i] = make(chan T, 1)
	}
	slots := make(chan struct{}, jobs)
	stop := make(chan struct{})
	var done atomic.Int64
	go func() {
		for i, input := range inputs {
			select {
			case slots <- struct{}{}:
			case <-stop:
				return
			}
			go func() {
				results[i] <- one(input)
				if n := done.Add(1); progress != nil {
					progress(int(n), len(inputs))
				}
				<-slots
			}()
		}
	}()
	defer close(stop)
	for i := range results {
		if err := emit(<-results[i]); err != nil {
			return err
		}
	}
	return nil
}

// BlockReport is what came of one block, or why there is nothing.
type BlockReport[T any] struct {
	Path   string
	Result T
	Err    error
}

// EachBlock loads the blocks of the paths and does something with each, as InOrder does. One
// that cannot be loaded, or over which the simulator breaks, does not keep the others back.
func EachBlock[T any](paths []string, jobs int, stop context.Context, progress Progress, do func(*traces.Bundle) (T, error), emit func(BlockReport[T]) error) error {
	return InOrder(paths, jobs, progress, func(path string) (r BlockReport[T]) {
		r.Path = path
		r.Err = onBlock(path, stop, func(b *traces.Bundle) (err error) {
			r.Result, err = do(b)
			return err
		})
		return r
	}, emit)
}

// Open loads a bundle; an empty path is the embedded block.
func Open(path string) (*traces.Bundle, error) {
	if path == "" {
		return traces.Embedded()
	}
	return traces.Load(path)
}

// guarded does something about a path unless stop is done. A broken invariant of the
// simulator is an error like others: it must not take the other paths along.
func guarded(path string, stop context.Context, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: simulator error: %v", path, p)
		}
	}()
	if stop != nil && stop.Err() != nil {
		return stop.Err()
	}
	return do()
}

// onBlock is guarded for what is done with the block of a path.
func onBlock(path string, stop context.Context, do func(*traces.Bundle) error) error {
	return guarded(path, stop, func() error {
		b, err := Open(path)
		if err != nil {
			return &InputError{err}
		}
		return do(b)
	})
}

// work is what one report is about: a block, a program of a file, or a file that
// could not be read.
type work struct {
	path    string
	program *fueltrace.Program
	err     error
}

// works opens the files of programs among the paths.
func works(paths []string) (list []work) {
	for _, path := range paths {
		if path == "" || !fueltrace.IsProgramFile(path) {
			list = append(list, work{path: path})
			continue
		}
		programs, err := fueltrace.Load(path)
		if err != nil {
			list = append(list, work{path: path, err: &InputError{err}})
		}
		for _, p := range programs {
			list = append(list, work{path: path, program: p})
		}
	}
	return list
}

func (c *Campaign) one(w work) (r Report) {
	r.Path, r.Program = w.path, w.program != nil || w.err != nil
	stop := c.Options.Stop
	if !r.Program {
		r.Err = onBlock(w.path, stop, func(b *traces.Bundle) (err error) {
			r.Result, err = c.bundle(b)
			return err
		})
		return r
	}
	r.Err = guarded(w.path, stop, func() (err error) {
		if w.err != nil {
			return w.err
		}
		r.Result, err = c.program(w.program)
		return err
	})
	return r
}

// bundle simulates a block that has been loaded.
func (c *Campaign) bundle(b *traces.Bundle) (*Result, error) {
	p, err := Prepare(b, c.Options.Lockstep || c.Setup.Config.ReadsGolden())
	if err != nil {
		return nil, &DifferenceError{err}
	}
	opt, setup := c.Options, c.Setup
	if opt.Probe != nil {
		if opt.ProbeTx, err = c.Watch.find("the block", len(b.Txs), func(i int) common.Hash { return b.Txs[i].Hash() }); err != nil {
			return nil, err
		}
	}
	if c.Carry {
		setup.Carry, setup.Learnt = true, c.path
		if c.last != nil {
			opt.Inherit = c.last.Core
		}
	}
	out, err := p.Run(setup.Config, opt)
	if err != nil {
		return nil, err
	}
	var scalar, folded *Outcome
	if c.Baseline && out.Verdict.OK { // what is wrong has no speedup
		if scalar, folded, err = p.baselines(c.Options); err != nil {
			return nil, err
		}
	}
	r, err := p.Describe(setup, out, scalar, folded)
	if err == nil && c.Carry {
		c.last, c.path = out, r.Digest
	}
	return r, err
}

// baselines runs the in-order core as every speedup is given over it, and with its
// stack instructions folded.
func (p *Block) baselines(opt Options) (scalar, folded *Outcome, err error) {
	for _, b := range []struct {
		out   **Outcome
		stack string
	}{{&scalar, "execute"}, {&folded, "fold"}} {
		cfg, err := config.Baseline(b.stack)
		if err != nil {
			return nil, nil, err
		}
		out, err := p.Run(cfg, Options{MaxCycles: opt.MaxCycles, Stop: opt.Stop})
		if err != nil {
			return nil, nil, err
		}
		if !out.Verdict.OK {
			return nil, nil, fmt.Errorf("%s: the baseline core is wrong: %w", p.Bundle.Name, out.Difference)
		}
		*b.out = out
	}
	return scalar, folded, nil
}
