package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// What an executed block can differ in from its header: for whoever executes it to say.
var (
	ErrGasUsed      = errors.New("gas used is not gasUsed")
	ErrLogsBloom    = errors.New("the logs are not those of the bloom filter")
	ErrReceiptsRoot = errors.New("the receipts do not hash to receiptTrie")
	ErrRequests     = errors.New("the requests do not hash to requestsHash")
	ErrStateRoot    = errors.New("the state does not hash to stateRoot")
)

// Execute has go-ethereum execute a proposed block, and compares what came out with the header.
// It returns the whole state after the block, or why the block is refused.
func Execute(stop context.Context, b *traces.Bundle) (state.Prestate, error) {
	g, err := traces.ExecuteContext(stop, b)
	if err != nil {
		return nil, err
	}
	summary, err := b.Summarize(g.Results)
	if err != nil {
		return nil, err
	}
	h := b.Header
	post := g.Post()
	root, err := state.Root(state.NewWorld(post))
	if err != nil {
		return nil, err
	}
	_, requests := b.VerifyRequests(g.Requests)
	var differs error
	for _, d := range []struct {
		is  bool
		err error
	}{
		{summary.GasUsed != h.GasUsed, fmt.Errorf("%w: %d, the header says %d", ErrGasUsed, summary.GasUsed, h.GasUsed)},
		{summary.LogsBloom != h.Bloom, ErrLogsBloom},
		{summary.ReceiptsRoot != nil && *summary.ReceiptsRoot != h.ReceiptHash, ErrReceiptsRoot},
		{requests != nil, fmt.Errorf("%w: %w", ErrRequests, requests)},
		{common.Hash(root) != h.Root, fmt.Errorf("%w: %#x, the header says %v", ErrStateRoot, root, h.Root)},
	} {
		switch {
		case !d.is:
		case differs == nil:
			differs = d.err
		default:
			differs = fmt.Errorf("%w; %w", differs, d.err)
		}
	}
	if differs != nil {
		return nil, differs
	}
	return post, nil
}
