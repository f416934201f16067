package evm

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// scenario is one transaction on a small state, to be run by go-ethereum and by
// this package.
type scenario struct {
	fork Fork
	pre  state.Prestate
	tx   state.Tx
}

// record is one executed instruction, as far as both sides know it.
type record struct {
	depth  int
	pc     uint64
	op     uint8
	gas    uint64
	cost   uint64 // not of a faulting instruction
	refund uint64
	memory uint64 // bytes before the instruction
	fault  bool
	stack  []isa.Word
}

func (r *record) String() string {
	return fmt.Sprintf("depth %d pc %d %s gas %d cost %d refund %d memory %d fault %v stack %v",
		r.depth, r.pc, vm.OpCode(r.op), r.gas, r.cost, r.refund, r.memory, r.fault, r.stack)
}

func (r *record) equal(o *record) bool {
	return r.depth == o.depth && r.pc == o.pc && r.op == o.op && r.gas == o.gas && r.cost == o.cost && r.refund == o.refund &&
		r.memory == o.memory && r.fault == o.fault && slices.Equal(r.stack, o.stack)
}

// outcome is what a transaction leaves behind.
type outcome struct {
	gasUsed uint64
	success bool
	logs    []state.Log
	steps   []record
}

var (
	testCoinbase = state.Address{19: 0xcb, 0: 0xcb}
	testBaseFee  = big.NewInt(7)
)

func testHeader(fork Fork) *types.Header {
	h := &types.Header{
		Number: big.NewInt(1000), Time: 12345, Coinbase: common.Address(testCoinbase), GasLimit: 1 << 40,
		Difficulty: big.NewInt(0x20000), MixDigest: common.Hash{0xaa, 31: 0xbb}, ParentHash: common.Hash{1, 2, 3},
	}
	if fork >= London {
		h.BaseFee = testBaseFee
	}
	if fork >= Paris {
		h.Difficulty = new(big.Int)
	}
	if fork >= Cancun {
		h.ExcessBlobGas = new(uint64)
	}
	return h
}

