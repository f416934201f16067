package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	anAddress = "0x00000000000000000000000000000000000000aa"
	aHash     = "0x1111111111111111111111111111111111111111111111111111111111111111"
)

// TestKinds: what a user may have at hand is recognized by its structure, in its JSON-RPC wrapping or without; what cannot
// be imported is said to be what it is, with what to do.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind   // that is imported
		want       string // or the error
	}{
		{"a bundle", `{"chainId":1,"block":{},"prestate":{},"blockHashes":{}}`, Bundle, ""},
		{"a bundle in another order", `{"block":{"parentHash":"0x","transactionsRoot":"0x"},"chainId":1}`, Bundle, ""},
		{"a block", `{"number":"0x1","parentHash":"` + aHash + `","sha3Uncles":"` + aHash + `"}`, Block, ""},
		{"prestates", `[{"txHash":"` + aHash + `","result":{"` + anAddress + `":{"balance":"0x1"}}}]`, Prestate, ""},
		{"prestates without wrapper", `[{"` + anAddress + `":{"balance":"0x1"}}]`, Prestate, ""},
		{"prestates, the first without accounts", `[{"result":{}},{"result":{"` + anAddress + `":{}}}]`, Prestate, ""},
		{"a batch of answers", `[{"jsonrpc":"2.0","id":1,"result":{"` + anAddress + `":{}}}]`, Prestate, ""},
		{"addresses without 0x", `{"` + anAddress[2:] + `":{"balance":"0x1"}}`, Prestate, ""},
		{"prestates of no transaction", `[]`, Prestate, ""},
		{"prestates, one of which failed", `[{"txHash":"` + aHash + `","error":"timeout"},{"result":{"` + anAddress + `":{}}}]`, Prestate, ""},
		{"a structLog", `{"gas":21000,"failed":false,"returnValue":"","structLogs":[]}`, Trace, ""},
		{"structLogs of a block", `[{"txHash":"` + aHash + `","result":{"gas":1,"structLogs":[]}}]`, Trace, ""},
		{"EIP-3155", `{"pc":0,"op":1,"gas":"0x1"}`, Trace, ""},
		{"EIP-3155, a fault first", `{"error":"stack underflow","op":1,"pc":0}`, Trace, ""},
		{"EIP-3155 without steps", `{"output":"","gasUsed":"0x0"}`, Trace, ""},
		{"receipts", `[{"transactionHash":"` + aHash + `","cumulativeGasUsed":"0x1","gasUsed":"0x1","from":"0x"}]`, Receipts, ""},
		{"block hashes", `{"17":"` + aHash + `"}`, BlockHashes, ""},
		{"a tracer fixture", `{"genesis":{"alloc":{},"config":{}},"context":{}}`, TraceTest, ""},
		{"state tests", `{"some name":{"_info":{"comment":"x"},"env":{},"post":{},"pre":{},"transaction":{}}}`, StateTest, ""},

		{"diffMode", `{"post":{"` + anAddress + `":{}},"pre":{}}`, "", "this is prestateTracer output of diffMode: it leaves out what is read and not changed: trace again without diffMode"},
		{"diffMode of a block", `[{"txHash":"` + aHash + `","result":{"pre":{},"post":{}}}]`, "", "prestateTracer output of diffMode"},
		{"an error of a node", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"block #5 not found"}}`, "", "this is an error of a node: block #5 not found (code -32000)"},
		{"an answer of null", `{"jsonrpc":"2.0","id":1,"result":null}`, "", "this is an error of a node: it answered null"},
		{"an error first", `{"error":{"code":-32601,"message":"no such method"},"id":1,"jsonrpc":"2.0"}`, "", "no such method (code -32601)"},
		{"an error of a transaction", `[{"txHash":"` + aHash + `","error":"execution timeout"}]`, "", "this is an error of a node: execution timeout"},
		{"callTracer", `{"from":"0x","gas":"0x1","gasUsed":"0x1","to":"0x","input":"0x","type":"CALL"}`, "", "this is callTracer output: it has neither steps nor state: trace the block again with prestateTracer"},
		{"callTracer, the output first", `{"calls":[],"output":"0x","gasUsed":"0x1","from":"0x","input":"0x"}`, "", "this is callTracer output"},
		{"callTracer of a block", `[{"txHash":"` + aHash + `","result":{"calls":[{"from":"0x"}],"from":"0x","gasUsed":"0x1","input":"0x"}}]`, "", "this is callTracer output"},
		{"flatCallTracer", `[{"action":{"from":"0x"},"blockHash":"0x","result":{"gasUsed":"0x0","output":"0x"},"subtraces":0,"traceAddress":[]}]`, "", "this is flatCallTracer output, or that of trace_block"},
		{"trace_replayTransaction", `{"output":"0x","stateDiff":null,"trace":[],"vmTrace":{}}`, "", "this is output of trace_replayTransaction"},
		{"4byteTracer", `{"0x27dc297e-128":1,"0x38cc4831-0":2}`, "", "this is 4byteTracer output"},
		{"muxTracer", `{"callTracer":{},"prestateTracer":{}}`, "", "put what prestateTracer says into a file of its own"},
		{"a witness", `{"codes":["0x"],"headers":[],"keys":null,"state":["0x"]}`, "", "this is an execution witness: a witness is proved against its node's chain: trace fetch --method witness"},
		{"a witness in its answer", `{"jsonrpc":"2.0","id":1,"result":{"state":["0x"],"codes":[]}}`, "", "this is an execution witness"},
		{"eth_getProof", `{"address":"0x","accountProof":[],"balance":"0x0"}`, "", "this is a proof of an account (eth_getProof)"},
		{"a dump", `{"root":"00","accounts":{}}`, "", "this is a dump of a state"},
		{"a transaction", `{"blockHash":"0x","chainId":"0x1","from":"0x","gas":"0x1","gasPrice":"0x1","hash":"0x","input":"0x","nonce":"0x0"}`, "", "this is a transaction: a transaction alone has neither block nor state"},
		{"logs", `[{"address":"0x","topics":[],"data":"0x"}]`, "", "this is a list of logs"},
		{"an access list", `{"accessList":[],"gasUsed":"0x1"}`, "", "this is an access list"},
		{"an execution payload", `{"parentHash":"0x","feeRecipient":"0x","stateRoot":"0x"}`, "", "this is an execution payload of the engine API"},
		{"a request", `{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1}`, "", "it is the answer that is imported"},
		{"a genesis", `{"config":{"chainId":1,"homesteadBlock":0},"gasLimit":"0x1","alloc":{}}`, "", "this is a genesis: a genesis executes nothing: --chain-config takes its fork schedule"},
		{"a genesis, the alloc first", `{"alloc":{"` + anAddress + `":{}},"config":{}}`, "", "this is a genesis"},
		{"a fork schedule", `{"chainId":1,"homesteadBlock":0}`, "", "this is a fork schedule: --chain-config takes it"},
		{"t8n input", `{"alloc":{"` + anAddress + `":{}},"env":{"currentCoinbase":"0x"},"txs":[]}`, "", "this is t8n input: evm t8n --trace prints"},
		{"t8n environment", `{"currentCoinbase":"0x","currentNumber":"1"}`, "", "this is t8n input"},
		{"t8n transactions", `[{"gas":"0x1","input":"0x","nonce":"0x0","secretKey":"0x","v":"0x0"}]`, "", "this is a transaction"},
		{"t8n output", `{"alloc":{},"result":{"stateRoot":"0x"}}`, "", "this is t8n output"},
		{"t8n result", `{"stateRoot":"0x","txRoot":"0x","receiptsRoot":"0x","logsHash":"0x"}`, "", "this is t8n output"},
		{"a blockchain test", `{"a":{"_info":{},"network":"Cancun","genesisBlockHeader":{"parentHash":"0x"},"pre":{},"postState":{},"blocks":[]}}`, "", "this is a blockchain test: fill it with a client"},
		{"a blockchain test of old", `{"a":{"blocks":[],"genesisBlockHeader":{},"genesisRLP":"0x","lastblockhash":"0x","pre":{}}}`, "", "this is a blockchain test"},
		{"an engine test", `{"a":{"network":"Cancun","genesisBlockHeader":{},"pre":{},"engineNewPayloads":[]}}`, "", "this is an engine test"},
		{"a VM test", `{"a":{"callcreates":[],"env":{},"exec":{},"pre":{}}}`, "", "this is a test of a single frame (VMTests)"},
		{"a transaction test", `{"a":{"result":{},"txbytes":"0x"}}`, "", "this is a test of transactions"},
		{"preimages", `{"` + aHash + `":"0x00"}`, "", "this is a map of words"},
		{"nothing known", `{"a":{"b":1},"c":[{"d":2}]}`, "", "not a format that is known"},
		{"lists in lists", strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000), "", "not a format that is known"},
		{"a string", `"0x02f8"`, "", "not a format that is known"},
		{"a number", `7`, "", "not a format that is known"},
		{"an empty object", `{}`, "", "not a format that is known"},
	} {
		for _, form := range []string{"%s", `{"jsonrpc":"2.0","id":1,"result":%s}`} {
			if strings.Contains(c.text, `"id":1`) || strings.HasPrefix(c.want, "not a") || strings.Contains(c.name, "test") {
				form = "%s" // no node answers so
			}
			kind, err := Detect(write(t, "f.json", fmt.Appendf(nil, form, c.text)))
			switch {
			case c.want == "" && (err != nil || kind != c.kind):
				t.Errorf("%s: %q (%v), want %q", c.name, kind, err, c.kind)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%s: got %v, want one line with %q", c.name, err, c.want)
			}
		}
	}
}

// TestKindsAreToldByTheirMembers: no kind's members are all of another's, so that the order of
// the text does not decide, and every kind is imported or has advice.
func TestKindsAreToldByTheirMembers(t *testing.T) {
	for i, r := range rows {
		if _, imported := lacking[r.kind]; r.advice == "" && !imported && r.kind != Bundle && r.kind != Trace && r.kind != TraceTest {
			t.Errorf("%s has no advice", r.kind)
		}
		for _, set := range r.members {
			names := make(map[string]bool)
			for _, m := range set {
				names[m] = true
			}
			if got := match(r.where, names); got != r.kind {
				t.Errorf("%v is %s, and of row %d, %s", set, got, i, r.kind)
			}
		}
	}
}

// TestTracesWithoutStacks: they are said to be that; a trace in which nothing takes a word is not.
func TestTracesWithoutStacks(t *testing.T) {
	bare := strings.NewReplacer(`"stack":["0x1"],`, "", `"stack":["0x1","0x2"],`, "", `"stack":["0x3"],`, "", `"stack":["0x3","0x0"],`, "", `"stack":[],`, "").Replace(aloneTrace)
	if _, err := Import([]string{write(t, "t.jsonl", []byte(bare))}, Options{ChainID: 1}); err == nil || !strings.Contains(err.Error(), "this trace has no stacks") {
		t.Errorf("got %v", err)
	}
	idle := `{"pc":0,"op":91,"gas":"0x100","gasCost":"0x1","stack":[],"depth":1}` + "\n" + `{"pc":1,"op":0,"gas":"0xff","gasCost":"0x0","stack":[],"depth":1}` + "\n" + `{"output":"","gasUsed":"0x1"}`
	if _, err := Import([]string{write(t, "t.jsonl", []byte(idle))}, Options{ChainID: 1}); err != nil {
		t.Error(err)
	}
}

// TestNodesWords: what a node says of a transaction that it could not trace comes out as it said it.
func TestNodesWords(t *testing.T) {
	b, block, _ := sample(t)
	list := make([]map[string]any, len(b.Txs))
	for i, tx := range b.Txs {
		list[i] = map[string]any{"txHash": tx.Hash(), "result": map[string]any{anAddress: map[string]any{"balance": "0x1"}}}
	}
	list[3] = map[string]any{"txHash": b.Txs[3].Hash(), "error": "execution timeout"}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	steps := `[{"txHash":"` + aHash + `","result":{"gas":1,"failed":false,"structLogs":[]}},{"txHash":"` + aHash + `","error":"execution timeout"}]`
	for _, c := range []struct{ name, text, want string }{
		{"prestateTracer", string(raw), "transaction 3: the node answered with an error: execution timeout"},
		{"structLogs", steps, "transaction 1: the node answered with an error: execution timeout"},
	} {
		_, err := Import([]string{write(t, "block.json", block), write(t, "t.json", []byte(c.text))}, Options{ChainID: 1})
		var differs *DifferenceError
		if err == nil || errors.As(err, &differs) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
