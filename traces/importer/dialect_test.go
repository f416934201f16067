package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/core/vm/program"
	"github.com/ethereum/go-ethereum/eth/tracers/logger"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// scene is a transaction to a contract, and what is there before it.
type scene struct {
	name     string
	code     []byte // of statedReceiver
	others   state.Prestate
	balance  uint64 // of statedReceiver
	storage  map[isa.Word]isa.Word
	fork     string // Prague where it is empty
	gas      uint64
	from, to common.Address // the stated ones where they are empty
	price    int64
	value    int64
	blobs    []common.Hash
	access   types.AccessList
	block    func(*traces.Bundle) // what else is to be said of the block
}

func addressOf(n uint64) state.Address {
	return state.Address(common.BigToAddress(new(big.Int).SetUint64(n)))
}

// runs is a contract that has code and nothing else.
func runs(code []byte) *state.Account { return &state.Account{Nonce: 1, Code: code} }

func word(n uint64) isa.Word { return *uint256.NewInt(n) }

// execute runs scenes as the transactions of one block on go-ethereum, and gives its trace in EIP-3155
// lines with the bundle.
func execute(t testing.TB, scenes ...scene) (*traces.Bundle, []line) {
	t.Helper()
	s := scenes[0]
	fork := s.fork
	if fork == "" {
		fork = "Prague"
	}
	e := eraByRules(fork)
	p := &setting{era: e, config: fixtures.Config(fork, 1), number: e.number, time: e.time}
	b := &traces.Bundle{
		Name: "scene", ChainID: 1, Config: p.config, Header: p.header(), BlockHashes: map[uint64]common.Hash{},
		Prestate: state.Prestate{},
	}
	b.Header.GasLimit = statedGasLimit
	if s.block != nil {
		s.block(b)
	}
	var from []common.Address
	for i, s := range scenes {
		to, sender := statedReceiver, statedSender
		if s.to != (common.Address{}) {
			to, sender = s.to, s.from
		}
		to[0] += byte(i)
		b.Prestate[state.Address(sender)] = &state.Account{Balance: *plenty}
		b.Prestate[state.Address(to)] = &state.Account{Nonce: 1, Code: s.code, Balance: word(s.balance), Storage: s.storage}
		for a, acct := range s.others {
			b.Prestate[a] = acct
		}
		gas := s.gas
		if gas == 0 {
			gas = 300_000
		}
		var tx types.TxData = &types.LegacyTx{Nonce: uint64(i), To: &to, Value: big.NewInt(s.value), Gas: gas, GasPrice: big.NewInt(s.price)}
		if len(s.blobs) > 0 {
			tx = &types.BlobTx{
				ChainID: uint256.NewInt(b.ChainID), Nonce: uint64(i), To: to, Value: new(uint256.Int), Gas: gas, GasFeeCap: uint256.NewInt(0), GasTipCap: uint256.NewInt(0),
				BlobFeeCap: uint256.NewInt(1 << 40), BlobHashes: s.blobs,
			}
		}
		if len(s.access) > 0 {
			tx = &types.AccessListTx{ChainID: big.NewInt(1), Nonce: uint64(i), To: &to, Value: big.NewInt(s.value), Gas: gas, GasPrice: big.NewInt(s.price), AccessList: s.access}
		}
		b.Txs = append(b.Txs, types.NewTx(tx))
		from = append(from, sender)
	}
	b.StateSenders(from)
	if err := complete(b); err != nil {
		t.Fatal(err)
	}
	return b, trace(t, b)
}

// trace is go-ethereum's, in EIP-3155 lines.
func trace(t testing.TB, b *traces.Bundle) []line {
	t.Helper()
	var text bytes.Buffer
	hooks := logger.NewJSONLogger(&logger.Config{}, &text)
	env := new(tracing.VMContext)
	run := traces.Execution{
		Bundle: b, Hooks: hooks,
		Begin:  func(st *gethstate.StateDB) { env.StateDB = st },
		Before: func(tx int) { hooks.OnTxStart(env, b.Txs[tx], common.Address{}) },
	}
	if _, err := run.Run(); err != nil {
		t.Fatal(err)
	}
	var lines []line
	for _, l := range strings.Split(strings.TrimSpace(text.String()), "\n") {
		var m line
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, m)
	}
	return lines
}

// line is one of a trace.
type line map[string]any

