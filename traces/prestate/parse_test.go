package prestate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/state"
)

const anAddress = "0x00000000000000000000000000000000000000aA"

// TestDialectsOfAccounts: what is unambiguous is read, however it is written.
func TestDialectsOfAccounts(t *testing.T) {
	want := state.Account{Balance: *uint256.NewInt(255), Nonce: 17, Code: []byte{0x60, 0x01}, Storage: words(2, 10, 16, 0)}
	long := func(digits string) string { return strings.Repeat("0", 64-len(digits)) + digits }
	for _, c := range []struct{ name, text string }{
		{"go-ethereum", `{"balance":"0xff","nonce":17,"code":"0x6001","codeHash":"0x` + long("1") + `","storage":{"0x` + long("2") + `":"0x` + long("a") + `","0x` + long("10") + `":"0x` + long("0") + `"}}`},
		{"nonces in hexadecimal", `{"balance":"0xff","nonce":"0x11","code":"0x6001","storage":{"0x2":"0xa","0x10":"0x0"}}`},
		{"words without padding", `{"balance":"0xff","nonce":17,"code":"0x6001","storage":{"0x02":"0x0a","0x10":"0x00"}}`},
		{"words without 0x", `{"balance":"0xff","nonce":17,"code":"6001","storage":{"` + long("2") + `":"` + long("A") + `","10":"0"}}`},
		{"decimal", `{"balance":"255","nonce":"17","code":"0x6001","storage":{"0x2":"0xa","0x10":"0x0"}}`},
		{"numbers", `{"balance":255,"nonce":17,"code":"0x6001","storage":{"0x2":"0xa","0x10":"0x0"}}`},
		{"leading zeros", `{"balance":"0x00ff","nonce":"0x0011","code":"0x6001","storage":{"0X2":"0xa","0x10":"0x0"}}`},
		{"other members", `{"balance":"0xff","nonce":17,"code":"0x6001","storage":{"0x2":"0xa","0x10":"0x0"},"more":{"a":[1]},"codeHash":null}`},
	} {
		for _, key := range []string{anAddress, strings.ToLower(anAddress), anAddress[2:], "0X" + anAddress[2:]} {
			p, err := Parse(json.RawMessage(fmt.Sprintf("{%q:%s}", key, c.text)))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			got := p[state.Address(common.HexToAddress(anAddress))]
			if got == nil || fmt.Sprint(*got) != fmt.Sprint(want) {
				t.Errorf("%s under %s: %+v, want %+v", c.name, key, got, want)
			}
		}
	}
}

// TestWrongAccounts: what is wrong is one line that says where.
func TestWrongAccounts(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`7`, "an object with accounts by address is expected"},
		{`{"0xaa":{}}`, `"0xaa" is not an address`},
		{`{"type":"CALL"}`, `"type" is not an address`},
		{`{"pre":{},"post":{}}`, "trace again without diffMode"},
		{`{"` + anAddress + `":{},"` + anAddress[2:] + `":{}}`, "is given twice"},
		{`{"` + anAddress + `":[]}`, "an object with balance, nonce, code and storage is expected"},
		{`{"` + anAddress + `":{"balance":"ff"}}`, `balance: "ff" is not a number of 256 bits, in hexadecimal with 0x or in decimal`},
		{`{"` + anAddress + `":{"balance":"0x"}}`, "balance: "},
		{`{"` + anAddress + `":{"balance":-1}}`, "balance: "},
		{`{"` + anAddress + `":{"balance":1e9}}`, "balance: "},
		{`{"` + anAddress + `":{"balance":{}}}`, "balance: "},
		{`{"` + anAddress + `":{"balance":"0x1` + strings.Repeat("0", 64) + `"}}`, "balance: "},
		{`{"` + anAddress + `":{"nonce":"0x1` + strings.Repeat("0", 16) + `"}}`, "is not a 64-bit number"},
		{`{"` + anAddress + `":{"code":"0x6"}}`, `code: "0x6" is not bytes in hexadecimal`},
		{`{"` + anAddress + `":{"code":7}}`, "code: bytes in hexadecimal are expected"},
		{`{"` + anAddress + `":{"codeHash":"0x12"}}`, "its code is left out, as with disableCode"},
		{`{"` + anAddress + `":{"storage":{"0xg":"0x1"}}}`, `storage: "0xg" is not a word`},
		{`{"` + anAddress + `":{"storage":{"0x1":"0x1","0x01":"0x2"}}}`, "slot 0x1 is given twice"},
		{`{"` + anAddress + `":{"storage":{"0x1":1}}}`, "slot 0x1: a word in hexadecimal is expected"},
		{`{"` + anAddress + `":{"storage":{"0x1":"0x` + strings.Repeat("1", 65) + `"}}}`, "is not a word of 32 bytes"},
		{`{"` + anAddress + `":{"storage":[]}}`, "storage: an object with words by slot is expected"},
	} {
		_, err := Parse(json.RawMessage(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", c.text, err, c.want)
		}
	}
}

// TestResults: a result in its wrapper, as an answer of its own or bare; what is none of them,
// or of another transaction, is refused in a line.
func TestResults(t *testing.T) {
	tx := types.NewTx(&types.LegacyTx{})
	hash := tx.Hash().Hex()
	acct := `{"` + anAddress + `":{"balance":"0x1"}}`
	for _, c := range []struct{ name, text, want string }{
		{"wrapped", `[{"txHash":"` + hash + `","result":` + acct + `}]`, ""},
		{"without hash", `[{"result":` + acct + `}]`, ""},
		{"an answer", `[{"jsonrpc":"2.0","id":1,"result":` + acct + `}]`, ""},
		{"an answer with no error", `[{"jsonrpc":"2.0","id":1,"error":null,"result":` + acct + `}]`, ""},
		{"bare", `[` + acct + `]`, ""},
		{"too many", `[{},{}]`, "2 results of 1 transactions"},
		{"no list", `{}`, "a list of results is expected"},
		{"of another transaction", `[{"txHash":"0x` + strings.Repeat("1", 64) + `","result":{}}]`, "transaction 0: its result is of 0x1111"},
		{"an error", `[{"txHash":"` + hash + `","error":"execution timeout"}]`, "transaction 0: the node answered with an error: execution timeout"},
		{"an error of JSON-RPC", `[{"id":1,"error":{"code":-32000,"message":"missing\ntrie node"}}]`, "transaction 0: the node answered with an error: missing trie node (code -32000)"},
		{"nothing", `[{"txHash":"` + hash + `"}]`, "transaction 0: it has a txHash and no result"},
		{"a number", `[1]`, "transaction 0: an object with txHash and result is expected"},
		{"diffMode", `[{"result":{"pre":{},"post":{}}}]`, "transaction 0: it was traced with diffMode"},
	} {
		got, err := ParseResults(json.RawMessage(c.text), types.Transactions{tx})
		switch {
		case c.want == "" && (err != nil || len(got) != 1 || len(got[0]) != 1):
			t.Errorf("%s: %v (%v)", c.name, got, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
