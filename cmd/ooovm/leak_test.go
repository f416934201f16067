package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ours are words that only a programmer of the simulator knows: functions, types and packages
// of Go and of libraries, and what they call what a user has written.
var ours = regexp.MustCompile(`strconv\.|[^.a-z](json|yaml|toml|hexutil|strconv): |Go (struct|value|type)|mapstructure|hexutil|hex string|hex number|unmarshal|reflect|` +
	`\b(u?int(8|16|32|64)|float64)\b|big\.Int|invalid syntax|goroutine|runtime error|simulator error|panic:|\.go:[0-9]|` +
	`\b[a-z][a-z0-9]*\.[A-Z][A-Za-z]*\b|\*[a-z]+\.|%![a-z]|<nil>|0x[0-9a-f]{8,16}\)`)

// forkOf is the path of a member of a state test, which is the file's own.
var forkOf = regexp.MustCompile(`post\.[A-Z]\w*`)

// speaksPlainly runs a command line that cannot succeed: it says why in lines of its own that
// name nothing of the program's inside, and ends with 2, or 3 where values contradict each other.
func speaksPlainly(t *testing.T, what string, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(args, &stdout, &stderr, nil)
	said := forkOf.ReplaceAllString(stderr.String()+stdout.String(), "post")
	for line := range strings.Lines(said) {
		if word := ours.FindString(line); word != "" {
			t.Errorf("%s: ooovm %s: %q in\n%.400s", what, strings.Join(args, " "), word, line)
		}
	}
	if code == exitOK || code == exitFailed {
		return
	}
	if stderr.Len() == 0 {
		t.Errorf("%s: ooovm %s: exit code %d and nothing said", what, strings.Join(args, " "), code)
	}
}

// TestFlagsSpeakPlainly gives every flag of every command values that it cannot take.
func TestFlagsSpeakPlainly(t *testing.T) {
	for _, command := range []string{
		"run", "validate", "limits", "levels", "ablate", "profile", "bench", "statetest x.json", "plot x", "compare x y", "report x", "corpus index x",
		"sweep run x.yaml", "sweep status x", "sweep merge x", "sweep slurm x.yaml", "study run x", "study list", "trace info", "trace gen", "trace disasm 00", "trace bal x",
		"config show", "config diff a b", "config schema", "list predictors", "version",
	} {
		words := strings.Fields(command)
		for _, flag := range []string{
			"jobs", "timeout", "seed", "max-cycles", "check", "baseline", "carry", "tx", "pipeview", "preset", "set", "config", "policy", "cores", "core", "base",
			"window", "width", "scope", "latency", "by", "top", "annotate", "output", "out", "format", "chaos", "fork", "run", "skip", "where", "kind", "x", "y", "z", "mean",
			"series", "metric", "shard", "chunk", "blocks", "transactions", "hot", "depth", "pools", "vm", "compare", "workload", "nosuch",
		} {
			for _, value := range []string{"", "x", "-1", "1e9", "99999999999999999999999", "[", "a=b", "core.rob=x", "0x1", "\u00e9"} {
				speaksPlainly(t, flag, append(words[:len(words):len(words)], "--"+flag+"="+value, "nowhere.json")...)
			}
		}
		if t.Failed() {
			return // the others say the same
		}
	}
}

// badValues are values of every JSON type that few members can take.
var badValues = []string{
	`null`, `""`, `"x"`, `"0x"`, `"0xzz"`, `"0x0g"`, `"0x123"`, `"-1"`, `-1`, `1.5`, `1e400`, `true`, `[]`, `{}`, `[[1]]`, `{"a":{}}`,
	`99999999999999999999999`, `"99999999999999999999999999999999999999999999999999999999999999999999999999999999999"`, `"0x` + strings.Repeat("f", 70) + `"`, `"` + strings.Repeat("0", 66) + `"`,
}

// spoiled hands over a JSON text with one value after the other replaced by a bad one, or left out.
// Of lists and of objects with many members it takes the first two.
func spoiled(t *testing.T, text string, visit func(what string, text []byte)) {
	t.Helper()
	var root any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&root); err != nil {
		t.Fatal(err)
	}
	emit := func(what string) {
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		visit(what, b)
	}
	var walk func(path string, v any, put func(any))
	walk = func(path string, v any, put func(any)) {
		for _, bad := range badValues {
			put(json.RawMessage(bad))
			emit(path + "=" + bad)
		}
		put(v)
		switch v := v.(type) {
		case map[string]any:
			members := 0
			for _, name := range sortedNames(v) {
				if members++; members > 40 || members > 2 && strings.HasPrefix(name, "0x") {
					break
				}
				child := v[name]
				walk(path+"."+name, child, func(x any) { v[name] = x })
				delete(v, name)
				emit(path + " without " + name)
				v[name] = child
			}
		case []any:
			for i := range min(len(v), 1) {
				walk(fmt.Sprintf("%s[%d]", path, i), v[i], func(x any) { v[i] = x })
			}
		}
	}
	walk("", root, func(x any) { root = x })
}

