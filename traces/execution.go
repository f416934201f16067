package traces

import (
	"context"
	"io"
	"os"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"
)

// Execution is a golden run with its parts open: importers and fetchers put a state
// under it that finds out what a block reads, and look at what go-ethereum does. A nil
// member is as in Execute.
type Execution struct {
	Bundle    *Bundle
	State     gethstate.Reader                // in place of the bundle's pre-state
	BlockHash func(number uint64) common.Hash // in place of the bundle's block hashes
	Hooks     *tracing.Hooks
	Stop      context.Context             // ends the run with its error
	Begin     func(st *gethstate.StateDB) // sees the state before anything is executed
	Before    func(tx int)
	After     func(tx int, st *gethstate.StateDB) // the state is finalised, and not to be changed
	// End sees the state behind withdrawals and system calls.
	End func(st *gethstate.StateDB)
	// Anew computes every built-in, whatever results are kept: what time a run takes is then
	// go-ethereum's own.
	Anew bool

	wrap func(vm.StateDB) vm.StateDB // stands between go-ethereum and its state
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

// Again is the bundle without what earlier golden runs have prepared, for one whose
// pre-state has been changed.
func (b *Bundle) Again() *Bundle {
	return &Bundle{
		Name: b.Name, Path: b.Path, ChainID: b.ChainID, Config: b.Config, Header: b.Header, BlockHash: b.BlockHash, Txs: b.Txs,
		Withdrawals: b.Withdrawals, Uncles: b.Uncles, Whole: b.Whole, Prestate: b.Prestate, BlockHashes: b.BlockHashes, Unsigned: b.Unsigned, claims: b.claims,
		Memory: b.Memory,
	}
}

// OpenText opens a file of plain, gzip or zstd text. Unlike that of a bundle it may be of
// any length: who reads it has to stream it.
func OpenText(path string) (text io.Reader, closer func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	text, done, err := decompress(f, 0)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return text, func() { done(); f.Close() }, nil
}
