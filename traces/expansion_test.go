package traces

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
)

// TestExpansionIsBounded: programs with gas for any memory end with what does not fit, before
// it is taken, whether they are recorded or not.
func TestExpansionIsBounded(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"a store far away", "60006001601e1b53", "a memory of 1 GiB"},
		{"a load far away", "6001601e1b51", "a memory of 1 GiB"},
		{"a copy", "6001601e1b60006000375b", "a memory of 1 GiB"},
		{"a hash", "6001601e1b600020", "a memory of 1 GiB"},
		{"a call's output", "6001601e1b600060006000600030" + "5a" + "f1", "a memory of 1 GiB"},
		{"a log", "6001601d1b6000a0", "what LOG0 leaves behind"},
		{"many logs", "5b620fffff6000a0600056", "what LOG0 leaves behind"},
		{"frames with memory each", "5b6001601461ffff535b60006000600060006000305af1", "a memory of"},
		{"stores", "5b5a5a5d600056", "what TSTORE leaves behind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, run := range map[string]func(context.Context, *Bundle) (*Golden, error){"executed": ExecuteContext, "recorded": RecordContext} {
				b := small(t)
				b.Memory = budget.New(32 << 20)
				rich(b, common.FromHex(c.code), math.MaxInt64)
				if err := b.Check(); err != nil {
					t.Fatal(err)
				}
				stop, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				_, err := run(stop, b)
				cancel()
				var e *budget.Exceeded
				if !errors.As(err, &e) {
					t.Fatalf("%s: %v", name, err)
				}
				if name == "executed" && len(e.What) < len(c.want) || name == "executed" && e.What[:len(c.want)] != c.want {
					t.Errorf("%s: %s, want %s", name, e.What, c.want)
				}
			}
		})
	}
}

// TestOpcodesOfLaterForks: an opcode that the fork does not have takes no memory, whatever
// stands on the stack.
func TestOpcodesOfLaterForks(t *testing.T) {
	far := isa.Word{0, 0, 0, 1}
	stack := []isa.Word{{1 << 30}, far, {1 << 30}}
	for op, u := range uses {
		if u == nil {
			continue
		}
		x := &expansion{memory: budget.New(1 << 20), frames: make([]grown, 1)}
		x.executes(vm.OpCode(op), 0, stack, 0)
		if left := x.memory.Left(); left != 1<<20 {
			t.Errorf("%v has taken %d bytes", vm.OpCode(op), 1<<20-left)
		}
	}
}

// TestEveryOpcodeThatGrows: whatever opcode makes a memory larger has been counted before.
func TestEveryOpcodeThatGrows(t *testing.T) {
	const limit = 1 << 50
	grew := 0
	for op := range 256 {
		b := small(t)
		b.Memory = budget.New(limit)
		code := bytes.Repeat(common.FromHex("6101a0"), 8) // eight operands of 416: no two frames deep, beyond any first word
		rich(b, append(code, byte(op), byte(vm.JUMPDEST)), math.MaxInt64)
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		e := Execution{Bundle: b, Hooks: &tracing.Hooks{
			OnOpcode: func(pc uint64, _ byte, _, _ uint64, scope tracing.OpContext, _ []byte, depth int, _ error) {
				size := int64(len(scope.MemoryData()))
				if counted := limit - b.Memory.Left(); depth == 1 && int(pc) == len(code)+1 && size > 0 {
					if grew++; counted < size*growing {
						t.Errorf("%v has made a memory of %d bytes, %d are counted", vm.OpCode(op), size, counted)
					}
				}
			},
		}}
		if _, err := e.Run(); err != nil {
			t.Errorf("%v: %v", vm.OpCode(op), err)
		}
	}
	if grew < 15 {
		t.Errorf("only %d opcodes have made a memory larger", grew)
	}
}

// TestUsualGasIsNotWatched: what blocks of chains can take of memory fits what a run has, so
// that nothing looks at their instructions.
func TestUsualGasIsNotWatched(t *testing.T) {
	if watched(nil, budget.New(1<<30), 45_000_000) != nil {
		t.Error("a block of 45 million gas is watched")
	}
	if watched(nil, budget.New(1<<30), math.MaxInt64) == nil {
		t.Error("any gas goes unwatched")
	}
	if watched(nil, nil, math.MaxInt64) != nil {
		t.Error("a run without a bound is watched")
	}
}

// TestWatchedIsTheSame: a block that is watched comes out as it does otherwise, and gives back
// what it has taken for memory.
func TestWatchedIsTheSame(t *testing.T) {
	b := small(t)
	want, err := Record(b)
	if err != nil {
		t.Fatal(err)
	}
	again := b.Again()
	again.claims = b.claims
	again.Memory = budget.New(100 << 20)
	if err := again.Memory.Take(60<<20, "something else"); err != nil {
		t.Fatal(err)
	}
	if watched(nil, again.Memory, again.gas()) == nil {
		t.Fatalf("it is not watched: %d gas", again.gas())
	}
	got, err := Record(again)
	if err != nil {
		t.Fatal(err)
	}
	if got.GasUsed != want.GasUsed || got.Steps.Len() != want.Steps.Len() {
		t.Errorf("%d gas, %d steps; want %d, %d", got.GasUsed, got.Steps.Len(), want.GasUsed, want.Steps.Len())
	}
}
