package generator

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc/eip1559"
	"github.com/ethereum/go-ethereum/consensus/misc/eip4844"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Where the block stands on the chain: in mainnet's time of Prague (activated at
// 1746612311, EIP-7600).
const (
	blockNumber  = 23_000_000
	blockTime    = 1_753_000_000 // Unix seconds
	slotSeconds  = 12
	startBaseFee = 2 * params.GWei // of the parent
)

// parentHeader is the header that the block follows, without its state root. It is
// half full, so that the base fee stays (EIP-1559).
func parentHeader(seed, gasLimit uint64) *types.Header {
	parentRoot, noBlobs := digest(seed, "beacon root", 0), uint64(0)
	return &types.Header{
		ParentHash:       digest(seed, "grandparent", 0),
		UncleHash:        types.EmptyUncleHash,
		Coinbase:         addressOf(seed, "coinbase", 0),
		TxHash:           types.EmptyTxsHash,
		ReceiptHash:      types.EmptyReceiptsHash,
		Difficulty:       new(big.Int),
		Number:           big.NewInt(blockNumber - 1),
		GasLimit:         gasLimit,
		GasUsed:          gasLimit / 2,
		Time:             blockTime - slotSeconds,
		MixDigest:        digest(seed, "randao", 0),
		BaseFee:          big.NewInt(startBaseFee),
		WithdrawalsHash:  &types.EmptyWithdrawalsHash,
		BlobGasUsed:      &noBlobs,
		ExcessBlobGas:    &noBlobs,
		ParentBeaconRoot: &parentRoot,
		RequestsHash:     &types.EmptyRequestsHash,
	}
}

// childHeader is the block's header, without what follows from its execution.
func childHeader(config *params.ChainConfig, parent *types.Header, seed uint64) *types.Header {
	beaconRoot := digest(seed, "beacon root", 1)
	excess := eip4844.CalcExcessBlobGas(config, parent, blockTime)
	return &types.Header{
		ParentHash:       parent.Hash(),
		Coinbase:         parent.Coinbase,
		Difficulty:       new(big.Int),
		Number:           big.NewInt(blockNumber),
		GasLimit:         parent.GasLimit,
		Time:             blockTime,
		Extra:            []byte("ooovm generator"),
		MixDigest:        digest(seed, "randao", 1),
		BaseFee:          eip1559.CalcBaseFee(config, parent),
		BlobGasUsed:      new(uint64),
		ExcessBlobGas:    &excess,
		ParentBeaconRoot: &beaconRoot,
	}
}

// blockContext is what instructions see of a block. Of its ancestors they see the
// parent.
func blockContext(config *params.ChainConfig, h *types.Header) vm.BlockContext {
	return vm.BlockContext{
		CanTransfer: core.CanTransfer,
		Transfer:    core.Transfer,
		GetHash: func(n uint64) common.Hash {
			if n+1 == h.Number.Uint64() {
				return h.ParentHash
			}
			return common.Hash{}
		},
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

// blockHashes is what a bundle has to know of ancestors: the parent.
func blockHashes(b *types.Block) map[uint64]common.Hash {
	return map[uint64]common.Hash{b.NumberU64() - 1: b.ParentHash()}
}

// seal executes the block on the ground, completes its header, and gives the block
// with what it read.
func (g *ground) seal(config *params.ChainConfig, header *types.Header, txs types.Transactions) (*types.Block, state.Prestate, error) {
	stored, err := g.db.Reader(g.root)
	if err != nil {
		return nil, nil, err
	}
	r := &recorder{Reader: stored, read: make(state.Prestate)}
	st, err := gethstate.NewWithReader(g.root, g.db, r)
	if err != nil {
		return nil, nil, err
	}
	evm := vm.NewEVM(blockContext(config, header), st, config, vm.Config{})
	core.ProcessBeaconBlockRoot(*header.ParentBeaconRoot, evm)
	core.ProcessParentBlockHash(header.ParentHash, evm)
	receipts, err := execute(evm, st, header, txs)
	if err != nil {
		return nil, nil, err
	}
	queued, err := requests(config, evm, receipts)
	if err != nil {
		return nil, nil, err
	}
	hash := types.CalcRequestsHash(queued)
	header.RequestsHash = &hash
	header.Root = st.IntermediateRoot(true)
	if err := st.Error(); err != nil {
		return nil, nil, err
	}
	body := &types.Body{Transactions: txs, Withdrawals: types.Withdrawals{}}
	return types.NewBlock(header, body, receipts, trie.NewStackTrie(nil)), r.read, nil
}

func execute(evm *vm.EVM, st *gethstate.StateDB, header *types.Header, txs types.Transactions) (types.Receipts, error) {
	pool := new(core.GasPool).AddGas(header.GasLimit)
	receipts := make(types.Receipts, len(txs))
	for i, tx := range txs {
		st.SetTxContext(tx.Hash(), i)
		var err error
		receipts[i], err = core.ApplyTransaction(evm, pool, st, header, tx, &header.GasUsed)
		switch {
		case errors.Is(err, core.ErrGasLimitReached):
			return nil, fmt.Errorf("only %d of %d transactions fit into a block of %d gas", i, len(txs), header.GasLimit)
		case err != nil:
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	return receipts, nil
}

// requests are those of EIP-7685 to the consensus layer.
func requests(config *params.ChainConfig, evm *vm.EVM, receipts types.Receipts) ([][]byte, error) {
	var logs []*types.Log
	for _, r := range receipts {
		logs = append(logs, r.Logs...)
	}
	list := [][]byte{}
	if err := core.ParseDepositLogs(&list, logs, config); err != nil {
		return nil, err
	}
	if err := core.ProcessWithdrawalQueue(&list, evm); err != nil {
		return nil, err
	}
	return list, core.ProcessConsolidationQueue(&list, evm)
}

// recorder keeps what is read from a state: the pre-state of a bundle. Slots that
// are zero are kept too, as they are known to be read; absent accounts are not.
type recorder struct {
	gethstate.Reader
	read state.Prestate
}

func (r *recorder) Account(addr common.Address) (*types.StateAccount, error) {
	acct, err := r.Reader.Account(addr)
	if err != nil || acct == nil {
		return nil, err
	}
	if _, known := r.read[state.Address(addr)]; !known {
		kept := &state.Account{Balance: *acct.Balance, Nonce: acct.Nonce}
		if !bytes.Equal(acct.CodeHash, types.EmptyCodeHash[:]) {
			if kept.Code, err = r.Code(addr, common.BytesToHash(acct.CodeHash)); err != nil {
				return nil, err
			}
		}
		r.read[state.Address(addr)] = kept
	}
	return acct, nil
}

func (r *recorder) Storage(addr common.Address, slot common.Hash) (common.Hash, error) {
	value, err := r.Reader.Storage(addr, slot)
	if err != nil {
		return value, err
	}
	if acct, exists := r.read[state.Address(addr)]; exists {
		if acct.Storage == nil {
			acct.Storage = make(map[isa.Word]isa.Word)
		}
		var k, v isa.Word
		acct.Storage[*k.SetBytes32(slot[:])] = *v.SetBytes32(value[:])
	}
	return value, nil
}
