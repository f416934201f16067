package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/eth/tracers/logger"

	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sample is a block of all kinds of transactions: the bundle, its block as JSON, and its trace in
// go-ethereum's EIP-3155 lines.
func sample(t testing.TB) (b *traces.Bundle, block, lines []byte) {
	t.Helper()
	b, err := generator.New(generator.Params{Workload: "mainnet-mix", Transactions: 12, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var text, trace bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Block json.RawMessage `json:"block"`
	}
	if err := json.Unmarshal(text.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	hooks := logger.NewJSONLogger(&logger.Config{}, &trace)
	env := new(tracing.VMContext)
	run := traces.Execution{
		Bundle: b, Hooks: hooks,
		Begin:  func(st *gethstate.StateDB) { env.StateDB = st },
		Before: func(tx int) { hooks.OnTxStart(env, b.Txs[tx], common.Address{}) },
	}
	if hooks.OnSystemCallStart == nil {
		t.Fatal("the logger would write system calls")
	}
	if _, err := run.Run(); err != nil {
		t.Fatal(err)
	}
	return b, doc.Block, trace.Bytes()
}

// TestDialects: the trace of a block in any dialect makes a bundle that executes as the
// block did, step by step.
func TestDialects(t *testing.T) {
	b, block, lines := sample(t)
	want, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(pattern, with string) []byte {
		return regexp.MustCompile(pattern).ReplaceAll(lines, []byte(with))
	}
	for _, c := range []struct {
		name, dialect string
		lines         []byte
	}{
		{"go-ethereum", "EIP-3155, go-ethereum", lines},
		{"sections", "EIP-3155, go-ethereum, with code sections", edit(`{"pc":`, `{"section":0,"pc":`)},
		{"opcodes in hexadecimal", "EIP-3155, go-ethereum", edit(`"op":(\d+)`, `"op":"$1"`)},
		{"no costs", "EIP-3155, go-ethereum, no gasCost", edit(`"gasCost":"0x[0-9a-f]+",`, ``)},
		{"a step told twice", "EIP-3155, go-ethereum", edit(`(?m)^({.*"opName":"RETURN".*})$`, "$1\n$1")},
	} {
		got, err := Import([]string{write(t, "block.json", block), write(t, "t.jsonl", c.lines)}, Options{ChainID: 1})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Mismatch != nil || got.Compared != want.Steps.Len() {
			t.Errorf("%s: %d of %d steps compared: %v", c.name, got.Compared, want.Steps.Len(), got.Mismatch)
		}
		if d := got.Bundle.Provenance.Dialect; d != c.dialect {
			t.Errorf("%s: dialect %q, want %q", c.name, d, c.dialect)
		}
		have, err := traces.Record(got.Bundle)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.Steps.Len() {
			if *have.Steps.At(i) != *want.Steps.At(i) {
				t.Fatalf("%s: step %d is %+v, want %+v", c.name, i, *have.Steps.At(i), *want.Steps.At(i))
			}
		}
	}
}

// tracedStates is what a prestateTracer says of a bundle: everything with the first transaction.
func tracedStates(b *traces.Bundle, nonce func(uint64) any) []map[string]any {
	list := make([]map[string]any, len(b.Txs))
	for i, tx := range b.Txs {
		list[i] = map[string]any{"txHash": tx.Hash(), "result": map[string]any{}}
	}
	all := map[common.Address]map[string]any{}
	for address, acct := range b.Prestate {
		storage := map[common.Hash]common.Hash{}
		for slot, value := range acct.Storage {
			storage[slot.Bytes32()] = value.Bytes32()
		}
		all[common.Address(address)] = map[string]any{
			"balance": (*hexutil.Big)(acct.Balance.ToBig()), "nonce": nonce(acct.Nonce), "code": hexutil.Bytes(acct.Code), "storage": storage,
		}
	}
	list[0]["result"] = all
	return list
}

// TestPrestateWithItsBlock: the output of a prestateTracer, for each transaction or for the block, as the node wrapped
// it or not, with nonces of either kind, makes the block that it was traced of.
func TestPrestateWithItsBlock(t *testing.T) {
	b, block, _ := sample(t)
	want, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	number := func(n uint64) any { return n }
	hexadecimal := func(n uint64) any { return hexutil.Uint64(n) }
	text := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	each := tracedStates(b, number)
	traced, err := tracetest.Trace(b, "prestateTracer", "{}")
	if err != nil {
		t.Fatal(err)
	}
	var bare, answers []any
	var lines []byte
	for i, r := range traced {
		lines = append(append(lines, text(r)...), '\n')
		bare = append(bare, r.Result)
		answers = append(answers, map[string]any{"jsonrpc": "2.0", "id": i, "result": r.Result})
	}
	plain := regexp.MustCompile(`"0x0*([0-9a-f]{40})":`).ReplaceAll(text(bare), []byte(`"$1":`))
	short := regexp.MustCompile(`"0x0+([1-9a-f][0-9a-f]*)"`).ReplaceAllFunc(text(bare), func(word []byte) []byte {
		if len(word) != 2+2+64 { // a word of storage
			return word
		}
		return append([]byte(`"0x`), bytes.TrimLeft(word[3:], "0")...)
	})
	if bytes.Equal(plain, text(bare)) || bytes.Equal(short, text(bare)) {
		t.Fatal("nothing was changed")
	}
	for _, c := range []struct {
		name, dialect   string
		prestate, block []byte
	}{
		{"of every transaction", "prestateTracer output of every transaction", text(traced), block},
		{"without the wrapper", "prestateTracer output of every transaction", text(bare), block},
		{"one after the other", "prestateTracer output of every transaction", lines, block},
		{"a batch of answers", "prestateTracer output of every transaction", text(answers), block},
		{"addresses without 0x", "prestateTracer output of every transaction", plain, block},
		{"words without padding", "prestateTracer output of every transaction", short, block},
		{"all with the first transaction", "prestateTracer output of every transaction", text(each), block},
		{"as the node wrote it", "prestateTracer output of every transaction", text(map[string]any{"jsonrpc": "2.0", "id": 1, "result": each}), text(map[string]any{"jsonrpc": "2.0", "id": 2, "result": json.RawMessage(block)})},
		{"nonces in hexadecimal", "prestateTracer output of every transaction", text(tracedStates(b, hexadecimal)), block},
		{"of the block", "prestateTracer output of the whole block", text(each[0]["result"]), block},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Import([]string{write(t, "prestate.json", c.prestate), write(t, "block.json", c.block)}, Options{ChainID: 1})
			if err != nil {
				t.Fatal(err)
			}
			if d := got.Bundle.Provenance.Dialect; d != c.dialect {
				t.Errorf("dialect %q, want %q", d, c.dialect)
			}
			have, err := traces.Record(got.Bundle)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(have.Steps.Slice(), want.Steps.Slice()) {
				t.Errorf("%d steps, other ones than the block's %d", have.Steps.Len(), want.Steps.Len())
			}
		})
	}
}

