package generator

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc/eip1559"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
)

// place is where on mainnet a block stands.
type place struct {
	fork   string
	number uint64
	time   uint64 // Unix seconds
}

// places has one of every fork that New knows, inside the time in which mainnet had that
// fork: activated at 1710338135 (Cancun), 1746612311 (Prague), 1764798551 (Osaka).
var places = []place{
	{"cancun", 20_000_000, 1_717_281_407},
	{"prague", 23_000_000, 1_753_000_000},
	{"osaka", 24_000_000, 1_766_000_000},
}

// DefaultFork is the fork of blocks for which none is named.
const DefaultFork = "prague"

// Forks names the forks of which New makes blocks, in their order.
func Forks() []string {
	var names []string
	for _, p := range places {
		names = append(names, p.fork)
	}
	return names
}

func findPlace(fork string) (place, error) {
	for _, p := range places {
		if p.fork == fork {
			return p, nil
		}
	}
	return place{}, fmt.Errorf("fork %q: not one of %s", fork, strings.Join(Forks(), ", "))
}

const (
	slotSeconds  = 12
	startBaseFee = 2 * params.GWei // of the parent
)

// parentHeader is the header that the block follows, without its state root. It is
// half full, so that the base fee stays (EIP-1559).
func (p place) parentHeader(config *params.ChainConfig, seed, gasLimit uint64) *types.Header {
	parentRoot, noBlobs := digest(seed, "beacon root", 0), uint64(0)
	h := &types.Header{
		ParentHash:       digest(seed, "grandparent", 0),
		UncleHash:        types.EmptyUncleHash,
		Coinbase:         addressOf(seed, "coinbase", 0),
		TxHash:           types.EmptyTxsHash,
		ReceiptHash:      types.EmptyReceiptsHash,
		Difficulty:       new(big.Int),
		Number:           new(big.Int).SetUint64(p.number - 1),
		GasLimit:         gasLimit,
		GasUsed:          gasLimit / 2,
		Time:             p.time - slotSeconds,
		MixDigest:        digest(seed, "randao", 0),
		BaseFee:          big.NewInt(startBaseFee),
		WithdrawalsHash:  &types.EmptyWithdrawalsHash,
		BlobGasUsed:      &noBlobs,
		ExcessBlobGas:    &noBlobs,
		ParentBeaconRoot: &parentRoot,
	}
	if config.IsPrague(h.Number, h.Time) {
		h.RequestsHash = &types.EmptyRequestsHash
	}
	return h
}

// childHeader is what is chosen of the block's header. The rest follows from its parent
// and its execution; the chain maker leaves PREVRANDAO zero.
func (p place) childHeader(config *params.ChainConfig, parent *types.Header, seed uint64) *types.Header {
	beaconRoot := digest(seed, "beacon root", 1)
	return &types.Header{
		Coinbase:         parent.Coinbase,
		Number:           new(big.Int).SetUint64(p.number),
		GasLimit:         parent.GasLimit,
		Time:             p.time,
		Extra:            []byte("ooovm generator"),
		BaseFee:          eip1559.CalcBaseFee(config, parent),
		ParentBeaconRoot: &beaconRoot,
	}
}

// settingContext is what the constructors and messages see that set up the parent's
// state.
func settingContext(config *params.ChainConfig, h *types.Header) vm.BlockContext {
	return vm.BlockContext{
		CanTransfer: core.CanTransfer,
		Transfer:    core.Transfer,
		GetHash:     func(uint64) common.Hash { return h.ParentHash },
		Coinbase:    h.Coinbase,
		GasLimit:    h.GasLimit,
		BlockNumber: h.Number,
		Time:        h.Time,
		Difficulty:  h.Difficulty,
		BaseFee:     h.BaseFee,
		BlobBaseFee: eip4844.CalcBlobFee(config, h),
		Random:      &h.MixDigest,
	}
}
