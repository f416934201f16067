package traces

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// statedSigner takes the senders of unsigned transactions from what the file states.
type statedSigner struct {
	types.Signer
	from map[*types.Transaction]common.Address
}

var errUnstated = errors.New("the sender is not stated")

// Sender gives the stated sender.
func (s *statedSigner) Sender(tx *types.Transaction) (common.Address, error) {
	if from, ok := s.from[tx]; ok {
		return from, nil
	}
	return common.Address{}, errUnstated
}

// Equal tells whether another signer gives the same senders: only itself does.
func (s *statedSigner) Equal(other types.Signer) bool {
	o, ok := other.(*statedSigner)
	return ok && o == s
}

// signer tells the senders of the bundle's transactions.
func (b *Bundle) signer() types.Signer {
	signer := types.MakeSigner(b.Config, b.Header.Number, b.Header.Time)
	if !b.Unsigned {
		return signer
	}
	stated := &statedSigner{signer, make(map[*types.Transaction]common.Address, len(b.Txs))}
	for i, tx := range b.Txs {
		if i < len(b.claims) {
			stated.from[tx] = b.claims[i].From
		}
	}
	return stated
}

// Sender gives the sender of a transaction: who has signed it, or is stated to have.
func (b *Bundle) Sender(i int) (common.Address, error) {
	from, err := types.Sender(b.signer(), b.Txs[i])
	if err != nil {
		return from, fmt.Errorf("transaction %d: %w", i, err)
	}
	return from, nil
}

// StateSenders makes the bundle an unsigned one, whose transactions are of the senders
// given.
func (b *Bundle) StateSenders(from []common.Address) {
	b.Unsigned = true
	b.claims = make([]claim, len(from))
	for i := range from {
		b.claims[i] = claim{b.Txs[i].Hash(), from[i]}
	}
}
