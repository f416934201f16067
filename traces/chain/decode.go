package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/beacon/engine"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/params/forks"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/ooovm/ooovm/traces/fixtures"
)

// decode makes the block of an item.
func decode(item *Item, config *params.ChainConfig) (*types.Block, error) {
	if item.Payload != nil {
		return fromPayload(item.Payload, config)
	}
	b := new(types.Block)
	if err := rlp.DecodeBytes(item.RLP, b); err != nil {
		return nil, fmt.Errorf("%w: %w", errEncoding, err)
	}
	if !b.Header().Number.IsUint64() {
		return nil, fmt.Errorf("%w: a block number too long for uint64", errEncoding)
	}
	return b, nil
}

// parentOf reads as much of an item as it takes to know on which block it builds; zero for one
// that cannot be read so far.
func parentOf(item *Item) (parent common.Hash) {
	if item.Payload != nil {
		return item.Payload.ParentHash
	}
	block, _, err := rlp.SplitList(item.RLP)
	if err != nil {
		return parent
	}
	header, _, err := rlp.SplitList(block)
	if err != nil {
		return parent
	}
	if hash, _, err := rlp.SplitString(header); err == nil && len(hash) == len(parent) {
		parent = common.Hash(hash)
	}
	return parent
}

// parameter is one rule of engine_newPayload about what it is called with.
type parameter struct {
	from, to int // versions of the method
	broken   func(p *fixtures.Payload, config *params.ChainConfig) bool
	err      *engine.EngineAPIError
	what     string
}

// parameters are in the order in which go-ethereum looks at them (eth/catalyst, NewPayloadV1 to
// NewPayloadV4), after the Engine API of execution-apis.
var parameters = []parameter{
	{1, 1, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.Withdrawals != nil }, engine.InvalidParams, "withdrawals in V1"},
	{2, 2, func(p *fixtures.Payload, c *params.ChainConfig) bool { return cancun(p, c) }, engine.InvalidParams, "V2 since Cancun"},
	{2, 2, func(p *fixtures.Payload, c *params.ChainConfig) bool { return shanghai(p, c) && p.Withdrawals == nil }, engine.InvalidParams, "no withdrawals since Shanghai"},
	{2, 2, func(p *fixtures.Payload, c *params.ChainConfig) bool { return !shanghai(p, c) && p.Withdrawals != nil }, engine.InvalidParams, "withdrawals before Shanghai"},
	{2, 2, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.ExcessBlobGas != nil }, engine.InvalidParams, "excessBlobGas before Cancun"},
	{2, 2, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.BlobGasUsed != nil }, engine.InvalidParams, "blobGasUsed before Cancun"},
	{3, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.Withdrawals == nil }, engine.InvalidParams, "no withdrawals since Shanghai"},
	{3, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.ExcessBlobGas == nil }, engine.InvalidParams, "no excessBlobGas since Cancun"},
	{3, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.BlobGasUsed == nil }, engine.InvalidParams, "no blobGasUsed since Cancun"},
	{3, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.Hashes == nil }, engine.InvalidParams, "no versioned hashes since Cancun"},
	{3, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.BeaconRoot == nil }, engine.InvalidParams, "no parentBeaconBlockRoot since Cancun"},
	{4, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return p.Requests == nil }, engine.InvalidParams, "no executionRequests since Prague"},
	{3, 3, func(p *fixtures.Payload, c *params.ChainConfig) bool {
		return c.LatestFork(p.Timestamp) != forks.Cancun
	}, engine.UnsupportedFork, "V3 is for Cancun"},
	{4, 4, func(p *fixtures.Payload, c *params.ChainConfig) bool { return c.LatestFork(p.Timestamp) < forks.Prague }, engine.UnsupportedFork, "V4 is for Prague and later"},
	{4, 4, func(p *fixtures.Payload, _ *params.ChainConfig) bool { return !ordered(p.Requests) }, engine.InvalidParams, "executionRequests that are empty or not in order"},
}

func cancun(p *fixtures.Payload, c *params.ChainConfig) bool {
	return c.IsCancun(c.LondonBlock, p.Timestamp)
}

func shanghai(p *fixtures.Payload, c *params.ChainConfig) bool {
	return c.IsShanghai(c.LondonBlock, p.Timestamp)
}

// ordered reports whether requests are not empty, and of kinds that ascend (EIP-7685).
func ordered(requests [][]byte) bool {
	for i, r := range requests {
		if len(r) < 2 || i > 0 && r[0] <= requests[i-1][0] {
			return false
		}
	}
	return true
}

// fromPayload makes the block of a payload. Its transactions are decoded before go-ethereum does
// it, which keeps of an error there nothing but the words.
func fromPayload(p *fixtures.Payload, config *params.ChainConfig) (*types.Block, error) {
	for _, rule := range parameters {
		if rule.from <= p.Version && p.Version <= rule.to && rule.broken(p, config) {
			return nil, fmt.Errorf("%w: %w", errPayload, rule.err.With(errors.New(rule.what)))
		}
	}
	for i, encoded := range p.Transactions {
		if err := new(types.Transaction).UnmarshalBinary(encoded); err != nil {
			return nil, fmt.Errorf("%w: transaction %d: %w", errEncoding, i, err)
		}
	}
	b, err := engine.ExecutableDataToBlock(p.ExecutableData, p.Hashes, p.BeaconRoot, p.Requests)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	return b, nil
}

// maxName bounds how much of a test's name stands in that of a bundle, which is often a file's.
const maxName = 96

// bundleName names a block of a test: as much of the test's name as a file's name can have, then
// what tells the block from all others of all tests.
func bundleName(t *Test, b *types.Block) string {
	name := fixtures.FileName(t.Name)
	name = name[:min(len(name), maxName)]
	hash := b.Hash()
	id := sha256.Sum256(append([]byte(t.ID()), hash[:]...))
	return fmt.Sprintf("%s-%d-%s", name, b.NumberU64(), hex.EncodeToString(id[:4]))
}
