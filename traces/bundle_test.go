package traces

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// uncompressed is the JSON of a small bundle.
func uncompressed(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := smallBundle(t, []byte{0}, []byte{0}, []byte{1, 2}, nil).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSaveLoadIsIdentity(t *testing.T) {
	b := smallBundle(t, []byte{0x5b, 0x00}, []byte{0}, []byte{1, 2})
	want, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".json", ".json.gz", ".json.zst"} {
		path := filepath.Join(t.TempDir(), "b"+ext)
		if err := b.Save(path); err != nil {
			t.Fatal(err)
		}
		first, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Hash(); err != nil || got != want {
			t.Errorf("%s: hash %s, want %s (%v)", ext, got, want, err)
		}
		if again.Name != "b" {
			t.Errorf("%s: name %q", ext, again.Name)
		}
		if err := again.Check(); err != nil {
			t.Errorf("%s: %v", ext, err)
		}
		if err := again.Save(path); err != nil {
			t.Fatal(err)
		}
		if second, _ := os.ReadFile(path); !bytes.Equal(first, second) {
			t.Errorf("%s: saving twice gives different bytes", ext)
		}
	}
}

// edit decodes a bundle's JSON, changes it and encodes it again.
func edit(t testing.TB, text []byte, change func(doc map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	change(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func in(doc map[string]any, path ...string) map[string]any {
	for _, p := range path {
		doc = doc[p].(map[string]any)
	}
	return doc
}

func TestLoadNamesTheDamage(t *testing.T) {
	const account = "0x000000000000000000000000000000000000aaaa"
	good := uncompressed(t)
	change := func(f func(map[string]any)) []byte { return edit(t, good, f) }
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(good)
	z.Close()
	damaged := bytes.Clone(zipped.Bytes())
	damaged[len(damaged)-6] ^= 1 // checksum

	for _, c := range []struct {
		name string
		text []byte
		want string // part of the message
	}{
		{"empty", nil, "empty"},
		{"not JSON", []byte("hello"), "JSON object"},
		{"array", []byte("[]"), "JSON object"},
		{"empty object", []byte("{}"), "chainId: expected to be present"},
		{"truncated text", good[:len(good)/2], "truncated"},
		{"truncated at the end", good[:len(good)-2], "truncated"},
		{"truncated gzip", zipped.Bytes()[:zipped.Len()/2], "truncated"},
		{"damaged gzip", damaged, "checksum"},
		{"text behind", append(bytes.Clone(good), "{}"...), "nothing behind"},
		{"key twice in other case", []byte(`{"chainId":1,"CHAINID":1}`), "CHAINID: expected to be given once"},
		{"header field twice", bytes.Replace(good, []byte(`"gasUsed":`), []byte(`"gasUsed":"0x1","gasUsed":`), 1), "block.gasUsed: expected to be given once"},
		{"transaction's field twice", bytes.Replace(good, []byte(`"from":`), []byte(`"From":"0x00","from":`), 1), "].from: expected to be given once"},
		{"a schedule's fork twice", change(func(d map[string]any) {
			d["chainId"], d["chainConfig"] = 7, map[string]any{"chainId": 7, "homesteadBlock": 0, "HomesteadBlock": 5}
		}), "chainConfig.homesteadBlock: expected to be given once"},
		{"a fork that is not known", change(func(d map[string]any) {
			d["chainId"], d["chainConfig"] = 7, verkle
		}), "chainConfig: expected a fork up to Osaka at the block: found"},
		{"a number of many digits", change(func(d map[string]any) { d["chainId"] = json.Number(strings.Repeat("9", 5000)) }), "chainId: expected a number"},
		{"key twice", []byte(`{"chainId":1,"chainId":1}`), "chainId: expected to be given once"},
		{"chain of wrong type", change(func(d map[string]any) { d["chainId"] = "one" }), "chainId: expected a number"},
		{"chain 0", change(func(d map[string]any) {
			d["chainId"], d["chainConfig"] = 0, map[string]any{"chainId": 0}
		}), "its chainId is 0, and ids begin at 1"},
		{"a blob schedule whose fees take for ever", change(func(d map[string]any) {
			d["chainId"], d["chainConfig"] = 7, map[string]any{"chainId": 7, "blobSchedule": map[string]any{"cancun": map[string]any{"target": 3, "max": 6, "baseFeeUpdateFraction": 1}}}
		}), "a baseFeeUpdateFraction of 1"},
		{"an excess that no chain can have", change(func(d map[string]any) {
			d["block"].(map[string]any)["excessBlobGas"] = "0xffffffffffffffff"
		}), "block.excessBlobGas: expected what a chain can have"},
		{"unknown chain", change(func(d map[string]any) { d["chainId"] = 424242 }), "chainId: expected a known chain"},
		{"no block", change(func(d map[string]any) { delete(d, "block") }), "block: expected to be present"},
		{"block of wrong type", change(func(d map[string]any) { d["block"] = 3 }), "block: expected a block object"},
		{"no state root", change(func(d map[string]any) { delete(in(d, "block"), "stateRoot") }), "block.stateRoot: expected to be present"},
		{"null gas limit", change(func(d map[string]any) { in(d, "block")["gasLimit"] = nil }), "block.gasLimit: expected to be present"},
		{"gas limit of wrong type", change(func(d map[string]any) { in(d, "block")["gasLimit"] = 5 }), "block.gasLimit: expected"},
		{"huge block number", change(func(d map[string]any) { in(d, "block")["number"] = "0x10000000000000000" }), "block.number"},
		{"no withdrawals", change(func(d map[string]any) { delete(in(d, "block"), "withdrawals") }), "block.withdrawals: expected to be present"},
		{"null withdrawal", change(func(d map[string]any) { in(d, "block")["withdrawals"] = []any{nil} }), "block.withdrawals[0]"},
		{"transaction hashes only", change(func(d map[string]any) { in(d, "block")["transactions"] = []any{"0x12"} }), "block.transactions[0]: expected a whole transaction"},
		{"null transaction", change(func(d map[string]any) { in(d, "block")["transactions"] = []any{nil} }), "block.transactions[0].hash"},
		{"transaction without nonce", change(func(d map[string]any) {
			delete(in(d, "block")["transactions"].([]any)[1].(map[string]any), "nonce")
		}), "block.transactions[1]: expected a valid transaction"},
		{"prestate of wrong type", change(func(d map[string]any) { d["prestate"] = []any{} }), "prestate: expected a JSON object"},
		{"bad address", change(func(d map[string]any) { in(d, "prestate")["0x12"] = map[string]any{} }), "prestate.0x12: expected an address"},
		{"null account", change(func(d map[string]any) { in(d, "prestate")[account] = nil }), "prestate." + account},
		{"no balance", change(func(d map[string]any) { delete(in(d, "prestate", account), "balance") }), account + ".balance: expected to be present"},
		{"numeric balance", change(func(d map[string]any) { in(d, "prestate", account)["balance"] = 5 }), account + ".balance: expected a hexadecimal quantity"},
		{"wide balance", change(func(d map[string]any) { in(d, "prestate", account)["balance"] = "0x1" + strings.Repeat("0", 64) }), account + ".balance"},
		{"wide nonce", change(func(d map[string]any) { in(d, "prestate", account)["nonce"] = "0x10000000000000000" }), account + ".nonce"},
		{"odd code", change(func(d map[string]any) { in(d, "prestate", account)["code"] = "0x123" }), account + ".code: expected code"},
		{"unknown member", change(func(d map[string]any) { in(d, "prestate", account)["storag"] = "" }), account + ".storag: expected no such member"},
		{"short slot", change(func(d map[string]any) { in(d, "prestate", account, "storage")["0x1"] = "0x1" }), account + ".storage.0x1: expected a slot number"},
		{"bad block number", change(func(d map[string]any) { in(d, "blockHashes")["0x5"] = "0x" }), "blockHashes.0x5"},
		{"flipped balance", change(func(d map[string]any) { in(d, "prestate", account)["balance"] = "0x1" }), "contentHash: expected the hash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(c.text), "file.json")
			var typed *BundleError
			if !errors.As(err, &typed) {
				t.Fatalf("error %v is no BundleError", err)
			}
			if !strings.HasPrefix(err.Error(), "file.json") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
				t.Errorf("message %q, want one line with %q", err, c.want)
			}
		})
	}
}

func TestLoadIgnoresUnknownTopLevelMembers(t *testing.T) {
	text := edit(t, uncompressed(t), func(d map[string]any) { d["comment"] = map[string]any{"a": 1} })
	if _, err := Read(bytes.NewReader(text), "f"); err != nil {
		t.Error(err)
	}
}

func TestLoadOfAMissingFile(t *testing.T) {
	var typed *BundleError
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.As(err, &typed) {
		t.Errorf("error %v is no BundleError", err)
	}
}

func TestTextIsBounded(t *testing.T) {
	r := &boundedReader{r: strings.NewReader("12345"), left: 4}
	if _, err := r.Read(make([]byte, 5)); err == nil {
		t.Error("read more than the bound")
	}
}

func TestContentHashCoversEverything(t *testing.T) {
	fresh := func() *Bundle { return smallBundle(t, []byte{0}, []byte{0}, nil) }
	want := ContentHash(fresh().Prestate, fresh().BlockHashes)
	for name, change := range map[string]func(*Bundle){
		"balance":    func(b *Bundle) { b.Prestate[contractA].Balance.SetOne() },
		"nonce":      func(b *Bundle) { b.Prestate[contractA].Nonce++ },
		"code":       func(b *Bundle) { b.Prestate[contractA].Code = []byte{1} },
		"slot":       func(b *Bundle) { b.Prestate[contractA].Storage = nil },
		"account":    func(b *Bundle) { delete(b.Prestate, contractB) },
		"block hash": func(b *Bundle) { b.BlockHashes[19_999_999] = common.Hash{1} },
	} {
		b := fresh()
		change(b)
		if ContentHash(b.Prestate, b.BlockHashes) == want {
			t.Errorf("a changed %s leaves the hash unchanged", name)
		}
	}
}

func TestCheckNamesTheFailure(t *testing.T) {
	tx0 := func(d map[string]any) map[string]any {
		return in(d, "block")["transactions"].([]any)[0].(map[string]any)
	}
	other := "0x" + strings.Repeat("ab", 20)
	for _, c := range []struct {
		name   string
		change func(map[string]any)
		want   error
	}{
		{"nothing", func(map[string]any) {}, nil},
		{"gasUsed", func(d map[string]any) { in(d, "block")["gasUsed"] = "0x1" }, ErrHeaderHash},
		{"state root", func(d map[string]any) { in(d, "block")["stateRoot"] = common.Hash{9} }, ErrHeaderHash},
		{"stated hash", func(d map[string]any) { in(d, "block")["hash"] = common.Hash{9} }, ErrHeaderHash},
		{"input byte", func(d map[string]any) { tx0(d)["input"] = "0x0103" }, ErrTransactionsRoot},
		{"transaction missing", func(d map[string]any) { in(d, "block")["transactions"] = []any{tx0(d)} }, ErrTransactionsRoot},
		{"withdrawal added", func(d map[string]any) {
			in(d, "block")["withdrawals"] = []any{map[string]any{"index": "0x1", "validatorIndex": "0x1", "address": other, "amount": "0x1"}}
		}, ErrWithdrawalsRoot},
		{"stated sender", func(d map[string]any) { tx0(d)["from"] = other }, ErrSender},
		{"stated transaction hash", func(d map[string]any) { tx0(d)["hash"] = common.Hash{9} }, ErrTransactionHash},
		{"field of a later fork", func(d map[string]any) { in(d, "block")["requestsHash"] = common.Hash{9} }, ErrHeaderFields},
		{"field of the fork missing", func(d map[string]any) { delete(in(d, "block"), "baseFeePerGas") }, ErrHeaderFields},
		{"parent hash", func(d map[string]any) {
			in(d, "blockHashes")["19999999"] = common.Hash{9}
			delete(d, "contentHash")
		}, ErrParentHash},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Read(bytes.NewReader(edit(t, uncompressed(t), c.change)), "f.json")
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Check(); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestCollect(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	b := file("b.json", `{"note":1,"block":{}}`)
	a := file("a.json", `{"chainId":1}`)
	empty := file("empty.json", ``)
	index := file("index.json", `{"blocks":[],"format":""}`)
	readme := file("README.md", `# hi`)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	none, noMatch := filepath.Join(dir, "none.json"), filepath.Join(dir, "z*.json")
	for _, c := range []struct {
		name            string
		args            []string
		inputs, ignored []string
		fails           bool
	}{
		{"folder", []string{dir}, []string{a, b, empty}, []string{readme, index}, false},
		{"explicit files stay", []string{index, "-", a}, []string{index, "-", a}, nil, false},
		{"pattern", []string{filepath.Join(dir, "[ab].json")}, []string{a, b}, nil, false},
		{"each once", []string{b, dir}, []string{b, a, empty}, []string{readme, index}, false},
		{"missing file, for Load to complain about", []string{none, a}, []string{none, a}, nil, false},
		{"pattern without match, the same", []string{noMatch, a}, []string{noMatch, a}, nil, false},
		{"no pattern", []string{"[a*"}, nil, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inputs, ignored, err := Collect(c.args, nil)
			if (err != nil) != c.fails {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(inputs, c.inputs) || !reflect.DeepEqual(ignored, c.ignored) {
				t.Errorf("inputs %v, ignored %v", inputs, ignored)
			}
		})
	}
}

// verkle is a schedule with all forks of this go-ethereum on.
var verkle = map[string]any{
	"chainId": 7, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0, "byzantiumBlock": 0, "constantinopleBlock": 0, "petersburgBlock": 0,
	"istanbulBlock": 0, "berlinBlock": 0, "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0, "verkleTime": 0,
}
