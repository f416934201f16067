package state

import (
	"bytes"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/isa"
)

// leaf is an entry of a Merkle-Patricia trie under its hashed key.
type leaf struct {
	key   common.Hash
	value []byte
}

// Root is the state root of a world that holds the whole state, as those of state
// tests do.
func Root(w *World) (Hash, error) {
	leaves := make([]leaf, 0, len(w.accounts))
	for address, acct := range w.accounts {
		storage, err := storageRoot(acct.storage)
		if err != nil {
			return Hash{}, err
		}
		hash := acct.hash()
		value, err := rlp.EncodeToBytes(&types.StateAccount{
			Nonce:    acct.nonce,
			Balance:  &acct.balance,
			Root:     storage,
			CodeHash: hash[:],
		})
		if err != nil {
			return Hash{}, err
		}
		leaves = append(leaves, leaf{crypto.Keccak256Hash(address[:]), value})
	}
	root, err := trieRoot(leaves)
	return Hash(root), err
}

func storageRoot(storage map[isa.Word]cell) (common.Hash, error) {
	leaves := make([]leaf, 0, len(storage))
	for slot, c := range storage {
		if c.value.IsZero() {
			continue
		}
		key := slot.Bytes32()
		value, err := rlp.EncodeToBytes(c.value.Bytes())
		if err != nil {
			return common.Hash{}, err
		}
		leaves = append(leaves, leaf{crypto.Keccak256Hash(key[:]), value})
	}
	return trieRoot(leaves)
}

func trieRoot(leaves []leaf) (common.Hash, error) {
	slices.SortFunc(leaves, func(a, b leaf) int { return bytes.Compare(a.key[:], b.key[:]) })
	t := trie.NewStackTrie(nil) // wants ascending keys
	for _, l := range leaves {
		if err := t.Update(l.key[:], l.value); err != nil {
			return common.Hash{}, err
		}
	}
	return t.Hash(), nil
}

// LogsHash is the Keccak-256 of the logs' RLP, by which state tests name them.
func LogsHash(logs []Log) (Hash, error) {
	encoded, err := rlp.EncodeToBytes(encodable(logs))
	if err != nil {
		return Hash{}, err
	}
	return Hash(crypto.Keccak256Hash(encoded)), nil
}

// encodable gives logs in go-ethereum's form: all that consensus has of them.
func encodable(logs []Log) []*types.Log {
	to := make([]*types.Log, len(logs))
	for i, l := range logs {
		topics := make([]common.Hash, len(l.Topics))
		for k, topic := range l.Topics {
			topics[k] = common.Hash(topic)
		}
		to[i] = &types.Log{Address: l.Address.common(), Topics: topics, Data: l.Data}
	}
	return to
}
