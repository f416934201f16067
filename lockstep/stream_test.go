package lockstep

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// commit is one call of a stream's method.
type commit struct {
	method           string // begin, enter, retire, leave, failed, end
	constant, result isa.Word
	instruction
}

func (c *commit) apply(l *stream) bool {
	switch c.method {
	case "begin":
		return l.BeginTx(c.Depth)
	case "enter":
		return l.Enter(c.Depth)
	case "leave":
		return l.Leave(&c.result, c.Effect)
	case "failed":
		return l.CallFailed(&c.result, c.Effect)
	case "end":
		return l.EndTx(c.Depth)
	}
	c.instruction.constant, c.instruction.result = &c.constant, &c.result
	return l.Retire(&c.instruction)
}

func at(method string, depth int) commit {
	c := commit{method: method}
	c.Depth = depth
	return c
}

// machine makes the commits that a right machine would make, from a second run of
// go-ethereum. Effects come from the recorded run: they have tests of their own.
type machine struct {
	g       *traces.Golden
	ops     vm.JumpTable
	commits []commit
	step    int
	system  bool
	destroy bool
	open    []opened // by depth
}

type opened struct {
	last     int // its latest retire whose result is not known yet, -1 for none
	lastStep int
}

func machineCommits(t testing.TB, b *traces.Bundle, g *traces.Golden) []commit {
	t.Helper()
	ops, err := vm.LookupInstructionSet(b.Rules())
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{g: g, ops: ops}
	hooks := &tracing.Hooks{
		OnSystemCallStart: func() { m.system = true },
		OnSystemCallEnd:   func() { m.system = false },
		OnOpcode:          m.opcode,
		OnFault:           m.fault,
		OnEnter:           m.enter,
		OnExit:            m.exit,
	}
	_, err = (&traces.Execution{Bundle: b, Hooks: hooks, Before: func(i int) {
		if i > 0 {
			m.commits = append(m.commits, at("end", i-1))
		}
		m.commits = append(m.commits, at("begin", i))
	}}).Run()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.Txs); n > 0 {
		m.commits = append(m.commits, at("end", n-1))
	}
	return m.commits
}

func (m *machine) enter(depth int, typ byte, _, _ common.Address, _ []byte, _ uint64, _ *big.Int) {
	if m.destroy = vm.OpCode(typ) == vm.SELFDESTRUCT; m.system || m.destroy {
		return
	}
	m.commits = append(m.commits, at("enter", depth+1))
	m.open = append(m.open[:depth], opened{-1, -1})
}

func (m *machine) exit(depth int, _ []byte, _ uint64, err error, _ bool) {
	if m.destroy {
		m.destroy = false
		return
	}
	if m.system {
		return
	}
	if errors.Is(err, vm.ErrDepth) || errors.Is(err, vm.ErrInsufficientBalance) {
		m.commits[len(m.commits)-1] = commit{method: "failed"} // instead of enter
	} else {
		m.commits = append(m.commits, commit{method: "leave"})
	}
	if depth > 0 {
		caller := &m.open[depth-1]
		c := &m.commits[len(m.commits)-1]
		c.Effect = m.g.Steps.At(caller.lastStep).Effect
		caller.last = len(m.commits) - 1
	}
}

func (m *machine) fault(_ uint64, _ byte, _, _ uint64, _ tracing.OpContext, depth int, err error) {
	if m.system || errors.Is(err, vm.ErrExecutionReverted) {
		return
	}
	c := &m.commits[m.open[depth-1].last]
	c.Fault, c.Effect = true, 0
	m.open[depth-1].last = -1
}

