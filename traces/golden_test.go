package traces

import (
	"bytes"
	"strings"
	"testing"
	"unsafe"

	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// asm assembles opcodes and one-byte immediates as they stand.
func asm(parts ...any) []byte {
	var code []byte
	for _, p := range parts {
		switch p := p.(type) {
		case vm.OpCode:
			code = append(code, byte(p))
		case int:
			code = append(code, byte(vm.PUSH1), byte(p))
		}
	}
	return code
}

func record(t testing.TB, a, b []byte, inputs ...[]byte) *Golden {
	t.Helper()
	if len(inputs) == 0 {
		inputs = [][]byte{nil}
	}
	g, err := Record(smallBundle(t, a, b, inputs...))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// find gives the n-th step (from 0) with an opcode.
func find(t testing.TB, g *Golden, op vm.OpCode, n int) *Step {
	t.Helper()
	for i := range g.Steps.Len() {
		if vm.OpCode(g.Steps.At(i).Op) == op {
			if n == 0 {
				return g.Steps.At(i)
			}
			n--
		}
	}
	t.Fatalf("no %v among %d steps", op, g.Steps.Len())
	return nil
}

func word(n uint64) *isa.Word { return uint256.NewInt(n) }

func padded(n int, b ...byte) []byte { return append(make([]byte, n-len(b)), b...) }

func TestEffectsAreWhatWasWritten(t *testing.T) {
	returns7 := asm(7, 0, vm.MSTORE, 32, 0, vm.RETURN)
	reverts7 := asm(7, 0, vm.MSTORE, 32, 0, vm.REVERT)
	call := func(op vm.OpCode, out, n int) []byte {
		code := asm(9, out, vm.MSTORE8, n, out, 0, 0)
		if op == vm.CALL || op == vm.CALLCODE {
			code = append(code, asm(0)...)
		}
		return append(code, asm(vm.PUSH2)...)
	}
	target := []byte{0xbb, 0xbb}
	finish := func(code []byte, op vm.OpCode) []byte {
		code = append(code, target...)
		return append(code, asm(vm.GAS, op, vm.STOP)...)
	}
	slotEffect := func(space isa.Space, slot, value uint64) uint64 {
		return StateEffect(space, contractA, word(slot), word(value))
	}
	for _, c := range []struct {
		name string
		a, b []byte
		op   vm.OpCode
		want uint64
	}{
		{"mstore", asm(7, 5, vm.MSTORE), nil, vm.MSTORE, MemoryEffect(5, padded(32, 7))},
		{"mstore8", asm(7, 5, vm.MSTORE8), nil, vm.MSTORE8, MemoryEffect(5, []byte{7})},
		{"codecopy", asm(3, 1, 2, vm.CODECOPY), nil, vm.CODECOPY, MemoryEffect(2, []byte{3, 0x60, 1})},
		{"codecopy of nothing", asm(0, 1, 2, vm.CODECOPY), nil, vm.CODECOPY, 0},
		{"calldatacopy past the end", asm(4, 0, 0, vm.CALLDATACOPY), nil, vm.CALLDATACOPY, MemoryEffect(0, []byte{1, 2, 0, 0})},
		{"mcopy, overlapping", asm(0x77, 0, vm.MSTORE8, 2, 0, 1, vm.MCOPY), nil, vm.MCOPY, MemoryEffect(1, []byte{0x77, 0})},
		{"sstore", asm(7, 3, vm.SSTORE), nil, vm.SSTORE, slotEffect(isa.Persistent, 3, 7)},
		{"tstore", asm(7, 3, vm.TSTORE), nil, vm.TSTORE, slotEffect(isa.Transient, 3, 7)},
		{"log", asm(9, 0, vm.MSTORE8, 5, 1, 0, vm.LOG1), nil, vm.LOG1, LogEffect(&state.Log{
			Address: contractA, Topics: []state.Hash{state.Hash(padded(32, 5))}, Data: []byte{9},
		})},
		{"call", finish(call(vm.CALL, 0, 32), vm.CALL), returns7, vm.CALL, MemoryEffect(0, padded(32, 7))},
		{"call, output longer than returned", finish(call(vm.CALL, 2, 33), vm.CALL), returns7, vm.CALL, MemoryEffect(2, append(padded(32, 7), 0))},
		{"call that reverts", finish(call(vm.STATICCALL, 0, 32), vm.STATICCALL), reverts7, vm.STATICCALL, MemoryEffect(0, padded(32, 7))},
		{"call that fails", finish(call(vm.DELEGATECALL, 0, 2), vm.DELEGATECALL), asm(vm.INVALID), vm.DELEGATECALL, MemoryEffect(0, []byte{9, 0})},
		{"call without output", finish(call(vm.CALL, 0, 0), vm.CALL), returns7, vm.CALL, 0},
		{"return", asm(32, 0, vm.RETURN), nil, vm.RETURN, 0},
		{"add", asm(1, 2, vm.ADD), nil, vm.ADD, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := record(t, c.a, c.b, []byte{1, 2})
			if got := find(t, g, c.op, 0).Effect; got != c.want {
				t.Errorf("effect %#x, want %#x", got, c.want)
			}
		})
	}
}

func TestFaultsAreOneFlaggedStep(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  []byte
		steps int
		fault bool
	}{
		{"underflow", asm(1, vm.ADD), 2, true},
		{"undefined", asm(1, vm.OpCode(0x0c)), 2, true},
		{"invalid", asm(vm.INVALID), 1, true},
		{"bad jump", asm(1, vm.JUMP), 2, true},
		{"return data bounds", asm(1, 0, 0, vm.RETURNDATACOPY), 4, true},
		{"out of gas", asm(1, vm.PUSH4, vm.OpCode(0xff), vm.OpCode(0xff), vm.OpCode(0xff), vm.OpCode(0xff), vm.MSTORE), 3, true},
		{"revert", asm(0, 0, vm.REVERT), 3, false},
		{"end of code", asm(1), 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := record(t, c.code, nil)
			if g.Steps.Len() != c.steps {
				t.Fatalf("%d steps, want %d", g.Steps.Len(), c.steps)
			}
			last := g.Steps.At(g.Steps.Len() - 1)
			if got := last.Flags&FlagFault != 0; got != c.fault || last.Effect != 0 {
				t.Errorf("fault %t effect %#x, want fault %t", got, last.Effect, c.fault)
			}
			for _, a := range g.Accesses.Slice() {
				if c.fault && int(a.Step) == g.Steps.Len()-1 {
					t.Errorf("the failed step has the access %+v", a)
				}
			}
		})
	}
}

