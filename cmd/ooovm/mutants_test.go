package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth/tracers/logger"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

var (
	mutants     = flag.Int("mutants", 40, "how many mutants of bundles TestMutants makes; of other formats half as many each")
	mutantsFrom = flag.Uint64("mutants-from", 0, "number of the first mutant")
)

// mutantMemory is what a run of a mutant may take, mutantBase what the process takes beside
// it: program, garbage, and what is not counted.
const (
	mutantMemory = 128 << 20
	mutantBase   = 384 << 20
)

// mutantLimits bound a mutant's process in any case.
const mutantLimits = "ulimit -v 4194304"

// mutantTime is the --timeout of a mutant that runs, and mutantExtra how much processor time
// it may take besides.
const (
	mutantTime  = time.Second
	mutantExtra = 2 * time.Second
)

// species is a format whose mutants are fed to commands.
type species struct {
	name     string
	share    int // of -mutants, in quarters
	make     func(m *mutator, seeds [][]byte) []byte
	seeds    func(t *testing.T) [][]byte
	suffix   string
	commands [][]string // FILE is the mutant, OUT a file to write
}

var validating = []string{"--timeout", mutantTime.String(), "FILE"}

var allSpecies = []species{
	{"bundles", 3, (*mutator).any, bundleSeeds, ".json", [][]string{
		append([]string{"validate", "-q"}, validating...), append([]string{"run", "--json"}, validating...),
		{"trace", "info", "FILE"},
		append([]string{"validate", "-q", "--check=false", "--preset", "limit"}, validating...), append([]string{"levels", "--cores", "2"}, validating...),
		{"trace", "import", "FILE", "-o", "OUT"},
		{"trace", "bal", "FILE", "-o", "OUT"},
	}},
	{"sealed bundles", 1, (*mutator).sealed, bundleSeeds, ".json", [][]string{
		append([]string{"validate", "-q"}, validating...), append([]string{"validate", "-q", "--preset", "limit"}, validating...),
		append([]string{"validate", "-q", "--check=false"}, validating...), append([]string{"run", "--policy", "block-stm", "--cores", "4"}, validating...),
	}},
	{"fixtures", 2, (*mutator).any, fixtureSeeds, ".json", [][]string{
		append([]string{"statetest", "-q"}, validating...), append([]string{"statetest", "-q", "--preset", "limit", "--check=false"}, validating...),
		{"trace", "import", "FILE", "-o", "OUT"},
	}},
	{"FuelVM files", 2, (*mutator).any, fuelSeeds, ".fuel.json", [][]string{
		append([]string{"validate", "-q"}, validating...), append([]string{"run", "--preset", "limit"}, validating...), {"disasm", "FILE"},
	}},
	{"traces", 2, (*mutator).any, traceSeeds, ".jsonl", [][]string{{"trace", "import", "FILE", "-o", "OUT"}}},
}

// any mutates the text of a seed.
func (m *mutator) any(seeds [][]byte) []byte { return m.mutate(seeds[m.IntN(len(seeds))]) }

// TestMutants: whatever is done to an input, a command ends with one of the exit codes that it
// promises, in lines of its own, soon, and within its memory. -v prints how they ended.
func TestMutants(t *testing.T) {
	for i, s := range allSpecies {
		t.Run(s.name, func(t *testing.T) {
			seeds := s.seeds(t)
			ends, worst := map[string]int{}, process{}
			for n := range uint64(max(1, *mutants*s.share/4)) {
				number := *mutantsFrom + n
				m := &mutator{rand.New(rand.NewPCG(number, uint64(i)))}
				text := s.make(m, seeds)
				path := filepath.Join(t.TempDir(), fmt.Sprintf("mutant-%d%s", number, s.suffix))
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
				args := []string{"--memory", fmt.Sprint(mutantMemory)}
				for _, arg := range s.commands[m.IntN(len(s.commands))] {
					args = append(args, strings.NewReplacer("FILE", path, "OUT", path+".out").Replace(arg))
				}
				p := start(t, mutantLimits, nil, args...)
				ends[fmt.Sprint(p.code)]++
				worst.wall, worst.cpu, worst.peak = max(worst.wall, p.wall), max(worst.cpu, p.cpu), max(worst.peak, p.peak)
				if why := unfit(&p); why != "" {
					t.Errorf("mutant %d: %q: exit code %d, %v of processor time, %d MiB: %s\n%s", number, args, p.code, p.cpu, p.peak>>20, why, shown(p.stderr))
					if t.Failed() && *mutants > 100 {
						keep(t, path, text)
					}
				}
				os.Remove(path)
			}
			t.Logf("exit codes %v; the slowest took %v (%v of processor time), the largest %d MiB", ends, worst.wall.Round(time.Millisecond), worst.cpu.Round(time.Millisecond), worst.peak>>20)
		})
	}
}

