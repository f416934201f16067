package state

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
)

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

// deposits are those of the logs that may be some: the others are not made into go-ethereum's.
func deposits(config *params.ChainConfig, logs []Log) (list []Log) {
	for i := range logs {
		if logs[i].Address == Address(config.DepositContractAddress) {
			list = append(list, logs[i])
		}
	}
	return list
}

// checkDeposits demands of the logs that are deposits the layout that EIP-6110 gives them, which
// go-ethereum takes for granted.
func checkDeposits(config *params.ChainConfig, logs []*types.Log) error {
	for _, l := range logs {
		if l.Address != config.DepositContractAddress || len(l.Topics) == 0 || l.Topics[0] != depositTopic {
			continue
		}
		if len(l.Data) != depositBytes {
			return fmt.Errorf("%w: %d bytes", ErrDepositLayout, len(l.Data))
		}
		for _, word := range depositWords {
			if got := l.Data[32*word.at : 32*word.at+32]; common.Hash(got) != common.BigToHash(new(big.Int).SetUint64(word.want)) {
				return fmt.Errorf("%w: word %d is not %d", ErrDepositLayout, word.at, word.want)
			}
		}
	}
	return nil
}