func (l line) step() bool    { return l["pc"] != nil }
func (l line) op() vm.OpCode { return vm.OpCode(l["op"].(float64)) }
func (l line) depth() int    { return int(l["depth"].(float64)) }
func (l line) number(name string) uint64 {
	var n uint64
	if _, err := fmt.Sscanf(l[name].(string), "0x%x", &n); err != nil {
		panic(err)
	}
	return n
}

// set is the line with another member, without it where the value is nil.
func (l line) set(name string, value any) line {
	m := make(line)
	for k, v := range l {
		m[k] = v
	}
	if m[name] = value; value == nil {
		delete(m, name)
	}
	return m
}

func hexed(n uint64) string { return fmt.Sprintf("0x%x", n) }

// text writes lines as a client does: whatever is not a line stands as it is.
func text(lines ...any) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		if s, ok := l.(string); ok {
			b.WriteString(s + "\n")
			continue
		}
		raw, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.Bytes()
}

// told is what most clients tell: faults once, no summary for inner frames, one for each transaction.
func told(lines []line, end func(last line, summary line) []any, step func(i int, all []line) line) []any {
	var steps []line
	var out []any
	for i, l := range lines {
		switch {
		case !l.step():
			if i+1 == len(lines) || lines[i+1].step() && lines[i+1].depth() == 1 && lines[i+1]["pc"] == 0.0 {
				for at := range steps {
					if s := step(at, steps); s != nil {
						out = append(out, s)
					}
				}
				out = append(out, end(steps[len(steps)-1], l)...)
				steps = nil
			}
		case len(steps) > 0 && l["error"] != nil && steps[len(steps)-1]["pc"] == l["pc"] && steps[len(steps)-1].depth() == l.depth():
			steps[len(steps)-1]["error"] = l["error"]
		default:
			steps = append(steps, l.set("", nil))
		}
	}
	return out
}

// implicit tells a STOP that no byte of the code stands for: these scenes have no others.
func implicit(l line) bool { return l.op() == vm.STOP }

// child is the first step of the frame that a step has entered, nil for none.
func child(i int, all []line) line {
	if i+1 < len(all) && all[i+1].depth() == all[i].depth()+1 {
		return all[i+1]
	}
	return nil
}

const someRoot = "0x1111111111111111111111111111111111111111111111111111111111111111"

// statics are the costs that evmone's table of instructions has for those whose cost varies.
var statics = map[vm.OpCode]uint64{
	vm.CALL: 100, vm.CALLCODE: 100, vm.DELEGATECALL: 100, vm.STATICCALL: 100, vm.SLOAD: 100, vm.BALANCE: 100, vm.EXTCODESIZE: 100,
	vm.EXTCODEHASH: 100, vm.SSTORE: 0, vm.CREATE: 32_000, vm.CREATE2: 32_000, vm.MSTORE: 3, vm.RETURN: 0, vm.REVERT: 0, vm.SELFDESTRUCT: 5_000,
}