// keep leaves a mutant for who looks into it.
func keep(t *testing.T, path string, text []byte) {
	t.Helper()
	kept := filepath.Join(os.TempDir(), filepath.Base(path))
	if err := os.WriteFile(kept, text, 0o600); err == nil {
		t.Logf("it is kept as %s", kept)
	}
}

// unfit says what no end may be, empty for an end that is as promised.
func unfit(p *process) string {
	switch {
	case p.rude() != "":
		return p.rude()
	case p.code == exitFailed && !strings.Contains(p.stderr, "(--memory)"):
		return "it failed"
	case !slices.Contains([]int{exitOK, exitFailed, exitUsage, exitDifference, exitTimeout}, p.code):
		return "no exit code that is promised"
	case p.code != exitOK && len(p.lines()) == 0:
		return "it says nothing"
	case p.cpu > 2*mutantTime+mutantExtra: // the collector works on the other core
		return "it takes too long"
	case p.peak > mutantMemory+mutantBase:
		return "it takes too much memory"
	}
	return ""
}

// bundleSeeds are small blocks of many things, and the embedded one.
func bundleSeeds(t *testing.T) (seeds [][]byte) {
	for _, p := range []generator.Params{
		{Workload: "mainnet-mix", Transactions: 6, Seed: 1}, {Workload: "swap-pools", Transactions: 3, Seed: 2, Fork: "cancun"}, {Workload: "mainnet-mix", Transactions: 2, Seed: 3, Fork: "osaka"},
	} {
		b, err := generator.New(p)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, written(t, b))
	}
	return append(seeds, embeddedText(t))
}

func written(t testing.TB, b *traces.Bundle) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// fixtureSeeds are a state test, and some of the official ones where they are.
func fixtureSeeds(t *testing.T) [][]byte {
	const own = `{"t":{"env":{"currentCoinbase":"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba","currentDifficulty":"0x020000","currentRandom":"0x01",
"currentGasLimit":"0x05f5e100","currentNumber":"0x01","currentTimestamp":"1000","currentBaseFee":"0x0a","currentExcessBlobGas":"0x0"},
"pre":{"0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b":{"balance":"0x0de0b6b3a7640000","code":"0x","nonce":"0x02","storage":{}},
"0xb94f5374fce5edbc8e2a8697c15331677e6ebf0b":{"balance":"0x0","code":"0x600160020160005560206000f3","nonce":"0x01","storage":{"0x01":"0x0203"}}},
"transaction":{"data":["0x","0x00ff"],"gasLimit":["0x0186a0"],"value":["0x0a"],"gasPrice":"0x14","nonce":"0x02","to":"0xb94f5374fce5edbc8e2a8697c15331677e6ebf0b",
"secretKey":"0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"},
"post":{"Prague":[{"hash":"0x0000000000000000000000000000000000000000000000000000000000000000","logs":"0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347","indexes":{"data":0,"gas":0,"value":0}}],
"Frontier":[{"hash":"0x0000000000000000000000000000000000000000000000000000000000000000","logs":"0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347","indexes":{"data":1,"gas":0,"value":0}}]}}}`
	return [][]byte{[]byte(own)}
}

// fuelSeeds are programs of both kinds of files.
func fuelSeeds(t *testing.T) [][]byte {
	const own = `{"schema":"ooovm.fuel/1","block":{"height":5},"contracts":[{"id":"0x1111111111111111111111111111111111111111111111111111111111111111","code":"0x5d43f00024040000",
"storage":{"0x2222222222222222222222222222222222222222222222222222222222222222":"0x01"},"balances":{"0x3333333333333333333333333333333333333333333333333333333333333333":"10"}}],
"transactions":[{"gas_limit":10000,"script":"0x5040004050410014144100402404000024040000","script_data":"0x0102","inputs":[{"type":"contract","contract_id":"0x1111111111111111111111111111111111111111111111111111111111111111"},{"type":"coin","amount":1000}],
"outputs":[{"type":"contract","input_index":0}]}]}`
	return [][]byte{
		[]byte(own), []byte(`{"schema":"ooovm.fuel/1","transactions":[{"gas_limit":100000000000,"script":"0x90000000"}]}`),
		[]byte(`{"vectors": [{"id": "a", "env": {"gas_limit": "10", "script": "24"}}]}`), []byte(`{"programs": [{"name": "a", "env": {"txs": [{"gas_limit": 1}]}}]}`),
	}
}

