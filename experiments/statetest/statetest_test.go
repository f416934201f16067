package statetest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	gethtests "github.com/ethereum/go-ethereum/tests"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces/corpustest"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// tiny is a state test of our own; its post-states are filled in by go-ethereum's
// harness.
type tiny struct {
	fork      string
	pre       string // further accounts, as JSON members
	to        string // empty for a creation
	data      []string
	value     string // "0x00" if empty
	gas       string // "0x0186a0" if empty
	exception string // expected of every subtest
	coinbase  string
}

const (
	tinySender = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"
	tinyCreate = "0x6295ee1b4f6dd65047762f924ecd367c17eabf8f" // what it creates at nonce 0
)

// with gives the fixture with post-states.
func (f tiny) with(post []map[string]any) string {
	or := func(text, instead string) string {
		if text == "" {
			return instead
		}
		return text
	}
	if f.pre != "" {
		f.pre = ", " + f.pre
	}
	data, _ := json.Marshal(f.data) // lists of strings and maps of them
	posts, _ := json.Marshal(post)  // never fail
	return fmt.Sprintf(`{"tiny": {
		"env": {"currentCoinbase": %q, "currentDifficulty": "0x020000", "currentRandom": "0x020000", "currentGasLimit": "0x05f5e100",
			"currentNumber": "0x01", "currentTimestamp": "0x03e8", "currentBaseFee": "0x0a", "currentExcessBlobGas": "0x00"},
		"pre": {%q: {"balance": "0x0de0b6b3a7640000", "code": "0x", "nonce": "0x00", "storage": {}}%s},
		"transaction": {"data": %s, "gasLimit": [%q], "gasPrice": "0x0a", "nonce": "0x00", "to": %q, "value": [%q],
			"secretKey": "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"},
		"post": {%q: %s}
	}}`, or(f.coinbase, "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"), tinySender, f.pre, data, or(f.gas, "0x0186a0"), f.to, or(f.value, "0x00"), f.fork, posts)
}

// fill asks go-ethereum's harness what every subtest has to end in. A transaction
// that it rejects keeps a root of zeros.
func (f tiny) fill(t testing.TB) []map[string]any {
	t.Helper()
	post := make([]map[string]any, len(f.data))
	for i := range post {
		zero := "0x" + strings.Repeat("00", 32)
		post[i] = map[string]any{"hash": zero, "logs": zero, "indexes": map[string]int{"data": i, "gas": 0, "value": 0}}
		if f.exception != "" {
			post[i]["expectException"] = f.exception
		}
	}
	var tests map[string]*gethtests.StateTest
	if err := json.Unmarshal([]byte(f.with(post)), &tests); err != nil {
		t.Fatal(err)
	}
	for i := range post {
		st, root, _, err := tests["tiny"].RunNoVerify(gethtests.StateSubtest{Fork: f.fork, Index: i}, vm.Config{}, false, rawdb.HashScheme)
		if err == nil {
			post[i]["hash"], post[i]["logs"] = root.Hex(), logsHash(t, st.StateDB.Logs())
		}
		st.Close()
	}
	return post
}

func logsHash(t testing.TB, logs []*types.Log) string {
	t.Helper()
	encoded, err := rlp.EncodeToBytes(logs)
	if err != nil {
		t.Fatal(err)
	}
	return crypto.Keccak256Hash(encoded).Hex()
}

