// Package workbench keeps one block ready for many runs under different configurations, as
// sweeps make them.
package workbench

import (
	"sync"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/traces"
)

// Workbench is one block for many runs under different configurations: its golden run
// is made once, its programs are decoded once, and the runs that others are compared
// with are made once. It may be used from several goroutines.
type Workbench struct {
	*run.Block
	opt       run.Options
	baselines func() (run.Baselines, error)
	scalar    memo[*levels.Scalar]
	found     memo[[]oracle.Footprint]
}

// New prepares a block for runs with these options, and with what they need of the golden run.
func New(b *traces.Bundle, opt run.Options, need run.Need) (*Workbench, error) {
	p, err := run.Prepare(opt.Stop, b, need)
	if err != nil {
		return nil, err
	}
	w := &Workbench{Block: p, opt: opt}
	w.baselines = sync.OnceValues(func() (run.Baselines, error) { return p.Baselines(opt) })
	return w, nil
}

// RunOne is a run on one core, and with baseline the in-order cores beside it.
func (w *Workbench) RunOne(setup run.Setup, baseline bool) (r *run.Result, err error) {
	err = batch.Guard(w.Bundle.Name, w.opt.Stop, func() error {
		var base func() (run.Baselines, error)
		if baseline {
			base = w.baselines
		}
		r, _, err = w.Result(setup, w.opt, base)
		return err
	})
	return r, err
}

// RunShared is levels.Shared. The reference runs are kept for other policies and other
// numbers of cores.
func (w *Workbench) RunShared(setup run.Setup) (r *levels.Result, difference, err error) {
	err = batch.Guard(w.Bundle.Name, w.opt.Stop, func() error {
		alone := *setup.Config
		alone.Machine = alone.Machine.Alone()
		sharing := config.Config{Machine: alone.Machine}
		scalar, err := w.scalar.get(sharing, func() (*levels.Scalar, error) { return levels.ScalarOf(w.Block, &sharing, w.opt) })
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
		r, difference, err = levels.Share(w.Block, setup, w.opt, scalar, found)
		return err
	})
	return r, difference, err
}

// memoSize bounds what a memo keeps: neighbors in a sweep differ in little.
const memoSize = 8

// memo keeps the latest results of something that depends on a configuration alone.
// A caller waits for a value that is already being computed.
type memo[T any] struct {
	mu   sync.Mutex
	keys []config.Config
	vals []func() (T, error)
}

func (m *memo[T]) get(key config.Config, compute func() (T, error)) (T, error) {
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