// clients rewrite go-ethereum's trace as others write it today, or did.
var clients = []struct {
	name, dialect string // as one transaction with calls, creations and dynamic costs shows it
	write         func(lines []line) []byte
}{
	{"go-ethereum evm statetest", "go-ethereum", func(lines []line) []byte {
		all := []any{"INFO [11-30|10:00:00.000] running"}
		for _, l := range lines {
			all = append(all, l)
		}
		return text(append(all, line{"stateRoot": someRoot}, "[\n  {\n    \"name\": \"a\",\n    \"pass\": false,\n    \"stateRoot\": \""+someRoot+"\",\n    \"error\": \"post state root mismatch\"\n  }\n]")...)
	}},
	{"evmone", "static", func(lines []line) []byte {
		return text(told(lines, func(last, summary line) []any {
			l := line{"pass": summary["error"] == nil, "gasUsed": "0x1", "stateRoot": someRoot}
			return []any{l.set("error", summary["error"])}
		}, func(i int, all []line) line {
			l := all[i]
			if implicit(l) {
				return nil
			}
			if cost, ok := statics[l.op()]; ok {
				l = l.set("gasCost", hexed(cost))
			}
			return l.set("error", nil)
		})...)
	}},
	{"older evmone", "old evmone", func(lines []line) []byte {
		depth := 0
		gas := func(l line) string { return fmt.Sprint(l.number("gas")) }
		var out []any
		end := func(err any) {
			out = append(out, line{"error": err, "gas": 1, "gasUsed": 1, "output": ""})
			depth--
		}
		var last line
		for _, v := range told(lines, func(_, summary line) []any { return []any{summary} }, func(i int, all []line) line { return all[i] }) {
			l := v.(line)
			if !l.step() {
				end(l["error"])
				continue
			}
			for depth > l.depth() {
				end(last["error"])
				last = line{}
			}
			if depth < l.depth() {
				out = append(out, line{"depth": depth, "rev": "Prague", "static": false})
				depth++
			}
			if last = l; !implicit(l) {
				out = append(out, l.set("depth", nil).set("gasCost", nil).set("refund", nil).set("error", nil).set("gas", json.Number(gas(l))))
			}
		}
		return text(out...)
	}},
	{"Besu", "", func(lines []line) []byte { return besu(lines, func(_ int, l line, _ line) line { return l }) }},
	{"Besu before #6525", "old Besu", func(lines []line) []byte {
		return besu(lines, func(_ int, l, inner line) line {
			if calls(l.op()) {
				cost := uint64(100)
				if inner != nil {
					cost = l.number("gasCost") - inner.number("gas")
				}
				return l.set("gasCost", hexed(cost))
			}
			return l
		})
	}},
	{"revm", "revm", func(lines []line) []byte {
		all := told(lines, func(_, summary line) []any {
			return []any{
				line{"stateRoot": someRoot, "output": "0x", "gasUsed": "0x1", "pass": true},
				line{"stateRoot": someRoot, "logsRoot": someRoot, "output": "0x", "gasUsed": 1, "pass": false, "errorMsg": "logs root mismatch", "test": "a", "d": 0, "g": 0, "v": 0},
			}
		}, func(i int, all []line) line {
			l := all[i].set("memSize", "0x0").set("refund", "0xffffffffffffed40")
			ended := map[vm.OpCode]string{vm.STOP: "Stop", vm.RETURN: "Return", vm.REVERT: "Revert"}[l.op()]
			if ended != "" && l["error"] == nil {
				l = l.set("error", ended)
			}
			if inner := child(i, all); inner != nil && creates(l.op()) {
				l = l.set("gasCost", hexed(l.number("gasCost")+inner.number("gas")))
			}
			return l
		})
		return text(append(all, "error:", "- Path: a.json", "- Statetest(", "    TestError {", "        name: \"a\",", "    },", ")", "[", "    Foo,", "]")...)
	}},
	{"Nethermind", "", func(lines []line) []byte {
		all := told(lines, func(_, summary line) []any {
			l := line{"output": "0x", "gasUsed": "0x1", "time": 181.7807}
			return []any{l.set("error", summary["error"]), line{"stateRoot": someRoot}, "\x1b[31mFAIL\x1b[0m [1/1] a - STATE ROOT"}
		}, func(i int, all []line) line {
			l := all[i].set("opName", nil).set("refund", nil)
			if implicit(all[i]) {
				return nil
			}
			if l["error"] != nil {
				l = l.set("error", "OutOfGas").set("gasCost", l["gas"])
			}
			return l
		})
		return text(append([]any{"\x1b[32mPASS\x1b[0m [0/1]"}, all...)...)
	}},
	{"Nimbus", "", func(lines []line) []byte {
		return text(told(lines, func(_, summary line) []any {
			return []any{summary, line{"stateRoot": someRoot}, "[", "  {", "    \"name\": \"a\",", "    \"pass\": false", "  }", "]"}
		}, func(i int, all []line) line {
			if implicit(all[i]) {
				return nil
			}
			return all[i]
		})...)
	}},
	{"Erigon", "", func(lines []line) []byte {
		return text(told(lines, func(_, summary line) []any { return []any{summary, line{"stateRoot": someRoot}} }, func(i int, all []line) line {
			return all[i].set("memory", "0x").set("returnData", "0x")
		})...)
	}},
	{"EELS", "", func(lines []line) []byte {
		return text(told(lines, func(_, summary line) []any { return []any{summary, line{"stateRoot": someRoot}} }, func(i int, all []line) line {
			if all[i]["error"] != nil {
				return all[i].set("gasCost", nil)
			}
			return all[i]
		})...)
	}},
	{"EthereumJS", "", func(lines []line) []byte {
		return text(told(lines, func(_, summary line) []any {
			return []any{line{"gasUsed": "0x1", "stateRoot": someRoot}.set("error", summary["error"])}
		}, func(i int, all []line) line {
			return all[i].set("depth", all[i].depth()-1).set("error", nil)
		})...)
	}},
	{"steps alone", "", func(lines []line) []byte {
		return text(told(lines, func(_, _ line) []any { return nil }, func(i int, all []line) line { return all[i] })...)
	}},
}