func (m *machine) opcode(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
	if m.system {
		return
	}
	f := &m.open[depth-1]
	stack := scope.StackData()
	if f.last >= 0 && len(stack) > 0 {
		top := stack[len(stack)-1]
		m.commits[f.last].result, m.commits[f.last].constant = top, top
	}
	low, high := 0, 0
	if m.ops[op] != nil {
		low, high = m.ops[op].Stack()
	}
	c := commit{method: "retire", instruction: instruction{
		Committed: Committed{Depth: depth, PC: uint32(pc), Op: op, Gas: gas, Cost: cost, Effect: m.g.Steps.At(m.step).Effect, Fault: err != nil},
		kind:      decoder.KindExec, pops: uint8(low), pushes: uint8(1024 + low - high),
	}}
	switch o := vm.OpCode(op); {
	case o >= vm.PUSH0 && o <= vm.PUSH32:
		c.kind = decoder.KindPush
	case o >= vm.DUP1 && o <= vm.DUP16:
		c.kind, c.n = decoder.KindDup, uint8(o-vm.DUP1)+1
	case o >= vm.SWAP1 && o <= vm.SWAP16:
		c.kind, c.n = decoder.KindSwap, uint8(o-vm.SWAP1)+1
	case o == vm.POP:
		c.kind = decoder.KindPop
	case o == vm.CALL, o == vm.CALLCODE, o == vm.DELEGATECALL, o == vm.STATICCALL:
		c.kind = decoder.KindCall
	case o == vm.CREATE, o == vm.CREATE2:
		c.kind = decoder.KindCreate
	}
	f.last, f.lastStep = len(m.commits), m.step
	m.commits = append(m.commits, c)
	m.step++
}

func replay(g traces.Source, commits []commit) *stream {
	l := &stream{src: g}
	for i := range commits {
		if !commits[i].apply(l) {
			break
		}
	}
	return l
}

