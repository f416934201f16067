package chain

import (
	"errors"
	"fmt"
	"iter"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/misc/eip1559"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
)

// verifyMerge demands difficulty before the Merge, and none behind it (EIP-3675): go-ethereum
// does not any more, for a chain whose beginning it may not have.
func (c *Chain) verifyMerge(header *types.Header, parent *block) error {
	terminal := c.test.Config.TerminalTotalDifficulty
	reached := terminal != nil && parent.total.Cmp(terminal) >= 0
	switch {
	case isPoS(header) && !reached:
		return errBeforeMerge
	case !isPoS(header) && isPoS(parent.header) && parent.header.Number.Sign() > 0:
		return errOverMerged
	case !isPoS(header) && reached:
		return errBehindMerge
	}
	return nil
}

// verifyHeader is go-ethereum's engine, without its clock: a block that would be in the future
// is judged as the same block earlier. Before the Merge no rule but the clock's knows more
// of time than what lies between two blocks.
func (c *Chain) verifyHeader(header, parent *types.Header) error {
	err := c.engine.VerifyHeader(reader{Chain: c}, header)
	if !errors.Is(err, consensus.ErrFutureBlock) || header.Time < parent.Time {
		return err
	}
	earlier, before := types.CopyHeader(header), types.CopyHeader(parent)
	earlier.Time -= parent.Time
	before.Time = 0
	return c.engine.VerifyHeader(reader{c, before}, earlier)
}

// checkFields demands the fields that the header has at its fork, and no other.
func checkFields(config *params.ChainConfig, h *types.Header) error {
	london := config.IsLondon(h.Number)
	shanghai, cancun, prague := config.IsShanghai(h.Number, h.Time), config.IsCancun(h.Number, h.Time), config.IsPrague(h.Number, h.Time)
	for _, f := range []struct {
		name      string
		has, want bool
	}{
		{"baseFeePerGas", h.BaseFee != nil, london},
		{"withdrawalsRoot", h.WithdrawalsHash != nil, shanghai},
		{"blobGasUsed", h.BlobGasUsed != nil, cancun},
		{"excessBlobGas", h.ExcessBlobGas != nil, cancun},
		{"parentBeaconBlockRoot", h.ParentBeaconRoot != nil, cancun},
		{"requestsHash", h.RequestsHash != nil, prague},
	} {
		switch {
		case f.want && !f.has:
			return fmt.Errorf("%w: %s is missing", errFields, f.name)
		case f.has && !f.want:
			return fmt.Errorf("%w: %s is there", errFields, f.name)
		}
	}
	return nil
}

// repair makes good what go-ethereum's engine says of a header, so that it says what comes next.
type repair struct {
	says []string // one of it
	do   func(c *Chain, h, parent *types.Header)
}

var repairs = []repair{
	{[]string{"extra-data"}, func(_ *Chain, h, _ *types.Header) { h.Extra = nil }},
	{[]string{"invalid nonce"}, func(_ *Chain, h, _ *types.Header) { h.Nonce = types.BlockNonce{} }},
	{[]string{"invalid uncle hash"}, func(_ *Chain, h, _ *types.Header) { h.UncleHash = types.EmptyUncleHash }},
	{[]string{"timestamp"}, func(_ *Chain, h, parent *types.Header) { h.Time = parent.Time + 1 }},
	{[]string{"invalid difficulty"}, func(c *Chain, h, parent *types.Header) {
		h.Difficulty = c.engine.CalcDifficulty(reader{Chain: c}, h.Time, parent)
	}},
	{[]string{"invalid gasLimit: have", "invalid gas limit"}, func(c *Chain, h, parent *types.Header) {
		h.GasLimit = parent.GasLimit
		if config := c.test.Config; config.IsLondon(h.Number) && !config.IsLondon(parent.Number) {
			h.GasLimit *= config.ElasticityMultiplier()
		}
	}},
	{[]string{"invalid gasUsed: have"}, func(_ *Chain, h, _ *types.Header) { h.GasUsed = 0 }},
	{[]string{"invalid block number"}, func(_ *Chain, h, parent *types.Header) {
		h.Number = new(big.Int).Add(parent.Number, big.NewInt(1))
	}},
	{[]string{"invalid excessBlobGas: have", "blob gas used"}, (*Chain).fit},
	{[]string{"baseFee", "withdrawalsHash", "expected nil", "is missing"}, (*Chain).fit},
}

// fit gives a header the fields of its fork, with what they have to be.
func (c *Chain) fit(h, parent *types.Header) {
	config, none := c.test.Config, uint64(0)
	h.BaseFee, h.WithdrawalsHash, h.BlobGasUsed, h.ExcessBlobGas, h.ParentBeaconRoot = nil, nil, nil, nil, nil
	if config.IsLondon(h.Number) {
		h.BaseFee = eip1559.CalcBaseFee(config, parent)
	}
	if config.IsShanghai(h.Number, h.Time) {
		h.WithdrawalsHash = &types.EmptyWithdrawalsHash
	}
	if config.IsCancun(h.Number, h.Time) {
		excess := eip4844.CalcExcessBlobGas(config, parent, h.Time)
		h.BlobGasUsed, h.ExcessBlobGas, h.ParentBeaconRoot = &none, &excess, new(common.Hash)
	}
}

// headerFaults is what go-ethereum's engine says of a header, one after the other: what it has
// said is made good.
func (c *Chain) headerFaults(b *types.Block, parent *types.Header) iter.Seq[error] {
	return func(yield func(error) bool) {
		h, said := b.Header(), make(map[string]bool)
		for {
			err := c.verifyHeader(h, parent)
			if err == nil || said[err.Error()] || !yield(c.blobs(b, err)) {
				return
			}
			said[err.Error()] = true
			for _, r := range repairs {
				for _, words := range r.says {
					if strings.Contains(err.Error(), words) {
						r.do(c, h, parent)
					}
				}
			}
		}
	}
}

// reader is the chain as go-ethereum's engine reads it. It finds blocks by hash alone, so that a
// wrong number is found to be wrong, and not unknown.
type reader struct {
	*Chain
	parent *types.Header // in place of any header, nil for none
}

func (r reader) Config() *params.ChainConfig  { return r.test.Config }
func (r reader) CurrentHeader() *types.Header { return r.head.header }

func (r reader) GetHeader(hash common.Hash, _ uint64) *types.Header { return r.GetHeaderByHash(hash) }

func (r reader) GetHeaderByHash(hash common.Hash) *types.Header {
	if b := r.blocks[hash]; b != nil {
		if r.parent != nil {
			return r.parent
		}
		return b.header
	}
	return nil
}

// GetHeaderByNumber finds a block of the head's branch; no engine used here asks for it.
func (r reader) GetHeaderByNumber(number uint64) *types.Header {
	for b := r.head; b != nil; b = r.blocks[b.header.ParentHash] {
		if b.header.Number.Uint64() == number {
			return b.header
		}
	}
	return nil
}

func (r reader) GetBlock(hash common.Hash, _ uint64) *types.Block {
	b := r.blocks[hash]
	if b == nil {
		return nil
	}
	return types.NewBlockWithHeader(b.header).WithBody(types.Body{Uncles: b.uncles})
}