func besu(lines []line, step func(i int, l, inner line) line) []byte {
	all := told(lines, func(_, summary line) []any {
		l := line{"output": "", "gasUsed": "0x1", "test": "a", "d": 0, "g": 0, "v": 0, "stateRoot": someRoot, "pass": false}
		return []any{l.set("error", summary["error"])}
	}, func(i int, all []line) line {
		if implicit(all[i]) {
			return nil
		}
		l := all[i]
		if l["error"] != nil {
			l = l.set("gasCost", "0x7fffffffffffffff")
		}
		return step(i, l, child(i, all))
	})
	return text(append([]any{"WARNING: A restricted method in java.lang.System has been called", ""}, all...)...)
}

// do is the code of a few instructions: numbers are pushed.
func do(parts ...any) []byte {
	p := program.New()
	for _, part := range parts {
		switch part := part.(type) {
		case vm.OpCode:
			p.Op(part)
		case int:
			p.Push(part)
		}
	}
	return p.Bytes()
}

// call calls a contract with some value and gas.
func call(to, value, gas int) []byte { return do(0, 0, 0, 0, value, to, gas, vm.CALL) }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// making is the code that creates a contract with init code of at most 32 bytes.
func making(init []byte) []byte {
	var padded [32]byte
	copy(padded[:], init)
	return join([]byte{byte(vm.PUSH32)}, padded[:], do(0, vm.MSTORE, len(init), 0, 0, vm.CREATE))
}

// scenes have something of everything that is told from costs, and every way to end a frame. What a
// client does not tell at all, what an instruction costs and pushes after which its frame ends without a
// step, is in none.
var scenes = []scene{
	{name: "value to an account that is not", balance: 300, code: join(call(0xbbbb, 1, 50_000), do(vm.POP, 5, 1, vm.SSTORE, vm.SELFBALANCE, vm.POP))},
	{name: "value to an account that is", balance: 300, code: join(call(0xbbbb, 1, 50_000), do(vm.POP, vm.SELFBALANCE, vm.POP)), others: state.Prestate{addressOf(0xbbbb): {Balance: word(1)}}},
	{name: "value to an account that is, with all the gas", balance: 300, code: join(do(0, 0, 0, 0, 1, 0xbbbb, vm.GAS, vm.CALL), do(vm.POP, vm.SELFBALANCE, vm.POP)), others: state.Prestate{addressOf(0xbbbb): {Balance: word(1)}}},
	{name: "value to many accounts that are", balance: 300, code: join(call(0xb1, 1, 0), call(0xb2, 1, 0), call(0xb3, 1, 0), do(vm.SELFBALANCE, vm.POP)), others: state.Prestate{
		addressOf(0xb1): {Balance: word(1)}, addressOf(0xb2): {Balance: word(1)}, addressOf(0xb3): {Balance: word(1)},
	}},
	{name: "value to a built-in that is an account", balance: 300, code: join(call(2, 1, 50_000), do(vm.POP, vm.SELFBALANCE, vm.POP)), others: state.Prestate{addressOf(2): {Balance: word(1)}}},
	{name: "value to a built-in that is none", balance: 300, code: join(call(4, 1, 50_000), do(vm.POP, vm.SELFBALANCE, vm.POP))},
	{name: "slots", storage: map[isa.Word]isa.Word{word(1): word(1), word(2): word(7), word(3): word(1)}, code: do(
		7, 0, vm.SSTORE, 7, 1, vm.SSTORE, 7, 2, vm.SSTORE, 0, 3, vm.SSTORE, 0, 4, vm.SSTORE, 8, 1, vm.SSTORE, 1, vm.SLOAD, vm.POP,
	)},
	{name: "a callee that runs off its end", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(1, vm.JUMPDEST))}},
	{name: "a callee that runs off its end after a jump", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(3, vm.JUMP, vm.JUMPDEST))}},
	{name: "a callee that runs off its end after a jump not taken", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(0, 9, vm.JUMPI))}},
	{name: "frames that end with a call", code: call(0xbbbb, 0, 50_000), others: state.Prestate{
		addressOf(0xbbbb): runs(call(0xcccc, 0, 20_000)), addressOf(0xcccc): runs(call(0xdddd, 0, 10_000)), addressOf(0xdddd): runs(do(vm.JUMPDEST)),
	}},
	{name: "three frames that end together", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{
		addressOf(0xbbbb): runs(call(0xcccc, 0, 20_000)), addressOf(0xcccc): runs(do(1, 2, vm.ADD)),
	}},
	{name: "no code", code: join(call(0xbbbb, 0, 50_000), do(vm.POP))},
	{name: "init code that runs off its end", code: join(making(do(1)), do(vm.EXTCODESIZE, vm.POP))},
	{name: "init code that returns", code: join(making(do(1, 0, vm.MSTORE, 5, 27, vm.RETURN)), do(vm.EXTCODEHASH, vm.POP))},
	{name: "init code that faults", code: join(making(do(vm.ADD)), do(vm.POP))},
	{name: "a callee that faults", code: join(call(0xbbbb, 0, 5_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(1, vm.POP, vm.POP))}},
	{name: "a callee without gas", code: join(call(0xbbbb, 0, 1_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(5, vm.SLOAD, vm.POP))}},
	{name: "a callee that reverts", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(do(0, 0, vm.REVERT))}},
	{name: "a callee with an opcode that is none", code: join(call(0xbbbb, 0, 50_000), do(vm.POP)), others: state.Prestate{addressOf(0xbbbb): runs(join(do(1), []byte{0xc0}))}},
	{name: "a fault", code: do(1, vm.POP, vm.POP)},
	{name: "too little gas", gas: 22_000, code: do(1, vm.SLOAD, vm.POP)},
	{name: "an explicit end", code: do(0, 0, vm.RETURN)},
	{name: "everything", balance: 300, code: join(call(0xbbbb, 1, 50_000), making(do(1)), call(0xcccc, 0, 50_000), do(5, 1, vm.SSTORE, vm.SELFBALANCE, vm.POP)), others: state.Prestate{
		addressOf(0xcccc): runs(do(vm.JUMPDEST)),
	}},
}