// TestCallDataIsTheCallersMemory: what the callee reads of its input is the range
// that the caller wrote, and what the caller gets back is the callee's memory.
func TestCallDataIsTheCallersMemory(t *testing.T) {
	a := append(asm(7, 64, vm.MSTORE, 32, 0, 32, 64, 0, vm.PUSH2, vm.OpCode(0xbb), vm.OpCode(0xbb)), asm(vm.GAS, vm.CALL, 32, 0, 0, vm.RETURNDATACOPY)...)
	b := asm(4, vm.CALLDATALOAD, 96, vm.MSTORE, 32, 96, vm.RETURN)
	g := record(t, a, b)
	type memory struct {
		op       vm.OpCode
		write    bool
		own      bool // the caller's frame
		off, len uint32
	}
	caller := g.Accesses.At(0).Frame
	var got []memory
	for _, a := range g.Accesses.Slice() {
		if a.Kind == AccessMemory {
			got = append(got, memory{vm.OpCode(g.Steps.At(int(a.Step)).Op), a.Write, a.Frame == caller, a.Off, a.Len})
		}
	}
	want := []memory{
		{vm.MSTORE, true, true, 64, 32},
		{vm.CALL, false, true, 64, 32},
		{vm.CALLDATALOAD, false, true, 68, 28},
		{vm.MSTORE, true, false, 96, 32},
		{vm.RETURN, false, false, 96, 32},
		{vm.RETURN, false, false, 96, 32},
		{vm.RETURN, true, true, 0, 32},
		{vm.RETURNDATACOPY, false, false, 96, 32},
		{vm.RETURNDATACOPY, true, true, 0, 32},
	}
	if len(got) != len(want) {
		t.Fatalf("accesses %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("access %d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestStateKeysAreInterned(t *testing.T) {
	g := record(t, asm(1, vm.SLOAD, 1, vm.SSTORE, 1, vm.TLOAD, vm.SELFBALANCE), nil)
	want := []StateKey{
		{AccessStorage, contractA, *word(1)},
		{AccessTransient, contractA, *word(1)},
		{AccessBalance, contractA, isa.Word{}},
	}
	if len(g.Keys) != len(want) {
		t.Fatalf("keys %v", g.Keys)
	}
	for i := range want {
		if g.Keys[i] != want[i] {
			t.Errorf("key %d: %v, want %v", i, g.Keys[i], want[i])
		}
	}
	if a := g.Accesses.Slice(); a[0].Key != 0 || a[0].Write || a[1].Key != 0 || !a[1].Write {
		t.Errorf("accesses %+v", a)
	}
}

func TestHashesTellLengthAndPlaceApart(t *testing.T) {
	zero := make([]byte, 64)
	seen := map[uint64]string{}
	add := func(name string, h uint64) {
		if h == 0 {
			t.Errorf("%s hashes to nothing", name)
		}
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
	for n := 1; n <= len(zero); n++ {
		add("zeros", MemoryEffect(0, zero[:n]))
		add("zeros elsewhere", MemoryEffect(uint64(n), zero))
		one := bytes.Clone(zero)
		one[n-1] = 1
		add("one bit", MemoryEffect(0, one))
	}
	add("empty log", LogEffect(&state.Log{}))
	add("log with a topic", LogEffect(&state.Log{Topics: make([]state.Hash, 1)}))
	add("log with data", LogEffect(&state.Log{Data: zero[:32]}))
	add("slot", StateEffect(isa.Persistent, contractA, word(1), word(2)))
	add("other space", StateEffect(isa.Transient, contractA, word(1), word(2)))
	add("slot and value exchanged", StateEffect(isa.Persistent, contractA, word(2), word(1)))
	add("other owner", StateEffect(isa.Persistent, contractB, word(1), word(2)))
	if MemoryEffect(5, nil) != 0 {
		t.Error("writing nothing has an effect")
	}
}

func TestRecordingChangesNothing(t *testing.T) {
	b := smallBundle(t, asm(7, 3, vm.SSTORE, 0, 0, vm.LOG0), nil, nil, []byte{1})
	plain, err := Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := Record(b)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Steps.Len() != 0 || recorded.Steps.Len() == 0 || plain.GasUsed != recorded.GasUsed {
		t.Errorf("%d and %d steps, gas %d and %d", plain.Steps.Len(), recorded.Steps.Len(), plain.GasUsed, recorded.GasUsed)
	}
	if len(recorded.TxStart) != 3 || recorded.TxStart[1] == 0 || recorded.TxStart[2] != recorded.Steps.Len() {
		t.Errorf("transactions start at %v", recorded.TxStart)
	}
}

func TestDetailShowsStackAndMemory(t *testing.T) {
	g := record(t, asm(7, 5, vm.MSTORE, 1), nil)
	text, err := g.Detail(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"MSTORE", "0x7", "0x5", "memory grew to 64 bytes", "memory 0x000020"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if _, err := g.Detail(g.Steps.Len()); err == nil {
		t.Error("described a step that does not exist")
	}
}

// after builds the post-state of a golden run as a world.
func after(g *Golden) state.Prestate {
	accounts, slots := g.Touched()
	post := make(state.Prestate)
	for _, a := range accounts {
		acct, _, exists := g.Account(a)
		if !exists {
			continue
		}
		acct.Storage = make(map[isa.Word]isa.Word)
		for _, slot := range slots[a] {
			acct.Storage[slot] = g.Storage(a, &slot)
		}
		post[a] = &acct
	}
	return post
}

func TestPostStateDifferencesAreNamed(t *testing.T) {
	g := record(t, asm(7, 3, vm.SSTORE), asm(0))
	extra := state.Address{0xee}
	for _, c := range []struct {
		name   string
		change func(state.Prestate)
		want   string
	}{
		{"none", func(state.Prestate) {}, ""},
		{"balance", func(p state.Prestate) { p[contractB].Balance.SetUint64(9) }, "balance: golden 0, machine 9"},
		{"nonce", func(p state.Prestate) { p[contractA].Nonce = 4 }, "nonce: golden 1, machine 4"},
		{"code", func(p state.Prestate) { p[contractA].Code = nil }, "code: golden hash"},
		{"written slot lost", func(p state.Prestate) { delete(p[contractA].Storage, *word(3)) }, "slot 0x3: golden 0x7, machine 0x0"},
		{"slot too many", func(p state.Prestate) { p[contractA].Storage[*word(99)] = *word(1) }, "slot 0x63: golden 0x0, machine 0x1"},
		{"account lost", func(p state.Prestate) { delete(p, contractB) }, "existence: golden true, machine false"},
		{"account too many", func(p state.Prestate) { p[extra] = &state.Account{Nonce: 1} }, "existence: golden false, machine true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			post := after(g)
			c.change(post)
			err := ComparePostState(state.NewWorld(post), g)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestVerdictFollowsTheHeader(t *testing.T) {
	b := reload(t, smallBundle(t, asm(0, 0, vm.LOG0), nil, nil))
	g, err := Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name             string
		change           func(*TxResult)
		gas, bloom, root bool
	}{
		{"right", func(*TxResult) {}, true, true, true},
		{"gas", func(r *TxResult) { r.GasUsed++ }, false, true, false},
		{"status", func(r *TxResult) { r.Success = false }, true, true, false},
		{"no log", func(r *TxResult) { r.Logs = nil }, true, false, false},
		{"log data", func(r *TxResult) { r.Logs = []state.Log{{Address: contractA, Data: []byte{1}}} }, true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := g.Results[0]
			c.change(&r)
			v, err := b.Verify([]TxResult{r})
			if err != nil {
				t.Fatal(err)
			}
			if *v.GasUsed != c.gas || *v.LogsBloom != c.bloom || *v.ReceiptsRoot != c.root || v.OK != (c.gas && c.bloom && c.root) {
				t.Errorf("gas %t bloom %t root %t ok %t", *v.GasUsed, *v.LogsBloom, *v.ReceiptsRoot, v.OK)
			}
			if v.Prestate == nil || !*v.Prestate || v.Lockstep != nil {
				t.Error("prestate must be confirmed, lockstep not made")
			}
		})
	}
	if _, err := b.Verify(nil); err == nil {
		t.Error("verified a block without its results")
	}
}

func TestStepIsCompact(t *testing.T) {
	if size := unsafe.Sizeof(Step{}); size != 72 {
		t.Errorf("a step has %d bytes", size)
	}
}