func sortedNames(o map[string]any) []string {
	var names []string
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestFilesSpeakPlainly spoils every member of the files that commands read.
func TestFilesSpeakPlainly(t *testing.T) {
	dir := t.TempDir()
	block := filepath.Join(dir, "block.json")
	var stdout, stderr bytes.Buffer
	if code := execute([]string{"trace", "gen", "--workload", "transfers", "--transactions", "1", "-o", block}, &stdout, &stderr, nil); code != exitOK {
		t.Fatal(stderr.String())
	}
	bundle, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		text string
		args []string // before the file
	}{
		{"bundle.json", string(bundle), []string{"run", "-q", "--baseline=false", "--preset", "scalar"}},
		{"program.fuel.json", fuelText, []string{"run", "-q", "--baseline=false", "--preset", "scalar"}},
		{"vectors.json", vectorText, []string{"run", "-q", "--baseline=false", "--preset", "scalar"}},
		{"test.json", stateTestText, []string{"statetest", "-q"}},
		{"config.json", `{"preset": "ooo-4", "core": {"rob": 64, "stack": "fold", "inorder": false}, "predictor": {"branch": "tage"}}`, []string{"config", "show", "-q", "-c"}},
		{"config.yaml", `{"preset": "ooo-4", "core": {"rob": 64, "stack": "fold", "inorder": false}, "predictor": {"branch": "tage"}}`, []string{"config", "show", "-q", "-c"}},
		{
			"sweep.yaml", `{"name": "s", "base": {"preset": "scalar", "set": ["core.rob=8"], "files": []}, "axes": {"core.rob": [8, 16], "preset": ["scalar"], "blocks": ["embedded"]},
			"zip": [["core.rob", "preset"]], "exclude": [{"core.rob": 8}], "repeats": 1, "seeds": [1], "check": true, "baseline": true, "maxCycles": 5, "where": "gas > 1"}`,
			[]string{"sweep", "run", "--dry-run", "-q", "-o", filepath.Join(dir, "out")},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			path := filepath.Join(dir, c.file)
			spoiled(t, c.text, func(what string, text []byte) {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
				speaksPlainly(t, what, append(c.args[:len(c.args):len(c.args)], path)...)
			})
		})
	}
}

const fuelText = `{"schema": "ooovm.fuel/1", "name": "sum", "params": "standard", "gas": "standard-v7", "chain_id": 1, "base_asset": "00",
 "block": {"height": 7, "time": 5, "coinbase": "0000000000000000000000000000000000000000000000000000000000000001", "gas_price": 1, "hashes": {"1": "0000000000000000000000000000000000000000000000000000000000000001"}, "times": {"1": 2}},
 "contracts": [{"id": "0000000000000000000000000000000000000000000000000000000000000001", "code": "24040000", "storage": {}, "balances": {}}], "blobs": {},
 "transactions": [{"gas_limit": 1000, "script": "24040000", "script_data": "00", "policies": {"tip": 1}, "inputs": [], "outputs": [], "witnesses": ["00"]}],
 "expect": {"transactions": [{"receipts": [{"type": "Return", "val": "1"}, {"type": "ScriptResult", "result": "Success", "gas_used": "1"}]}]}}`

const vectorText = `{"vectors": [{"id": "a", "env": {"script": "7240000524400000", "script_data": "", "gas_limit": 1000, "block_height": 1, "contracts": [], "inputs": [], "outputs": []}, "expect": {"result": "Success"}, "oracle": {}}]}`

const stateTestText = `{"tiny": {"env": {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentDifficulty": "0x20000", "currentGasLimit": "0xff112233445566", "currentNumber": "0x1", "currentTimestamp": "0x3e8", "currentBaseFee": "0xa", "currentRandom": "0x20000"},
 "pre": {"0x1000000000000000000000000000000000000000": {"balance": "0x0", "code": "0x00", "nonce": "0x0", "storage": {"0x0": "0x1"}}},
 "transaction": {"nonce": "0x0", "gasPrice": "0xa", "to": "0x1000000000000000000000000000000000000000", "data": ["0x"], "gasLimit": ["0x5f5e100"], "value": ["0x0"], "secretKey": "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8", "sender": "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"},
 "post": {"Cancun": [{"hash": "0x0000000000000000000000000000000000000000000000000000000000000000", "logs": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347", "indexes": {"data": 0, "gas": 0, "value": 0}}]}}}`
