// Package chain is what a chain makes of the blocks of an official blockchain test: which it
// accepts, which it refuses and why, and which of them is its head. Headers are checked by
// go-ethereum's consensus engine. Nothing is executed here, but for those who want to have it
// done by go-ethereum alone (Execute, Blocks).
package chain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/beacon"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// Test is a blockchain test, and Item a block that it gives to the chain.
type (
	Test = fixtures.BlockTest
	Item = fixtures.Item
)

// Chain is the chain of one test. It is used by one goroutine.
type Chain struct {
	// Stop ends what is executed to find out what else is wrong with a block; nil for never.
	Stop context.Context

	test   *Test
	engine consensus.Engine
	blocks map[common.Hash]*block
	head   *block

	// asked counts how many items are still to come that build on a block: the state of one
	// that nobody builds on any more, and that is not the head, is not kept.
	asked map[common.Hash]int
}

// block is one that was accepted.
type block struct {
	header *types.Header
	hash   common.Hash
	uncles []*types.Header
	total  *big.Int       // difficulty of all blocks up to here
	post   state.Prestate // nil when it is not kept
}

// New begins the chain of a test with its genesis. An error is one of the test: it contradicts
// itself, or is not supported.
func New(t *Test) (*Chain, error) {
	if t.Unsupported != "" {
		return nil, errors.New(t.Unsupported)
	}
	if err := checkGenesis(t); err != nil {
		return nil, err
	}
	genesis := &block{header: t.Genesis, hash: t.GenesisHash, total: t.Genesis.Difficulty, post: t.Pre}
	c := &Chain{
		test:   t,
		engine: beacon.New(ethash.NewFaker()), // the seals of official tests are no proofs
		blocks: map[common.Hash]*block{genesis.hash: genesis},
		head:   genesis,
		asked:  make(map[common.Hash]int),
	}
	for i := range t.Items {
		c.asked[parentOf(&t.Items[i])]++
	}
	return c, nil
}

// checkGenesis compares what a test says of its genesis several times.
func checkGenesis(t *Test) error {
	if got := t.Genesis.Hash(); got != t.GenesisHash {
		return fmt.Errorf("genesisBlockHeader: it hashes to %v, the test says %v", got, t.GenesisHash)
	}
	if t.GenesisRLP != nil {
		var b types.Block
		if err := rlp.DecodeBytes(t.GenesisRLP, &b); err != nil {
			return fmt.Errorf("genesisRLP: %w", err)
		}
		if b.Hash() != t.GenesisHash {
			return fmt.Errorf("genesisRLP: it hashes to %v, genesisBlockHeader to %v", b.Hash(), t.GenesisHash)
		}
	}
	if err := checkFields(t.Config, t.Genesis); err != nil {
		return fmt.Errorf("genesisBlockHeader: %w", err)
	}
	if excess := t.Genesis.ExcessBlobGas; excess != nil {
		// go-ethereum's engine computes the fee without a bound, of a parent since Osaka.
		if _, err := state.BlobBaseFee(t.Config, t.Genesis.Time, *excess); err != nil {
			return fmt.Errorf("genesisBlockHeader.excessBlobGas: %w", err)
		}
	}
	root, err := state.Root(state.NewWorld(t.Pre))
	if err != nil {
		return err
	}
	if common.Hash(root) != t.Genesis.Root {
		return fmt.Errorf("pre: its root is %#x, genesisBlockHeader.stateRoot %v", root, t.Genesis.Root)
	}
	return nil
}

// Propose gives the chain the next item of its test: once each, in their order. It returns the
// block with the whole state of its parent, to be executed, or why it is refused already. What
// comes of it is told by Accept; a block that is refused needs no more. The error is one of
// the test.
func (c *Chain) Propose(item *Item) (b *traces.Bundle, refused *Refusal, err error) {
	parent := parentOf(item)
	defer c.release(parent)
	err = invariant.Guard(c.test.ID()+": "+item.Field, func() error {
		proposed, err := decode(item, c.test.Config)
		if err == nil {
			for err = range c.faults(proposed) {
				break
			}
		}
		if err != nil {
			refused = NewRefusal(err)
			refused.further = c.further(proposed)
			return nil
		}
		if item.Header != nil && (item.Header.Header.Hash() != proposed.Hash() || item.Header.Hash != proposed.Hash()) {
			return fmt.Errorf("blockHeader says another block than the encoding, which hashes to %v", proposed.Hash())
		}
		b, err = c.bundle(proposed)
		return err
	})
	return b, refused, err
}