// traceSeeds are a trace in go-ethereum's EIP-3155 lines and as a structLog.
func traceSeeds(t *testing.T) [][]byte {
	b, err := generator.New(generator.Params{Workload: "swap-pools", Transactions: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	hooks := logger.NewJSONLogger(&logger.Config{}, &text)
	env := new(tracing.VMContext)
	run := traces.Execution{
		Bundle: b, Hooks: hooks, Begin: func(st *gethstate.StateDB) { env.StateDB = st },
		Before: func(tx int) { hooks.OnTxStart(env, b.Txs[tx], common.Address{}) },
	}
	if _, err := run.Run(); err != nil {
		t.Fatal(err)
	}
	lines := text.Bytes()
	steps := slices.DeleteFunc(bytes.Split(lines, []byte("\n")), func(l []byte) bool { return !bytes.Contains(l, []byte(`"pc"`)) })
	structLog := slices.Concat([]byte(`{"result":{"gas":1,"failed":false,"structLogs":[`), bytes.Join(steps, []byte(",")), []byte("]}}"))
	const loop = `{"pc":0,"op":91,"gas":"0xffffffffffffff","gasCost":"0x1","stack":[],"depth":1}
{"pc":1,"op":96,"gas":"0xfffffffffffffe","gasCost":"0x3","stack":[],"depth":1}
{"pc":3,"op":86,"gas":"0xfffffffffffffb","gasCost":"0x8","stack":["0x0"],"depth":1}
{"pc":0,"op":91,"gas":"0xfffffffffffff3","gasCost":"0x1","stack":[],"depth":1}
`
	return [][]byte{lines, structLog, []byte(loop)}
}

// hostileCodes are programs that take what they can: time, memory, depth, logs, accounts.
var hostileCodes = []string{
	"5b600056", "5b60005a5a5a53600056", // loops, with memory at the gas left
	"6001600160ff1b52", "600063ffffffff53", "60006001603f1b53", "5b5952600056", // memory
	"5b60006000600060006000305af1600056", "5b6000600060006000305af4600056", // calls itself
	"5b63ffffffff6000a0600056", "5b620fffff6000a0600056", // logs
	"5b600060006000f0600056", "5b5a5a55600056", "5b5a5a5d600056", // creations, slots
	"5b620fffff60006000375b600056", "5b63ffffff600060003e", "620fffff600020", // copies
	"60ff60ff60ff60ff60ff60056000f1", "ff", "fe", "60003560003555", "30ff",
}

// sealed is a bundle with something changed and all hashes that follow made again: it passes
// the checks, and reaches the machine.
func (m *mutator) sealed(seeds [][]byte) []byte {
	for range 100 {
		b, err := traces.Read(bytes.NewReader(seeds[m.IntN(3)]), "seed")
		if err != nil || b.Check() != nil {
			panic("a seed is no bundle")
		}
		from := slices.Clone(b.Senders)
		for range 1 + m.IntN(2) {
			m.change(b, from)
		}
		h := b.Header
		h.TxHash = types.DeriveSha(b.Txs, trie.NewStackTrie(nil))
		if h.WithdrawalsHash != nil {
			root := types.DeriveSha(b.Withdrawals, trie.NewStackTrie(nil))
			h.WithdrawalsHash = &root
		}
		if n := h.Number.Uint64(); n > 0 {
			b.BlockHashes[n-1] = h.ParentHash
		}
		b.BlockHash, b.ContentHash = h.Hash(), ""
		b.StateSenders(from)
		var text bytes.Buffer
		if b.Write(&text) == nil {
			return text.Bytes()
		}
	}
	panic("no bundle can be written")
}

// large draws a number of any magnitude.
func (m *mutator) large() uint64 { return m.Uint64() >> m.IntN(64) }

// change changes something that is executed.
func (m *mutator) change(b *traces.Bundle, from []common.Address) {
	h, i := b.Header, m.IntN(len(b.Txs))
	switch m.IntN(12) {
	case 0, 1, 2:
		m.transaction(b, i, from[i])
	case 3, 4, 5:
		m.code(b)
	case 6:
		if h.GasLimit |= m.large(); m.IntN(4) == 0 {
			h.GasLimit = m.large()
		}
	case 7:
		if h.Time |= m.large(); m.IntN(4) == 0 {
			h.Time = m.large()
		}
	case 8:
		if h.BaseFee = new(big.Int).SetUint64(h.BaseFee.Uint64() & m.large()); m.IntN(4) == 0 {
			*h.ExcessBlobGas = m.large()
		}
	case 9:
		for _, a := range m.accounts(b) {
			a.Nonce, a.Balance = m.large(), isa.Word{m.Uint64(), m.Uint64(), m.Uint64(), m.Uint64()}
		}
	case 10:
		for _, a := range m.accounts(b) {
			if a.Storage == nil {
				a.Storage = map[isa.Word]isa.Word{}
			}
			for range m.IntN(100) {
				a.Storage[isa.Word{m.large()}] = isa.Word{m.large(), m.large()}
			}
		}
	case 11:
		b.Withdrawals = append(b.Withdrawals, &types.Withdrawal{Index: m.large(), Validator: m.large(), Amount: m.large(), Address: from[i]})
	}
}

// accounts draws one of the pre-state, in an order that does not depend on the map's.
func (m *mutator) accounts(b *traces.Bundle) []*state.Account {
	var all []state.Address
	for a := range b.Prestate {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b state.Address) int { return bytes.Compare(a[:], b[:]) })
	return []*state.Account{b.Prestate[all[m.IntN(len(all))]]}
}

// transaction gives one another limit, value, receiver or data. Its sender can pay.
func (m *mutator) transaction(b *traces.Bundle, i int, from common.Address) {
	tx := b.Txs[i]
	data := types.LegacyTx{Nonce: tx.Nonce(), GasPrice: new(big.Int).Set(b.Header.BaseFee), Gas: tx.Gas(), To: tx.To(), Value: tx.Value(), Data: tx.Data()}
	switch m.IntN(4) {
	case 0:
		data.Gas = m.large()
		b.Header.GasLimit = max(b.Header.GasLimit, data.Gas)
	case 1:
		data.Data = common.FromHex(hostileCodes[m.IntN(len(hostileCodes))])
		data.To = nil
	case 2:
		data.Data = bytes.Repeat([]byte{byte(m.IntN(256))}, m.IntN(100_000))
	case 3:
		data.Value = new(big.Int).SetUint64(m.large())
	}
	b.Txs[i] = types.NewTx(&data)
	if acct := b.Prestate[state.Address(from)]; acct != nil && m.IntN(4) > 0 {
		acct.Balance = isa.Word{0, 0, 1 << 60} // enough for any gas
	}
}

// code gives a contract that is called another program.
func (m *mutator) code(b *traces.Bundle) {
	to := b.Txs[m.IntN(len(b.Txs))].To()
	if to == nil {
		return
	}
	acct := b.Prestate[state.Address(*to)]
	if acct == nil {
		return
	}
	code := bytes.Clone(acct.Code)
	switch m.IntN(3) {
	case 0:
		code = common.FromHex(hostileCodes[m.IntN(len(hostileCodes))])
	case 1:
		for range 1 + m.IntN(4) {
			if len(code) > 0 {
				code[m.IntN(len(code))] = byte(m.IntN(256))
			}
		}
	case 2:
		code = make([]byte, 1+m.IntN(200))
		for i := range code {
			code[i] = byte(m.IntN(256))
		}
	}
	acct.Code = code
}

// TestSealedMutantsRun: most of them reach the machine, or they would prove nothing.
func TestSealedMutantsRun(t *testing.T) {
	seeds, passed, ran := bundleSeeds(t), 0, 0
	const all = 100
	for n := range uint64(all) {
		m := &mutator{rand.New(rand.NewPCG(n, 9))}
		b, err := traces.Read(bytes.NewReader(m.sealed(seeds)), "mutant")
		if err != nil || b.Check() != nil {
			continue
		}
		passed++
		stop, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := traces.ExecuteContext(stop, b); err == nil || stop.Err() != nil {
			ran++
		}
		cancel()
	}
	t.Logf("of %d sealed mutants %d pass the checks, %d are executed", all, passed, ran)
	if passed < all/2 || ran < all/4 {
		t.Error("too few")
	}
}

// TestSeeds: what mutants are made of is sound.
func TestSeeds(t *testing.T) {
	for _, s := range allSpecies {
		for i, text := range s.seeds(t) {
			path := filepath.Join(t.TempDir(), fmt.Sprintf("seed-%d%s", i, s.suffix))
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			var args []string
			for _, arg := range s.commands[0] {
				args = append(args, strings.NewReplacer("FILE", path, "OUT", path+".out").Replace(arg))
			}
			if p := start(t, "", nil, args...); p.code == exitUsage {
				t.Errorf("%s: seed %d: %s", s.name, i, shown(p.stderr))
			}
		}
	}
}
