package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/traces"
)

// block is what the node says of a block, checked against itself.
type block struct {
	bundle *traces.Bundle // without pre-state
	raw    json.RawMessage
}

// chain is what is known of the chain that the node serves.
type chain struct {
	id      uint64
	config  *params.ChainConfig // nil: it has to be deduced from each block
	current *forkConfig         // of eth_config, nil where the node does not have it
}

// forkConfig is a part of EIP-7910's answer.
type forkConfig struct {
	ActivationTime uint64                    `json:"activationTime"`
	BlobSchedule   *params.BlobConfig        `json:"blobSchedule"`
	Precompiles    map[string]common.Address `json:"precompiles"`
}

// findChain asks for the chain and looks for its fork schedule: the one given, that of a
// known chain, the node's own (admin_nodeInfo), or what can be deduced.
func (n *Node) findChain(ctx context.Context, given *params.ChainConfig) (*chain, error) {
	var id hexutil.Uint64
	if err := n.call(ctx, &id, "eth_chainId"); err != nil {
		return nil, err
	}
	c := &chain{id: uint64(id), config: given}
	if given != nil {
		if err := traces.CheckChainConfig(given, c.id); err != nil {
			return nil, fmt.Errorf("the chain configuration given does not fit: %w", err)
		}
		return c, nil
	}
	if known, err := traces.ChainConfig(c.id); err == nil {
		c.config = known
		return c, nil
	}
	var info struct {
		Protocols struct {
			Eth struct {
				Config *params.ChainConfig `json:"config"`
			} `json:"eth"`
		} `json:"protocols"`
	}
	if err := n.call(ctx, &info, "admin_nodeInfo"); err == nil {
		if config := info.Protocols.Eth.Config; config != nil && traces.CheckChainConfig(config, c.id) == nil {
			c.config = config
			return c, nil
		}
	} else if !refused(err) {
		return nil, err
	}
	var fork struct {
		Current *forkConfig `json:"current"`
	}
	if err := n.call(ctx, &fork, "eth_config"); err != nil && !refused(err) {
		return nil, err
	}
	c.current = fork.Current
	return c, nil
}

// errNoSchedule is that the rules of a block cannot be deduced.
var errNoSchedule = errors.New("the node does not tell the chain's fork schedule, and headers before London do not either: give it as a file")

// schedule gives the fork schedule that a block runs under, and whether it was deduced.
// A header has the fields of its fork (EIP-1559, 4895, 4844, 7685); Osaka adds none, but
// a precompile that eth_config lists (EIP-7951).
func (c *chain) schedule(h *types.Header) (config *params.ChainConfig, deduced bool, err error) {
	if c.config != nil {
		return c.config, false, nil
	}
	if h.BaseFee == nil {
		return nil, false, errNoSchedule
	}
	zero, now := new(big.Int), new(uint64)
	d := &params.ChainConfig{
		ChainID: new(big.Int).SetUint64(c.id), HomesteadBlock: zero, EIP150Block: zero, EIP155Block: zero, EIP158Block: zero,
		ByzantiumBlock: zero, ConstantinopleBlock: zero, PetersburgBlock: zero, IstanbulBlock: zero, MuirGlacierBlock: zero,
		BerlinBlock: zero, LondonBlock: zero, ArrowGlacierBlock: zero, GrayGlacierBlock: zero,
	}
	if h.Difficulty.Sign() == 0 {
		d.TerminalTotalDifficulty = zero
	}
	if h.WithdrawalsHash != nil {
		d.ShanghaiTime = now
	}
	blobs := &params.BlobScheduleConfig{Cancun: params.DefaultCancunBlobConfig}
	if h.ExcessBlobGas != nil {
		d.CancunTime, d.BlobScheduleConfig = now, blobs
	}
	current := c.current != nil && h.Time >= c.current.ActivationTime
	own := func(standard *params.BlobConfig) *params.BlobConfig {
		if current && c.current.BlobSchedule != nil {
			return c.current.BlobSchedule
		}
		return standard
	}
	if h.RequestsHash != nil {
		d.PragueTime, blobs.Prague = now, own(params.DefaultPragueBlobConfig)
		if current && c.current.Precompiles["P256VERIFY"] != (common.Address{}) {
			d.OsakaTime, blobs.Osaka = now, own(params.DefaultOsakaBlobConfig)
		}
	}
	return d, true, d.CheckConfigForkOrder()
}

// block asks for a block by number and checks it.
func (n *Node) block(ctx context.Context, c *chain, number uint64) (*block, error) {
	const method = "eth_getBlockByNumber"
	var raw json.RawMessage
	if err := n.call(ctx, &raw, method, quantity(number), true); err != nil {
		if errors.Is(err, errNull) {
			return nil, fmt.Errorf("%s: the node has no block %d", method, number)
		}
		return nil, err
	}
	b, err := c.parseBlock(raw)
	if err != nil {
		return nil, &CallError{method, err}
	}
	if got := b.bundle.Header.Number.Uint64(); got != number {
		return nil, &CallError{method, fmt.Errorf("the answer is block %d, not %d", got, number)}
	}
	if number == 0 {
		return nil, errors.New("block 0 is the genesis: it executes nothing")
	}
	return b, nil
}

func (c *chain) parseBlock(raw json.RawMessage) (*block, error) {
	header := new(types.Header)
	if err := json.Unmarshal(raw, header); err != nil {
		return nil, fmt.Errorf("not a block: %w", err)
	}
	config, deduced, err := c.schedule(header)
	if err != nil {
		return nil, err
	}
	bundle, err := traces.NewBundle(c.id, config, raw)
	if err != nil {
		return nil, err
	}
	bundle.Provenance = &traces.Provenance{Source: "fetch"}
	if deduced {
		bundle.Provenance.Warnings = append(bundle.Provenance.Warnings, "the fork schedule was deduced from the header's fields")
	}
	if err := bundle.Check(); err != nil {
		return nil, err
	}
	return &block{bundle, raw}, nil
}

// stillThere makes sure that the node has the block on its chain.
func (n *Node) stillThere(ctx context.Context, b *traces.Bundle) error {
	var now struct {
		Hash common.Hash `json:"hash"`
	}
	number := b.Header.Number.Uint64()
	if err := n.call(ctx, &now, "eth_getBlockByNumber", quantity(number), false); err != nil {
		return err
	}
	if now.Hash != b.BlockHash {
		return &reorganizedError{number, b.BlockHash, now.Hash}
	}
	return nil
}

// reorganizedError is that another block took the place of the one that is fetched.
type reorganizedError struct {
	number   uint64
	was, now common.Hash
}

func (e *reorganizedError) Error() string {
	return fmt.Sprintf("the chain was reorganized while block %d was fetched: it was %v and is %v", e.number, e.was, e.now)
}
