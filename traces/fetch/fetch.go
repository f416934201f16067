package fetch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Ways to get at the pre-state.
const (
	Auto      = "auto"     // traces, then witness, then single requests: the first that the node offers
	Trace     = "prestate" // debug_traceBlockByNumber with prestateTracer
	ByWitness = "witness"  // debug_executionWitness
	Singles   = "proof"    // eth_getProof and eth_getCode, or requests without proof where the node has none
)

// Methods lists the ways.
func Methods() []string { return []string{Auto, Trace, ByWitness, Singles} }

// Fetcher fetches blocks from one node.
type Fetcher struct {
	Node   *Node
	Config *params.ChainConfig // in place of what the node says, nil for none
	Method string              // one of Methods

	chain *chain
}

// Fetched tells how a bundle came about.
type Fetched struct {
	Bundle *traces.Bundle
	Method string // that gave the pre-state
	Asked  int    // accounts, codes, slots and hashes that were asked for one by one
}

// maxReorganisations is how often a block that changes under way is begun again.
const maxReorganisations = 3

// Block fetches a block. The bundle reproduces its header; when it does not, the error is
// a *DifferenceError.
func (f *Fetcher) Block(ctx context.Context, number uint64) (*Fetched, error) {
	for try := 1; ; try++ {
		got, err := f.block(ctx, number)
		var moved *reorganisedError
		if err != nil && errors.As(err, &moved) && try < maxReorganisations {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("block %d: %w", number, err)
		}
		return got, nil
	}
}

// Latest is the number of the node's newest block.
func (f *Fetcher) Latest(ctx context.Context) (uint64, error) {
	var number hexutil.Uint64
	err := f.Node.call(ctx, &number, "eth_blockNumber")
	return uint64(number), err
}

// Chain makes sure that the node answers, and learns which chain it serves. Block does so too, at first.
func (f *Fetcher) Chain(ctx context.Context) error {
	if f.chain != nil {
		return nil
	}
	c, err := f.Node.findChain(ctx, f.Config)
	f.chain = c
	return err
}

func (f *Fetcher) block(ctx context.Context, number uint64) (*Fetched, error) {
	if err := f.Chain(ctx); err != nil {
		return nil, err
	}
	b, err := f.Node.block(ctx, f.chain, number)
	if err != nil {
		return nil, err
	}
	ask := &asker{
		ctx: ctx, node: f.Node, number: quantity(number - 1), header: b.bundle.Header,
		known: make(map[state.Address]*account), hashes: map[uint64]common.Hash{number - 1: b.bundle.Header.ParentHash},
	}
	method, err := f.begin(ask, b)
	if err != nil {
		return nil, f.orReorganised(ctx, b, err)
	}
	bundle, err := ask.complete(b)
	if err != nil {
		return nil, f.orReorganised(ctx, b, err)
	}
	if err := f.Node.stillThere(ctx, bundle); err != nil {
		return nil, err
	}
	bundle.Provenance.Dialect = method
	if err := ask.reproduces(bundle); err != nil {
		return nil, err
	}
	return &Fetched{bundle, method, ask.asked}, nil
}

// orReorganised explains a failure by a block that is not there any more, if that is so.
func (f *Fetcher) orReorganised(ctx context.Context, b *block, err error) error {
	var moved *reorganisedError
	if there := f.Node.stillThere(ctx, b.bundle); errors.As(there, &moved) {
		return there
	}
	return err
}

// begin gets what the node gives of the pre-state in one answer.
func (f *Fetcher) begin(ask *asker, b *block) (string, error) {
	ways := []struct {
		name string
		try  func(*block) error
	}{{Trace, ask.traced}, {ByWitness, ask.witnessed}}
	for _, way := range ways {
		if f.Method != Auto && f.Method != way.name {
			continue
		}
		err := way.try(b)
		if err == nil {
			return way.name, nil
		}
		if f.Method != Auto || !refused(err) {
			return "", err
		}
	}
	return Singles, nil
}

// complete executes the block over the state that asks, until nothing is missing, and
// gives the bundle with all that was read.
func (a *asker) complete(b *block) (*traces.Bundle, error) {
	run := &traces.Execution{Bundle: b.bundle, State: a, BlockHash: a.blockHash}
	_, failed := run.Run()
	if a.err != nil {
		return nil, a.err // whatever else went wrong went wrong for this
	}
	bundle, err := traces.NewBundle(b.bundle.ChainID, b.bundle.Config, b.raw)
	if err != nil {
		return nil, err
	}
	bundle.Provenance = b.bundle.Provenance
	bundle.Prestate = a.prestate()
	maps.Copy(bundle.BlockHashes, a.hashes)
	bundle.ContentHash = traces.ContentHash(bundle.Prestate, bundle.BlockHashes)
	if err := bundle.Check(); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, &DifferenceError{failed}
	}
	return bundle, nil
}

// Range is a list of blocks, fetched into a folder.
type Range struct {
	From, To, Every uint64
	Dir             string
	Ext             string // .json, .json.gz or .json.zst
}

// Path names the file of a block.
func (r *Range) Path(number uint64) string {
	return filepath.Join(r.Dir, fmt.Sprintf("%d%s", number, r.Ext))
}

// Numbers lists the blocks in order.
func (r *Range) Numbers() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for n := r.From; n <= r.To && yield(n); n += r.Every {
			if n+r.Every < n {
				break
			}
		}
	}
}

// Have tells whether a file is a sound bundle of the block that reproduces its header, so
// that it need not be fetched again.
func Have(path string, number uint64) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	b, err := traces.Load(path)
	if err != nil || b.Header.Number.Uint64() != number || b.Check() != nil {
		return false
	}
	golden, err := traces.Execute(b)
	if err != nil {
		return false
	}
	v, err := b.Verify(golden.Results)
	return err == nil && v.OK
}
