package state_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus/misc"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// mainnetBundles lists the blocks of the corpus; in short mode every eighth.
func mainnetBundles(t testing.TB) []string {
	t.Helper()
	paths := corpustest.Blocks(t)
	if !testing.Short() {
		return paths
	}
	var sample []string
	for chunk := range slices.Chunk(paths, 8) {
		sample = append(sample, chunk[0])
	}
	return sample
}

// Real blocks must come out the same on go-ethereum's virtual machine whether it
// runs on a World, with BeginBlock and EndBlock around the transactions, or on
// go-ethereum's StateDB with go-ethereum's own steps around them.
func TestMainnetBlocksEqualStateDB(t *testing.T) {
	for _, path := range mainnetBundles(t) {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(name, func(t *testing.T) {
			b, err := traces.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
			if err != nil {
				t.Fatal(err)
			}
			w := state.NewWorld(b.Prestate)
			if err := state.BeginBlock(w, env, b.Header); err != nil {
				t.Fatal(err)
			}
			outcomes := runTransactions(t, b, env, state.NewHost(w))
			if _, err := state.EndBlock(w, env, b.Ending(nil)); err != nil {
				t.Fatal(err)
			}

			db := state.NewStateDB(t, b.Prestate)
			evm := vm.NewEVM(state.BlockContext(env), db, b.Config, vm.Config{})
			if b.Config.DAOForkBlock.Cmp(b.Header.Number) == 0 {
				misc.ApplyDAOHardFork(db)
			}
			if root := b.Header.ParentBeaconRoot; root != nil {
				core.ProcessBeaconBlockRoot(*root, evm)
			}
			if env.Rules.IsPrague {
				core.ProcessParentBlockHash(b.Header.ParentHash, evm)
			}
			wantOutcomes := runTransactions(t, b, env, db)
			if env.Rules.IsPrague {
				var requests [][]byte
				if err := core.ProcessWithdrawalQueue(&requests, evm); err != nil {
					t.Fatal(err)
				}
				if err := core.ProcessConsolidationQueue(&requests, evm); err != nil {
					t.Fatal(err)
				}
			}
			for _, withdrawal := range b.Withdrawals {
				amount := new(isa.Word).Mul(&isa.Word{withdrawal.Amount}, &isa.Word{params.GWei})
				db.AddBalance(withdrawal.Address, amount, tracing.BalanceIncreaseWithdrawal)
			}
			db.Finalise(env.Rules.IsEIP158)

			if !slices.Equal(outcomes, wantOutcomes) {
				t.Error("transactions come out differently")
			}
			compareStates(t, b.Prestate, w, db)
		})
	}
}

// runTransactions executes the block's transactions and describes each outcome.
func runTransactions(t *testing.T, b *traces.Bundle, env *state.BlockEnv, db vm.StateDB) (outcomes []string) {
	t.Helper()
	evm := vm.NewEVM(state.BlockContext(env), db, b.Config, vm.Config{})
	signer := types.MakeSigner(b.Config, b.Header.Number, b.Header.Time)
	pool := new(core.GasPool).AddGas(b.Header.GasLimit)
	for i, tx := range b.Txs {
		message, err := core.TransactionToMessage(tx, signer, b.Header.BaseFee)
		if err != nil {
			t.Fatal(err)
		}
		result, err := core.ApplyMessage(evm, message, pool)
		if err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
		db.Finalise(env.DeleteEmpty())
		outcomes = append(outcomes, fmt.Sprintf("gas %d, %v", result.UsedGas, result.Err))
	}
	return outcomes
}

// compareStates compares every account and slot that either side can have.
func compareStates(t *testing.T, pre state.Prestate, w *state.World, db vm.StateDB) {
	t.Helper()
	for _, a := range w.Accounts() {
		address := common.Address(a)
		got, exists := w.Dump(a)
		if exists != db.Exist(address) {
			t.Errorf("%v: exists %v, want %v", address, exists, db.Exist(address))
			continue
		}
		if got.Balance != *db.GetBalance(address) || got.Nonce != db.GetNonce(address) || !bytes.Equal(got.Code, db.GetCode(address)) {
			t.Errorf("%v: balance %s nonce %d code of %d bytes, want %s %d %d", address, got.Balance.Dec(), got.Nonce,
				len(got.Code), db.GetBalance(address).Dec(), db.GetNonce(address), db.GetCodeSize(address))
		}
		slots := make(map[isa.Word]bool)
		for slot := range got.Storage {
			slots[slot] = true
		}
		if acct := pre[a]; acct != nil {
			for slot := range acct.Storage {
				slots[slot] = true
			}
		}
		for slot := range slots {
			value, want := got.Storage[slot], db.GetState(address, slot.Bytes32())
			if value.Bytes32() != want {
				t.Errorf("%v slot %s: %s, want %v", address, slot.Hex(), value.Hex(), want)
			}
		}
	}
}

// One iteration makes the worlds of all blocks once.
func BenchmarkNewWorldsOfMainnetBlocks(b *testing.B) {
	var blocks []*traces.Bundle
	for _, path := range mainnetBundles(b) {
		bundle, err := traces.Load(path)
		if err != nil {
			b.Fatal(err)
		}
		blocks = append(blocks, bundle)
	}
	b.ResetTimer()
	for range b.N {
		for _, bundle := range blocks {
			state.NewWorld(bundle.Prestate)
		}
	}
}