// streamed is a source of the same block that records nothing.
func streamed(t testing.TB, b *traces.Bundle) traces.Source {
	t.Helper()
	g, err := traces.Comparable(t.Context(), b, 0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Source(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// calling runs calls that return, revert, fail and find no code, in two transactions.
func calling(t testing.TB) (*traces.Bundle, *traces.Golden) {
	call := func(op vm.OpCode, target ...any) []byte {
		code := asm(32, 0, 4, 28)
		if op == vm.CALL {
			code = append(code, asm(0)...)
		}
		return append(append(code, asm(target...)...), asm(vm.GAS, op)...)
	}
	b := []any{vm.PUSH2, vm.OpCode(0xbb), vm.OpCode(0xbb)}
	code := asm(7, 0, vm.MSTORE, 2, vm.DUP1, 5, vm.SWAP2, vm.ADD, vm.ADD)
	code = append(code, call(vm.CALL, b...)...)
	code = append(code, call(vm.STATICCALL, b...)...)
	code = append(code, call(vm.DELEGATECALL, 4)...)    // a built-in
	code = append(code, call(vm.DELEGATECALL, 0x99)...) // no code
	code = append(code, asm(vm.POP, 8, 1, vm.SSTORE, 0, 0, 0, vm.CREATE, 9, 9, 9, vm.CREATE)...)
	callee := asm(0, vm.CALLDATALOAD, 0, vm.MSTORE, 1, 2, vm.SSTORE, 32, 0, vm.RETURN)
	return record(t, code, callee, nil, []byte{1})
}

func TestARightStreamAgrees(t *testing.T) {
	b, g := calling(t)
	commits := machineCommits(t, b, g)
	for _, src := range []traces.Source{g, streamed(t, b)} {
		l := replay(src, commits)
		if err := l.Err(); err != nil {
			t.Fatal(err)
		}
		if l.Checked() != uint64(g.Steps.Len()) {
			t.Errorf("checked %d of %d steps", l.Checked(), g.Steps.Len())
		}
	}
}

func TestTransactionsInAnyOrder(t *testing.T) {
	b, g := calling(t)
	commits := machineCommits(t, b, g)
	split := 0
	for i, c := range commits {
		if c.method == "end" && c.Depth == 0 {
			split = i + 1
		}
	}
	order := append(append(append([]commit{}, commits[split:]...), commits[:split]...), commits[split:]...)
	for _, src := range []traces.Source{g, streamed(t, b)} {
		if err := replay(src, order).Err(); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryDifferenceIsFound(t *testing.T) {
	b, g := calling(t)
	right := machineCommits(t, b, g)
	nth := func(method string, op vm.OpCode) int {
		for i, c := range right {
			if c.method == method && (method != "retire" || vm.OpCode(c.Op) == op) {
				return i
			}
		}
		t.Fatalf("no %s %v", method, op)
		return 0
	}
	add := nth("retire", vm.ADD)
	for _, c := range []struct {
		name   string
		change func(s []commit) []commit
		want   string
	}{
		{"depth", func(s []commit) []commit { s[add].Depth++; return s }, "depth differs"},
		{"pc", func(s []commit) []commit { s[add].PC++; return s }, "pc differs"},
		{"opcode", func(s []commit) []commit { s[add].Op = byte(vm.SUB); return s }, "opcode differs"},
		{"gas", func(s []commit) []commit { s[add].Gas--; return s }, "gas differs"},
		{"cost", func(s []commit) []commit { s[add].Cost++; return s }, "cost differs"},
		{"effect", func(s []commit) []commit { s[nth("retire", vm.MSTORE)].Effect++; return s }, "effect differs"},
		{"fault", func(s []commit) []commit { s[add].Fault = true; return s }, "fault differs"},
		{"result", func(s []commit) []commit { s[add].result[3]++; return s }, "top of stack differs"},
		{"constant", func(s []commit) []commit { s[nth("retire", vm.PUSH1)].constant[0]++; return s }, "top of stack differs"},
		{"success word", func(s []commit) []commit { s[nth("leave", 0)].result[0] ^= 1; return s }, "top of stack differs"},
		{"output of a call", func(s []commit) []commit { s[nth("leave", 0)].Effect++; return s }, "output of the call differs"},
		{"height", func(s []commit) []commit { s[add].pushes = 0; return s }, "stack height differs"},
		{"dup distance", func(s []commit) []commit { s[nth("retire", vm.DUP1)].n = 9; return s }, "reaches below"},
		{"swap distance", func(s []commit) []commit { s[nth("retire", vm.SWAP2)].n = 9; return s }, "reaches below"},
		{"pops", func(s []commit) []commit { s[add].pops = 99; return s }, "pops more"},
		{"instruction lost", func(s []commit) []commit { return append(s[:add], s[add+1:]...) }, "differs"},
		{"instruction twice", func(s []commit) []commit { return append(s[:add+1], s[add:]...) }, "differs"},
		{"enter lost", func(s []commit) []commit { i := nth("enter", 0); return append(s[:i], s[i+1:]...) }, "no frame was open"},
		{"transaction cut short", func(s []commit) []commit { return append(s[:2], commit{method: "leave"}, commit{method: "end"}) }, "instructions early"},
		{"frame left open", func(s []commit) []commit { return append(s[:2], commit{method: "end"}) }, "ended in 1 frames"},
		{"no such transaction", func([]commit) []commit { return []commit{at("begin", 7)} }, "no such transaction"},
		{"leave without a frame", func(s []commit) []commit { return append(s[:1], commit{method: "leave"}) }, "none was open"},
		{"return without a call", func(s []commit) []commit { return append(s[:3], commit{method: "failed"}) }, "not made"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := c.change(append([]commit(nil), right...))
			l := replay(g, wrong)
			if err := replay(streamed(t, b), wrong).Err(); err == nil || err.Error() != l.Err().Error() {
				t.Errorf("over a stream: %v\nover a recording: %v", err, l.Err())
			}
			var m *Mismatch
			if !errors.As(l.Err(), &m) {
				t.Fatalf("no difference found, error %v", l.Err())
			}
			if !strings.Contains(m.Error(), c.want) {
				t.Errorf("%v\nwant %q", m, c.want)
			}
			checked := l.Checked()
			if l.BeginTx(0) || l.Checked() != checked {
				t.Error("went on after the difference")
			}
		})
	}
}

func TestFaultingCostIsNotCompared(t *testing.T) {
	b, g := record(t, asm(1, vm.ADD), nil, nil)
	s := machineCommits(t, b, g)
	for i := range s {
		if s[i].Fault {
			s[i].Cost += 99
		}
	}
	for _, src := range []traces.Source{g, streamed(t, b)} {
		if err := replay(src, s).Err(); err != nil {
			t.Error(err)
		}
	}
}

func TestComparingAllocatesNothing(t *testing.T) {
	b, g := calling(t)
	commits := machineCommits(t, b, g)
	l := replay(g, commits)
	allocs := testing.AllocsPerRun(5, func() {
		for i := range commits {
			if !commits[i].apply(l) {
				t.Fatal(l.Err())
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestMainnet: the stream of a second run of go-ethereum agrees with the recorded one, and
// with one that executes beside it.
func TestMainnet(t *testing.T) {
	for i, path := range corpustest.Blocks(t) {
		if i%4 != 1 {
			continue
		}
		b, err := traces.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		g, err := traces.Record(b)
		if err != nil {
			t.Fatal(err)
		}
		commits := machineCommits(t, b, g)
		for _, src := range []traces.Source{g, streamed(t, b)} {
			l := replay(src, commits)
			if err := l.Err(); err != nil {
				t.Fatalf("%s: %v", b.Name, err)
			}
			if l.Checked() != uint64(g.Steps.Len()) {
				t.Errorf("%s: %d of %d steps", b.Name, l.Checked(), g.Steps.Len())
			}
		}
	}
}

func BenchmarkLockstep(b *testing.B) {
	bundle, err := traces.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	g, err := traces.Record(bundle)
	if err != nil {
		b.Fatal(err)
	}
	commits := machineCommits(b, bundle, g)
	l := &stream{src: g}
	b.ResetTimer()
	for b.Loop() {
		for i := range commits {
			if !commits[i].apply(l) {
				b.Fatal(l.Err())
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(l.Checked()), "ns/inst")
}

// asm is code in which a number stands for its push.
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

// record runs a block with one transaction for each input, which calls 0xaaaa. That
// account runs a, 0xbbbb runs b.
func record(t testing.TB, a, b []byte, inputs ...[]byte) (*traces.Bundle, *traces.Golden) {
	t.Helper()
	key := crypto.ToECDSAUnsafe(bytes.Repeat([]byte{1}, 32))
	var zero uint64
	out := &traces.Bundle{
		Name: "small", ChainID: 1, Config: params.MainnetChainConfig,
		Header: &types.Header{
			Difficulty: new(big.Int), Number: big.NewInt(20_000_000), Time: 1_715_000_000, GasLimit: 30_000_000,
			BaseFee: big.NewInt(7), BlobGasUsed: &zero, ExcessBlobGas: &zero, ParentBeaconRoot: new(common.Hash),
		},
		Prestate: state.Prestate{
			state.Address(crypto.PubkeyToAddress(key.PublicKey)): {Balance: isa.Word{params.Ether}},
			{18: 0xaa, 19: 0xaa}: {Nonce: 1, Code: a, Storage: map[isa.Word]isa.Word{{1}: {5}, {2}: {}}},
			{18: 0xbb, 19: 0xbb}: {Nonce: 1, Code: b},
		},
	}
	for i, input := range inputs {
		tx, err := types.SignNewTx(key, types.LatestSigner(out.Config), &types.DynamicFeeTx{
			ChainID: out.Config.ChainID, Nonce: uint64(i), To: &common.Address{18: 0xaa, 19: 0xaa}, Gas: 200_000,
			GasFeeCap: big.NewInt(10), GasTipCap: big.NewInt(1), Data: input,
		})
		if err != nil {
			t.Fatal(err)
		}
		out.Txs = append(out.Txs, tx)
	}
	g, err := traces.Record(out)
	if err != nil {
		t.Fatal(err)
	}
	return out, g
}
