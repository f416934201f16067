package importer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

// refusal makes sure that an error is one line about the input, and no fault of ours.
func refusal(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsAny(text, "\n\x1b") || strings.Contains(text, "runtime error") || len(text) > 4000 {
		t.Errorf("%d bytes: %.400q", len(text), text)
	}
}

// imports imports files; what comes is written, read and checked.
func imports(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		if kind, err := Detect(file); err == nil && kind == Bundle {
			return // FuzzBundle has them
		}
	}
	got, err := Import(files, Options{ChainID: 1})
	if err != nil {
		refusal(t, err)
		return
	}
	reload(t, "what was imported", got.Bundle)
}

// FuzzImport: whatever the file, in any dialect of traces and any other format that is
// imported alone, it is imported or refused in a line.
func FuzzImport(f *testing.F) {
	for i, s := range scenes {
		_, lines := execute(f, s)
		if i > 2 && i < len(scenes)-1 {
			continue
		}
		for _, c := range clients {
			f.Add(c.write(lines))
		}
	}
	f.Add([]byte(`{"result":{"gas":21000,"failed":false,"returnValue":"","structLogs":[{"pc":0,"op":"STOP","gas":9,"gasCost":0,"depth":1,"stack":[]}]}}`))
	f.Add([]byte(`[{"txHash":"` + aHash + `","result":{"gas":1,"failed":false,"structLogs":[]}}]`))
	f.Add([]byte(`{"genesis":{"alloc":{},"config":{"chainId":1}},"context":{"number":"1","difficulty":"0","timestamp":"1","gasLimit":"30000000","miner":"0x00"},"input":"0x"}`))
	if _, files, err := ModuleFixtures(); err == nil && len(files) > 0 {
		if text, err := os.ReadFile(files[0]); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) { imports(t, write(t, "f.json", text)) })
}

// FuzzBeside: a block with whatever beside it, in place of its pre-state or its trace, and
// whatever for its receipts.
func FuzzBeside(f *testing.F) {
	funded := common.HexToAddress("0xf4e5")
	code := append(append([]byte{0x73}, funded[:]...), 0x31, 0x60, 0, 0x55) // PUSH20 BALANCE PUSH1 SSTORE
	looker := common.HexToAddress("0xbea0")
	b := tracetest.Block(f, "cancun", state.Prestate{state.Address(looker): {Nonce: 1, Code: code}}, []tracetest.Tx{
		{From: 0, To: &funded, Value: 9}, {From: 1, To: &looker},
	})
	block, traced := filesOf(f, b, nil)
	text, err := os.ReadFile(traced)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte(nil))
	f.Add(text, []byte(`[{"gasUsed":"0x5208","cumulativeGasUsed":"0x5208","logs":[]},{"gasUsed":"0x5208","cumulativeGasUsed":"0xa410","logs":[]}]`))
	f.Add(text, []byte(`{"7":"`+aHash+`"}`))
	f.Add([]byte(`{"0x000000000000000000000000000000000000bea0":{"balance":"0x1","nonce":1,"code":"0x00","storage":{}}}`), []byte(nil))
	f.Fuzz(func(t *testing.T, beside, receipts []byte) {
		files := []string{block, write(t, "beside.json", beside)}
		if len(receipts) > 0 {
			files = append(files, write(t, "receipts.json", receipts))
		}
		imports(t, files...)
	})
}

// FuzzStateTests: state tests that are imported, in a file of their own.
func FuzzStateTests(f *testing.F) {
	paths, err := filepath.Glob("../fixtures/testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"t":{"env":{},"pre":{},"transaction":{},"post":{}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := StateTests(write(t, "f.json", text), "", func(_ string, got *Imported, err error) error {
			if err != nil {
				refusal(t, err)
				return nil
			}
			reload(t, "a subtest", got.Bundle)
			return nil
		}, func(string, string) {})
		if err != nil {
			refusal(t, err)
		}
	})
}

// FuzzAccessList: whatever is said to be a block's access list is it, or is not.
func FuzzAccessList(f *testing.F) {
	b, err := traces.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	list, err := AccessList(b)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add([]byte("0xc0"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var differs *DifferenceError
		if err := CheckAccessList(b, text); err != nil && !errors.As(err, &differs) {
			refusal(t, err)
		}
	})
}
