package state

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
)

// BeginBlock makes the changes that come before a block's transactions: the DAO
// fork's irregular one, and the system calls that store the beacon root (EIP-4788)
// and the parent's hash (EIP-2935), run by go-ethereum. They are not simulated.
func BeginBlock(w *World, env *BlockEnv, header *types.Header) error {
	fork := env.Config.DAOForkBlock
	if env.Config.DAOForkSupport && fork != nil && fork.Cmp(header.Number) == 0 {
		misc.ApplyDAOHardFork(host{w})
		w.EndTx(env.DeleteEmpty())
	}
	return systemCalls(w, env, func(evm *vm.EVM) error {
		if root := header.ParentBeaconRoot; root != nil {
			core.ProcessBeaconBlockRoot(*root, evm)
		}
		if env.Rules.IsPrague {
			core.ProcessParentBlockHash(header.ParentHash, evm)
		}
		return nil
	})
}

// Ending is what comes after a block's transactions.
type Ending struct {
	Logs        []Log // of the transactions: deposits are read from them (EIP-6110)
	Withdrawals types.Withdrawals
	// Whole says that the world is the whole state: rewards are paid, to the coinbase and for
	// uncles, and a system contract that is not there is a fault of the block.
	Whole  bool
	Uncles []*types.Header
}

// EndBlock makes the changes that come after the transactions: the request queues
// of EIP-7002 and EIP-7251, run by go-ethereum, the withdrawals (EIP-4895) and the rewards
// of a block before the Merge. It returns the block's requests (EIP-7685), nil before Prague.
func EndBlock(w *World, env *BlockEnv, e *Ending) (requests [][]byte, err error) {
	err = systemCalls(w, env, func(evm *vm.EVM) (err error) {
		if env.Rules.IsPrague {
			requests, err = CollectRequests(evm, encodable(deposits(env.Config, e.Logs)), e.Whole)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	gwei := isa.Word{params.GWei}
	for _, withdrawal := range e.Withdrawals {
		amount := isa.Word{withdrawal.Amount}
		amount.Mul(&amount, &gwei)
		w.AddBalance(Address(withdrawal.Address), &amount)
	}
	if e.Whole {
		w.reward(env, e.Uncles)
	}
	w.EndTx(env.DeleteEmpty())
	return requests, nil
}

// What system contracts can do to a block.
var (
	ErrNoSystemContract = errors.New("a system contract has no code")
	ErrSystemCall       = errors.New("a system call failed")
	ErrDepositLayout    = errors.New("a deposit's log has another layout")
)

// queues are the contracts that hold requests, in the order of their kinds.
var queues = []struct {
	address common.Address
	process func(*[][]byte, *vm.EVM) error
}{
	{params.WithdrawalQueueAddress, core.ProcessWithdrawalQueue},       // EIP-7002
	{params.ConsolidationQueueAddress, core.ProcessConsolidationQueue}, // EIP-7251
}

// Queues lists the contracts that hold requests.
func Queues() []Address {
	list := make([]Address, len(queues))
	for i := range queues {
		list[i] = Address(queues[i].address)
	}
	return list
}

// CollectRequests has go-ethereum collect a block's requests to the consensus layer from its
// logs and the queues of system contracts. A queue without code has none, but for a whole
// state, of which EIP-7002 and EIP-7251 demand it.
func CollectRequests(evm *vm.EVM, logs []*types.Log, whole bool) ([][]byte, error) {
	requests := [][]byte{}
	if err := checkDeposits(evm.ChainConfig(), logs); err != nil {
		return nil, err
	}
	if err := core.ParseDepositLogs(&requests, logs, evm.ChainConfig()); err != nil { // EIP-6110
		return nil, fmt.Errorf("%w: %w", ErrDepositLayout, err) // its own look at the layout
	}
	for _, q := range queues {
		if whole && evm.StateDB.GetCodeSize(q.address) == 0 {
			return nil, fmt.Errorf("%w: %v", ErrNoSystemContract, q.address)
		}
		if err := q.process(&requests, evm); err != nil {
			return nil, fmt.Errorf("%w: %v: %w", ErrSystemCall, q.address, err)
		}
	}
	return requests, nil
}

// rewards are paid for a block and, in parts, for its uncles, since the fork.
var rewards = []struct {
	since func(*params.Rules) bool
	ether uint64
}{
	{func(r *params.Rules) bool { return r.IsMerge }, 0},          // EIP-3675
	{func(r *params.Rules) bool { return r.IsConstantinople }, 2}, // EIP-1234
	{func(r *params.Rules) bool { return r.IsByzantium }, 3},      // EIP-649
	{func(*params.Rules) bool { return true }, 5},
}

// reward pays for a block (Yellow Paper, section 11.3): an uncle n blocks old gets (8-n)/8 of
// the reward, who includes it 1/32.
func (w *World) reward(env *BlockEnv, uncles []*types.Header) {
	var block isa.Word
	for _, r := range rewards {
		if r.since(&env.Rules) {
			block.Mul(&isa.Word{r.ether}, &isa.Word{params.Ether})
			break
		}
	}
	if block.IsZero() {
		return
	}
	total, part := block, isa.Word{}
	for _, u := range uncles {
		eighths := isa.Word{8 - (env.Number - u.Number.Uint64())}
		part.Mul(&block, &eighths)
		part.Rsh(&part, 3)
		w.AddBalance(Address(u.Coinbase), &part)
		part.Rsh(&block, 5)
		total.Add(&total, &part)
	}
	w.AddBalance(env.Coinbase, &total)
}

// systemCalls runs some of go-ethereum's system calls on the world.
func systemCalls(w *World, env *BlockEnv, run func(*vm.EVM) error) (err error) {
	defer func() {
		// go-ethereum panics when the contract of EIP-2935 fails, which is
		// only a matter of the pre-state here.
		if failure := recover(); failure != nil {
			err = invariant.OrFault(failure, fmt.Errorf("%w: block %d: %v", ErrSystemCall, env.Number, failure))
		}
	}()
	return run(vm.NewEVM(env.BlockContext(), host{w}, env.Config, vm.Config{}))
}

// BlockContext is the environment in go-ethereum's form.
func (e *BlockEnv) BlockContext() vm.BlockContext {
	ctx := vm.BlockContext{
		CanTransfer: core.CanTransfer,
		Transfer:    core.Transfer,
		GetHash:     func(number uint64) common.Hash { return common.Hash(e.BlockHash(number)) },
		Coinbase:    e.Coinbase.common(),
		GasLimit:    e.GasLimit,
		BlockNumber: new(big.Int).SetUint64(e.Number),
		Time:        e.Time,
		Difficulty:  e.Difficulty.ToBig(),
		BaseFee:     e.BaseFee.ToBig(),
		BlobBaseFee: e.BlobBaseFee.ToBig(),
	}
	if e.Rules.IsMerge {
		random := common.Hash(e.Random.Bytes32())
		ctx.Random = &random
	}
	return ctx
}
