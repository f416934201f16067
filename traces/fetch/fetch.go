package fetch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Ways to get at the pre-state.
const (
	Auto      = "auto"     // traces, then witness, then single requests: the first that the node offers and that reproduces the header
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

// maxReorganizations is how often a block that changes under way is begun again.
const maxReorganizations = 3

// Block fetches a block. The bundle reproduces its header; when it does not, the error is
// a *DifferenceError.
func (f *Fetcher) Block(ctx context.Context, number uint64) (*Fetched, error) {
	return f.Listed(ctx, Listed{Number: number})
}

// Listed fetches a block of a list. Another block of its number is an *OtherBlockError, and is not
// asked for any further.
func (f *Fetcher) Listed(ctx context.Context, want Listed) (*Fetched, error) {
	number := want.Number
	for try := 1; ; try++ {
		got, err := f.block(ctx, want)
		var moved *reorganizedError
		if err != nil && errors.As(err, &moved) && try < maxReorganizations {
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

func (f *Fetcher) block(ctx context.Context, want Listed) (*Fetched, error) {
	if err := f.Chain(ctx); err != nil {
		return nil, err
	}
	b, err := f.Node.block(ctx, f.chain, want.Number)
	if err != nil {
		return nil, err
	}
	if got := b.bundle.Header.Hash(); !want.is(got) {
		return nil, &OtherBlockError{Want: want.Hash, Got: got}
	}
	var tried []error
	for _, w := range ways {
		if f.Method != Auto && f.Method != w.name {
			continue
		}
		got, err := f.by(ctx, b, w)
		var differs *DifferenceError
		switch {
		case err == nil:
			for _, t := range tried {
				got.Bundle.Provenance.Warnings = append(got.Bundle.Provenance.Warnings, t.Error())
			}
			return got, nil
		case f.Method == Auto && errors.As(err, &differs):
			tried = append(tried, fmt.Errorf("by %s, %w", w.name, err))
		case f.Method == Auto && w.begin != nil && refused(err):
		case len(tried) > 0 && ctx.Err() == nil && !errors.As(err, new(*reorganizedError)):
			tried = append(tried, fmt.Errorf("by %s: %w", w.name, err))
			return nil, allOf(tried)
		default:
			return nil, err
		}
	}
	return nil, allOf(tried)
}

// allOf is why every way failed, in one line. The first is a *DifferenceError.
func allOf(tried []error) error {
	err := tried[0]
	for _, next := range tried[1:] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	return err
}

// way is how the pre-state is got.
type way struct {
	name  string
	begin func(*asker, *block) error // gets what the node gives in one answer, nil for nothing
}

// ways are tried in this order.
var ways = []way{{Trace, (*asker).traced}, {ByWitness, (*asker).witnessed}, {Singles, nil}}

// by fetches the block in one way.
func (f *Fetcher) by(ctx context.Context, b *block, w way) (*Fetched, error) {
	number := b.bundle.Header.Number.Uint64()
	ask := &asker{
		ctx: ctx, node: f.Node, number: quantity(number - 1), header: b.bundle.Header,
		known: make(map[state.Address]*account), hashes: map[uint64]common.Hash{number - 1: b.bundle.Header.ParentHash},
	}
	if w.begin != nil {
		if err := w.begin(ask, b); err != nil {
			return nil, f.orReorganized(ctx, b, err)
		}
	}
	bundle, err := ask.complete(b)
	if err != nil {
		return nil, f.orReorganized(ctx, b, err)
	}
	if err := f.Node.stillThere(ctx, bundle); err != nil {
		return nil, err
	}
	bundle.Provenance = &traces.Provenance{Source: "fetch", Dialect: w.name, Warnings: slices.Clone(b.bundle.Provenance.Warnings)}
	if err := ask.reproduces(bundle); err != nil {
		return nil, err
	}
	return &Fetched{bundle, w.name, ask.asked}, nil
}

// orReorganized explains a failure by a block that is not there any more, if that is so.
func (f *Fetcher) orReorganized(ctx context.Context, b *block, err error) error {
	var moved *reorganizedError
	if there := f.Node.stillThere(ctx, b.bundle); errors.As(there, &moved) {
		return there
	}
	return err
}

// complete executes the block over the state that asks, until nothing is missing, and
// gives the bundle with all that was read.
func (a *asker) complete(b *block) (*traces.Bundle, error) {
	run := &traces.Execution{Bundle: b.bundle, State: a, BlockHash: a.blockHash, Before: a.before, Stop: a.ctx}
	_, failed := run.Run()
	if a.ctx.Err() != nil {
		return nil, a.ctx.Err()
	}
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

// Have tells whether a file is a sound bundle of the block that reproduces its header, so
// that it need not be fetched again.
func Have(stop context.Context, path string, want Listed) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	b, err := traces.LoadContext(stop, path)
	if err != nil || b.Header.Number.Uint64() != want.Number || !want.is(b.Header.Hash()) || b.Check() != nil {
		return false
	}
	golden, err := traces.ExecuteContext(stop, b)
	if err != nil {
		return false
	}
	v, err := b.Verify(golden.Results)
	return err == nil && v.OK
}