// TestPrestateOfAnotherBlock: a pre-state that does not reproduce the header is no bundle.
func TestPrestateOfAnotherBlock(t *testing.T) {
	b, block, _ := sample(t)
	poor := tracedStates(b, func(n uint64) any { return n })
	for _, acct := range poor[0]["result"].(map[common.Address]map[string]any) {
		acct["storage"] = map[common.Hash]common.Hash{}
	}
	for _, c := range []struct {
		name     string
		prestate any
		differs  bool
		want     string
	}{
		{"empty storage", poor, true, "does not reproduce the header"},
		{"of transactions in another order", append(append([]map[string]any{}, poor[1:]...), poor[0]), false, "transaction 0: its result is of"},
		{"too few results", poor[1:], false, "11 results of 12 transactions"},
		{"a balance beyond 256 bits", []any{map[string]any{"result": map[string]any{"0x000000000000000000000000000000000000aaaa": map[string]any{"balance": "0x1" + strings.Repeat("0", 64)}}}}, false, "1 results of 12"},
		{"a nonce that is none", map[string]any{"0x000000000000000000000000000000000000aaaa": map[string]any{"balance": "0x1", "nonce": "x"}}, false, "is not a 64-bit number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := json.Marshal(c.prestate)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Import([]string{write(t, "prestate.json", raw), write(t, "block.json", block)}, Options{ChainID: 1})
			var differs *DifferenceError
			if err == nil || errors.As(err, &differs) != c.differs || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v (difference: %v), want one line with %q", err, errors.As(err, &differs), c.want)
			}
		})
	}
}

