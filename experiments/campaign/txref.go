package campaign

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/experiments/run"
)

// TxRef names a transaction: by its place in the block, from 0, or by its hash.
type TxRef struct {
	text  string
	index int
	hash  *common.Hash
}

// ParseTx reads what a user names a transaction by.
func ParseTx(text string) (r TxRef, err error) {
	r.text = text
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		b, err := hex.DecodeString(digits)
		if err != nil || len(b) != common.HashLength {
			return r, fmt.Errorf("%s: expected a number from 0, or a hash of 0x and 64 hexadecimal digits", text)
		}
		hash := common.BytesToHash(b)
		r.hash = &hash
		return r, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil:
		return r, fmt.Errorf("%q: expected a number from 0, or a hash of 0x and 64 hexadecimal digits", text)
	case n < 0:
		return r, fmt.Errorf("%s: transactions are numbered from 0", text)
	}
	r.index = int(n)
	return r, nil
}

func (r TxRef) String() string { return r.text }

// find returns the place of the transaction among those of a block. Its error is the user's.
func (r TxRef) find(block string, transactions int, hash func(i int) common.Hash) (int, error) {
	if r.hash == nil && r.index < transactions {
		return r.index, nil
	}
	for i := range transactions {
		if r.hash != nil && hash(i) == *r.hash {
			return i, nil
		}
	}
	return 0, run.Input(fmt.Errorf("--tx %s: %s has no such transaction", r.text, block))
}
