package fetch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// methods are what a node is asked while a block is fetched.
var methods = []string{
	"eth_chainId", "admin_nodeInfo", "eth_config", "eth_getBlockByNumber", "debug_traceBlockByNumber", "eth_getBalance", "eth_getTransactionCount",
	"eth_getCode", "eth_getStorageAt", "eth_getTransactionReceipt", "eth_blockNumber",
}

// FuzzAnswers: whatever a node answers to one of its questions, the block comes, or one line
// says why it does not. whole is for an answer without its wrapping.
func FuzzAnswers(f *testing.F) {
	h := honest(f)
	for i := range methods {
		for _, answer := range []string{`null`, `"0x"`, `"0x1"`, `{}`, `[]`, `{"hash":null}`, `[{"result":{}}]`, `7`} {
			f.Add(byte(i), false, []byte(answer))
		}
		f.Add(byte(i), true, []byte(`{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}`))
	}
	f.Fuzz(func(t *testing.T, method byte, whole bool, answer []byte) {
		if !whole && !json.Valid(answer) {
			return
		}
		name := methods[int(method)%len(methods)]
		h.NoDebug = strings.HasPrefix(name, "eth_get") && name != "eth_getBlockByNumber"
		got, err := fetchFrom(t, h.Serve(t, func(asked string, _ int, w http.ResponseWriter, result *any) bool {
			if asked != name {
				return false
			}
			if whole {
				fmt.Fprintf(w, "%s", answer)
				return true
			}
			*result = json.RawMessage(answer)
			return false
		}))
		switch {
		case err == nil && got.Bundle.Check() != nil:
			t.Errorf("%s: a bundle that is not sound", name)
		case err != nil && (strings.ContainsAny(err.Error(), "\n\x1b") || strings.Contains(err.Error(), "runtime error")):
			t.Errorf("%s: %q", name, err)
		}
	})
}

// FuzzList: whatever a list of blocks says.
func FuzzList(f *testing.F) {
	f.Add([]byte("number,hash\n1,0x" + strings.Repeat("ab", 32) + "\n"))
	f.Add([]byte("hash,number\n\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ReadList(bytes.NewReader(text))
		if err == nil && len(list) == 0 {
			t.Error("neither blocks nor an error")
		}
	})
}
