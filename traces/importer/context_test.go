package importer

import (
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// costly has instructions whose price has changed from fork to fork.
var costly = join(
	do(1, vm.SLOAD, vm.POP, 0xbbbb, vm.BALANCE, vm.POP, 0xcccc, vm.EXTCODESIZE, vm.POP, 0x1234, 3, vm.EXP, vm.POP, 7, 2, vm.SSTORE, 8, 2, vm.SSTORE, 7, 1, vm.SSTORE),
	call(0xdddd, 0, 1_000), do(vm.POP), making(do(vm.JUMPDEST)), do(vm.POP),
)

// TestEveryFork: a trace of any fork is imported under it when it is asked for, and under one that has
// its costs when it is not.
func TestEveryFork(t *testing.T) {
	for _, name := range fixtures.Forks() {
		_, lines := execute(t, scene{name: name, fork: name, code: costly, storage: map[isa.Word]isa.Word{word(1): word(9)}})
		trace := text(anyOf(lines)...)
		for _, fork := range []string{name, ""} {
			got, err := Import([]string{write(t, "trace.jsonl", trace)}, Options{ChainID: 1, Fork: fork})
			if err != nil {
				t.Errorf("%s as %q: %v", name, fork, err)
				continue
			}
			if got.Mismatch != nil {
				t.Errorf("%s as %q: under %s: %v", name, fork, got.Bundle.Fork(), got.Mismatch)
			}
			if want := eraByRules(name).fork; fork != "" && got.Bundle.Fork() != want {
				t.Errorf("%s: under %s, want %s", name, got.Bundle.Fork(), want)
			}
			reload(t, name, got.Bundle)
		}
	}
}

// reload makes sure that a bundle is a sound one for whoever reads it.
func reload(t testing.TB, name string, b *traces.Bundle) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.json")
	if err := b.Save(path); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	again, err := traces.Load(path)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if err := verify(again, nil); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// blob is the hash of a blob.
func blob(n byte) common.Hash { return common.Hash{blobVersion, 31: n} }

// TestEnvironment: whatever a trace shows of its block and transaction is so in the bundle, and what it does
// not show goes with it. The trace is go-ethereum's, so that a bundle in which nothing differs
// has it all.
func TestEnvironment(t *testing.T) {
	show := func(ops ...any) []byte { return do(append(ops, vm.POP)...) }
	head := func(edit func(b *traces.Bundle)) func(*traces.Bundle) { return edit }
	delegating := runs(do(vm.CALLER, vm.POP, vm.ADDRESS, vm.POP, vm.CALLVALUE, vm.POP))
	at := func(number, time uint64) func(*traces.Bundle) {
		return func(b *traces.Bundle) { b.Header.Number.SetUint64(number); b.Header.Time = time }
	}
	chain := func(id uint64) func(*traces.Bundle) {
		return func(b *traces.Bundle) {
			config := *b.Config
			config.ChainID = new(big.Int).SetUint64(id)
			b.ChainID, b.Config = id, &config
		}
	}
	hash := common.Hash{1, 2, 3}
	excess := func(gas uint64) func(*traces.Bundle) { return func(b *traces.Bundle) { b.Header.ExcessBlobGas = &gas } }
	for _, s := range []scene{
		{name: "number of a test", code: show(vm.NUMBER), block: at(1, 1000)},
		{name: "number of mainnet's London", code: show(vm.NUMBER), fork: "London", block: at(13_500_000, 1_635_000_000)},
		{name: "number of mainnet's Paris", code: show(vm.NUMBER), fork: "Paris", block: at(16_000_000, 1_669_000_000)},
		{name: "number beyond the last fork", code: show(vm.NUMBER), block: at(90_000_000, 1_753_000_000)},
		{name: "timestamp of a test", code: show(vm.TIMESTAMP), block: at(1, 1000)},
		{name: "timestamp of mainnet's Istanbul", code: show(vm.TIMESTAMP), fork: "Istanbul", block: at(10_000_000, 1_588_598_533)},
		{name: "timestamp of mainnet's Cancun", code: show(vm.TIMESTAMP), fork: "Cancun", block: at(20_000_000, 1_717_281_407)},
		{name: "number and timestamp that no chain has", code: show(vm.NUMBER, vm.TIMESTAMP), block: at(20_000_000, 5)},
		{name: "number of another fork than the instructions", code: show(vm.NUMBER, 0, 0, 0, vm.MCOPY), block: at(5_000_000, 1_753_000_000)},
		{name: "difficulty", fork: "Istanbul", code: show(vm.DIFFICULTY), block: head(func(b *traces.Bundle) { b.Header.Difficulty.SetUint64(1 << 50) })},
		{name: "prevrandao", code: show(vm.DIFFICULTY), block: head(func(b *traces.Bundle) { b.Header.MixDigest = hash })},
		{name: "prevrandao of 0", code: show(vm.DIFFICULTY)},
		{name: "coinbase", code: show(vm.COINBASE, vm.BALANCE), block: head(func(b *traces.Bundle) { b.Header.Coinbase = common.Address{7} })},
		{name: "coinbase that is warm", code: show(0xc0b, vm.BALANCE, vm.COINBASE), block: head(func(b *traces.Bundle) { b.Header.Coinbase = common.Address(addressOf(0xc0b)) })},
		{name: "address 0 that is the coinbase", code: show(0, vm.BALANCE)},
		{name: "address 0 that is not", code: show(0, vm.BALANCE), block: head(func(b *traces.Bundle) { b.Header.Coinbase = common.Address{7} })},
		{name: "gas limit", code: show(vm.GASLIMIT), block: head(func(b *traces.Bundle) { b.Header.GasLimit = 123_456_789 })},
		{name: "small gas limit", code: show(vm.GASLIMIT), block: head(func(b *traces.Bundle) { b.Header.GasLimit = 300_000 })},
		{name: "the first block", code: show(vm.NUMBER, vm.TIMESTAMP, vm.GASLIMIT, vm.DIFFICULTY, vm.CHAINID), block: func(b *traces.Bundle) {
			at(0, 0)(b)
			chain(1337)(b)
			b.Header.GasLimit = 1<<64 - 1
		}},
		{name: "base fee and price", price: 9, code: show(vm.BASEFEE, vm.GASPRICE), block: head(func(b *traces.Bundle) { b.Header.BaseFee = big.NewInt(7) })},
		{name: "base fee without price", price: 7, code: show(vm.BASEFEE), block: head(func(b *traces.Bundle) { b.Header.BaseFee = big.NewInt(7) })},
		{name: "price without base fee", price: 9, code: show(vm.GASPRICE), block: head(func(b *traces.Bundle) { b.Header.BaseFee = big.NewInt(7) })},
		{name: "chain of a testnet", code: show(vm.CHAINID), block: chain(11_155_111)},
		{name: "chain of nobody", code: show(vm.CHAINID), block: chain(1337)},
		{name: "balance", balance: 5, value: 3, code: show(vm.SELFBALANCE, vm.CALLVALUE)},
		{name: "sender and receiver", value: 3, code: show(vm.ADDRESS, vm.CALLER, vm.ORIGIN, vm.CALLVALUE)},
		{name: "sender and receiver in a callee", code: join(call(0xbbbb, 0, 50_000), show()), others: state.Prestate{addressOf(0xbbbb): delegating}},
		{name: "sender, receiver and value in delegated code", value: 3, code: do(0, 0, 0, 0, 0xbbbb, vm.GAS, vm.DELEGATECALL, vm.POP), others: state.Prestate{addressOf(0xbbbb): delegating}},
		{name: "receiver in borrowed code", code: do(0, 0, 0, 0, 0, 0xbbbb, vm.GAS, vm.CALLCODE, vm.POP), others: state.Prestate{addressOf(0xbbbb): delegating}},
		{name: "receiver in borrowed code that looks at itself only", code: do(0, 0, 0, 0, 0, 0xbbbb, vm.GAS, vm.CALLCODE, vm.POP), others: state.Prestate{addressOf(0xbbbb): runs(do(vm.ADDRESS, vm.POP))}},
		{name: "blob base fee of 1", code: show(vm.BLOBBASEFEE)},
		{name: "blob base fee of Cancun", fork: "Cancun", code: show(vm.BLOBBASEFEE), block: excess(80_000_000)},
		{name: "blob base fee of Prague", code: show(vm.BLOBBASEFEE), block: excess(786432 * 100)},
		{name: "blob base fee of Osaka", fork: "Osaka", code: show(vm.BLOBBASEFEE, vm.CLZ), block: excess(786432 * 90)},
		{name: "blob hashes", code: show(0, vm.BLOBHASH, 1, vm.BLOBHASH, 2, vm.BLOBHASH), blobs: []common.Hash{blob(1), blob(2)}},
		{name: "some blob hashes", code: show(1, vm.BLOBHASH), blobs: []common.Hash{blob(1), blob(2)}},
		{name: "no blob hash", code: show(0, vm.BLOBHASH)},
		{name: "block hashes", code: show(5, vm.BLOCKHASH, 260, vm.BLOCKHASH), block: head(func(b *traces.Bundle) {
			b.Header.Number.SetUint64(261)
			b.BlockHashes[5], b.BlockHashes[260] = hash, hash
			b.Header.ParentHash = hash
		})},
		{name: "a block hash of mainnet", fork: "London", code: show(13_000_000, vm.BLOCKHASH, vm.BASEFEE), block: head(func(b *traces.Bundle) {
			b.Header.Number.SetUint64(13_000_100)
			b.BlockHashes[13_000_000] = hash
		})},
		{name: "a block hash and the number", code: show(13_000_000, vm.BLOCKHASH, vm.NUMBER), block: head(func(b *traces.Bundle) {
			b.Header.Number.SetUint64(13_000_256)
			b.BlockHashes[13_000_000] = hash
		})},
		{name: "no block hash", code: show(5, vm.BLOCKHASH)},
	} {
		if strings.HasPrefix(s.name, "sender") || strings.HasPrefix(s.name, "receiver") {
			s.from, s.to = common.Address{5}, common.Address{6}
		}
		_, lines := execute(t, s)
		got := importAlone(t, text(anyOf(lines)...), Options{ChainID: 1})
		if got.Mismatch != nil {
			t.Errorf("%s: under %s: %v", s.name, got.Bundle.Fork(), got.Mismatch)
		}
		reload(t, s.name, got.Bundle)
		if strings.Contains(s.name, "mainnet's") && (got.Bundle.Fork() != eraByRules(s.fork).fork || got.Bundle.Config != params.MainnetChainConfig) {
			t.Errorf("%s: it is of %s", s.name, got.Bundle.Fork())
		}
		if from := got.Bundle.Senders[0]; s.from != (common.Address{}) && strings.HasPrefix(s.name, "sender") && !strings.Contains(s.name, "callee") && from != s.from {
			t.Errorf("%s: the sender is %v, want %v", s.name, from, s.from)
		}
		if to := *got.Bundle.Txs[0].To(); s.to != (common.Address{}) && to != s.to {
			t.Errorf("%s: the receiver is %v, want %v", s.name, to, s.to)
		}
	}
}

// TestGasOfSeveralTransactions: each has what its first step has, whatever the ones before it use.
func TestGasOfSeveralTransactions(t *testing.T) {
	heavy := scene{name: "heavy", gas: 25_000_000, code: do(0, 20_000, vm.JUMP)} // a fault uses all of it
	_, lines := execute(t, heavy, heavy)
	more := scene{name: "more", gas: 50_000_000, code: heavy.code}
	_, other := execute(t, more)
	got := importAlone(t, text(anyOf(append(append(lines, other...), other...))...), Options{ChainID: 1})
	if got.Mismatch != nil || len(got.Bundle.Txs) != 4 || got.Bundle.Header.GasLimit < 150_000_000 {
		t.Errorf("%d transactions under a gas limit of %d: %v", len(got.Bundle.Txs), got.Bundle.Header.GasLimit, got.Mismatch)
	}
}

// TestMoreGasThanOsakaAllows: steps are compared by what they use.
func TestMoreGasThanOsakaAllows(t *testing.T) {
	s := scenes[len(scenes)-1]
	s.code = join(do(3, vm.CLZ, vm.POP), s.code)
	s.fork = "Osaka"
	_, lines := execute(t, s)
	for _, more := range []uint64{0, 10_000_000_000} {
		steps := make([]any, len(lines))
		for i, l := range lines {
			if steps[i] = l; l.step() && l.depth() == 1 {
				steps[i] = l.set("gas", hexed(l.number("gas")+more))
			}
		}
		if got := importAlone(t, text(steps...), Options{ChainID: 1}); got.Mismatch != nil {
			t.Errorf("with %d more: %v", more, got.Mismatch)
		}
	}
}

// TestChainConfig: a trace alone stands in the chain configuration that is given, under the fork that
// is asked for.
func TestChainConfig(t *testing.T) {
	config := fixtures.Config("London", 4242)
	shanghai := uint64(1_800_000_000)
	config.TerminalTotalDifficulty, config.ShanghaiTime = new(big.Int), &shanghai
	_, lines := execute(t, scene{name: "plain", fork: "London", code: do(1, vm.POP, vm.CHAINID, vm.POP), block: func(b *traces.Bundle) {
		b.ChainID, b.Config = 4242, fixtures.Config("London", 4242)
	}})
	for _, c := range []struct {
		fork, want string
	}{{"", "shanghai"}, {"London", "london"}, {"Paris", "paris"}, {"Shanghai", "shanghai"}} {
		got := importAlone(t, text(anyOf(lines)...), Options{ChainID: 4242, Config: config, Fork: c.fork})
		if got.Mismatch != nil || got.Bundle.Fork() != c.want || got.Bundle.Config != config {
			t.Errorf("--fork %q: %s, %v", c.fork, got.Bundle.Fork(), got.Mismatch)
		}
		reload(t, c.want, got.Bundle)
	}
}

// TestSettingsThatCannotBe: one line says what does not go together.
func TestSettingsThatCannotBe(t *testing.T) {
	step := func(pc int, op string, gas int, stack string) string {
		return fmt.Sprintf(`{"pc":%d,"op":%q,"gas":%d,"depth":1,"stack":[%s]}`, pc, op, gas, stack)
	}
	shows := func(op, value string, cost int) string {
		return step(0, op, 1000, "") + "\n" + step(1, "POP", 1000-cost, value) + "\n" + step(2, "STOP", 998-cost, "") + "\n"
	}
	hashes := step(0, "PUSH1", 1000, "") + step(2, "BLOCKHASH", 997, `"0x5"`) + step(3, "PUSH2", 977, `"0x1"`) + step(6, "BLOCKHASH", 974, `"0x1","0x9999"`) + step(7, "STOP", 954, `"0x1","0x2"`)
	numbered := step(0, "PUSH1", 1000, "") + step(2, "BLOCKHASH", 997, `"0x5"`) + step(3, "NUMBER", 977, `"0x1"`) + step(4, "STOP", 975, `"0x1","0x999"`)
	fees := step(0, "BASEFEE", 1000, "") + step(1, "GASPRICE", 998, `"0x7"`) + step(2, "STOP", 996, `"0x7","0x6"`)
	blobs := step(0, "PUSH0", 1000, "") + step(1, "BLOBHASH", 998, `"0x0"`) + step(2, "STOP", 995, `"0x7"`)
	for _, c := range []struct {
		name, trace string
		opt         Options
		want        string
	}{
		{"an instruction that the fork does not have", shows("PUSH0", `"0x0"`, 2), Options{Fork: "London"}, "executes PUSH0 at pc 0x0, which london does not have: shanghai was the first fork with it (--fork shanghai)"},
		{"an instruction that nobody has", shows("0x0c", `"0x0"`, 2), Options{}, "nor any other fork"},
		{"hashes that no block sees", hashes, Options{}, "no block sees both"},
		{"a number that does not see the hash", numbered, Options{}, "NUMBER is 2457, and BLOCKHASH finds a block's hash from 6 to 261 only"},
		{"numbers of two blocks", shows("NUMBER", `"0x1"`, 2) + shows("NUMBER", `"0x2"`, 2), Options{}, "one block cannot have both"},
		{"another chain", shows("CHAINID", `"0x5"`, 2), Options{Config: fixtures.Config("London", 1)}, "CHAINID is 5 in the trace, and 1 in the chain configuration"},
		{"no chain", shows("CHAINID", `"0x0"`, 2), Options{}, "CHAINID is 0"},
		{"a fork that the chain does not have", shows("ADDRESS", `"0x5"`, 2), Options{Config: fixtures.Config("London", 1), Fork: "Cancun"}, "the chain configuration has no block of cancun"},
		{"a price below the base fee", fees, Options{}, "its gas price is 6, below the block's base fee of 7"},
		{"no difficulty", shows("DIFFICULTY", `"0x0"`, 2), Options{Fork: "Istanbul"}, "DIFFICULTY is 0"},
		{"a number beyond 64 bits", shows("NUMBER", `"0x10000000000000000"`, 2), Options{}, "not a 64-bit number"},
		{"a hash of no blob", blobs, Options{}, "no hash of a blob"},
	} {
		_, err := Import([]string{write(t, "trace.jsonl", []byte(c.trace))}, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// TestAgesOfMainnet: number and time that are interpolated from each other are of one fork.
func TestAgesOfMainnet(t *testing.T) {
	for i, e := range eras {
		if e.fork == "constantinople" {
			continue
		}
		numbers := []uint64{e.number, e.number + 1000}
		if i+1 < len(eras) && eras[i+1].number > e.number {
			numbers = append(numbers, (e.number+eras[i+1].number)/2)
		}
		for _, n := range numbers {
			p := setting{era: &e, config: params.MainnetChainConfig, number: n, time: timeOf(n)}
			if !p.holds() {
				t.Errorf("block %d at %d is of %s, want %s", n, p.time, traces.Fork(p.config, p.header()), e.fork)
			}
			if back := numberOf(p.time); back+1 < n || back > n+1 {
				t.Errorf("block %d is at %d, and that is the time of %d", n, p.time, back)
			}
		}
	}
}