// each runs fixtures and gives the results in order.
func (s *Tests) each(t testing.TB, texts ...string) (results []*Result, totals Totals) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	totals, err := s.Each([]string{dir}, &Sink{
		Result:  func(r *Result) error { results = append(results, r); return nil },
		Ignored: func(path, why string) { t.Errorf("%s ignored: %s", path, why) },
		Broken:  func(err *fixtures.FileError) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, totals
}

func stateTests(t testing.TB, s run.Setup) *Tests {
	t.Helper()
	return &Tests{Setup: s, Options: run.Options{Lockstep: true}}
}

// passes asserts that every subtest passes under every kind of core.
func passes(t *testing.T, f tiny) {
	t.Helper()
	text := f.with(f.fill(t))
	for _, s := range []run.Setup{runtest.Setup(t, "scalar"), runtest.Setup(t, "ooo-4"), runtest.Setup(t, "limit"), runtest.Chaotic(t, "ooo-4", 1)} {
		results, totals := stateTests(t, s).each(t, text)
		for _, r := range results {
			if r.Verdict != official.Passed {
				t.Errorf("%s under %s, data %.60s: %s", f.fork, s.Preset, f.data[r.Subtest.Index], r.Reason())
			}
		}
		if totals.Cases != len(f.data) || totals.Checked != totals.Instructions {
			t.Errorf("%d subtests of %d; %d instructions of %d compared", totals.Cases, len(f.data), totals.Checked, totals.Instructions)
		}
	}
}

func account(address, code string) string {
	return fmt.Sprintf(`%q: {"balance": "0x00", "code": %q, "nonce": "0x00", "storage": {}}`, address, code)
}

// Every opcode must do what it does in go-ethereum whatever its operands are, and
// that is to fail where there are too few: a faulting entry has no operands to
// capture. Found by the official test eip2315NotRemoved.
func TestOpcodesOnShortStacks(t *testing.T) {
	for _, fork := range []string{"Frontier", "Cancun"} {
		f := tiny{fork: fork}
		for op := range 256 {
			for _, operands := range []int{0, 1, 2, 4, 7} {
				f.data = append(f.data, fmt.Sprintf("0x%s%02x", strings.Repeat("6001", operands), op))
			}
		}
		text := f.with(f.fill(t))
		for _, s := range []run.Setup{runtest.Setup(t, "ooo-4"), runtest.Chaotic(t, "ooo-8", 1)} {
			results, _ := stateTests(t, s).each(t, text)
			for _, r := range results {
				if r.Verdict != official.Passed {
					t.Errorf("%s under %s, code %s: %s", fork, s.Preset, f.data[r.Subtest.Index], r.Reason())
				}
			}
		}
	}
}

// A transaction that creates where there is a contract already loses its gas and
// opens no frame. Found by the official test TransactionCollisionToEmptyButNonce.
func TestCollidingCreation(t *testing.T) {
	for _, fork := range []string{"Frontier", "Byzantium", "Cancun"} {
		passes(t, tiny{fork: fork, data: []string{"0x", "0x600160005500"}, pre: account(tinyCreate, "0x6001")})
	}
}

// The coinbase is credited its fee before it can be deleted as destroyed or empty,
// and exists afterwards only where the fork says so.
func TestCoinbaseOfStateTests(t *testing.T) {
	const suicide = "0x00000000000000000000000000000000000000ff"
	for _, fork := range []string{"Frontier", "EIP158", "London", "Cancun"} {
		passes(t, tiny{fork: fork, to: suicide, coinbase: suicide, data: []string{"0x"}, pre: account(suicide, "0x33ff")})
	}
}

// What the environment answers comes from the fixture and the harness: hashes of
// blocks are those of their numbers.
func TestEnvironmentOfStateTests(t *testing.T) {
	for _, fork := range []string{"Frontier", "Berlin", "London", "Cancun"} {
		f := tiny{fork: fork}
		for _, op := range []string{"41", "42", "43", "44", "45", "46", "48", "4a", "600040", "600140"} {
			f.data = append(f.data, "0x"+op+"600055")
		}
		passes(t, f)
	}
}

func TestVerdictsOnSubtests(t *testing.T) {
	transfer := tiny{fork: "Berlin", to: tinyCreate, data: []string{"0x"}, value: "0x05"}
	right := transfer.fill(t)[0]
	change := func(member string, to any) []map[string]any {
		post := maps.Clone(right)
		post[member] = to
		return []map[string]any{post}
	}
	wrong := "0x" + strings.Repeat("11", 32)
	rejected := transfer
	rejected.gas = "0x01" // below the intrinsic gas
	unsupported := transfer
	unsupported.fork = "Verkle"
	for _, c := range []struct {
		name    string
		text    string
		verdict official.Verdict
		reason  string
	}{
		{"right", transfer.with(change("x", 0)), official.Passed, ""},
		{"root", transfer.with(change("hash", wrong)), official.Failed, "post-state root"},
		{"logs", transfer.with(change("logs", wrong)), official.Failed, "logs hash"},
		{"not rejected", transfer.with(change("expectException", "TR_NoFunds")), official.Failed, "not rejected, but it has to be: TR_NoFunds"},
		{"rejected", rejected.with(change("x", 0)), official.Failed, "rejected: "},
		{"fork", unsupported.with(change("x", 0)), official.Unsupported, "fork Verkle is not supported"},
	} {
		for _, lockstep := range []bool{true, false} {
			s := stateTests(t, runtest.Setup(t, "ooo-4"))
			s.Options.Lockstep = lockstep
			results, _ := s.each(t, c.text)
			if r := results[0]; r.Verdict != c.verdict || !strings.Contains(r.Reason(), c.reason) || strings.Contains(r.Reason(), "\n") {
				t.Errorf("%s, lockstep %v: verdict %d, %s", c.name, lockstep, r.Verdict, r.Reason())
			}
		}
	}
}

// TestRejectedTransactionsOfStateTests: a rejected transaction leaves the state as it
// was. Only tests filled by testeth or retesteth may expect that the coinbase has been
// credited nothing, which makes an account before EIP-158 and takes an empty one since.
func TestRejectedTransactionsOfStateTests(t *testing.T) {
	const (
		untouched = iota
		touched
		wrong
	)
	empty := `"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba": {"balance": "0x00", "code": "0x", "nonce": "0x00", "storage": {}}`
	fillers := []struct {
		info    string
		touches bool
	}{
		{``, false},
		{`{"filling-transition-tool": "2.18.0rc6", "fixture-format": "state_test"}`, false},
		{`{"filling-transition-tool": "evm version 1.14.4", "filling-tool-version": "retesteth-0.3.2-cancun"}`, true},
		{`{"filledwith": "testeth 1.7.0-alpha.1"}`, true},
	}
	for _, c := range []struct {
		fork, pre string
		same      bool // the credit of nothing changes nothing
	}{{"Frontier", "", false}, {"EIP150", "", false}, {"EIP158", "", true}, {"Cancun", "", true}, {"Frontier", empty, true}, {"Cancun", empty, false}} {
		f := tiny{fork: c.fork, pre: c.pre, to: tinyCreate, data: []string{"0x"}, gas: "0x01", exception: "TR_IntrinsicGas"}
		roots := rejectedRoots(t, f)
		if (roots[untouched] == roots[touched]) != c.same {
			t.Fatalf("%s, pre-state %q: states %v", c.fork, c.pre, roots)
		}
		for _, filler := range fillers {
			for expected, root := range roots {
				post := f.fill(t)
				post[0]["hash"] = root
				text := f.with(post)
				if filler.info != "" {
					text = strings.Replace(text, `"env":`, `"_info": `+filler.info+`, "env":`, 1)
				}
				results, _ := stateTests(t, runtest.Setup(t, "ooo-4")).each(t, text)
				passes := expected == untouched || expected == touched && (filler.touches || c.same)
				if r := results[0]; !r.Rejected || r.Cycles != 0 || (r.Verdict == official.Passed) != passes {
					t.Errorf("%s, pre-state %q, filled by %s, root %d: rejected %v, passes %v, want %v: %s",
						c.fork, c.pre, filler.info, expected, r.Rejected, r.Verdict == official.Passed, passes, r.Reason())
				}
			}
		}
	}
}

// rejectedRoots are of the pre-state, of it after a credit of nothing, and of neither.
func rejectedRoots(t *testing.T, f tiny) []string {
	t.Helper()
	var roots []string
	path := filepath.Join(t.TempDir(), "f.json")
	if err := os.WriteFile(path, []byte(f.with(f.fill(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	err := fixtures.Scan([]string{path}, &fixtures.Handler{Test: func(test *fixtures.Test) error {
		m, err := test.Subtests()[0].Message()
		if err != nil {
			return err
		}
		w := state.NewWorld(test.Prestate())
		root, err := state.Root(w)
		if err != nil {
			return err
		}
		w.BeginTx()
		w.AddBalance(m.Env.Coinbase, new(isa.Word))
		w.EndTx(m.Env.DeleteEmpty())
		after, err := state.Root(w)
		roots = []string{fmt.Sprintf("%#x", root), fmt.Sprintf("%#x", after), "0x" + strings.Repeat("11", 32)}
		return err
	}})
	if err != nil || roots == nil {
		t.Fatalf("%v, roots %v", err, roots)
	}
	return roots
}

// However many run at once, results are the same and in the same order.
func TestStateTestsInOrder(t *testing.T) {
	f := tiny{fork: "Berlin"}
	for i := range 40 {
		f.data = append(f.data, fmt.Sprintf("0x61%04x5b6001900380600357", 1000*(i%3)+1)) // loops of different lengths
	}
	text := f.with(f.fill(t))
	describe := func(jobs int) (lines []string) {
		s := stateTests(t, runtest.Setup(t, "ooo-4"))
		s.Host.Jobs = jobs
		results, _ := s.each(t, text, text, text)
		for _, r := range results {
			lines = append(lines, fmt.Sprint(path.Base(r.Subtest.ID()), r.Cycles, r.StateRoot, r.Reason()))
		}
		return lines
	}
	if one, many := describe(1), describe(8); len(one) != 120 || !slices.Equal(one, many) {
		t.Errorf("%d results with one job:\n%s\n%d with eight:\n%s", len(one), strings.Join(one, "\n"), len(many), strings.Join(many, "\n"))
	}
}

func TestSelectionOfSubtests(t *testing.T) {
	f := tiny{fork: "Berlin", data: []string{"0x", "0x00", "0x0000"}}
	text := f.with(f.fill(t))
	for _, c := range []struct {
		name              string
		fork, run, skip   string
		subtests, skipped int
	}{
		{"all", "", "", "", 3, 0},
		{"fork", "Berlin", "", "", 3, 0},
		{"other fork", "London", "", "", 0, 0},
		{"run", "", "tiny/Berlin/[12]$", "", 2, 0},
		{"skip", "", "", "Berlin/0", 2, 1},
		{"both", "", "/1$", "tiny", 0, 1},
	} {
		s := stateTests(t, runtest.Setup(t, "ooo-4"))
		s.Fork = c.fork
		if c.run != "" {
			s.Run = regexp.MustCompile(c.run)
		}
		if c.skip != "" {
			s.Skip = regexp.MustCompile(c.skip)
		}
		if _, totals := s.each(t, text); totals.Cases != c.subtests || totals.Skipped != c.skipped || totals.Passed != c.subtests {
			t.Errorf("%s: %+v", c.name, totals)
		}
	}
}

func TestSinkErrorsEndStateTests(t *testing.T) {
	f := tiny{fork: "Berlin", data: []string{"0x", "0x00", "0x0000"}}
	name := filepath.Join(t.TempDir(), "f.json")
	if err := os.WriteFile(name, []byte(f.with(f.fill(t))), 0o644); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	totals, err := stateTests(t, runtest.Setup(t, "ooo-4")).Each([]string{name}, &Sink{Result: func(*Result) error { return enough }})
	if !errors.Is(err, enough) || totals.Cases != 1 {
		t.Errorf("error %v after %d subtests", err, totals.Cases)
	}
}

// TestOfficialStateTests runs a fixed sample of the official tests: of every folder
// and fork so many subtests, each under another core.
func TestOfficialStateTests(t *testing.T) {
	cores := []run.Setup{runtest.Setup(t, "ooo-4"), runtest.Chaotic(t, "ooo-4", 1), runtest.Setup(t, "scalar"), runtest.Setup(t, "ooo-8"), runtest.Setup(t, "limit")}
	if testing.Short() {
		cores = cores[:1]
	}
	for _, archive := range []string{"dev.tar.zst", "legacy-dev.tar.zst"} {
		t.Run(archive, func(t *testing.T) {
			t.Parallel()
			file := corpustest.Data(t, "statetests", archive)
			groups := sampleSubtests(t, file, len(cores))
			run := 0
			for _, name := range slices.Sorted(maps.Keys(groups)) {
				for i, c := range groups[name] {
					if r := stateTests(t, cores[i]).one(c.Subtest, c.cache); r.Verdict != official.Passed {
						t.Errorf("%s under %s: %s", c.ID(), cores[i].Preset, r.Reason())
					}
					run++
				}
			}
			t.Logf("%d subtests of %d folders and forks", run, len(groups))
		})
	}
}

// candidate is a subtest that may be in the sample; those of the lowest rank are.
type candidate struct {
	fixtures.Subtest
	cache *decoder.Cache
	rank  uint64
}

// slow are tests that take longer than the whole sample, on some core. They are part of the full
// campaign in docs/validation.md.
var slow = regexp.MustCompile(`loopMul|50000|Call1MB1024Calldepth|stQuadraticComplexityTest`)

// sampleSubtests draws n subtests of every folder and fork of an archive, the same
// ones every time.
func sampleSubtests(t *testing.T, archive string, n int) map[string][]candidate {
	t.Helper()
	groups := map[string][]candidate{}
	err := fixtures.Scan([]string{archive}, &fixtures.Handler{
		Test: func(test *fixtures.Test) error {
			if slow.MatchString(test.Path) {
				return nil
			}
			cache := evm.NewCache()
			for _, sub := range test.Subtests() {
				h := fnv.New64a()
				fmt.Fprint(h, sub.ID())
				group := path.Dir(test.Path) + " " + sub.Fork
				list := append(groups[group], candidate{sub, cache, h.Sum64()})
				slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
				groups[group] = list[:min(n, len(list))]
			}
			return nil
		},
		Ignored: func(path, why string) { t.Errorf("%s ignored: %s", path, why) },
		Broken:  func(err *fixtures.FileError) error { return err },
	})
	if err != nil {
		t.Fatal(err)
	}
	return groups
}
