package evm

import (
	"bytes"
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// Real blocks give go-ethereum's receipts and post-state.
func TestMainnetTransactions(t *testing.T) {
	for i, path := range corpustest.Blocks(t) {
		if testing.Short() && i%8 > 0 {
			continue
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(name, func(t *testing.T) {
			b, err := traces.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := traces.Execute(b)
			if err != nil {
				t.Fatal(err)
			}
			s := systemOf(t, b)
			if err := state.BeginBlock(s.World, s.Env, b.Header); err != nil {
				t.Fatal(err)
			}
			for i := range s.Txs {
				if err := (&interpreter{sys: s}).transaction(i); err != nil {
					t.Fatal(err)
				}
				got, want := s.Results[i], golden.Results[i]
				if got.GasUsed != want.GasUsed || got.Success != want.Success || fmt.Sprint(got.Logs) != fmt.Sprint(want.Logs) {
					t.Fatalf("transaction %d: %+v, want %+v", i, got, want)
				}
			}
			if _, err := state.EndBlock(s.World, s.Env, b.Ending(s.Results)); err != nil {
				t.Fatal(err)
			}
			if err := traces.ComparePostState(s.World, golden); err != nil {
				t.Error(err)
			}
		})
	}
}

func systemOf(t testing.TB, b *traces.Bundle) *System {
	t.Helper()
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		t.Fatal(err)
	}
	signer := types.MakeSigner(b.Config, b.Header.Number, b.Header.Time)
	var txs []*state.Tx
	for _, tx := range b.Txs {
		from, err := types.Sender(signer, tx)
		if err != nil {
			t.Fatal(err)
		}
		converted, err := state.NewTx(tx, state.Address(from), b.Header.BaseFee)
		if err != nil {
			t.Fatal(err)
		}
		txs = append(txs, converted)
	}
	return NewSystem(state.NewWorld(b.Prestate), env, txs, NewCache())
}

// The envelope's words and programs are what the core reads of a transaction.
func TestEnvelopeVariants(t *testing.T) {
	to, from := state.Address{2}, state.Address{1}
	for _, c := range []struct {
		name    string
		tx      state.Tx
		program *decoder.Program
		create  bool
		serial  bool
	}{
		{"call", state.Tx{To: &to}, callEnvelope, false, false},
		{"call with value", state.Tx{To: &to, Value: isa.Word{5}}, payingEnvelope, false, false},
		{"call with authorizations", state.Tx{To: &to, Auths: []state.Authorization{{}}}, authorizeEnvelope, false, true},
		{"call with both", state.Tx{To: &to, Value: isa.Word{5}, Auths: []state.Authorization{{}}}, authorizePayEnvelope, false, true},
		{"creation", state.Tx{Value: isa.Word{5}}, creationEnvelope, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.tx.From, c.tx.Gas, c.tx.Data = from, 200_000, []byte{1, 2, 3}
			world := state.NewWorld(state.Prestate{from: {Balance: isa.Word{100}}})
			env, err := state.NewBlockEnv(&types.Header{Number: big.NewInt(1), GasLimit: 1e6, Difficulty: big.NewInt(1), Coinbase: common.Address{9}}, chainAt(Istanbul), nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := NewSystem(world, env, []*state.Tx{&c.tx}, NewCache()).Begin(0)
			if err != nil {
				t.Fatal(err)
			}
			if e.Program != c.program || e.Create != c.create || e.Serial != c.serial {
				t.Errorf("program %v create %v serial %v", e.Program == c.program, e.Create, e.Serial)
			}
			target, input := to.Word(), uint64(3)
			if c.create {
				target, input = state.CreateAddress(from, 0).Word(), 0
			}
			want := []isa.Word{from.Word(), target, state.Address{9}.Word(), c.tx.Value, {input}}
			if fmt.Sprint(e.Words) != fmt.Sprint(want) {
				t.Errorf("words %v, want %v", e.Words, want)
			}
		})
	}
}

// Random transactions, valid and not, against a small universe of accounts must
// have go-ethereum's outcome and post-state at every fork.
func TestRandomTransactionsEqualStateTransition(t *testing.T) {
	rounds := uint64(20)
	if testing.Short() {
		rounds = 2
	}
	for fork := Frontier; fork < NumForks; fork++ {
		t.Run(fork.String(), func(t *testing.T) {
			accepted, total := 0, 0
			for seed := range rounds {
				a, n := compareTransitions(t, fork, seed)
				accepted, total = accepted+a, total+n
			}
			if accepted < total/5 || accepted > total*19/20 {
				t.Errorf("%d of %d transactions accepted: the generator no longer covers both", accepted, total)
			}
		})
	}
}

// compareTransitions runs a sequence of random transactions on both sides.
func compareTransitions(t *testing.T, fork Fork, seed uint64) (accepted, total int) {
	t.Helper()
	u := newUniverse(fork, seed)
	excess := uint64(10 << 20)
	header := &types.Header{
		Number: big.NewInt(1), Time: 1, GasLimit: 60_000_000, Coinbase: u.coinbase, Difficulty: big.NewInt(1),
		BaseFee: big.NewInt(7), ExcessBlobGas: &excess,
	}
	if fork >= Paris {
		header.Difficulty = new(big.Int)
	}
	config := chainAt(fork)
	env, err := state.NewBlockEnv(header, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSystem(state.NewWorld(u.pre), env, nil, NewCache())
	db := u.stateDB(t)
	evm := vm.NewEVM(blockContextOf(header, env), db, config, vm.Config{})
	used := uint64(0)
	for total < 60 {
		i := total
		total++
		m := u.message(db, env)
		s.Txs = append(s.Txs, txOf(m))
		hash := common.Hash{byte(i), 1}
		db.SetTxContext(hash, i)
		snapshot := db.Snapshot()
		result, wantErr := core.ApplyMessage(evm, m, new(core.GasPool).AddGas(header.GasLimit-used))
		err := (&interpreter{sys: s}).transaction(i)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("seed %d transaction %d: error %v, want %v\n%+v", seed, i, err, wantErr, m)
		}
		if err != nil {
			db.RevertToSnapshot(snapshot)
			continue
		}
		accepted++
		used += result.UsedGas
		db.Finalise(config.IsEIP158(header.Number))
		got := s.Results[len(s.Results)-1]
		logs := db.GetLogs(hash, 1, common.Hash{}, 1)
		if got.GasUsed != result.UsedGas || got.Success == result.Failed() || len(got.Logs) != len(logs) {
			t.Fatalf("seed %d transaction %d: %+v, want gas %d, %v, %d logs\n%+v", seed, i, got, result.UsedGas, result.Err, len(logs), m)
		}
		if difference := firstDifference(s.World, db); difference != "" {
			t.Fatalf("seed %d transaction %d: %s\n%+v", seed, i, difference, m)
		}
	}
	return accepted, total
}

// blockContextOf is the block's environment as go-ethereum takes it.
func blockContextOf(header *types.Header, env *state.BlockEnv) vm.BlockContext {
	ctx := vm.BlockContext{
		CanTransfer: core.CanTransfer, Transfer: core.Transfer, Coinbase: header.Coinbase, GasLimit: header.GasLimit,
		BlockNumber: header.Number, Time: header.Time, Difficulty: header.Difficulty, BaseFee: header.BaseFee,
		BlobBaseFee: env.BlobBaseFee.ToBig(),
	}
	if header.Difficulty.Sign() == 0 {
		ctx.Random = &header.MixDigest
	}
	return ctx
}

// firstDifference names the first difference between the states.
func firstDifference(w *state.World, db *gethstate.StateDB) string {
	for _, a := range w.Accounts() {
		address := common.Address(a)
		acct, exists := w.Dump(a)
		switch {
		case exists != db.Exist(address):
			return fmt.Sprintf("%v exists %v, want %v", address, exists, db.Exist(address))
		case acct.Balance != *db.GetBalance(address):
			return fmt.Sprintf("%v has %s, want %v", address, acct.Balance.Dec(), db.GetBalance(address))
		case acct.Nonce != db.GetNonce(address):
			return fmt.Sprintf("%v has nonce %d, want %d", address, acct.Nonce, db.GetNonce(address))
		case !bytes.Equal(acct.Code, db.GetCode(address)):
			return fmt.Sprintf("%v has code %x, want %x", address, acct.Code, db.GetCode(address))
		}
		for slot := range uint64(2) {
			word := isa.Word{slot}
			if value := w.Storage(a, &word); value.Bytes32() != db.GetState(address, word.Bytes32()) {
				return fmt.Sprintf("%v slot %d is %s", address, slot, value.Hex())
			}
		}
	}
	return ""
}
