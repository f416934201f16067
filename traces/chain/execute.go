package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

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
	if err := CheckDeposits(b, g.Receipts); err != nil {
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

// depositTopic marks the logs that are deposits (EIP-6110).
var depositTopic = common.HexToHash("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5")

// depositWords are the words of a deposit's log that are no data: where its five parts begin, and
// how long each of them is.
var depositWords = []struct {
	at   int
	want uint64
}{{0, 160}, {1, 256}, {2, 320}, {3, 384}, {4, 512}, {5, 48}, {8, 32}, {10, 8}, {12, 96}, {16, 8}}

// depositBytes is how long a deposit's log is.
const depositBytes = 576

// CheckDeposits demands of the logs that are deposits the layout that EIP-6110 gives them, which
// go-ethereum takes for granted.
func CheckDeposits(b *traces.Bundle, receipts types.Receipts) error {
	if !b.Rules().IsPrague {
		return nil
	}
	for _, r := range receipts {
		for _, l := range r.Logs {
			if l.Address != b.Config.DepositContractAddress || len(l.Topics) == 0 || l.Topics[0] != depositTopic {
				continue
			}
			if len(l.Data) != depositBytes {
				return fmt.Errorf("%w: %d bytes", state.ErrDepositLayout, len(l.Data))
			}
			for _, word := range depositWords {
				if got := l.Data[32*word.at : 32*word.at+32]; common.Hash(got) != common.BigToHash(new(big.Int).SetUint64(word.want)) {
					return fmt.Errorf("%w: word %d is not %d", state.ErrDepositLayout, word.at, word.want)
				}
			}
		}
	}
	return nil
}
