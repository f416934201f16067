package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/klauspost/compress/zstd"

	"github.com/ooovm/ooovm/traces"
)

// object is a JSON object taken apart.
type object = map[string]any

// embeddedText is the embedded block as a file has it.
func embeddedText(t *testing.T) []byte {
	t.Helper()
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// edited changes a bundle's text.
func edited(t *testing.T, text []byte, edit func(object)) []byte {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var o object
	if err := dec.Decode(&o); err != nil {
		t.Fatal(err)
	}
	edit(o)
	out, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The parts of a bundle that edits go for.
func block(o object) object              { return o["block"].(object) }
func transaction(o object, i int) object { return block(o)["transactions"].([]any)[i].(object) }

// account is the first account, by address, for which want holds.
func account(o object, want func(object) bool) object {
	prestate := o["prestate"].(object)
	for _, address := range slices.Sorted(maps.Keys(prestate)) {
		if a := prestate[address].(object); want(a) {
			return a
		}
	}
	panic("the bundle has no such account")
}

func hasCode(a object) bool    { return a["code"] != nil }
func hasStorage(a object) bool { return a["storage"] != nil }
func hasNeither(a object) bool { return !hasCode(a) && !hasStorage(a) }

// flipped changes the last digit of a hexadecimal string.
func flipped(s any) string {
	b := []byte(s.(string))
	if last := len(b) - 1; b[last] == '1' {
		b[last] = '2'
	} else {
		b[last] = '1'
	}
	return string(b)
}

// first is an object's first member in the order of names.
func first(o object) string { return slices.Min(slices.Collect(maps.Keys(o))) }

// refuses runs the commands that take blocks on a damaged one: they end with the
// exit code and say why in one line.
func refuses(t *testing.T, text []byte, code int, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", path}, {"validate", "-q", path}, {"run", "--json", "--check=false", path}} {
		var stdout, stderr bytes.Buffer
		got := execute(args, &stdout, &stderr, nil)
		lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
		if got != code || len(lines) != 1 || !strings.Contains(lines[0], "damaged") || !strings.Contains(lines[0], want) {
			t.Errorf("%s: exit code %d, want %d; stderr, want one line with %q:\n%s", args[0], got, code, want, stderr.String())
		}
		if strings.Contains(stdout.String(), `"ok":true`) {
			t.Errorf("%s: the block passes", args[0])
		}
	}
}

// TestUnreadable: what is no bundle, or not a whole one.
func TestUnreadable(t *testing.T) {
	text := embeddedText(t)
	var zipped, zstandard bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w, err := zstd.NewWriter(&zstandard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"no bytes", nil, "the file is empty"},
		{"one byte", text[:1], "truncated"},
		{"a quarter", text[:len(text)/4], "truncated"},
		{"half", text[:len(text)/2], "truncated"},
		{"all but the end", text[:len(text)-2], "truncated"},
		{"half of gzip", zipped.Bytes()[:zipped.Len()/2], "truncated"},
		{"head of gzip", zipped.Bytes()[:5], "expected a bundle in JSON, gzip or zstd"},
		{"broken gzip", flip(zipped.Bytes(), zipped.Len()/2), "damaged.json"},
		{"broken end of gzip", flip(zipped.Bytes(), zipped.Len()-6), "checksum"},
		{"half of zstd", zstandard.Bytes()[:zstandard.Len()/2], "truncated"},
		{"broken zstd", flip(zstandard.Bytes(), zstandard.Len()/2), "damaged.json"},
		{"text", []byte("hello"), "expected a JSON object"},
		{"an array", []byte("[]"), "expected a JSON object"},
		{"another object", []byte(`{"a":1}`), "chainId: expected to be present"},
		{"two objects", append(slices.Clone(text), "{}"...), "nothing behind the bundle's object"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, c.text, exitUsage, c.want) })
	}
}

// flip changes a bit of a byte.
func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 0x10
	return b
}

