package experiments

import (
	"sync"

	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// Workbench is one block for many runs under different configurations: its golden run
// is made once, its programs are decoded once, and the runs that others are compared
// with are made once. It may be used from several goroutines.
type Workbench struct {
	*Block
	opt       Options
	baselines func() (baselines, error)
	scalar    memo[levelsOf]
	found     memo[[]oracle.Footprint]
}

// baselines are the in-order core without and with folding.
type baselines struct{ scalar, folded *Outcome }

// NewWorkbench prepares a block for runs with these options. record keeps the stream
// that lockstep and oracles need.
func NewWorkbench(b *traces.Bundle, opt Options, record bool) (*Workbench, error) {
	p, err := Prepare(b, record)
	if err != nil {
		return nil, &DifferenceError{err}
	}
	w := &Workbench{Block: p, opt: opt}
	w.baselines = sync.OnceValues(func() (both baselines, err error) {
		both.scalar, both.folded, err = p.baselines(opt)
		return both, err
	})
	return w, nil
}

// RunOne is what Campaign does with a block: a run on one core, and with baseline the
// in-order cores beside it.
func (w *Workbench) RunOne(setup Setup, baseline bool) (r *Result, err error) {
	err = guarded(w.Bundle.Name, w.opt.Stop, func() error {
		out, err := w.Run(setup.Config, w.opt)
		if err != nil {
			return err
		}
		var both baselines
		if baseline && out.Verdict.OK { // what is wrong has no speedup
			if both, err = w.baselines(); err != nil {
				return err
			}
		}
		r, err = w.Describe(setup, out, both.scalar, both.folded)
		return err
	})
	return r, err
}

// RunShared is Block.Shared. The reference runs are kept for other policies and other
// numbers of cores.
func (w *Workbench) RunShared(setup Setup) (r *LevelsResult, difference, err error) {
	err = guarded(w.Bundle.Name, w.opt.Stop, func() error {
		alone := *setup.Config
		alone.Machine.Policy, alone.Machine.Mapping, alone.Machine.Cores = machine.InOrder, "default", 1
		sharing := pipeline.Config{Machine: alone.Machine}
		scalar, err := w.scalar.get(sharing, func() (levelsOf, error) { return w.scalarLevels(&sharing, w.opt) })
		if err != nil {
			return err
		}
		found, err := w.found.get(alone, func() ([]oracle.Footprint, error) {
			ref, err := w.Reference(&alone, w.opt)
			if err != nil {
				return nil, err
			}
			return ref.Footprints, nil
		})
		if err != nil {
			return err
		}
		r, difference, err = w.share(setup, w.opt, scalar, found)
		return err
	})
	return r, difference, err
}

// memoSize bounds what a memo keeps: neighbours in a sweep differ in little.
const memoSize = 8

// memo keeps the latest results of something that depends on a configuration alone.
// Who asks for what another is about to compute waits for it.
type memo[T any] struct {
	mu   sync.Mutex
	keys []pipeline.Config
	vals []func() (T, error)
}

func (m *memo[T]) get(key pipeline.Config, compute func() (T, error)) (T, error) {
	m.mu.Lock()
	val := (func() (T, error))(nil)
	for i := range m.keys {
		if m.keys[i] == key {
			val = m.vals[i]
		}
	}
	if val == nil {
		val = sync.OnceValues(compute)
		if len(m.keys) == memoSize {
			m.keys, m.vals = m.keys[1:], m.vals[1:]
		}
		m.keys, m.vals = append(m.keys, key), append(m.vals, val)
	}
	m.mu.Unlock()
	return val()
}