// TestReceiptsBesideTheBlock: where receipts are given, a difference names the first transaction that differs; receipts that
// are the block's change nothing, and ones of another block are refused.
func TestReceiptsBesideTheBlock(t *testing.T) {
	b, block, _ := sample(t)
	golden, err := traces.Execute(b)
	if err != nil {
		t.Fatal(err)
	}
	right := tracedStates(b, func(n uint64) any { return n })[0]["result"].(map[common.Address]map[string]any)
	text := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good := text(right)
	for _, acct := range right {
		acct["storage"] = map[common.Hash]common.Hash{}
	}
	poor := text(right)
	for _, c := range []struct {
		name               string
		prestate, receipts []byte
		want               string
	}{
		{"they agree", good, text(golden.Receipts), ""},
		{"as the node wrote them", good, text(map[string]any{"id": 1, "result": golden.Receipts}), ""},
		{"a wrong pre-state", poor, text(golden.Receipts), "the first transaction that differs is "},
		{"too few", good, text(golden.Receipts[1:]), "11 receipts of 12 transactions"},
		{"of another order", good, text(append(golden.Receipts[1:], golden.Receipts[0])), "receipt 0 is of "},
	} {
		got, err := Import([]string{write(t, "prestate.json", c.prestate), write(t, "receipts.json", c.receipts), write(t, "block.json", block)}, Options{ChainID: 1})
		switch {
		case c.want == "" && (err != nil || got == nil):
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestTraceThatIsNotTheExecution: a trace that go-ethereum's execution of what was made of it
// contradicts makes no bundle, with its block or alone.
func TestTraceThatIsNotTheExecution(t *testing.T) {
	_, block, lines := sample(t)
	wrong := regexp.MustCompile(`"gas":"0x([0-9a-f]+)1"`).ReplaceAll(lines, []byte(`"gas":"0x${1}2"`))
	lie := strings.Replace(aloneTrace, `"stack":["0x3"]`, `"stack":["0x4"]`, 1)
	for _, c := range []struct {
		name  string
		files []string
	}{
		{"alone", []string{write(t, "t.jsonl", []byte(lie))}},
		{"of a block", []string{write(t, "block.json", block), write(t, "t.jsonl", wrong)}},
	} {
		got, err := Import(c.files, Options{ChainID: 1})
		var differs *DifferenceError
		if !errors.As(err, &differs) || got != nil || !strings.Contains(err.Error(), "is not the trace: transaction ") {
			t.Errorf("%s: got %v (%v), want a difference", c.name, got, err)
		}
	}
}

// TestImportedAgain: a bundle that says what is not known goes on saying it.
func TestImportedAgain(t *testing.T) {
	got, err := Import([]string{write(t, "alone.jsonl", []byte(aloneTrace))}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.json")
	if err := got.Bundle.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Import([]string{path}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if p, want := again.Bundle.Provenance, got.Bundle.Provenance; !slices.Equal(p.Warnings, want.Warnings) || p.Dialect != want.Dialect {
		t.Errorf("provenance %+v, want %+v", p, want)
	}
}

// aloneTrace is what evm run prints for PUSH1 1 PUSH1 2 ADD PUSH1 0 SSTORE.
const aloneTrace = `{"pc":0,"op":96,"gas":"0x10000","gasCost":"0x3","memSize":0,"stack":[],"depth":1,"refund":0,"opName":"PUSH1"}
{"pc":2,"op":96,"gas":"0xfffd","gasCost":"0x3","memSize":0,"stack":["0x1"],"depth":1,"refund":0,"opName":"PUSH1"}
{"pc":4,"op":1,"gas":"0xfffa","gasCost":"0x3","memSize":0,"stack":["0x1","0x2"],"depth":1,"refund":0,"opName":"ADD"}
{"pc":5,"op":96,"gas":"0xfff7","gasCost":"0x3","memSize":0,"stack":["0x3"],"depth":1,"refund":0,"opName":"PUSH1"}
{"pc":7,"op":85,"gas":"0xfff4","gasCost":"0x1388","memSize":0,"stack":["0x3","0x0"],"depth":1,"refund":0,"opName":"SSTORE"}
{"pc":8,"op":0,"gas":"0xec6c","gasCost":"0x0","memSize":0,"stack":[],"depth":1,"refund":0,"opName":"STOP"}
{"output":"","gasUsed":"0x1394"}
`

// TestTraceAlone: a trace without a block gets a stated context, says what was not known,
// and the bundle survives being saved. The SSTORE costs 5,000 gas: 2,100 for a cold slot
// and 2,900 as it was neither zero nor 3.
func TestTraceAlone(t *testing.T) {
	got, err := Import([]string{write(t, "alone.jsonl", []byte(aloneTrace))}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got.Mismatch != nil || got.Compared != 6 {
		t.Errorf("%d steps compared: %v", got.Compared, got.Mismatch)
	}
	path := filepath.Join(t.TempDir(), "b.json.zst")
	if err := got.Bundle.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := traces.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(b.Provenance.Warnings, "\n")
	for _, want := range []string{"stated context of chain 1, fork prague", "its sender is not in the trace", "its receiver is not", "1 slots are written before they are read"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no warning has %q:\n%s", want, notes)
		}
	}
}

// TestTraceAloneWithoutCosts: without gasCost, the cost of a step is then what the gas of the next one leaves,
// and the slot that SSTORE overwrites is found from it as before.
func TestTraceAloneWithoutCosts(t *testing.T) {
	trace := regexp.MustCompile(`"gasCost":"0x[0-9a-f]+",`).ReplaceAllString(aloneTrace, "")
	with, err := Import([]string{write(t, "alone.jsonl", []byte(aloneTrace))}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	without, err := Import([]string{write(t, "alone.jsonl", []byte(trace))}, Options{ChainID: 1})
	if err != nil {
		t.Fatal(err)
	}
	if without.Mismatch != nil || without.Compared != with.Compared {
		t.Errorf("%d steps compared: %v", without.Compared, without.Mismatch)
	}
	if with.Bundle.ContentHash != without.Bundle.ContentHash {
		t.Error("the pre-state is another one")
	}
}

// TestBrokenFiles: what is wrong is one line that names the file.
func TestBrokenFiles(t *testing.T) {
	_, block, _ := sample(t)
	for _, c := range []struct {
		name  string
		texts []string
		want  string
	}{
		{"empty", []string{""}, "the file is empty"},
		{"no JSON", []string{"hello"}, "no JSON object in it"},
		{"unknown", []string{`{"a":{"b":1}}`}, "not a format that is known"},
		{"truncated trace", []string{aloneTrace[:300]}, "ends too early"},
		{"no gas", []string{`{"pc":0,"op":1,"depth":1}`}, "a step has to have pc, op, gas and depth"},
		{"unknown opcode", []string{`{"pc":0,"op":"FOO","gas":1,"depth":1}`}, `op "FOO" is not known`},
		{"stack of a wrong type", []string{`{"pc":0,"op":1,"gas":1,"depth":1,"stack":7}`}, "a number where a list is expected"},
		{"pre-state alone", []string{`{"0x000000000000000000000000000000000000aaaa":{"balance":"0x1"}}`}, "needs the file of its block"},
		{"block alone", []string{string(block)}, "needs the file of its pre-state"},
		{"two traces", []string{aloneTrace, aloneTrace}, "so is"},
		{"another block's trace", []string{string(block), aloneTrace}, "the trace has 1 transactions, the block 12"},
		{"error of a node", []string{`{"jsonrpc":"2.0","id":1,"result":{"structLogs":[]},"error":{}}`}, "no step"},
	} {
		var files []string
		for i, text := range c.texts {
			files = append(files, write(t, fmt.Sprintf("f%d.json", i), []byte(text)))
		}
		_, err := Import(files, Options{ChainID: 1})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// endlessLog writes a structLog of so many steps as it is read.
type endlessLog struct {
	left int
	rest []byte
	done bool
}

func (e *endlessLog) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		switch {
		case e.done:
			return 0, io.EOF
		case e.left == 0:
			e.rest, e.done = []byte(`{"pc":1001,"op":"STOP","gas":1,"gasCost":0,"depth":1,"stack":[]}]}}`), true
		default:
			e.left--
			e.rest = fmt.Appendf(nil, `{"pc":%d,"op":"ADD","gas":%d,"gasCost":3,"depth":1,"stack":["0x%x","0x2"]},`, 1+e.left%1000, e.left+2, e.left)
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestLongTracesAreStreamed: 300,000 steps, more than 20 MB of text, are read in less than
// 4 MB of heap.
func TestLongTracesAreStreamed(t *testing.T) {
	const steps, most = 300_000, 4 << 20
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	seen, s := 0, newScan()
	text := io.MultiReader(strings.NewReader(`{"result":{"gas":1,"failed":false,"structLogs":[`), &endlessLog{left: steps})
	r := newReader(text, new(dialect), sink{end: s.end, step: func(n *Step) error {
		if seen++; seen%100_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			if grown := int64(now.HeapAlloc) - int64(before.HeapAlloc); grown > most {
				t.Errorf("%d bytes of heap after %d steps", grown, seen)
			}
		}
		return s.step(n)
	}})
	if err := r.read(); err != nil {
		t.Fatal(err)
	}
	if seen != steps+1 {
		t.Errorf("%d steps, want %d", seen, steps+1)
	}
}

// TestModuleFixtures: what of go-ethereum's own tracer fixtures is imported.
func TestModuleFixtures(t *testing.T) {
	_, files, err := ModuleFixtures()
	if err != nil {
		t.Skip(err)
	}
	imported := 0
	for _, file := range files {
		if _, err := Import([]string{file}, Options{}); err != nil {
			t.Logf("%s: %v", filepath.Base(file), err)
			continue
		}
		imported++
	}
	if imported != len(files) || len(files) < 90 {
		t.Errorf("%d of %d fixtures were imported", imported, len(files))
	}
}

// TestAccessListsRoundTrip: a written list is the block's, in either form; one with
// another balance is not.
func TestAccessListsRoundTrip(t *testing.T) {
	b, _, _ := sample(t)
	list, err := AccessList(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := AccessList(b)
	if err != nil || !bytes.Equal(list, again) {
		t.Errorf("two lists of one block differ (%v)", err)
	}
	for _, form := range [][]byte{list, fmt.Appendf(nil, "0x%x\n", list)} {
		if err := CheckAccessList(b, form); err != nil {
			t.Error(err)
		}
	}
	wrong := bytes.Clone(list)
	sender := b.Senders[0]
	at := bytes.Index(wrong, sender[:])
	if at < 0 {
		t.Fatal("the first sender is not in the list")
	}
	balance := at + 20 + bytes.IndexByte(wrong[at+20:], 0x90) // a string of 16 bytes
	wrong[balance+16] ^= 1
	var differs *DifferenceError
	if err := CheckAccessList(b, wrong); !errors.As(err, &differs) || !strings.Contains(err.Error(), "first at account 0x") {
		t.Errorf("got %v, want a difference", err)
	}
	if err := CheckAccessList(b, list[:len(list)/2]); err == nil || errors.As(err, &differs) {
		t.Errorf("half a list: %v", err)
	}
}