// TestUnsound: a bundle with something missing, of the wrong type, or with a
// pre-state that does not have the stated hash.
func TestUnsound(t *testing.T) {
	text := embeddedText(t)
	content := "contentHash: expected the hash of prestate and blockHashes"
	for _, c := range []struct {
		name string
		edit func(object)
		want string
	}{
		{"no chainId", func(o object) { delete(o, "chainId") }, "chainId: expected to be present"},
		{"no block", func(o object) { delete(o, "block") }, "block: expected to be present"},
		{"no prestate", func(o object) { delete(o, "prestate") }, "prestate: expected to be present"},
		{"no blockHashes", func(o object) { delete(o, "blockHashes") }, "blockHashes: expected to be present"},
		{"no gasUsed", func(o object) { delete(block(o), "gasUsed") }, "block.gasUsed: expected to be present"},
		{"no transactions", func(o object) { delete(block(o), "transactions") }, "block.transactions: expected to be present"},
		{"no sender", func(o object) { delete(transaction(o, 3), "from") }, "block.transactions[3].from: expected to be present"},
		{"no signature", func(o object) { delete(transaction(o, 3), "s") }, "block.transactions[3]"},
		{"no balance", func(o object) { delete(account(o, hasCode), "balance") }, "balance: expected to be present"},
		{"no nonce", func(o object) { delete(account(o, hasNeither), "nonce") }, "nonce: expected to be present"},

		{"chainId is a string", func(o object) { o["chainId"] = "1" }, "chainId: expected a number"},
		{"unknown chain", func(o object) { o["chainId"] = 424242 }, "chainId: expected a known chain"},
		{"block is a number", func(o object) { o["block"] = 7 }, "block: expected a block object"},
		{"gasUsed is a number", func(o object) { block(o)["gasUsed"] = 7 }, "block.gasUsed"},
		{"transactions are hashes", func(o object) { block(o)["transactions"] = []any{"0x00"} }, "block.transactions[0]: expected a whole transaction object"},
		{"prestate is a list", func(o object) { o["prestate"] = []any{} }, "prestate: expected a JSON object"},
		{"balance is a number", func(o object) { account(o, hasNeither)["balance"] = 7 }, "balance: expected a hexadecimal quantity"},
		{"code is no hexadecimal", func(o object) { account(o, hasCode)["code"] = "0xzz" }, "code: expected code in hexadecimal"},
		{"short slot", func(o object) { account(o, hasStorage)["storage"].(object)["0x01"] = "0x01" }, "storage.0x01: expected a slot number of 32 bytes"},
		{"unknown member", func(o object) { account(o, hasCode)["codeHash"] = "0x" }, "codeHash: expected no such member"},

		{"balance", func(o object) { a := account(o, hasNeither); a["balance"] = flipped(a["balance"]) }, content},
		{"nonce", func(o object) { a := account(o, hasNeither); a["nonce"] = flipped(a["nonce"]) }, content},
		{"code", func(o object) { a := account(o, hasCode); a["code"] = flipped(a["code"]) }, content},
		{"slot", func(o object) { s := account(o, hasStorage)["storage"].(object); s[first(s)] = flipped(s[first(s)]) }, content},
		{"slot is gone", func(o object) { s := account(o, hasStorage)["storage"].(object); delete(s, first(s)) }, content},
		{"account is gone", func(o object) { p := o["prestate"].(object); delete(p, first(p)) }, content},
		{"account is new", func(o object) {
			o["prestate"].(object)["0x00000000000000000000000000000000deadbeef"] = object{"balance": "0x0", "nonce": "0x0"}
		}, content},
		{"block hash", func(o object) { h := o["blockHashes"].(object); h[first(h)] = flipped(h[first(h)]) }, content},
		{"contentHash", func(o object) { o["contentHash"] = flipped(o["contentHash"]) }, content},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, edited(t, text, c.edit), exitUsage, c.want) })
	}
}

// TestContradiction: a bundle that can be read, but is not the block that it says.
func TestContradiction(t *testing.T) {
	const header, root = "header does not hash to block.hash", "transactions do not hash to block.transactionsRoot"
	type contradiction struct {
		name string
		edit func(object)
		want string
	}
	table := []contradiction{
		{"a transaction's hash", func(o object) { tx := transaction(o, 5); tx["hash"] = flipped(tx["hash"]) }, "transaction does not have the stated hash: transaction 5"},
		{"a transaction's from", func(o object) { tx := transaction(o, 5); tx["from"] = flipped(tx["from"]) }, "transaction is not signed by the stated sender: transaction 5"},
		{"a transaction is gone", func(o object) { block(o)["transactions"] = block(o)["transactions"].([]any)[1:] }, root},
		{"parent", func(o object) {
			h := o["blockHashes"].(object)
			h["22999999"] = flipped(h["22999999"])
			delete(o, "contentHash")
		}, "blockHashes contradicts block.parentHash"},
	}
	for _, field := range []string{
		"hash", "gasUsed", "logsBloom", "receiptsRoot", "stateRoot", "transactionsRoot", "parentHash", "miner", "timestamp", "gasLimit", "extraData",
		"mixHash", "baseFeePerGas", "withdrawalsRoot", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
	} {
		table = append(table, contradiction{field, func(o object) { block(o)[field] = flipped(block(o)[field]) }, header})
	}
	for _, field := range []string{"nonce", "gas", "value", "input", "to", "r", "s"} {
		table = append(table, contradiction{"a transaction's " + field, func(o object) {
			i := 0
			for transaction(o, i)["input"] == "0x" {
				i++
			}
			tx := transaction(o, i)
			tx[field] = flipped(tx[field])
		}, root})
	}
	text := embeddedText(t)
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) { refuses(t, edited(t, text, c.edit), exitDifference, c.want) })
	}
}

