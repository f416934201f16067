package fuel

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

// file is a whole program file: a script that logs what a coin is worth.
const file = `{"schema": "ooovm.fuel/1", "name": "example", "params": "mainnet", "gas": "standard-v7", "chain_id": 7,
 "base_asset": "0x0000000000000000000000000000000000000000000000000000000000000000",
 "block": {"height": 12, "time": 100, "gas_price": 3, "hashes": {"11": "` + sixtyFour + `"}, "times": {"11": "99"}},
 "contracts": [{"id": "` + sixtyFour + `", "code": "24040000", "storage": {"` + sixtyFour + `": "00ff"}, "balances": {"` + sixtyFour + `": "5"}}],
 "blobs": {"` + sixtyFour + `": "0102"},
 "transactions": [{"gas_limit": 1000, "script": "24040000", "script_data": "", "policies": {"max_fee": 0, "tip": 1},
   "inputs": [{"type": "coin", "amount": 10}], "outputs": [{"type": "change"}], "witnesses": ["00"]}],
 "expect": {"transactions": [{"receipts": [{"type": "Return", "val": "1"}, {"type": "ScriptResult", "result": "Success", "gas_used": "13"}]}], "changes": {}}}`

const sixtyFour = "1111111111111111111111111111111111111111111111111111111111111111"

func TestReadProgram(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(file)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{file, z.String(), "\uFEFF" + file} {
		programs, err := Read(strings.NewReader(text), "name")
		if err != nil {
			t.Fatal(err)
		}
		p := programs[0]
		if p.Name != "example" || p.Params.ChainID != 7 || p.Block.Height != 12 || p.Block.Times[11] != 99 ||
			len(p.Contracts) != 1 || p.Contracts[0].Balances[0].Amount != 5 || len(p.Blobs) != 1 ||
			p.Transactions[0].Policies.Set != 9 || len(p.Transactions[0].Witnesses) != 1 {
			t.Errorf("%+v", p)
		}
		b, err := Run(p, nil)
		if err == nil {
			err = Compare(p, b)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ old, replacement, part string }{
		{"ooovm.fuel/1", "ooovm.fuel/2", "schema"},
		{`"height": 12`, `"height": 4294967296`, "block.height"},
		{`"height": 12`, `"height": -1`, "-1"},
		{`"params": "mainnet"`, `"params": "testnet"`, "params"},
		{`"gas": "standard-v7"`, `"gas": "free"`, "gas"},
		{`"script": "24040000"`, `"script": "2404000"`, "transactions[0].script"},
		{`"script": "24040000"`, `"scrypt": "24040000"`, "scrypt"},
		{`"type": "coin"`, `"type": "coins"`, "transactions[0].inputs[0].type"},
		{`"type": "change"`, `"type": "change", "amount": 4`, "transactions[0].outputs[0].amount"},
		{`"tip": 1`, `"tap": 1`, "transactions[0].policies.tap"},
		{`"gas_limit": 1000, `, ``, "transactions[0].gas_limit"},
		{`"gas_limit": 1000, `, `"gas_limit": 1000, "gas_limit": 1000, `, "transactions[0].gas_limit: given twice"},
		{`"gas_limit": 1000, `, `"gas_limit": 1.5, `, "1.5"},
		{`"witnesses": ["00"]`, `"witnesses": ["0g"]`, "transactions[0].witnesses[0]"},
		{`"id": "` + sixtyFour, `"id": "` + sixtyFour + "00", "contracts[0].id"},
		{`"code": "24040000"`, `"code": "24040000", "code_hex": "00"`, "contracts[0].code_hex"},
		{`"changes": {}}}`, `"changes": {}}} {}`, "behind"},
		{`{"type": "Return", "val": "1"}, `, `{"val": "1"}, `, "expect.transactions[0].receipts[0].type"},
	} {
		text := strings.Replace(file, c.old, c.replacement, 1)
		if text == file {
			t.Fatalf("%q is not in the file", c.old)
		}
		if _, err := Read(strings.NewReader(text), "name"); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: %v", c.replacement, err)
		}
	}
}

// TestCompareFindsDifferences changes what the file expects, one thing at a time.
func TestCompareFindsDifferences(t *testing.T) {
	for _, c := range []struct{ old, replacement string }{
		{`"val": "1"`, `"val": "2"`},
		{`"val": "1"`, `"value": "1"`},
		{`"type": "Return"`, `"type": "Log"`},
		{`"gas_used": "13"`, `"gas_used": "14"`},
		{`{"type": "Return", "val": "1"}, `, ``},
		{`"changes": {}`, `"changes": {"2:` + sixtyFour + sixtyFour + `": null}`},
		{`"expect": {"transactions": [{`, `"expect": {"transactions": [{"tx_id": "` + sixtyFour + `", `},
		{`"expect": {"transactions": [{`, `"expect": {"transactions": [{"receipts_root": "` + sixtyFour + `", `},
		{`"expect": {"transactions": [{`, `"expect": {"transactions": [{"total_gas": "1", `},
		{`"expect": {"transactions": [{`, `"expect": {"transactions": [{"outputs": [], `},
	} {
		programs, err := Read(strings.NewReader(strings.Replace(file, c.old, c.replacement, 1)), "name")
		if err != nil {
			t.Fatal(err)
		}
		b, err := Run(programs[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		if Compare(programs[0], b) == nil {
			t.Errorf("%s: no difference", c.replacement)
		}
	}
}

// FuzzRead wants an error or a program that runs, whatever the text.
func FuzzRead(f *testing.F) {
	f.Add(file)
	f.Add(`{"vectors": [{"id": "a", "env": {"gas_limit": "10", "script": "24"}}]}`)
	f.Add(`{"programs": [{"name": "a", "env": {"txs": [{"gas_limit": 1}]}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		programs, err := Read(strings.NewReader(text), "name")
		if err != nil {
			return
		}
		for _, p := range programs {
			for i := range p.Transactions {
				p.Transactions[i].GasLimit = min(p.Transactions[i].GasLimit, 10000)
			}
			b, err := Run(p, nil)
			if err == nil {
				_ = Compare(p, b) // must not panic; the text may expect anything
			}
		}
	})
}
