package traces

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// source is a stream of a block that is not recorded, and the recording of the same block.
func source(t *testing.T, b *Bundle) (s *Stream, counted, want *Golden) {
	t.Helper()
	want, err := Record(b)
	if err != nil {
		t.Fatal(err)
	}
	counted, err = Comparable(t.Context(), b, 0)
	if err != nil {
		t.Fatal(err)
	}
	if counted.Steps.Len() > 0 || !slices.Equal(counted.TxStart, want.TxStart) {
		t.Fatalf("%d steps are recorded; transactions begin at %v, want %v", counted.Steps.Len(), counted.TxStart, want.TxStart)
	}
	some, err := counted.Source(budget.New(1 << 30))
	if err != nil {
		t.Fatal(err)
	}
	return some.(*Stream), counted, want
}

// streamsEqualRecordings compares every transaction of a block with its recording: in order,
// in no order, and after others that were left before their end.
func streamsEqualRecordings(t *testing.T, b *Bundle) {
	t.Helper()
	s, counted, want := source(t, b)
	before := runtime.NumGoroutine()
	n := len(b.Txs)
	random := rand.New(rand.NewPCG(1, 2))
	order := make([]int, 0, 2*n)
	for tx := range n {
		order = append(order, tx)
	}
	order = append(order, random.Perm(n)...)
	for i, tx := range order {
		if other := random.IntN(n); i%3 == 0 {
			first, _ := s.Begin(other)
			s.StepsFrom(other, first)
		}
		sameSteps(t, want, s, tx)
		if i%5 == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	accounts, slots := counted.Touched()
	wantAccounts, wantSlots := want.Touched()
	if !slices.Equal(accounts, wantAccounts) || len(slots) != len(wantSlots) {
		t.Error("other accounts or slots are touched")
	}
	noneLeft(t, before)
}

func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
}

// TestBlocksAreStreamed: blocks of all forks, and one that deletes and creates an account
// again, stream what is recorded of them.
func TestBlocksAreStreamed(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		b, err := Embedded()
		if err != nil {
			t.Fatal(err)
		}
		streamsEqualRecordings(t, b)
	})
	// The callee is created with CREATE2, looks at a slot, sets it, and deletes itself when
	// it is called.
	create := asm(1, vm.SLOAD, vm.POP, 9, 1, vm.SSTORE)
	create = append(create, byte(vm.PUSH3), 0x60, 0x00, byte(vm.SELFDESTRUCT))
	create = append(create, asm(0, vm.MSTORE, 3, 29, vm.RETURN)...)
	head := asm(vm.CALLDATASIZE, 99, vm.JUMPI, len(create), 99, 0, vm.CODECOPY, 0, len(create), 0, 0, vm.CREATE2, 0, vm.SSTORE, vm.STOP)
	call := asm(0, 0, 0, 0, 0, 0, vm.SLOAD, vm.GAS, vm.CALL, vm.STOP)
	target := len(head)
	code := append(append(head, byte(vm.JUMPDEST)), call...)
	code[2], code[7] = byte(target), byte(len(code))
	code = append(code, create...)
	b := smallBundle(t, code, nil, nil, []byte{1}, nil, []byte{1}, nil, nil, []byte{1}, nil)
	t.Run("cancun", func(t *testing.T) { streamsEqualRecordings(t, b) })
	t.Run("shanghai", func(t *testing.T) {
		earlier := b.Again()
		h := types.CopyHeader(b.Header)
		h.Time, h.BlobGasUsed, h.ExcessBlobGas, h.ParentBeaconRoot = 1_700_000_000, nil, nil, nil
		h.Number = big.NewInt(18_500_000)
		earlier.Header = h
		g, err := Record(earlier)
		if err != nil {
			t.Fatal(err)
		}
		if child := g.Steps.At(g.TxStart[1] - 1); child.Op != byte(vm.STOP) || g.TxStart[3]-g.TxStart[2] != g.TxStart[1] {
			t.Fatalf("the account is not created again: %v", g.TxStart)
		}
		streamsEqualRecordings(t, earlier)
	})
	t.Run("mainnet", func(t *testing.T) {
		for i, path := range corpustest.Blocks(t) {
			if i%6 != 0 {
				continue
			}
			b, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			streamsEqualRecordings(t, b)
		}
	})
}

// TestStreamsAreBounded: what a stream takes is counted before, and so is what the state
// before each transaction takes.
func TestStreamsAreBounded(t *testing.T) {
	b := smallBundle(t, asm(7, 0, vm.SSTORE), nil, nil, nil)
	g, err := Comparable(t.Context(), b, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Source(budget.New(streamBytes - 1)); !budget.Exceeds(err) || !strings.Contains(err.Error(), "small: the stream of a golden run would not fit") {
		t.Errorf("%v", err)
	}
	b.Memory = budget.New(3 * accountVersionBytes)
	if _, err := Comparable(t.Context(), b, 0); !budget.Exceeds(err) || !strings.Contains(err.Error(), "small: the state before transaction 1 would not fit") {
		t.Errorf("%v", err)
	}
	if left := b.Memory.Left(); left != 3*accountVersionBytes {
		t.Errorf("%d bytes are left", left)
	}
}

// TestStreamsSayWhatBroke: a golden run that breaks while it is compared is an error of the
// stream, that of its transaction and no other.
func TestStreamsSayWhatBroke(t *testing.T) {
	b := smallBundle(t, asm(7, 0, vm.SSTORE), nil, nil, nil, nil)
	for name, c := range map[string]struct {
		spoil func(g *Golden)
		want  string
	}{
		"other gas":   {func(g *Golden) { g.Results[1].GasUsed++ }, "transaction 1, executed again, has 4 instructions"},
		"other steps": {func(g *Golden) { g.TxStart[2], g.TxStart[3] = g.TxStart[2]+1, g.TxStart[3]+1 }, "transaction 1, executed again, has 4 instructions"},
		"a panic":     {func(g *Golden) { g.before.base = nil }, "nil pointer"},
	} {
		g, err := Comparable(t.Context(), b, 0)
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(g)
		s, err := g.Source(nil)
		if err != nil {
			t.Fatal(err)
		}
		for tx := range len(b.Txs) {
			for at, ok := s.Begin(tx); ok; {
				n := len(s.StepsFrom(tx, at))
				if at += n; n == 0 {
					break
				}
			}
		}
		err = s.Close()
		if !errors.As(err, new(*invariant.Error)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
