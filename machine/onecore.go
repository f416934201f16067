package machine

import (
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/pipeline"
)

// Watcher is told of the bounds of every transaction.
type Watcher interface {
	BeginTx(i int)
	EndTx(i int) error
}

// Sequential runs n transactions one after the other on one core, which drains
// between them unless its window reaches across (core.transactions). A transaction that
// is not valid stops the block.
func Sequential(core *pipeline.Core, sys decoder.System, n int, w Watcher) error {
	i := 0
	begin := func() (*decoder.Envelope, error) {
		env, err := sys.Begin(i)
		if err == nil && w != nil {
			w.BeginTx(i)
		}
		return &env, err
	}
	end := func() error {
		i++
		if w == nil {
			return nil
		}
		return w.EndTx(i - 1)
	}
	core.AtBoundary(func() (*decoder.Envelope, error) {
		if err := end(); err != nil {
			return nil, err
		}
		return begin()
	})
	for i < n {
		env, err := begin()
		if err != nil {
			return err
		}
		if err := core.Run(env, core.Stats.Instructions); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if err := core.Drained(); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if err := end(); err != nil {
			return err
		}
	}
	return nil
}