// further gives what else is wrong with a block that is refused before it is executed, and what
// comes of it when go-ethereum executes it all the same.
func (c *Chain) further(b *types.Block) func() []error {
	if b == nil || c.blocks[b.ParentHash()] == nil {
		return nil
	}
	bundle, err := c.bundle(b)
	if err != nil {
		return nil
	}
	return func() []error {
		faults := slices.Collect(c.faults(b))
		if checkFields(c.test.Config, b.Header()) != nil {
			return faults // there is no executing it
		}
		stop := c.Stop
		if stop == nil {
			stop = context.Background()
		}
		if _, err := Execute(stop, bundle); err != nil {
			faults = append(faults, err)
		}
		return faults
	}
}

// release notes that an item has asked for its parent's state.
func (c *Chain) release(parent common.Hash) {
	if c.asked[parent]--; c.asked[parent] <= 0 {
		delete(c.asked, parent)
		c.drop(c.blocks[parent])
	}
}

// drop gives up the state of a block that nobody asks for any more.
func (c *Chain) drop(b *block) {
	if b != nil && b != c.head && c.asked[b.hash] == 0 {
		b.post = nil
	}
}

// bundle is a block that has been verified, ready to be executed.
func (c *Chain) bundle(b *types.Block) (*traces.Bundle, error) {
	parent := c.blocks[b.ParentHash()]
	if parent.post == nil {
		return nil, fmt.Errorf("the state of block %v is gone: an item was proposed twice", parent.hash)
	}
	return &traces.Bundle{
		Name:        bundleName(c.test, b),
		Path:        c.test.Path,
		ChainID:     c.test.Config.ChainID.Uint64(),
		Config:      c.test.Config,
		Header:      b.Header(),
		BlockHash:   b.Hash(),
		Txs:         b.Transactions(),
		Withdrawals: b.Withdrawals(),
		Uncles:      b.Uncles(),
		Whole:       true,
		Prestate:    parent.post,
		BlockHashes: c.ancestors(b.ParentHash()),
		Memory:      budget.OfRun(),
	}, nil
}

// lookback is how many hashes of older blocks a block may ask for.
const lookback = 256

// ancestors are the hashes of the youngest blocks up to one, along its own branch.
func (c *Chain) ancestors(hash common.Hash) map[uint64]common.Hash {
	hashes := make(map[uint64]common.Hash)
	for b := c.blocks[hash]; b != nil && len(hashes) < lookback; b = c.blocks[b.header.ParentHash] {
		hashes[b.header.Number.Uint64()] = b.hash
	}
	return hashes
}

// Accept takes a proposed block into the chain, with the whole state after it. Accounts that
// the block has left as they were are shared with the parent's state.
func (c *Chain) Accept(b *traces.Bundle, post state.Prestate) error {
	parent := c.blocks[b.Header.ParentHash]
	if parent == nil {
		return fmt.Errorf("block %v was not proposed", b.BlockHash)
	}
	share(post, b.Prestate)
	added := &block{
		header: b.Header, hash: b.BlockHash, uncles: b.Uncles, post: post,
		total: new(big.Int).Add(parent.total, b.Header.Difficulty),
	}
	c.blocks[added.hash] = added
	old := c.head
	if c.better(added) {
		c.head = added
	}
	c.drop(old)
	c.drop(added)
	return nil
}

// better is the choice of fork. Before the Merge it is total difficulty, of equal ones the
// first (Yellow Paper, section 10); after it, each block is given as the head (EIP-3675), and
// nobody goes back behind it.
func (c *Chain) better(b *block) bool {
	if isPoS(b.header) {
		return true
	}
	return !isPoS(c.head.header) && b.total.Cmp(c.head.total) > 0
}

func isPoS(h *types.Header) bool { return h.Difficulty.Sign() == 0 }

// Head is the hash of the chain's head.
func (c *Chain) Head() common.Hash { return c.head.hash }

// share replaces accounts that are as they were by those of the state before.
func share(post, pre state.Prestate) {
	for address, acct := range post {
		if before := pre[address]; before != nil && before != acct && differs(before, acct) == nil {
			post[address] = before
		}
	}
}
