package traces

import (
	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
)

// Execution is a golden run with its parts open: importers and fetchers put a state
// under it that finds out what a block reads, and look at what go-ethereum does. A nil
// member is as in Execute.
type Execution struct {
	Bundle    *Bundle
	State     gethstate.Reader                // in place of the bundle's pre-state
	BlockHash func(number uint64) common.Hash // in place of the bundle's block hashes
	Hooks     *tracing.Hooks
	Before    func(tx int)
	After     func(tx int, st *gethstate.StateDB) // the state is finalised, and not to be changed
	// End sees the state behind withdrawals and system calls.
	End func(st *gethstate.StateDB)
}

// Run executes the block. As go-ethereum does not stop at a state that fails, an error
// of State comes when the block has been executed.
func (e *Execution) Run() (*Golden, error) {
	g := &Golden{bundle: e.Bundle}
	if err := g.run(e); err != nil {
		return nil, err
	}
	if e.End != nil {
		e.End(g.st)
	}
	return g, nil
}

// Base is the bundle's pre-state as go-ethereum reads it.
func (b *Bundle) Base() (gethstate.Reader, error) {
	shared, err := b.shared()
	if err != nil {
		return nil, err
	}
	return &reader{b.Prestate, shared.hashes, nil}, nil
}

// Block is the number of the block that was executed.
func (g *Golden) Block() uint64 { return g.bundle.Header.Number.Uint64() }
