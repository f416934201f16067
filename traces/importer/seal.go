package importer

import (
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/traces"
)

// complete gives a stated header the fields of its fork.
func complete(b *traces.Bundle) error {
	h, rules := b.Header, b.Rules()
	if rules.IsLondon && h.BaseFee == nil {
		h.BaseFee = new(big.Int)
	}
	if !rules.IsLondon {
		h.BaseFee = nil
	}
	if rules.IsShanghai {
		h.WithdrawalsHash, b.Withdrawals = &types.EmptyWithdrawalsHash, types.Withdrawals{}
	}
	if rules.IsCancun {
		if h.ExcessBlobGas == nil {
			h.ExcessBlobGas = new(uint64)
		}
		var blobs uint64
		for _, tx := range b.Txs {
			blobs += tx.BlobGas()
		}
		h.BlobGasUsed, h.ParentBeaconRoot = &blobs, new(common.Hash)
	}
	if rules.IsPrague {
		h.RequestsHash = &types.EmptyRequestsHash
	}
	h.UncleHash = types.EmptyUncleHash
	h.TxHash = types.DeriveSha(b.Txs, trie.NewStackTrie(nil))
	if n := h.Number.Uint64(); n > 0 {
		if _, known := b.BlockHashes[n-1]; known {
			h.ParentHash = b.BlockHashes[n-1]
		}
		b.BlockHashes[n-1] = h.ParentHash
	}
	return nil
}

// seal completes a stated header with what go-ethereum makes of the block: such a header
// proves nothing but that nothing has changed since.
func seal(b *traces.Bundle) error {
	if n := b.Header.Number.Uint64(); n > 0 {
		b.Header.ParentHash = b.BlockHashes[n-1]
	}
	golden, err := traces.Execute(b)
	if err != nil {
		return err
	}
	summary, err := b.Summarize(golden.Results)
	if err != nil {
		return err
	}
	b.Header.GasUsed, b.Header.Bloom = summary.GasUsed, summary.LogsBloom
	b.Header.ReceiptHash = types.EmptyReceiptsHash
	if summary.ReceiptsRoot != nil {
		b.Header.ReceiptHash = *summary.ReceiptsRoot
	}
	b.BlockHash = b.Header.Hash()
	return nil
}
