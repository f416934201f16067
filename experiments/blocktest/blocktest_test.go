package blocktest

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/traces/chain/chaintest"
	"github.com/ooovm/ooovm/traces/corpustest"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// alone runs tests on one core, shared on four under a policy.
func alone(t testing.TB, preset string) *Tests {
	t.Helper()
	return &Tests{Setup: runtest.Setup(t, preset), Options: run.Options{Lockstep: true}}
}

func shared(t testing.TB, policy, mapping string) *Tests {
	t.Helper()
	s := alone(t, "ooo-4")
	own := *s.Setup.Config
	own.Machine.Policy, own.Machine.Mapping, own.Machine.Cores = policy, mapping, 4
	s.Setup.Config = &own
	return s
}

// every is one way to run a block of each kind: cores in and out of order, chaos, an oracle, and
// every policy.
func every(t testing.TB) map[string]*Tests {
	ways := map[string]*Tests{"scalar": alone(t, "scalar"), "ooo-4": alone(t, "ooo-4"), "limit": alone(t, "limit"), "chaos": alone(t, "ooo-4")}
	ways["chaos"].Setup = runtest.Chaotic(t, "ooo-4", 1)
	for _, p := range machine.Policies() {
		if p.Name == machine.SequentialPolicy {
			continue
		}
		for _, mapping := range p.Mappings {
			ways[p.Name+"/"+mapping] = shared(t, p.Name, mapping)
		}
	}
	return ways
}

// outcome runs one test.
func (s *Tests) outcome(t testing.TB, test map[string]any) *Result {
	t.Helper()
	results, _ := s.all(t, map[string]any{"made": test})
	if len(results) != 1 {
		t.Fatalf("%d tests were run", len(results))
	}
	return results[0]
}

