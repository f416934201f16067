package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ooovm/ooovm/traces"
)

// TestValues: what is JSON among other lines is found, whole, whatever the sizes in which it is read.
func TestValues(t *testing.T) {
	long := `{"s":"` + strings.Repeat(`\"]}[{ `, 20_000) + `"}`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"lines", "{\"a\":1}\n{\"b\":[{}]}\n", []string{`{"a":1}`, `{"b":[{}]}`}},
		{"on one line", `{"a":1}{"b":2} [{"c":3}]`, []string{`{"a":1}`, `{"b":2}`, `[{"c":3}]`}},
		{"over lines", "[\n  {\n \"a\": 1\n }\n]\n", []string{"[\n  {\n \"a\": 1\n }\n]"}},
		{"banners", "Running 3 tests\n{\"a\":1}\ndone {\"x\":1}\n", []string{`{"a":1}`}},
		{"no line end", `banner`, nil},
		{"brackets of others", "[1/3] ok\n[INFO] a\n[ 12%] b\n{name: x}\n{0}\n(x)\n{\"a\":1}", []string{`{"a":1}`}},
		{"a printed struct", "Some(\n  Foo {\n    a: [\n      1,\n    ],\n  },\n)\n{\"a\":1}", []string{`{"a":1}`}},
		{"colors", "\x1b[31mFAIL\x1b[0m [1/1]\n\x1b[1;32m{\"a\":1}\x1b[0m\n\x1b[0m", []string{`{"a":1}`}},
		{"text after a value", "{\"a\":1} +0ms\n{\"b\":2}, \n", []string{`{"a":1}`, `{"b":2}`}},
		{"carriage returns", "x\r\n{\"a\":1}\r\n", []string{`{"a":1}`}},
		{"brackets in strings", `{"a":"}]\"}{"}`, []string{`{"a":"}]\"}{"}`}},
		{"empty", "{}\n[]\n", []string{`{}`, `[]`}},
		{"long", "x" + strings.Repeat("y", 200_000) + "\n" + long + "\n", []string{long}},
	} {
		for name, reader := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytewise": iotest.OneByteReader,
		} {
			v := newValues(reader(strings.NewReader(c.text)))
			v.each = true
			var got []string
			for v.next() == nil {
				b, err := io.ReadAll(v)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b))
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s, %s: %.200q, want %.200q", c.name, name, got, c.want)
			}
			all, err := io.ReadAll(newValues(strings.NewReader(c.text)))
			if err != nil || string(all) != strings.Join(c.want, "") {
				t.Errorf("%s: as one stream %.200q (%v)", c.name, all, err)
			}
		}
	}
}

