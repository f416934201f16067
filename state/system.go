package state

import (
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

// EndBlock makes the changes that come after the transactions: the request queues
// of EIP-7002 and EIP-7251, run by go-ethereum, and the withdrawals (EIP-4895).
// Block rewards, which no transaction sees, are left out.
func EndBlock(w *World, env *BlockEnv, withdrawals types.Withdrawals) error {
	err := systemCalls(w, env, func(evm *vm.EVM) error {
		if !env.Rules.IsPrague {
			return nil
		}
		var requests [][]byte // for the consensus layer
		if err := core.ProcessWithdrawalQueue(&requests, evm); err != nil {
			return err
		}
		return core.ProcessConsolidationQueue(&requests, evm)
	})
	if err != nil {
		return err
	}
	gwei := isa.Word{params.GWei}
	for _, withdrawal := range withdrawals {
		amount := isa.Word{withdrawal.Amount}
		amount.Mul(&amount, &gwei)
		w.AddBalance(Address(withdrawal.Address), &amount)
	}
	w.EndTx(env.DeleteEmpty())
	return nil
}

// systemCalls runs some of go-ethereum's system calls on the world.
func systemCalls(w *World, env *BlockEnv, run func(*vm.EVM) error) (err error) {
	defer func() {
		// go-ethereum panics when the contract of EIP-2935 fails, which is
		// only a matter of the pre-state here.
		if failure := recover(); failure != nil {
			err = invariant.OrFault(failure, fmt.Errorf("system call of block %d: %v", env.Number, failure))
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