func (s *Tests) all(t testing.TB, tests map[string]any) (results []*Result, totals Totals) {
	t.Helper()
	text, err := json.Marshal(tests)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tests.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	totals, err = s.Each([]string{path}, &Sink{
		Result:  func(r *Result) error { results = append(results, r); return nil },
		Ignored: func(path, why string) { t.Errorf("%s ignored: %s", path, why) },
		Broken:  func(err *fixtures.FileError) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return results, totals
}

// carrying is a contract that stores what depends on the blocks before: slot 0 counts its calls,
// slot 1 has the parent's hash.
var carrying = common.FromHex("600054600101600055600143034060015500")

func deriveSha(list types.Transactions) common.Hash {
	return types.DeriveSha(list, trie.NewStackTrie(nil))
}

// chainOf makes two blocks of two calls each of a contract.
func chainOf(t testing.TB, network string, code []byte) (*chaintest.Maker, []*types.Block) {
	m := chaintest.New(t, network)
	m.Genesis.Alloc[chaintest.Receiver] = types.Account{Balance: big.NewInt(1), Code: code, Nonce: 1}
	return m, m.Blocks(2, nil)
}

// TestTwoBlocks: the state of one block is what the next begins with, and blocks know the hashes of
// those before them, however they are run and under whatever rules.
func TestTwoBlocks(t *testing.T) {
	for _, network := range []string{"Frontier", "Byzantium", "London", "Cancun", "FrontierToHomesteadAt5"} {
		m, blocks := chainOf(t, network, carrying)
		test := m.Test(chaintest.Valid(blocks...), blocks[1])
		for way, s := range every(t) {
			r := s.outcome(t, test)
			if r.Verdict != official.Passed || r.Blocks != 2 || r.Transactions != 4 {
				t.Errorf("%s, %s: %d blocks, %d transactions: %s", network, way, r.Blocks, r.Transactions, r.Reason())
			}
			if want := uint64(4 * 13); r.Instructions != want || r.Checked != want {
				t.Errorf("%s, %s: %d instructions, %d compared, want %d", network, way, r.Instructions, r.Checked, want)
			}
		}
	}
}

// TestRefusals: what is wrong with a block is found and named, however it is run: what go-ethereum's
// rules say of it, what its execution comes to, and what a transaction in it may not do.
func TestRefusals(t *testing.T) {
	m, blocks := chainOf(t, "London", carrying)
	poor := func(change func(*types.LegacyTx)) func(*types.Header, *types.Body) {
		return func(h *types.Header, body *types.Body) {
			tx := &types.LegacyTx{Nonce: 4, GasPrice: big.NewInt(10 * params.GWei), Gas: 100_000, To: &chaintest.Idle, Value: big.NewInt(1)}
			change(tx)
			signed, err := types.SignNewTx(chaintest.Key, types.LatestSigner(m.Genesis.Config), tx)
			if err != nil {
				t.Fatal(err)
			}
			body.Transactions = append(slices.Clone(body.Transactions), signed)
			h.TxHash = deriveSha(body.Transactions)
		}
	}
	for _, c := range []struct {
		name, exception string
		change          func(*types.Header, *types.Body)
	}{
		{"state root", "BlockException.INVALID_STATE_ROOT", func(h *types.Header, _ *types.Body) { h.Root[0] ^= 1 }},
		{"gas used", "BlockException.INVALID_GAS_USED", func(h *types.Header, _ *types.Body) { h.GasUsed++ }},
		{"receipts", "BlockException.INVALID_RECEIPTS_ROOT", func(h *types.Header, _ *types.Body) { h.ReceiptHash[0] ^= 1 }},
		{"bloom", "BlockException.INVALID_LOG_BLOOM", func(h *types.Header, _ *types.Body) { h.Bloom[0] ^= 1 }},
		{"gas limit", "BlockException.INVALID_GASLIMIT", func(h *types.Header, _ *types.Body) { h.GasLimit *= 2 }},
		{"swapped transactions", "TransactionException.NONCE_MISMATCH_TOO_HIGH", func(h *types.Header, body *types.Body) {
			body.Transactions = slices.Clone(body.Transactions)
			slices.Reverse(body.Transactions)
			h.TxHash = deriveSha(body.Transactions)
		}},
		{"nonce", "TransactionException.NONCE_MISMATCH_TOO_LOW", poor(func(tx *types.LegacyTx) { tx.Nonce = 0 })},
		{"funds", "TransactionException.INSUFFICIENT_ACCOUNT_FUNDS", poor(func(tx *types.LegacyTx) { tx.Value = big.NewInt(2 * params.Ether) })},
		{"intrinsic gas", "TransactionException.INTRINSIC_GAS_TOO_LOW", poor(func(tx *types.LegacyTx) { tx.Gas = 20_000 })},
		{"block's gas", "TransactionException.GAS_ALLOWANCE_EXCEEDED", poor(func(tx *types.LegacyTx) { tx.Gas = 9_990_000 })},
		{"fee", "TransactionException.INSUFFICIENT_MAX_FEE_PER_GAS", poor(func(tx *types.LegacyTx) { tx.GasPrice = big.NewInt(1) })},
	} {
		wrong := chaintest.Entry{RLP: chaintest.Encode(chaintest.Edit(blocks[1], c.change)), Exception: c.exception}
		items := append(chaintest.Valid(blocks[0]), wrong)
		items = append(items, chaintest.Valid(blocks[1])...) // the state is as it was
		test := m.Test(items, blocks[1])
		wrong.Exception = "BlockException.UNCLE_IS_BROTHER"
		other := m.Test(append(chaintest.Valid(blocks[0]), wrong), blocks[0])
		wrong.Exception = ""
		valid := m.Test(append(chaintest.Valid(blocks[0]), wrong), blocks[0])
		for way, s := range every(t) {
			if r := s.outcome(t, test); r.Verdict != official.Passed || r.Blocks != 2 || r.Refused != 1 {
				t.Errorf("%s, %s: %d blocks, %d refused: %s", c.name, way, r.Blocks, r.Refused, r.Reason())
			}
			if way != "ooo-4" && way != "block-stm/key" {
				continue
			}
			if r := s.outcome(t, other); r.Verdict != official.Failed || !strings.Contains(r.Reason(), "blocks[1]: refused: ") || !strings.Contains(r.Reason(), c.exception) || !strings.Contains(r.Reason(), "it has to be BlockException.UNCLE_IS_BROTHER") {
				t.Errorf("%s, %s: for another reason: %s", c.name, way, r.Reason())
			}
			if r := s.outcome(t, valid); r.Verdict != official.Failed || !strings.Contains(r.Reason(), "blocks[1]: refused: ") {
				t.Errorf("%s, %s: as a valid block: %s", c.name, way, r.Reason())
			}
		}
	}
	invalid := []chaintest.Entry{{RLP: chaintest.Encode(blocks[0]), Exception: "BlockException.INVALID_STATE_ROOT"}}
	for way, s := range every(t) {
		if r := s.outcome(t, m.Test(invalid, blocks[0])); r.Verdict != official.Failed || !strings.Contains(r.Reason(), "blocks[0]: accepted, but it has to be refused: BlockException.INVALID_STATE_ROOT") {
			t.Errorf("%s: a valid block that has to be refused: %s", way, r.Reason())
		}
	}
}

// TestContradiction: a test whose block's header is not that of its encoding fails; nothing is wrong
// with the simulator.
func TestContradiction(t *testing.T) {
	m, blocks := chainOf(t, "London", carrying)
	test := m.Test(chaintest.Valid(blocks...), blocks[1])
	text, err := json.Marshal(test["blocks"])
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	list[1]["blockHeader"] = chaintest.Members(chaintest.Edit(blocks[1], func(h *types.Header, _ *types.Body) { h.GasUsed++ }).Header())
	test["blocks"] = list
	r := alone(t, "ooo-4").outcome(t, test)
	if want := "blocks[1]: blockHeader says another block"; r.Verdict != official.Failed || !strings.HasPrefix(r.Reason(), want) {
		t.Errorf("verdict %d: %q, want %q", r.Verdict, r.Reason(), want)
	}
}

// TestMissingWithdrawal: a withdrawal that is left out is found, and one that is there is paid.
func TestMissingWithdrawal(t *testing.T) {
	m := chaintest.New(t, "Shanghai")
	blocks := m.Blocks(1, func(_ int, b *core.BlockGen) {
		b.AddWithdrawal(&types.Withdrawal{Validator: 1, Address: chaintest.Idle, Amount: 7})
	})
	without := chaintest.Edit(blocks[0], func(h *types.Header, body *types.Body) {
		body.Withdrawals = types.Withdrawals{}
		h.WithdrawalsHash = &types.EmptyWithdrawalsHash
	})
	for way, s := range every(t) {
		if r := s.outcome(t, m.Test(chaintest.Valid(blocks...), blocks[0])); r.Verdict != official.Passed {
			t.Errorf("%s: %s", way, r.Reason())
		}
		if r := s.outcome(t, m.Test(chaintest.Valid(without), without)); r.Verdict != official.Failed || !strings.Contains(r.Reason(), "INVALID_STATE_ROOT") {
			t.Errorf("%s, missing: %s", way, r.Reason())
		}
	}
}

// TestCarry: buffers and predictors begin cold with each block of a test, unless they are carried.
func TestCarry(t *testing.T) {
	loop := common.FromHex("60645b60006011576001900380600257005b00") // a hundred rounds past a branch that is never taken
	m, blocks := chainOf(t, "London", loop)
	one, two := m.Test(chaintest.Valid(blocks[0]), blocks[0]), m.Test(chaintest.Valid(blocks...), blocks[1])
	cold, warm := alone(t, "ooo-4"), alone(t, "ooo-4")
	warm.Carry = true
	first := cold.outcome(t, one).Cycles
	if got := cold.outcome(t, two).Cycles; got != 2*first {
		t.Errorf("cold: %d cycles, want twice %d", got, first)
	}
	if r := warm.outcome(t, two); r.Verdict != official.Passed || r.Cycles >= 2*first {
		t.Errorf("carried: %d cycles, want less than twice %d: %s", r.Cycles, first, r.Reason())
	}
}

// TestSelectionOfTests: tests are chosen by fork and by name, what is left out is counted, and a network
// that is not known is no failure and no pass.
func TestSelectionOfTests(t *testing.T) {
	london, blocks := chainOf(t, "London", carrying)
	a := london.Test(chaintest.Valid(blocks...), blocks[1])
	cancun, blocks := chainOf(t, "Cancun", carrying)
	b := cancun.Test(chaintest.Valid(blocks...), blocks[1])
	unknown := cancun.Test(chaintest.Valid(blocks...), blocks[1])
	unknown["network"] = "Verkle"
	tests := map[string]any{"a": a, "b": b, "c": unknown}
	for _, c := range []struct {
		selection                     official.Selection
		cases, passed, unsup, skipped int
	}{
		{official.Selection{}, 3, 2, 1, 0},
		{official.Selection{Fork: "London"}, 1, 1, 0, 0},
		{official.Selection{Run: regexp.MustCompile(":b$")}, 1, 1, 0, 0},
		{official.Selection{Skip: regexp.MustCompile(":[ac]$")}, 1, 1, 0, 2},
	} {
		s := alone(t, "ooo-4")
		s.Selection = c.selection
		_, got := s.all(t, tests)
		if got.Cases != c.cases || got.Passed != c.passed || got.Unsupported != c.unsup || got.Skipped != c.skipped {
			t.Errorf("%+v: %+v", c.selection, got.Counts)
		}
	}
}

// TestOfficialBlocks runs a fixed sample of the official tests: of every folder and fork so many
// tests, each another way; of the benchmark programs those of a million gas.
func TestOfficialBlocks(t *testing.T) {
	ways := []*Tests{
		alone(t, "ooo-4"), shared(t, "block-stm", "key"),
		{Setup: runtest.Chaotic(t, "ooo-4", 1), Options: run.Options{Lockstep: true}},
		alone(t, "scalar"), shared(t, "monad", "key"), shared(t, "repair", "key"), shared(t, "sealevel", "address"), shared(t, machine.Window, "key"),
	}
	if testing.Short() {
		ways = ways[:1]
	}
	for archive, name := range map[string]string{"blocks-dev.tar.zst": "", "benchmarks-dev.tar.zst": "value_1M"} {
		t.Run(archive, func(t *testing.T) {
			taken, run := make(map[string]int), 0
			if err := fixtures.Scan([]string{corpustest.Data(t, "eest", archive)}, &fixtures.Handler{
				Block: func(test *fixtures.BlockTest) error {
					if !strings.Contains(test.Name, name) {
						return nil
					}
					group := filepath.Dir(test.Path) + " " + test.Network
					n := taken[group]
					if taken[group]++; n >= len(ways) {
						return nil
					}
					run++
					if r := ways[n].one(test); r.Verdict != official.Passed {
						t.Errorf("%s under %s: %s", test.ID(), ways[n].Setup.Preset, r.Reason())
					}
					return nil
				},
				Ignored: func(string, string) {},
				Broken:  func(err *fixtures.FileError) error { return err },
			}); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d tests of %d folders and forks", run, len(taken))
		})
	}
}