// TestEveryClient: what a client tells otherwise than go-ethereum makes no other bundle, and the
// bundle has no account or slot that was not there.
func TestEveryClient(t *testing.T) {
	for _, s := range scenes {
		b, lines := execute(t, s)
		want := importAlone(t, text(anyOf(lines)...), Options{ChainID: 1})
		if want.Mismatch != nil {
			t.Errorf("%s: %v", s.name, want.Mismatch)
			continue
		}
		if warm := want.Bundle.Txs[0].AccessList(); len(warm) > 0 {
			t.Errorf("%s: the access list %v was not there", s.name, warm)
		}
		for a, acct := range want.Bundle.Prestate {
			was := b.Prestate[a]
			if was == nil {
				t.Errorf("%s: account %x was not there", s.name, a)
				continue
			}
			for slot, value := range acct.Storage {
				if before := was.Storage[slot]; before.IsZero() != value.IsZero() {
					t.Errorf("%s: slot %v of %x is %v, it was %v", s.name, slot.Hex(), a, value.Hex(), before.Hex())
				}
			}
		}
		for _, c := range clients {
			got := importAlone(t, c.write(lines), Options{ChainID: 1})
			switch {
			case got.Mismatch != nil:
				t.Errorf("%s, %s: %v", s.name, c.name, got.Mismatch)
			case got.Bundle.ContentHash != want.Bundle.ContentHash:
				t.Errorf("%s, %s: another pre-state", s.name, c.name)
			case got.Bundle.BlockHash != want.Bundle.BlockHash:
				t.Errorf("%s, %s: another block", s.name, c.name)
			}
			if s.name == "everything" && !strings.Contains(got.Bundle.Provenance.Dialect, c.dialect) {
				t.Errorf("%s: dialect %q, want %q in it", c.name, got.Bundle.Provenance.Dialect, c.dialect)
			}
		}
	}
}

// TestSeveralTransactions: transactions of one file are told apart in every dialect, whatever the
// step is that each ends and begins with.
func TestSeveralTransactions(t *testing.T) {
	list := []scene{scenes[0], scenes[6], scenes[10], scenes[20], scenes[22], scenes[9]}
	for i := range list {
		list[i].others = nil
	}
	_, lines := execute(t, list...)
	for _, c := range clients {
		got := importAlone(t, c.write(lines), Options{ChainID: 1})
		if len(got.Bundle.Txs) != len(list) {
			t.Errorf("%s: %d transactions, want %d", c.name, len(got.Bundle.Txs), len(list))
		}
	}
}

func anyOf(lines []line) []any {
	all := make([]any, len(lines))
	for i, l := range lines {
		all[i] = l
	}
	return all
}

func importAlone(t *testing.T, text []byte, opt Options) *Imported {
	t.Helper()
	got, err := Import([]string{write(t, "trace.jsonl", text)}, opt)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return got
}
