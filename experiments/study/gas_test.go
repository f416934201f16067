package study

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

// tinyGas is enough for a few turns of a loop's run.
const tinyGas = 100_000

// tinyPrograms are two of the study's own blocks, short ones.
func tinyPrograms(t *testing.T) []string {
	t.Helper()
	var two []loop
	for _, l := range loops() {
		if l.name == "add" || l.name == "keccak256-32" {
			two = append(two, l)
		}
	}
	paths, err := writeLoops(t.TempDir(), two, tinyGas)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// What does not depend on the clock is equal between runs, with any number of jobs.
func TestCyclesPerGasAreEqualBetweenRuns(t *testing.T) {
	blocks := tinyPrograms(t)
	read := func(jobs int) (all []byte) {
		opt := options(t, t.TempDir())
		opt.Blocks, opt.Jobs = blocks, jobs
		if _, err := gas.Run(opt); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"data/main/results.csv", "figures/gas.csv", "figures/gas.svg"} {
			data, err := os.ReadFile(filepath.Join(opt.Out, gas.Name, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	first := read(1)
	if !bytes.Equal(first, read(2)) {
		t.Error("differs")
	}
	for _, want := range []string{"add,ADD,false,scalar,100000,", "keccak256-32,KECCAK256,false,limit,100000,"} {
		if !bytes.Contains(first, []byte(want)) {
			t.Errorf("no row with %q", want)
		}
	}
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	return path + ":"
}

func TestProgramsAreNamedWithoutTheirGas(t *testing.T) {
	f := fixture(t, "x.json")
	for path, want := range map[string]string{
		f + "tests/benchmark/compute/instruction/test_comparison.py::test_iszero[fork_Osaka-blockchain_test-benchmark-gas-value_30M]/0": "iszero",
		f + "tests/a.py::test_warm[fork_Osaka-blockchain_test-SSTORE new value-benchmark-gas-value_150M]/1":                             "warm SSTORE new value",
		f + "tests/a.py::test_context[fork_Prague-blockchain_test_engine-opcode_ADDRESS-benchmark-gas-value_0.5M]/0":                    "context opcode_ADDRESS",
		f + "tests/a.py::test_two[fork_Osaka-blockchain_test_from_state_test-benchmark-gas-value_1M-size_1-size_2]/0":                   "two size_1-size_2",
		f + "tests/a.py::test_plain[fork_Osaka-blockchain_test]/0":                                                                      "plain",
		"": "embedded",
		filepath.Join("blocks", "sload-cold.json.gz"): "sload-cold",
	} {
		if got := programOf(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestOneBlockOfEachProgramIsChosen(t *testing.T) {
	f, g := fixture(t, "f.json"), fixture(t, "g.json")
	test := func(file, name, mgas, index string) string {
		return file + "a.py::test_" + name + "[fork_Osaka-blockchain_test-benchmark-gas-value_" + mgas + "M]/" + index
	}
	for _, c := range []struct {
		name       string
		args, want []string
	}{
		{"30 Mgas", []string{test(f, "x", "10", "0"), test(f, "x", "30", "0"), test(f, "x", "60", "0")}, []string{test(f, "x", "30", "0")}},
		{"whatever comes first", []string{test(f, "x", "60", "0"), test(f, "x", "30", "0"), test(f, "x", "1", "0")}, []string{test(f, "x", "30", "0")}},
		{"the largest below", []string{test(f, "x", "1", "0"), test(f, "x", "10", "0"), test(f, "x", "45", "0")}, []string{test(f, "x", "10", "0")}},
		{"the smallest when all are above", []string{test(f, "x", "60", "0"), test(f, "x", "45", "0")}, []string{test(f, "x", "45", "0")}},
		{"the last block, after its setup", []string{test(f, "x", "30", "0"), test(f, "x", "30", "1"), test(f, "x", "60", "2")}, []string{test(f, "x", "30", "1")}},
		{"gas before place", []string{test(f, "x", "30", "0"), test(f, "x", "10", "1")}, []string{test(f, "x", "30", "0")}},
		{"each program in order", []string{test(f, "y", "30", "0"), test(f, "x", "30", "0"), test(f, "y", "10", "0")}, []string{test(f, "y", "30", "0"), test(f, "x", "30", "0")}},
		{"a test of another fixture", []string{test(f, "x", "30", "0"), test(g, "x", "30", "0")}, []string{test(f, "x", "30", "0"), test(g, "x", "30", "0")}},
		{"bundles", []string{"a.json", "b.json", ""}, []string{"a.json", "b.json", ""}},
	} {
		if got := chooseBlocks(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant %s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// A program of the study's own is called after what it repeats: another name is here.
var otherNames = map[string]string{
	"dup": "DUP1", "swap": "SWAP1", "identity": "ID", "ecrecover": "ECREC", "bn254-add": "BN254_ADD", "bn254-mul": "BN254_MUL",
	"prevrandao": "DIFFICULTY",
}

// Most gas of each of the study's own programs goes to what it is called after, and all gas is
// accounted for.
func TestOwnProgramsRepeatWhatTheyAreCalledAfter(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a block for each program")
	}
	const envelope = 21_000
	seen := map[string]bool{}
	for _, l := range loops() {
		if seen[l.name] {
			t.Errorf("%s is there twice", l.name)
		}
		seen[l.name] = true
		b, err := generator.Code(l.name, gasFork, l.code(), 1, tinyGas)
		if err != nil {
			t.Fatal(err)
		}
		spent, err := traces.Spending(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(l.name, "-")
		for _, name := range []string{want, l.name} {
			if other, ok := otherNames[name]; ok {
				want = other
			}
		}
		if got := mostSpentOn(spent).Name; got != strings.ToUpper(want) {
			t.Errorf("%s is about %s", l.name, got)
		}
		sum := uint64(envelope)
		for i := range spent {
			sum += spent[i].Gas
		}
		// An SSTORE with no more than the stipend fails, and takes what is left (EIP-2200).
		if used := b.Header.GasUsed; sum > used || sum < used && (want != "sstore" || sum < used-params.CallStipend) {
			t.Errorf("%s: %d gas is accounted for, %d was used", l.name, sum, used)
		}
	}
}

func TestOwnBlocksAreEqual(t *testing.T) {
	read := func(paths []string) (all []byte) {
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	if !bytes.Equal(read(tinyPrograms(t)), read(tinyPrograms(t))) {
		t.Error("the same programs give other files")
	}
}

func TestWhatAProgramIsAbout(t *testing.T) {
	for _, c := range []struct {
		name  string
		spent []traces.Spent
		want  string
	}{
		{"operands cost more", []traces.Spent{{Name: "DUP1", Stack: true, Gas: 60}, {Name: "ADD", Gas: 30}}, "ADD"},
		{"nothing but moves", []traces.Spent{{Name: "DUP1", Stack: true, Gas: 95}, {Name: "JUMP", Gas: 5}}, "DUP1"},
		{"a built-in", []traces.Spent{{Name: "ID", Builtin: true, Gas: 50}, {Name: "GAS", Gas: 2}}, "ID"},
		{"no instruction", nil, "none"},
	} {
		if got := mostSpentOn(c.spent).Name; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWhatBoundsAProgram(t *testing.T) {
	add, hash, builtin := &traces.Spent{Name: "ADD"}, &traces.Spent{Name: "KECCAK256"}, &traces.Spent{Name: "ID", Builtin: true}
	for _, c := range []struct {
		of          *traces.Spent
		slots       map[string]uint64
		bound, lost string
	}{
		{add, map[string]uint64{"base": 60, "execute": 40}, "nothing", "execute 40 %"},
		{add, map[string]uint64{"base": 30, "execute": 40, "issue": 30}, "execution", "execute 40 %, issue 30 %"},
		{hash, map[string]uint64{"base": 30, "issue": 70}, "hashing", "issue 70 %"},
		{builtin, map[string]uint64{"base": 30, "execute": 70}, "the built-in unit", "execute 70 %"},
		{add, map[string]uint64{"base": 10, "execute": 35, "state": 25, "stateFar": 30}, "state", "execute 35 %, stateFar 30 %, state 25 %"},
		{add, map[string]uint64{"base": 10, "branch": 50, "frontend": 40}, "code", "branch 50 %, frontend 40 %"},
		{add, map[string]uint64{"base": 1000, "fault": 1}, "nothing", ""},
		{add, nil, "", ""}, // the limit study,
	} {
		bound, lost := lostTo(&run.Result{CPIStack: c.slots}, c.of)
		if bound != c.bound || lost != c.lost {
			t.Errorf("%v: %s, %q; want %s, %q", c.slots, bound, lost, c.bound, c.lost)
		}
	}
}