// TestValuesThatEndTooEarly: half a value is an error, not the end.
func TestValuesThatEndTooEarly(t *testing.T) {
	for _, text := range []string{`{"a":`, `[{"a":1},`, `{"a":"x`, "banner\n{\"a\":{}"} {
		if _, err := io.ReadAll(newValues(strings.NewReader(text))); err != io.ErrUnexpectedEOF {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// mark is the byte-order mark of UTF-8.
const mark = "\uFEFF"

// TestLinesAroundATrace: none of them ends the import or changes what comes of it.
func TestLinesAroundATrace(t *testing.T) {
	want := importAlone(t, []byte(aloneTrace), Options{ChainID: 1})
	structLog := `{"gas":1,"failed":false,"structLogs":[{"pc":0,"op":"STOP","gas":9,"gasCost":0,"depth":1,"stack":[]}]}`
	for _, c := range []struct {
		name, before, after string
	}{
		{"banner", "Running tests/a.json\n=====\n", ""},
		{"error", "", "error:\n- Path: a.json\nError: state root mismatch\n"},
		{"colors", "\x1b[32mPASS\x1b[0m [1/2]\n", "\x1b[31mFAIL\x1b[0m [2/2] a\n"},
		{"log in JSON", `{"level":"info","msg":"x","error":"none","gas":1.5,"depth":"a","fork":3}` + "\n", `{"time":1,"failed":"0/3"}` + "\n"},
		{"result", "", `[{"name":"a","pass":false,"error":"x"}]` + "\n"},
		{"result over lines", "", "[\n {\n  \"name\": \"a\",\n  \"pass\": true,\n  \"stateRoot\": \"0x00\",\n  \"d\": 0\n }\n]\n"},
		{"summaries", "", `{"stateRoot":"` + someRoot + `"}` + "\n"},
		{"mark", mark, ""},
		{"frames", `{"from":"0x00000000000000000000000000000000000000aa","to":"0x00000000000000000000000000000000000000bb","gas":"0x1","value":"0x0","type":"CALL"}` + "\n", ""},
		{"a printed struct", "", "- Statetest(\n    TestError {\n        kind: [\n            1,\n        ],\n    },\n)\n"},
	} {
		got := importAlone(t, []byte(c.before+aloneTrace+c.after), Options{ChainID: 1})
		if got.Mismatch != nil || got.Bundle.ContentHash != want.Bundle.ContentHash || got.Bundle.BlockHash != want.Bundle.BlockHash {
			t.Errorf("%s: another bundle (%v)", c.name, got.Mismatch)
		}
		if got := importAlone(t, []byte(c.before+structLog+"\n"+c.after), Options{ChainID: 1}); got.Mismatch != nil || len(got.Bundle.Txs) != 1 {
			t.Errorf("%s: a structLog of %d transactions, %v", c.name, len(got.Bundle.Txs), got.Mismatch)
		}
	}
}

// TestResultNamesTheFork: the fork that a runner has written is tried first.
func TestResultNamesTheFork(t *testing.T) {
	newer := `{"pc":0,"op":95,"gas":"0x9","depth":1,"stack":[]}` + "\n" + `{"pc":1,"op":0,"gas":"0x7","depth":1,"stack":["0x0"]}` + "\n" // PUSH0
	for _, c := range []struct{ trace, line, want string }{
		{aloneTrace, `{"output":"","gasUsed":"0x1","fork":"London","stateRoot":"0x0"}`, "london"},
		{aloneTrace, `[{"name":"a","fork":"BERLIN","pass":true}]`, "berlin"},
		{aloneTrace, `[{"name":"a","fork":"of nobody"}]`, "prague"},
		{newer, `[{"name":"a","fork":"London"}]`, "prague"},
	} {
		got := importAlone(t, []byte(c.trace+c.line+"\n"), Options{ChainID: 1})
		if got.Mismatch != nil || got.Bundle.Fork() != c.want {
			t.Errorf("%s: under %s, want %s (%v)", c.line, got.Bundle.Fork(), c.want, got.Mismatch)
		}
	}
}

// TestNothingIsATrace: a file without a trace says so in a line.
func TestNothingIsATrace(t *testing.T) {
	for name, text := range map[string]string{
		"text":    "Running tests\nno result\n",
		"colors":  "\x1b[31mFAIL\x1b[0m\n",
		"results": "banner\n[{\"name\":\"a\",\"pass\":true}]\n{\"stateRoot\":\"0x00\"}\n",
		"blanks":  " \n\n",
		"mark":    mark,
	} {
		_, err := Import([]string{write(t, "f.json", []byte(text))}, Options{ChainID: 1})
		if err == nil || !strings.Contains(err.Error(), "trace") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMarks: a byte-order mark is passed over in whatever JSON is read.
func TestMarks(t *testing.T) {
	b, block, lines := sample(t)
	marked := func(text []byte) []byte { return append([]byte(mark), text...) }
	nonce := func(n uint64) any { return n }
	prestate, err := json.Marshal(tracedStates(b, nonce))
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][][]byte{
		"a block and its trace":     {marked(block), marked(lines)},
		"a block and its pre-state": {marked(block), marked(prestate)},
	} {
		if _, err := Import([]string{write(t, "a.json", files[0]), write(t, "b.json", files[1])}, Options{ChainID: 1}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	var text bytes.Buffer
	if err := b.Write(&text); err != nil {
		t.Fatal(err)
	}
	if _, err := traces.Load(write(t, "bundle.json", marked(text.Bytes()))); err != nil {
		t.Error(err)
	}
	if _, err := traces.ReadChainConfig(write(t, "config.json", marked([]byte(`{"config":{"chainId":7}}`)))); err != nil {
		t.Error(err)
	}
	test := `{"a":{"env":{"currentCoinbase":"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba","currentDifficulty":"0x20000","currentGasLimit":"0x100000","currentNumber":"1","currentTimestamp":"1000"},
"pre":{"0x00000000000000000000000000000000000000aa":{"balance":"0x100000000","code":"0x","nonce":"0x0","storage":{}}},
"transaction":{"data":["0x"],"gasLimit":["0x5208"],"gasPrice":"0x0","nonce":"0x0","to":"0x00000000000000000000000000000000000000bb","sender":"0x00000000000000000000000000000000000000aa","value":["0x1"]},
"post":{"Berlin":[{"hash":"` + someRoot + `","logs":"0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347","indexes":{"data":0,"gas":0,"value":0}}]}}}`
	imported := 0
	err = StateTests(write(t, "test.json", marked([]byte(test))), "", func(_ string, got *Imported, err error) error {
		imported++
		return err
	}, func(string, string) {})
	if err != nil || imported != 1 {
		t.Errorf("%d subtests: %v", imported, err)
	}
	utf16 := []byte("\xff\xfe{\x00}\x00")
	if _, err := Import([]string{write(t, "f.json", utf16)}, Options{}); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("UTF-16: %v", err)
	}
}
