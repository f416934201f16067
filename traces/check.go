package traces

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"
)

// What Check can find wrong. The error that it returns wraps one of these.
var (
	ErrHeaderFields     = errors.New("header does not have the fields of its fork")
	ErrHeaderHash       = errors.New("header does not hash to block.hash")
	ErrTransactionsRoot = errors.New("transactions do not hash to block.transactionsRoot")
	ErrWithdrawalsRoot  = errors.New("withdrawals do not hash to block.withdrawalsRoot")
	ErrTransactionHash  = errors.New("transaction does not have the stated hash")
	ErrSender           = errors.New("transaction is not signed by the stated sender")
	ErrParentHash       = errors.New("blockHashes contradicts block.parentHash")
)

// Check proves what a bundle can prove of itself: that the header hashes to the
// block's hash, that transactions and withdrawals are the header's, and who signed
// the transactions, which it keeps in Senders. The pre-state cannot be proved
// without the state trie; a wrong one shows in gas, receipts or lockstep.
func (b *Bundle) Check() error {
	for _, check := range []func() error{
		b.checkFields, b.checkHeader, b.checkTransactions, b.checkWithdrawals, b.checkSenders,
	} {
		if err := check(); err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	return nil
}

// checkFields makes sure that execution finds the header fields it needs.
func (b *Bundle) checkFields() error {
	h, r := b.Header, b.Rules()
	for _, f := range []struct {
		name      string
		have      bool
		mandatory bool
	}{
		{"baseFeePerGas", h.BaseFee != nil, r.IsLondon},                  // EIP-1559
		{"withdrawalsRoot", h.WithdrawalsHash != nil, r.IsShanghai},      // EIP-4895
		{"excessBlobGas", h.ExcessBlobGas != nil, r.IsCancun},            // EIP-4844
		{"blobGasUsed", h.BlobGasUsed != nil, r.IsCancun},                // EIP-4844
		{"parentBeaconBlockRoot", h.ParentBeaconRoot != nil, r.IsCancun}, // EIP-4788
		{"requestsHash", h.RequestsHash != nil, r.IsPrague},              // EIP-7685
	} {
		switch {
		case f.mandatory && !f.have:
			return fmt.Errorf("%w: block.%s is missing at %s", ErrHeaderFields, f.name, b.Fork())
		case f.have && !f.mandatory:
			return fmt.Errorf("%w: block.%s is not known at %s", ErrHeaderFields, f.name, b.Fork())
		}
	}
	return nil
}

func (b *Bundle) checkHeader() error {
	if got := b.Header.Hash(); got != b.BlockHash {
		return fmt.Errorf("%w: it hashes to %v, the file says %v", ErrHeaderHash, got, b.BlockHash)
	}
	n := b.Header.Number.Uint64()
	if n == 0 {
		return nil
	}
	if parent, known := b.BlockHashes[n-1]; known && parent != b.Header.ParentHash {
		return fmt.Errorf("%w: %v and %v", ErrParentHash, parent, b.Header.ParentHash)
	}
	return nil
}

func (b *Bundle) checkTransactions() error {
	if got := types.DeriveSha(b.Txs, trie.NewStackTrie(nil)); got != b.Header.TxHash {
		return fmt.Errorf("%w: they hash to %v, the header says %v", ErrTransactionsRoot, got, b.Header.TxHash)
	}
	return nil
}

func (b *Bundle) checkWithdrawals() error {
	if b.Header.WithdrawalsHash == nil {
		if len(b.Withdrawals) > 0 {
			return fmt.Errorf("%w: the header has none", ErrWithdrawalsRoot)
		}
		return nil
	}
	if got := types.DeriveSha(b.Withdrawals, trie.NewStackTrie(nil)); got != *b.Header.WithdrawalsHash {
		return fmt.Errorf("%w: they hash to %v, the header says %v", ErrWithdrawalsRoot, got, *b.Header.WithdrawalsHash)
	}
	return nil
}

// checkSenders recovers the senders; go-ethereum keeps them in the transactions,
// so that executing them later does not recover them again.
func (b *Bundle) checkSenders() error {
	if b.Unsigned && len(b.claims) != len(b.Txs) {
		return fmt.Errorf("%w: an unsigned bundle states %d senders of %d transactions", ErrSender, len(b.claims), len(b.Txs))
	}
	signer := b.signer()
	senders := make([]common.Address, len(b.Txs))
	for i, tx := range b.Txs {
		from, err := types.Sender(signer, tx)
		if err != nil {
			return fmt.Errorf("%w: transaction %d: %w", ErrSender, i, err)
		}
		if i < len(b.claims) {
			said := b.claims[i]
			if tx.Hash() != said.Hash {
				return fmt.Errorf("%w: transaction %d: %v, the file says %v", ErrTransactionHash, i, tx.Hash(), said.Hash)
			}
			if from != said.From {
				return fmt.Errorf("%w: transaction %d: %v, the file says %v", ErrSender, i, from, said.From)
			}
		}
		senders[i] = from
	}
	b.Senders = senders
	return nil
}
