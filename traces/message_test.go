package traces

import (
	"bytes"
	"errors"
	"math/big"
	"runtime"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

var messageSender = state.Address{19: 0x5e}

// smallMessage calls contractA, which runs a; contractB runs b. There is no coinbase
// account before.
func smallMessage(a, b []byte, gas uint64, config *params.ChainConfig) *Message {
	rules := config.Rules(new(big.Int), config.TerminalTotalDifficulty != nil, 0)
	to := common.Address(contractA)
	return &Message{
		Name: "small",
		Ground: NewGround(state.Prestate{
			messageSender: {Balance: *word(1_000_000_000)},
			contractA:     {Nonce: 1, Code: a},
			contractB:     {Nonce: 1, Code: b},
		}),
		Env: &state.BlockEnv{
			Coinbase: state.Address{19: 0xc0}, GasLimit: 1_000_000_000, ChainID: *word(1), Config: config, Rules: rules,
			BlockHash: func(uint64) state.Hash { return state.Hash{} }, Precompiles: state.NewPrecompiles(rules),
		},
		Call: &core.Message{
			From: common.Address(messageSender), To: &to, GasLimit: gas,
			Value: new(big.Int), GasPrice: new(big.Int), GasFeeCap: new(big.Int), GasTipCap: new(big.Int),
		},
	}
}

// callB calls contractB for 32 bytes at memory 0.
func callB() []byte {
	return append(asm(32, 0, 0, 0, 0, vm.PUSH2), append([]byte{0xbb, 0xbb}, asm(vm.GAS, vm.CALL, vm.POP)...)...)
}

// loop runs an iteration of 9 instructions n times, behind the code.
func loop(code []byte, n int) []byte {
	code = append(code, byte(vm.PUSH2), byte(n>>8), byte(n))
	target := len(code)
	code = append(append(code, byte(vm.JUMPDEST)), asm(1, vm.SWAP1, vm.SUB, vm.DUP1, vm.DUP1, 0, vm.MSTORE)...)
	return append(code, byte(vm.PUSH2), byte(target>>8), byte(target), byte(vm.JUMPI))
}

// Steps and the effects of calls must come out of a stream as they are recorded,
// wherever the ends of its batches fall.
func TestStreamEqualsRecording(t *testing.T) {
	returns7 := asm(7, 0, vm.MSTORE, 32, 0, vm.RETURN)
	returnsLate := append(loop(nil, 1000), asm(32, 0, vm.RETURN)...) // after more than two batches
	for _, c := range []struct {
		name string
		a, b []byte
	}{
		{"a few steps", asm(7, 0, vm.MSTORE), nil},
		{"steps of many batches", loop(nil, 5000), nil},
		{"calls over several batches", append(loop(callB(), 2000), callB()...), returnsLate},
		{"many short calls", loop(bytes.Repeat(callB(), 500), 10), returns7},
		{"failing call", loop(callB(), 1000), append(loop(nil, 1000), byte(vm.INVALID))},
	} {
		t.Run(c.name, func(t *testing.T) {
			streamEqualsRecording(t, smallMessage(c.a, c.b, 10_000_000, params.MergedTestChainConfig))
		})
	}
	t.Run("call around the end of a batch", func(t *testing.T) {
		for pad := batchSteps - 12; pad <= batchSteps+2; pad++ {
			code := append(bytes.Repeat([]byte{byte(vm.JUMPDEST)}, pad), callB()...)
			streamEqualsRecording(t, smallMessage(loop(code, 1000), returns7, 10_000_000, params.MergedTestChainConfig))
		}
	})
}

func streamEqualsRecording(t *testing.T, m *Message) {
	t.Helper()
	want, err := RecordMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	s, err := StreamMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sameSteps(t, want, s, 0)
	g, err := s.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if g.GasUsed != want.GasUsed {
		t.Errorf("gas used %d, want %d", g.GasUsed, want.GasUsed)
	}
}

// sameSteps asserts that a transaction has the steps and the effects of calls that were
// recorded, and as many at hand.
func sameSteps(t *testing.T, want *Golden, s Source, tx int) {
	t.Helper()
	from, _ := want.Begin(tx)
	if first, ok := s.Begin(tx); first != from || !ok {
		t.Fatalf("transaction %d begins with step %d, want %d", tx, first, from)
	}
	var calls []int // open, by depth: the step of the call, -1 for none
	var steps []Step
	for k := from; k < want.TxStart[tx+1]; k++ {
		if len(steps) == 0 {
			steps = s.StepsFrom(tx, k)
			if n := len(want.StepsFrom(tx, k)); len(steps) != n {
				t.Fatalf("%d steps are at hand from step %d on, want %d", len(steps), k, n)
			}
		}
		got, wanted := steps[0], *want.Steps.At(k)
		steps = steps[1:]
		if isCall(got.Op) {
			got.Effect, wanted.Effect = 0, 0 // not known yet
		}
		if got != wanted {
			t.Fatalf("step %d: %+v, want %+v", k, got, wanted)
		}
		depth := int(wanted.Depth)
		for len(calls) <= depth {
			calls = append(calls, -1)
		}
		if call := calls[depth]; call >= 0 { // it has returned
			if got, want := s.CallEffect(call), want.Steps.At(call).Effect; got != want {
				t.Fatalf("call at step %d: effect %#x, want %#x", call, got, want)
			}
		}
		calls = append(calls[:depth], -1)
		if isCall(wanted.Op) {
			calls[depth] = k
		}
	}
	if more := s.StepsFrom(tx, want.TxStart[tx+1]); len(more) > 0 {
		t.Errorf("%d steps too many", len(more))
	}
}

func isCall(op byte) bool {
	switch vm.OpCode(op) {
	case vm.CALL, vm.CALLCODE, vm.DELEGATECALL, vm.STATICCALL, vm.CREATE, vm.CREATE2:
		return true
	}
	return false
}

// endlessMessage executes 200 million instructions.
func endlessMessage() *Message {
	config := *params.MergedTestChainConfig
	config.OsakaTime = nil // which caps the gas of a transaction
	return smallMessage(asm(vm.JUMPDEST, 0, vm.JUMP), nil, 900_000_000, &config)
}

// A stream that nobody reads to its end leaves no goroutine behind, even where the
// message would run for ever.
func TestClosingEndsAStream(t *testing.T) {
	before := runtime.NumGoroutine()
	endless := endlessMessage()
	for _, read := range []int{0, 1, batchSteps + 1} {
		s, err := StreamMessage(endless)
		if err != nil {
			t.Fatal(err)
		}
		s.Begin(0)
		for k := range read {
			s.StepsFrom(0, k)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
}

// A rejected message has no steps and leaves the state as it was under every fork; the
// coinbase is not brought into being.
func TestRejectedMessage(t *testing.T) {
	spurious := *params.NonActivatedConfig
	spurious.HomesteadBlock, spurious.EIP150Block, spurious.EIP155Block, spurious.EIP158Block = new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	for _, c := range []struct {
		name   string
		config *params.ChainConfig
	}{
		{"frontier", params.NonActivatedConfig},
		{"spurious dragon", &spurious},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := smallMessage(asm(1), nil, 20_000, c.config) // below the intrinsic gas
			g, err := RecordMessage(m)
			if !Rejected(err) {
				t.Fatalf("error %v, want a rejection", err)
			}
			if g.Steps.Len() > 0 || g.Results != nil {
				t.Errorf("%d steps, results %v", g.Steps.Len(), g.Results)
			}
			if _, _, exists := g.Account(m.Env.Coinbase); exists {
				t.Error("the coinbase exists")
			}
			sender, _, _ := g.Account(messageSender)
			if sender.Nonce != 0 || sender.Balance != (isa.Word{1_000_000_000}) {
				t.Errorf("sender %+v", sender)
			}
		})
	}
}

// What would not fit into memory is given up while it is recorded.
func TestRecordingIsBounded(t *testing.T) {
	run, err := endlessMessage().prepare()
	if err != nil {
		t.Fatal(err)
	}
	const fit = 3 * pieceSize
	run.recorder.memory = budget.New(fit*(stepBytes+indexBytes) + pieceSize*accessBytes)
	var exceeded *budget.Exceeded
	if err := run.execute(); !errors.As(err, &exceeded) || Rejected(err) || run.golden.Steps.Len() != fit {
		t.Errorf("error %v after %d steps", err, run.golden.Steps.Len())
	}
}

// An opcode that the fork does not have may find any stack: nothing of it is
// recorded but the fault. Found by the official test eip2315NotRemoved.
func TestOpcodesOfLaterForksFault(t *testing.T) {
	for _, op := range []vm.OpCode{
		vm.DELEGATECALL, vm.STATICCALL, vm.CREATE2, vm.REVERT, vm.RETURNDATACOPY, vm.EXTCODEHASH, vm.SELFBALANCE, vm.TLOAD, vm.TSTORE, vm.MCOPY,
	} {
		for operands := range 7 {
			code := append(bytes.Repeat([]byte{byte(vm.PUSH1), 0x20}, operands), byte(op))
			g, err := RecordMessage(smallMessage(code, nil, 100_000, params.NonActivatedConfig))
			if err != nil {
				t.Fatalf("%v with %d operands: %v", op, operands, err)
			}
			if last := g.Steps.At(g.Steps.Len() - 1); g.Steps.Len() != operands+1 || last.Flags&FlagFault == 0 || last.Effect != 0 || g.Accesses.Len() > 0 {
				t.Errorf("%v with %d operands: last step %+v, accesses %v", op, operands, last, g.Accesses)
			}
		}
	}
}
