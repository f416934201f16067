// Package machine runs a block's transactions on simulated cores: who runs which
// transaction when. It knows no instruction semantics.
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
// between them. A transaction that is not valid stops the block.
func Sequential(core *pipeline.Core, sys decoder.System, n int, w Watcher) error {
	for i := range n {
		env, err := sys.Begin(i)
		if err != nil {
			return err
		}
		if w != nil {
			w.BeginTx(i)
		}
		if err := core.Run(&env, core.Stats.Instructions); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if err := core.Drained(); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if w != nil {
			if err := w.EndTx(i); err != nil {
				return err
			}
		}
	}
	return nil
}