// testEnv is a block late enough to have 256 ancestors, some of whose hashes are
// known.
func testEnv(t *testing.T, fork Fork) *state.BlockEnv {
	t.Helper()
	env, err := state.NewBlockEnv(testHeader(fork), chainAt(fork), map[uint64]common.Hash{999: {9}, 900: {8}, 744: {7}, 743: {6}})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// runReference executes the scenario on go-ethereum.
func runReference(t *testing.T, sc *scenario, env *state.BlockEnv) (outcome, *gethstate.StateDB) {
	t.Helper()
	db, err := gethstate.New(types.EmptyRootHash, gethstate.NewDatabaseForTesting())
	if err != nil {
		t.Fatal(err)
	}
	for a, acct := range sc.pre {
		address := common.Address(a)
		db.CreateAccount(address)
		db.SetBalance(address, &acct.Balance, tracing.BalanceChangeUnspecified)
		db.SetNonce(address, acct.Nonce, tracing.NonceChangeUnspecified)
		db.SetCode(address, acct.Code, tracing.CodeChangeUnspecified)
		for slot, value := range acct.Storage {
			db.SetState(address, slot.Bytes32(), value.Bytes32())
		}
	}
	db.Finalise(false)
	db.IntermediateRoot(false)

	var out outcome
	hooks := &tracing.Hooks{
		OnOpcode: func(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
			r := record{
				depth: depth, pc: pc, op: op, gas: gas, cost: cost, refund: db.GetRefund(),
				memory: uint64(len(scope.MemoryData())), stack: slices.Clone(scope.StackData()),
			}
			if err != nil {
				r.fault, r.cost, r.refund = true, 0, 0
			}
			out.steps = append(out.steps, r)
		},
		OnFault: func(_ uint64, _ byte, _, _ uint64, _ tracing.OpContext, _ int, err error) {
			if errors.Is(err, vm.ErrExecutionReverted) {
				return // REVERT is no fault
			}
			last := &out.steps[len(out.steps)-1]
			last.fault, last.cost, last.refund = true, 0, 0
		},
	}
	header := testHeader(sc.fork)
	context := vm.BlockContext{
		CanTransfer: core.CanTransfer, Transfer: core.Transfer, GetHash: func(n uint64) common.Hash { return common.Hash(env.BlockHash(n)) },
		Coinbase: header.Coinbase, BlockNumber: header.Number, Time: header.Time, Difficulty: header.Difficulty,
		GasLimit: header.GasLimit, BaseFee: header.BaseFee, BlobBaseFee: env.BlobBaseFee.ToBig(),
	}
	if sc.fork >= Paris {
		context.Random = &header.MixDigest
	}
	machine := vm.NewEVM(context, db, chainAt(sc.fork), vm.Config{Tracer: hooks})
	tx := &sc.tx
	message := &core.Message{
		From: common.Address(tx.From), Nonce: tx.Nonce, Value: tx.Value.ToBig(), GasLimit: tx.Gas,
		GasPrice: tx.GasPrice.ToBig(), GasFeeCap: tx.FeeCap.ToBig(), GasTipCap: tx.TipCap.ToBig(), Data: tx.Data, AccessList: tx.AccessList,
		BlobGasFeeCap: tx.BlobFeeCap.ToBig(),
	}
	for _, hash := range tx.BlobHashes {
		message.BlobHashes = append(message.BlobHashes, common.Hash(hash))
	}
	if tx.To != nil {
		to := common.Address(*tx.To)
		message.To = &to
	}
	result, err := core.ApplyMessage(machine, message, new(core.GasPool).AddGas(header.GasLimit))
	if err != nil {
		t.Fatalf("%s: the reference rejects the transaction: %v", sc.fork, err)
	}
	out.gasUsed, out.success = result.UsedGas, !result.Failed()
	for _, l := range db.Logs() {
		log := state.Log{Address: state.Address(l.Address), Data: l.Data}
		for _, topic := range l.Topics {
			log.Topics = append(log.Topics, state.Hash(topic))
		}
		out.logs = append(out.logs, log)
	}
	db.Finalise(sc.fork >= SpuriousDragon)
	return out, db
}

// runSystem executes the scenario on this package.
func runSystem(t *testing.T, sc *scenario, env *state.BlockEnv, cache *decoder.Cache) (outcome, *state.World) {
	t.Helper()
	world := state.NewWorld(sc.pre)
	sys := NewSystem(world, env, []*state.Tx{&sc.tx}, cache)
	var out outcome
	m := &interpreter{sys: sys}
	m.step = func(f *frame, in *decoder.Inst, cost uint64, fault decoder.Fault) {
		r := record{
			depth: f.Depth, pc: uint64(in.PC), op: in.Code, gas: f.Gas, cost: cost, refund: world.Refund(),
			memory: uint64(len(f.Memory)), stack: slices.Clone(f.stack),
		}
		if fault != decoder.NoFault {
			r.fault, r.cost, r.refund = true, 0, 0
		}
		out.steps = append(out.steps, r)
	}
	m.fault = func() {
		last := &out.steps[len(out.steps)-1]
		last.fault, last.cost, last.refund = true, 0, 0
	}
	if err := m.transaction(0); err != nil {
		t.Fatalf("%s: %v", sc.fork, err)
	}
	result := sys.Results[0]
	out.gasUsed, out.success, out.logs = result.GasUsed, result.Success, result.Logs
	return out, world
}

// compare runs the scenario on both sides and reports the first difference.
func compare(t *testing.T, sc *scenario, cache *decoder.Cache) bool {
	t.Helper()
	env := testEnv(t, sc.fork)
	want, db := runReference(t, sc, env)
	got, world := runSystem(t, sc, env, cache)
	for i := range min(len(got.steps), len(want.steps)) {
		if !got.steps[i].equal(&want.steps[i]) {
			t.Errorf("%s: step %d is\n%s\nwant\n%s", sc.fork, i, &got.steps[i], &want.steps[i])
			return false
		}
	}
	if len(got.steps) != len(want.steps) || got.gasUsed != want.gasUsed || got.success != want.success {
		t.Errorf("%s: %d steps, %d gas, success %v; want %d, %d, %v", sc.fork,
			len(got.steps), got.gasUsed, got.success, len(want.steps), want.gasUsed, want.success)
		return false
	}
	if !slices.EqualFunc(got.logs, want.logs, func(a, b state.Log) bool {
		return a.Address == b.Address && slices.Equal(a.Topics, b.Topics) && bytes.Equal(a.Data, b.Data)
	}) {
		t.Errorf("%s: logs are %v, want %v", sc.fork, got.logs, want.logs)
		return false
	}
	for _, a := range world.Accounts() {
		if difference := accountDifference(world, db, a); difference != "" {
			t.Errorf("%s: account %x: %s", sc.fork, a, difference)
			return false
		}
	}
	return true
}

func accountDifference(world *state.World, db *gethstate.StateDB, a state.Address) string {
	address := common.Address(a)
	acct, exists := world.Dump(a)
	switch {
	case exists != db.Exist(address):
		return fmt.Sprintf("exists %v, want %v", exists, !exists)
	case !acct.Balance.Eq(db.GetBalance(address)):
		return fmt.Sprintf("balance %s, want %s", acct.Balance.Dec(), db.GetBalance(address).Dec())
	case acct.Nonce != db.GetNonce(address):
		return fmt.Sprintf("nonce %d, want %d", acct.Nonce, db.GetNonce(address))
	case !bytes.Equal(acct.Code, db.GetCode(address)):
		return fmt.Sprintf("code %x, want %x", acct.Code, db.GetCode(address))
	}
	for slot := range maps.Keys(acct.Storage) {
		if value := acct.Storage[slot]; value.Bytes32() != db.GetState(address, slot.Bytes32()) {
			return fmt.Sprintf("slot %s is %s, want %s", slot.Hex(), value.Hex(), db.GetState(address, slot.Bytes32()))
		}
	}
	for slot := range uint64(8) {
		value := acct.Storage[isa.Word{slot}]
		if want := db.GetState(address, common.BigToHash(new(big.Int).SetUint64(slot))); value.Bytes32() != want {
			return fmt.Sprintf("slot %d is %s, want %s", slot, value.Hex(), want)
		}
	}
	return ""
}
