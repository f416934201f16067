package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

// ending is a command line and how it has to end.
type ending struct {
	args  string // $X is a file of the fixtures
	code  int
	want  string // in the first line on stderr; $X as above
	lines int    // on stderr; 0 for one where the code is not 0, and any number where it is
}

// smallBlock is a block of six transactions.
func smallBlock(t *testing.T) *traces.Bundle {
	t.Helper()
	b, err := generator.New(generator.Params{Workload: "erc20", Transactions: 6, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// smallText is the small block as a file has it.
func smallText(t *testing.T) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := smallBlock(t).Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

const programText = `{"schema": "ooovm.fuel/1", "name": "sum", "block": {"height": 7},
 "transactions": [{"gas_limit": 1000, "script": "724000007244000a1b49144010410480594510017744000224400000"}],
 "expect": {"transactions": [{"receipts": [{"type": "Return", "val": "385"}, {"type": "ScriptResult", "result": "Success", "gas_used": "55"}]}]}}`

// fixture makes the files that the command lines name, by name.
func fixture(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	b := smallBlock(t)
	var bundle bytes.Buffer
	if err := b.Write(&bundle); err != nil {
		t.Fatal(err)
	}
	b.Header.GasUsed++ // it hashes to what it says, and its gas is another
	b.BlockHash = b.Header.Hash()
	var differs bytes.Buffer
	if err := b.Write(&differs); err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{
		"good.json":         bundle.String(),
		"cut.json":          bundle.String()[:bundle.Len()/2],
		"text.json":         "hello",
		"empty.json":        "",
		"contradicts.json":  string(edited(t, bundle.Bytes(), func(o object) { block(o)["gasLimit"] = "0x1" })),
		"unsound.json":      string(edited(t, bundle.Bytes(), func(o object) { o["contentHash"] = flipped(o["contentHash"]) })),
		"excess.json":       string(edited(t, bundle.Bytes(), func(o object) { block(o)["excessBlobGas"] = "0xffffffffffffffff" })),
		"differs.json":      differs.String(),
		"endless.fuel.json": `{"schema":"ooovm.fuel/1","transactions":[{"gas_limit":18446744073709551615,"script":"90000000"}]}`,
		"good.fuel.json":    programText,
		"cut.fuel.json":     programText[:len(programText)/2],
		"wrong.fuel.json":   strings.Replace(programText, `"385"`, `"386"`, 1),
		"test.json":         stateTestText,
		"cut.test.json":     stateTestText[:len(stateTestText)/2],
		"good.yaml":         "preset: scalar\ncore:\n  rob: 64\n",
		"mapping.yaml":      "core:\n  rob:\n    a: 1\n",
		"key.yaml":          "core:\n  rib: 1\n",
		"cut.yaml":          "core: [",
		"range.yaml":        "core:\n  rob: 0\n",
		"sweep.yaml":        "name: s\nbase:\n  preset: scalar\naxes:\n  core.rob: [8]\nbaseline: false\n",
		"mapping.sweep":     "name: s\naxes:\n  core.rob: {a: 1}\n",
		"policy.sweep":      "name: s\nbase:\n  set: {machine.mapping: contract}\naxes:\n  policy: [sealevel]\n",
		"key.sweep":         "name: s\naxes:\n  core.rib: [1]\n",
		"failing.sweep":     "name: s\nbase:\n  preset: scalar\naxes:\n  core.rob: [8]\nbaseline: false\nmaxCycles: 5\n",
		"list.csv":          "number,hash\n1,0x1\n",
		"steps.jsonl":       "{\"pc\":0}\n",
		"genesis.json":      `{"config":{}}`,
	}
	files := map[string]string{"dir": dir, "none": filepath.Join(dir, "none.json"), "folder": filepath.Join(dir, "folder"), "out": filepath.Join(dir, "out"), "nowhere": filepath.Join(dir, "nowhere"), "full": filepath.Join(dir, "full.json"), "swept": filepath.Join(dir, "swept")}
	for name, text := range contents {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files[name] = path
	}
	for _, name := range []string{"folder", "out"} {
		if err := os.Mkdir(files[name], 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"full.json", "full.json.zst", "full.kanata", "full.pb.gz", "full.rlp", "full.html"} { // a disk that is full
		if err := os.Symlink("/dev/full", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if code, stderr := command("sweep", "run", files["sweep.yaml"], "-o", files["swept"], "-q"); code != exitOK {
		t.Fatalf("the sweep ends with %d: %s", code, stderr)
	}
	return files
}

// leaves are the commands that do something.
func leaves(cmd *cobra.Command) (list []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		list = append(list, leaves(sub)...)
	}
	if len(list) == 0 && cmd.Name() != "help" && cmd.Parent().Name() != "completion" {
		list = append(list, cmd)
	}
	return list
}

// alike are the command lines that every command refuses.
func alike() (list []ending) {
	for _, cmd := range leaves(newRoot(&cli{})) {
		path := strings.TrimPrefix(cmd.CommandPath(), "ooovm ")
		list = append(list,
			ending{args: path + " --no-such-flag", code: exitUsage, want: "unknown flag: --no-such-flag"},
			ending{args: path + " --timeout soon", code: exitUsage, want: `--timeout "soon": expected a time as 90s or 5m`},
			ending{args: path + " --help", code: exitOK},
		)
		if args, ok := fitting[path]; ok {
			list = append(list,
				ending{args: path + " " + args + " --timeout -1s", code: exitUsage, want: "--timeout -1s: a time as 90s or 5m"},
				ending{args: path + " " + args + " --format xml", code: exitUsage, want: `--format "xml"`},
				ending{args: path + " " + args + " --json --format csv", code: exitUsage, want: "contradict each other"},
			)
		}
	}
	return list
}

// fitting are arguments with which each command does something.
var fitting = map[string]string{
	"run": "$good.json --preset scalar --baseline=false", "validate": "$good.json --preset scalar --baseline=false", "statetest": "$test.json", "limits": "$good.json",
	"levels": "$good.json --policy block-stm --cores 1", "ablate": "$good.json", "profile": "$good.json --preset scalar", "bench": "$good.json --preset scalar",
	"sweep run": "$sweep.yaml -o $swept", "sweep resume": "$swept", "sweep status": "$swept", "sweep merge": "$swept", "sweep slurm": "$sweep.yaml -o $dir/slurm", "sweep columns": "",
	"plot": "$swept --x core.rob --y ipc", "compare": "$swept $swept", "study list": "", "study run": "definitions -o $dir/study", "report": "$swept",
	"trace gen": "--workload erc20 --transactions 4 -o $dir/g.json", "trace info": "$good.json", "trace disasm": "6001", "trace bal": "$good.json -o $dir/bal.rlp",
	"trace import": "$good.json -o $dir/i.json", "trace fetch": "--rpc http://127.0.0.1:1 --block 1 --retries 0 -o $dir/f.json", "corpus index": "$folder", "corpus list": "$good.json",
	"config show": "", "config diff": "scalar ooo-4", "config schema": "", "config presets": "", "list predictors": "", "list presets": "", "list workloads": "", "version": "",
}

// blockInputs are what every command that takes a block says of one that is no good.
var blockInputs = []struct {
	file string
	code int
	want string
}{
	{"none", exitUsage, "none"},
	{"dir/no*.x", exitUsage, "no*.x"},
	{"text.json", exitUsage, "text.json: "},
	{"empty.json", exitUsage, "empty.json: "},
	{"cut.json", exitUsage, "cut.json: "},
	{"unsound.json", exitUsage, "unsound.json: "},
	{"excess.json", exitUsage, "excess.json: "},
	{"contradicts.json", exitDifference, "contradicts"},
}

// begun are commands that end as soon as they have begun, where --timeout has been reached by then.
var begun = []string{
	"run", "limits", "levels", "ablate", "profile", "bench", "study run", "trace info", "trace bal", "trace fetch", "corpus list",
}

// takeBlocks are the commands that take blocks, and what they say of one whose gas is another than its header has: they
// have to find it where they execute it.
var takeBlocks = []struct {
	command string
	differs int
}{
	{"run --preset scalar --baseline=false", exitDifference},
	{"run --preset scalar --baseline=false --json --check=false", exitDifference},
	{"run --policy block-stm --cores 2 --preset scalar", exitDifference},
	{"validate -q --preset scalar --baseline=false", exitDifference},
	{"validate -q --format csv --preset scalar --baseline=false", exitDifference},
	{"limits", exitDifference},
	{"levels --policy block-stm --cores 1 --preset scalar", exitDifference},
	{"ablate", exitDifference},
	{"profile --preset scalar", exitDifference},
	{"profile --preset scalar -o $dir/p.json", exitDifference},
	{"bench --preset scalar --carry", exitDifference},
	{"trace info", exitDifference},
	{"trace bal -o $dir/out.rlp", exitDifference},
	{"trace import -o $dir/out.json", exitDifference},
	{"corpus list", exitOK}, // it executes nothing
	{"run --preset scalar --baseline=false --pipeview $dir/v.kanata", exitDifference},
}

func blockEndings() (list []ending) {
	for _, command := range begun {
		list = append(list, ending{args: command + " " + fitting[command] + " --timeout 1ns", code: exitTimeout, want: "--timeout"})
	}
	for _, c := range takeBlocks {
		for _, in := range blockInputs {
			list = append(list, ending{args: c.command + " $" + in.file, code: in.code, want: in.want})
		}
		list = append(list, ending{args: c.command + " $differs.json", code: c.differs, want: "differs"}, ending{args: c.command + " $good.json", code: exitOK})
	}
	return list
}

// special are the endings of single commands.
var special = []ending{
	{args: "", code: exitOK},
	{args: "--version", code: exitOK},
	{args: "no-such-command", code: exitUsage, want: `unknown command "no-such-command"`},
	{args: "sweep no-such-command", code: exitUsage, want: `unknown command "no-such-command"`},
	{args: "trace no-such-command", code: exitUsage, want: `unknown command "no-such-command"`},

	// Machines.
	{args: "run --preset none", code: exitUsage, want: "--preset"},
	{args: "run -s core.rib=1", code: exitUsage, want: "core.rib"},
	{args: "run -s core.rob=x", code: exitUsage, want: "core.rob"},
	{args: "run -s machine.mapping=holder", code: exitUsage, want: "mapping"},
	{args: "run -s machine.mapping=none", code: exitUsage, want: "machine.mapping"},
	{args: "run --policy sealevel -s machine.mapping=contract $good.json", code: exitUsage, want: "mapping"},
	{args: "run -c $none", code: exitUsage, want: "none"},
	{args: "run -c $mapping.yaml", code: exitUsage, want: "mapping.yaml"},
	{args: "run -c $key.yaml", code: exitUsage, want: "core.rib"},
	{args: "run -c $cut.yaml", code: exitUsage, want: "cut.yaml"},
	{args: "run -c $range.yaml", code: exitUsage, want: "core.rob"},
	{args: "config show -c $mapping.yaml", code: exitUsage, want: "mapping.yaml"},
	{args: "config show -c $good.yaml", code: exitOK},
	{args: "config diff scalar none", code: exitUsage, want: "none is neither", lines: 2},
	{args: "config diff scalar", code: exitUsage, want: "accepts 2 arg(s)"},

	// Runs.
	{args: "run -j -1 $good.json", code: exitUsage, want: "--jobs -1"},
	{args: "run --max-cycles 5 --preset scalar --baseline=false $good.json", code: exitFailed, want: "good: "},
	{args: "run --where gas>1", code: exitUsage, want: "--where"},
	{args: "run --where gas> $good.json", code: exitUsage, want: "where"},
	{args: "run --where gas<1 $good.json", code: exitUsage, want: "no block meets it"},
	{args: "run --tx 3 $good.json", code: exitUsage, want: "--tx goes with --pipeview"},
	{args: "run --pipeview $dir/v.txt $good.json", code: exitUsage, want: "v.txt"},
	{args: "run --pipeview $dir/v.kanata --tx 99 $good.json", code: exitUsage, want: "--tx 99"},
	{args: "run --pipeview $dir/v.kanata --tx one $good.json", code: exitUsage, want: "--tx"},
	{args: "run --pipeview $nowhere/v.kanata --preset scalar --baseline=false $good.json", code: exitUsage, want: "no such file or directory"},
	{args: "run --pipeview $dir/full.kanata --preset scalar --baseline=false $good.json", code: exitFailed, want: "no space left on device"},
	{args: "run --cores 4 $good.json", code: exitUsage, want: "--cores 4"},
	{args: "run --policy none $good.json", code: exitUsage, want: "policy"},
	{args: "run --compare evn", code: exitUsage, want: "--compare"},
	{args: "run --compare evm nothing", code: exitUsage, want: "nothing"},
	{args: "run --preset scalar --baseline=false --timeout 300ms $endless.fuel.json", code: exitTimeout, want: "--timeout: 1 of 1 blocks not finished, 0 failed"},
	{args: "run --preset scalar --baseline=false $good.fuel.json", code: exitOK},
	{args: "run --preset scalar --baseline=false $wrong.fuel.json", code: exitDifference, want: "sum"},
	{args: "run $cut.fuel.json", code: exitUsage, want: "cut.fuel.json: "},
	{args: "validate -q --preset scalar --baseline=false $wrong.fuel.json", code: exitDifference, want: "sum"},
	{args: "validate -q $cut.fuel.json", code: exitUsage, want: "cut.fuel.json: "},
	{args: "limits --scope all", code: exitUsage, want: "--scope"},
	{args: "limits --window -1", code: exitUsage, want: "--window -1"},
	{args: "levels --cores 0", code: exitUsage, want: "--cores 0"},
	{args: "levels -s machine.mapping=holder $good.json", code: exitUsage, want: "machine.mapping"},
	{args: "levels --policy none", code: exitUsage, want: "none"},
	{args: "levels --core scalar --preset scalar", code: exitUsage, want: "say the same"},
	{args: "ablate --base none", code: exitUsage, want: "none"},
	{args: "profile $good.json $good.json", code: exitUsage, want: "accepts at most 1 arg(s)"},
	{args: "profile --by none --preset scalar $good.json", code: exitUsage, want: "none"},
	{args: "profile -o $dir/p.txt $good.json", code: exitUsage, want: "p.txt"},
	{args: "profile -o $nowhere/p.json --preset scalar $good.json", code: exitUsage, want: "no such file or directory"},
	{args: "profile -o $dir/full.pb.gz --preset scalar $good.json", code: exitFailed, want: "no space left on device"},
	{args: "profile --annotate 0x12 --preset scalar $good.json", code: exitUsage, want: "--annotate 0x12"},

	// Over several inputs the gravest counts.
	{args: "validate -q --preset scalar --baseline=false $good.json $none", code: exitUsage, want: "none", lines: 2},
	{args: "validate -q --preset scalar --baseline=false $cut.json $differs.json $good.json", code: exitDifference, want: "cut.json", lines: 3},
	{args: "validate -q --preset scalar --baseline=false --max-cycles 5 $cut.json $good.json", code: exitFailed, want: "cut.json", lines: 3},
	{args: "validate -q --preset scalar --baseline=false --timeout 400ms $cut.json $differs.json $endless.fuel.json", code: exitTimeout, want: "cut.json", lines: 3},

	// State tests.
	{args: "statetest", code: exitUsage, want: "requires at least 1 arg(s)"},
	{args: "statetest $none", code: exitUsage, want: "none"},
	{args: "statetest $cut.test.json", code: exitUsage, want: "cut.test.json"},
	{args: "statetest $test.json", code: exitDifference, want: "1 of 1 subtests did not pass"},
	{args: "statetest --fork none $test.json", code: exitUsage, want: "--fork"},
	{args: "statetest --run ( $test.json", code: exitUsage, want: "--run"},
	{args: "statetest --run nothing $test.json", code: exitUsage, want: "no subtest was selected"},
	{args: "statetest $folder", code: exitUsage, want: "holds no state test"},

	// Experiments.
	{args: "sweep run $none -o $dir/s", code: exitUsage, want: "none"},
	{args: "sweep run $sweep.yaml", code: exitUsage, want: "-o DIR is missing"},
	{args: "sweep run $mapping.sweep -o $dir/s", code: exitUsage, want: "core.rob"},
	{args: "sweep run $policy.sweep -o $dir/s", code: exitUsage, want: "mapping"},
	{args: "sweep run $key.sweep -o $dir/s", code: exitUsage, want: "core.rib"},
	{args: "sweep run $sweep.yaml -o $good.json", code: exitUsage, want: "good.json"},
	{args: "sweep run $sweep.yaml -o $dir/s --shard 3/2", code: exitUsage, want: "--shard"},
	{args: "sweep run $failing.sweep -o $dir/failing -q", code: exitPartial, want: "synthetic-mix", lines: 2},
	{args: "sweep resume $nowhere", code: exitUsage, want: "nowhere"},
	{args: "sweep status $folder", code: exitUsage, want: "folder"},
	{args: "sweep merge $folder", code: exitUsage, want: "folder"},
	{args: "sweep slurm $sweep.yaml", code: exitUsage, want: "-o DIR is missing"},
	{args: "sweep slurm $sweep.yaml -o $dir/s --cpus 0", code: exitUsage, want: "--cpus"},
	{args: "plot $folder --x core.rob --y ipc", code: exitUsage, want: "folder"},
	{args: "plot $swept --x core.rib --y ipc", code: exitUsage, want: "core.rib"},
	{args: "plot $swept --x core.rob --y none", code: exitUsage, want: "none"},
	{args: "plot $swept --x core.rob --y ipc --kind pie", code: exitUsage, want: "pie"},
	{args: "plot $swept --x core.rob --y ipc -o $good.json/x", code: exitUsage, want: "good.json"},
	{args: "plot $swept --x core.rob --y ipc -o /dev/stdout", code: exitUsage, want: "a folder, or FILE.svg"},
	{args: "plot $swept --x core.rob --y ipc -o $good.json", code: exitUsage, want: "a folder, or FILE.svg"},
	{args: "compare $swept $folder", code: exitUsage, want: "folder"},
	{args: "compare $swept $swept --metric none", code: exitUsage, want: "none"},
	{args: "study run none -o $dir/x", code: exitUsage, want: "none"},
	{args: "study run definitions", code: exitUsage, want: "-o DIR is missing"},
	{args: "study run definitions -o $good.json", code: exitUsage, want: "good.json"},
	{args: "study run definitions -o $dir/x --blocks $none", code: exitUsage, want: "none"},
	{args: "report $folder", code: exitUsage, want: "folder"},
	{args: "report $swept -o $nowhere/r.html", code: exitUsage, want: "no such file or directory"},
	{args: "report $swept -o $dir/full.html", code: exitFailed, want: "no space left on device"},
	{args: "report $swept -o $folder", code: exitUsage, want: "is a directory"},

	// Blocks.
	{args: "trace gen -o $dir/x.json", code: exitUsage, want: "--workload"},
	{args: "trace gen --workload none -o $dir/x.json", code: exitUsage, want: "none"},
	{args: "trace gen --workload erc20", code: exitUsage, want: "-o"},
	{args: "trace gen --workload erc20 --transactions 4 -o $nowhere/x.json", code: exitUsage, want: "no such file or directory"},
	{args: "trace gen --workload erc20 --transactions 4 -o $dir/full.json.zst", code: exitFailed, want: "no space left on device"},
	{args: "trace gen --workload erc20 --transactions 4 -o $folder", code: exitUsage, want: "is a directory"},
	{args: "trace gen --workload erc20 --transactions 4 -o /dev/null", code: exitOK},
	{args: "trace gen --workload erc20 --hot x -o $dir/x.json", code: exitUsage, want: "--hot"},
	{args: "trace import $none -o $dir/x.json", code: exitUsage, want: "none"},
	{args: "trace import $text.json -o $dir/x.json", code: exitUsage, want: "text.json"},
	{args: "trace import $steps.jsonl -o $dir/x.json", code: exitUsage, want: "steps.jsonl"},
	{args: "trace import $good.json", code: exitUsage, want: "-o"},
	{args: "trace import $good.json -o $nowhere/x.json", code: exitUsage, want: "no such file or directory"},
	{args: "trace import $good.json -o $dir/full.json.zst", code: exitFailed, want: "no space left on device"},
	{args: "trace import --chain-config $text.json $good.json -o $dir/x.json", code: exitUsage, want: "--chain-config"},
	{args: "trace import --fork none $good.json -o $dir/x.json", code: exitUsage, want: "--fork"},
	{args: "trace bal $good.json", code: exitUsage, want: "-o or --check"},
	{args: "trace bal $good.json -o $nowhere/x", code: exitUsage, want: "no such file or directory"},
	{args: "trace bal $good.json -o $dir/full.rlp", code: exitFailed, want: "no space left on device"},
	{args: "trace bal $good.json --check $none", code: exitUsage, want: "none"},
	{args: "trace bal $good.json --check $text.json", code: exitUsage, want: "text.json"},
	{args: "trace disasm", code: exitUsage, want: "accepts 1 arg(s)"},
	{args: "trace disasm xyz", code: exitUsage, want: "xyz"},
	{args: "trace disasm --vm none 6001", code: exitUsage, want: "--vm"},
	{args: "trace disasm --fork none 6001", code: exitUsage, want: "--fork"},
	{args: "trace disasm $none:0x0000000000000000000000000000000000000001", code: exitUsage, want: "none"},
	{args: "trace disasm $cut.json:0x0000000000000000000000000000000000000001", code: exitUsage, want: "cut.json"},
	{args: "trace disasm embedded:0x0000000000000000000000000000000000000077", code: exitUsage, want: "does not have the account"},
	{args: "trace fetch --block 1", code: exitUsage, want: "--rpc"},
	{args: "trace fetch --rpc http://127.0.0.1:1", code: exitUsage, want: "--block"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block x", code: exitUsage, want: "--block"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 3-1", code: exitUsage, want: "ends before it begins"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --retries -1", code: exitUsage, want: "--retries -1"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --request-timeout -1s", code: exitUsage, want: "--request-timeout -1s"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --max-answer 0", code: exitUsage, want: "--max-answer 0"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --rate -1", code: exitUsage, want: "--rate -1"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --method none", code: exitUsage, want: "--method"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --list $none", code: exitUsage, want: "--list"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --list $list.csv", code: exitUsage, want: "list.csv: line 2"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --chain-config $text.json", code: exitUsage, want: "--chain-config"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --retries 0 -o $dir/x.json", code: exitUsage, want: "connection refused"},
	{args: "trace fetch --rpc http://127.0.0.1:1 --block 1 --retries 0 -o $nowhere/x.json", code: exitUsage, want: "there is no folder"},
	{args: "corpus index $none", code: exitUsage, want: "none"},
	{args: "corpus index $good.json", code: exitUsage, want: "expected a folder"},
	{args: "corpus index", code: exitUsage, want: "takes one folder"},
	{args: "corpus list", code: exitUsage, want: "takes blocks"},
}

// TestEndings: every command ends with the exit code of what became of it, with a line of ours for each thing that went
// wrong that names what it is about, and with an error when its output has no room.
func TestEndings(t *testing.T) {
	files := fixture(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	all := append(append(alike(), blockEndings()...), special...)
	for _, e := range all {
		t.Run("ooovm "+e.args, func(t *testing.T) {
			var args []string
			for _, arg := range strings.Fields(e.args) {
				args = append(args, named(files, arg))
			}
			var stdout, stderr bytes.Buffer
			code := execute(args, &stdout, &stderr, nil)
			if code != e.code {
				t.Errorf("exit code %d, want %d", code, e.code)
			}
			checkLines(t, &e, stderr.String(), named(files, e.want))
			if e.code == exitOK && stdout.Len() > 0 {
				stderr.Reset()
				if code := execute(args, full, &stderr, nil); code != exitFailed || !strings.HasSuffix(stderr.String(), "ooovm: standard output: no space left on device\n") {
					t.Errorf("with a full disk: exit code %d, want %d:\n%s", code, exitFailed, stderr.String())
				}
			}
		})
	}
	t.Logf("%d command lines", len(all))
}

// named puts the paths of files into a text.
func named(files map[string]string, text string) string {
	before, name, ok := strings.Cut(text, "$")
	if !ok {
		return text
	}
	longest := ""
	for n := range files {
		if strings.HasPrefix(name, n) && len(n) > len(longest) {
			longest = n
		}
	}
	return before + files[longest] + strings.TrimPrefix(name, longest)
}

// checkLines compares what a command says on stderr.
func checkLines(t *testing.T, e *ending, stderr, want string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if stderr == "" {
		lines = nil
	}
	number := e.lines
	if number == 0 && e.code != exitOK {
		number = 1
	}
	if number > 0 && len(lines) != number || e.code != exitOK && e.want != "" && (len(lines) == 0 || !strings.Contains(lines[0], want)) {
		t.Errorf("stderr, want %d lines, the first with %q:\n%s", number, want, stderr)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, "ooovm: ") && (i == 0 || !strings.HasPrefix(line, "  ")) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("not a line of ours: %q", line)
		}
	}
}