// TestWrongHeader: a header that hashes to the stated hash and is the block's but for
// what execution has to give.
func TestWrongHeader(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*types.Header)
		want   string
	}{
		{"gasUsed", func(h *types.Header) { h.GasUsed++ }, "gas used is 6177066, the header says 6177067"},
		{"logsBloom", func(h *types.Header) { h.Bloom[100] ^= 1 }, "logs bloom is not the header's"},
		{"receiptsRoot", func(h *types.Header) { h.ReceiptHash[31] ^= 1 }, "receipts root is 0x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := traces.Embedded()
			if err != nil {
				t.Fatal(err)
			}
			c.change(b.Header)
			b.BlockHash = b.Header.Hash()
			var text bytes.Buffer
			if err := b.Write(&text); err != nil {
				t.Fatal(err)
			}
			refuses(t, text.Bytes(), exitDifference, c.want)
		})
	}
}

// TestWrongPrestate: nothing in a bundle without contentHash proves its pre-state, so
// only what changes gas or receipts can be found. go-ethereum runs on the same
// wrong pre-state: it is the header that differs, and lockstep agrees.
func TestWrongPrestate(t *testing.T) {
	text := edited(t, embeddedText(t), func(o object) { delete(o, "contentHash") })
	zero := "0x" + strings.Repeat("0", 64)
	var contracts object // with slots that are not zero, by address
	var sender string
	edited(t, text, func(o object) {
		contracts = maps.Clone(o["prestate"].(object))
		maps.DeleteFunc(contracts, func(_ string, a any) bool { return !readsSlots(a.(object)) })
		sender = transaction(o, 0)["from"].(string)
	})
	if len(contracts) < 3 {
		t.Fatalf("the embedded block has %d contracts with storage", len(contracts))
	}
	of := func(o object, address string) object { return o["prestate"].(object)[address].(object) }

	t.Run("balance of a sender", func(t *testing.T) {
		refuses(t, edited(t, text, func(o object) { of(o, sender)["balance"] = "0x0" }), exitDifference, "transaction 0: insufficient funds")
	})
	t.Run("nonce of a sender", func(t *testing.T) {
		refuses(t, edited(t, text, func(o object) { of(o, sender)["nonce"] = "0x77" }), exitDifference, "transaction 0: nonce too low")
	})
	for _, address := range slices.Sorted(maps.Keys(contracts))[:3] {
		t.Run("slots of "+address, func(t *testing.T) {
			refuses(t, edited(t, text, func(o object) {
				storage := of(o, address)["storage"].(object)
				for slot := range storage {
					storage[slot] = zero
				}
			}), exitDifference, "the header says")
		})
		t.Run("code of "+address, func(t *testing.T) {
			refuses(t, edited(t, text, func(o object) { // INVALID instead of the first instruction
				a := of(o, address)
				a["code"] = "0xfe" + a["code"].(string)[4:]
			}), exitDifference, "gas used is")
		})
	}
}

// readsSlots reports whether an account is a contract with a slot that is not zero.
func readsSlots(a object) bool {
	if !hasCode(a) || !hasStorage(a) {
		return false
	}
	for _, value := range a["storage"].(object) {
		if strings.Trim(value.(string), "0x") != "" {
			return true
		}
	}
	return false
}

// TestNotCheckedIsNull: a bundle without contentHash says so, and is right.
func TestNotCheckedIsNull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain.json")
	if err := os.WriteFile(path, edited(t, embeddedText(t), func(o object) { delete(o, "contentHash") }), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := execute([]string{"run", "--json", path}, &stdout, &stderr, nil); code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if want := `"valid":{"ok":true,`; !strings.Contains(stdout.String(), want) {
		t.Errorf("no %s in %s", want, stdout.String())
	}
	if want := `"prestate":null`; !strings.Contains(stdout.String(), want) {
		t.Errorf("no %s in %s", want, stdout.String())
	}
}
