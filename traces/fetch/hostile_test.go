package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fetch/fetchtest"
)

func honest(t *testing.T) *fetchtest.Node {
	t.Helper()
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return fetchtest.New(t, b)
}

func fetchFrom(t *testing.T, url string) (*Fetched, error) {
	t.Helper()
	node, err := Dial(context.Background(), url, Options{Timeout: 500 * time.Millisecond, Retries: 2, Backoff: time.Millisecond, MaxResponse: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	return (&Fetcher{Node: node, Method: Auto}).Block(context.Background(), 23_000_000)
}

// TestWithAndWithoutDebug: what comes one by one is what the tracer gives.
func TestWithAndWithoutDebug(t *testing.T) {
	h := honest(t)
	for _, noDebug := range []bool{false, true} {
		h.NoDebug = noDebug
		got, err := fetchFrom(t, h.Serve(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		want := Trace
		if noDebug {
			want = Singles
		}
		if got.Method != want {
			t.Errorf("by %s, want %s", got.Method, want)
		}
		if noDebug != (got.Asked > 100) {
			t.Errorf("without debug %v: %d values asked for", noDebug, got.Asked)
		}
	}
}

// TestHostileServers: every way to go wrong ends in one line that says what is wrong, or
// passes; none in a bundle.
func TestHostileServers(t *testing.T) {
	h := honest(t)
	text := func(w http.ResponseWriter, s string) bool {
		fmt.Fprint(w, s)
		return true
	}
	on := func(method string, do func(w http.ResponseWriter, result *any) bool) func(string, int, http.ResponseWriter, *any) bool {
		return func(m string, _ int, w http.ResponseWriter, result *any) bool { return m == method && do(w, result) }
	}
	result := func(method string, value any) func(string, int, http.ResponseWriter, *any) bool {
		return on(method, func(_ http.ResponseWriter, r *any) bool { *r = value; return false })
	}
	blockCalls := 0
	const traceBlock, getBlock = "debug_traceBlockByNumber", "eth_getBlockByNumber"
	for _, c := range []struct {
		name  string
		spoil func(method string, call int, w http.ResponseWriter, result *any) bool
		want  string // part of the message; empty: it passes
	}{
		{"truncated", on(traceBlock, func(w http.ResponseWriter, _ *any) bool { return text(w, `{"jsonrpc":"2.0","id":3,"result":[{"tx`) }), "debug_traceBlockByNumber: unexpected EOF (3 times)"},
		{"not JSON", on(getBlock, func(w http.ResponseWriter, _ *any) bool { return text(w, "<html>hello</html>") }), "eth_getBlockByNumber: invalid character"},
		{"chain of a wrong type", result("eth_chainId", []int{1}), "eth_chainId: wrong answer"},
		{"block of a wrong type", result(getBlock, 7), "eth_getBlockByNumber: not a block"},
		{"unknown block", result(getBlock, nil), "the node has no block 23000000"},
		{"trace of a wrong type", result(traceBlock, map[string]int{"a": 1}), "debug_traceBlockByNumber: wrong answer"},
		{"too few traces", result(traceBlock, []int{}), "wrong answer: 0 results of 120 transactions"},
		{"nonce of a wrong type", on(traceBlock, func(_ http.ResponseWriter, r *any) bool {
			bad := append([]map[string]any{}, (*r).([]map[string]any)...)
			bad[0] = map[string]any{"result": map[string]any{"0x000000000000000000000000000000000000aaaa": map[string]any{"nonce": "x"}}}
			*r = bad
			return false
		}), "transaction 0: \"x\" is not a 64-bit number"},
		{"slow", on(traceBlock, func(http.ResponseWriter, *any) bool { time.Sleep(700 * time.Millisecond); return true }), "no answer within 500ms (3 times)"},
		{"endless", on(traceBlock, func(w http.ResponseWriter, _ *any) bool {
			fmt.Fprint(w, `{"jsonrpc":"2.0","id":3,"result":"`)
			page := strings.Repeat("a", 1<<16)
			for range 1 << 10 {
				if _, err := fmt.Fprint(w, page); err != nil {
					break
				}
			}
			return true
		}), "more than 8388608 bytes"},
		{"forbidden", func(_ string, _ int, w http.ResponseWriter, _ *any) bool { w.WriteHeader(403); return true }, "eth_chainId: 403"},
		{"always busy", func(_ string, _ int, w http.ResponseWriter, _ *any) bool { w.WriteHeader(429); return true }, "429 Too Many Requests (3 times)"},
		{"busy at times", func(_ string, call int, w http.ResponseWriter, _ *any) bool {
			if call%2 == 1 {
				w.WriteHeader(429)
				return true
			}
			return false
		}, ""},
		{"down at times", func(_ string, call int, w http.ResponseWriter, _ *any) bool {
			if call%3 == 0 {
				w.WriteHeader(502)
				return true
			}
			return false
		}, ""},
		{"reorganised at last", on(getBlock, func(_ http.ResponseWriter, r *any) bool {
			if blockCalls++; blockCalls%2 == 0 {
				*r = map[string]any{"hash": common.Hash{1}}
			}
			return false
		}), "the chain was reorganised while block 23000000 was fetched"},
		{"a lie about the transactions", on(getBlock, func(_ http.ResponseWriter, r *any) bool {
			*r = edited(t, (*r).(json.RawMessage), func(b map[string]any) { b["transactions"] = b["transactions"].([]any)[1:] })
			return false
		}), "transactions do not hash to block.transactionsRoot"},
		{"a lie about the gas limit", on(getBlock, func(_ http.ResponseWriter, r *any) bool {
			*r = edited(t, (*r).(json.RawMessage), func(b map[string]any) { b["gasLimit"] = "0x1" })
			return false
		}), "header does not hash to block.hash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := fetchFrom(t, h.Serve(t, c.spoil))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want == "":
			case err == nil:
				t.Errorf("a bundle came out: %+v", got.Bundle.Provenance)
			case !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n"):
				t.Errorf("got %q, want one line with %q", err, c.want)
			}
		})
	}
}

func edited(t *testing.T, raw json.RawMessage, change func(map[string]any)) json.RawMessage {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	change(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLieAboutASlot: a wrong value of storage changes the receipts; the message says
// which transaction and which slot, and that it is no sound block.
func TestLieAboutASlot(t *testing.T) {
	h := honest(t)
	address, slot := decisive(t, h.Bundle, h.Golden)
	addr, key := common.Address(address), common.Hash(slot.Bytes32())
	url := h.Serve(t, func(method string, _ int, _ http.ResponseWriter, result *any) bool {
		if method == "debug_traceBlockByNumber" {
			list := append([]map[string]any{}, (*result).([]map[string]any)...)
			traced := h.Traced()
			traced[addr]["storage"].(map[common.Hash]common.Hash)[key] = common.Hash{}
			list[0]["result"] = traced
			*result = list
		}
		return false
	})
	_, err := fetchFrom(t, url)
	var differs *DifferenceError
	if !errors.As(err, &differs) {
		t.Fatalf("got %v, want a difference", err)
	}
	if !strings.Contains(err.Error(), "; transaction ") {
		t.Errorf("got %v, want the transaction that differs", err)
	}
	if want := fmt.Sprintf("slot %v of %v was %v in the pre-state", key, addr, common.Hash{}); !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// decisive finds a slot without which the block has other receipts.
func decisive(t *testing.T, b *traces.Bundle, golden *traces.Golden) (state.Address, isa.Word) {
	t.Helper()
	for _, k := range golden.Keys {
		acct := b.Prestate[k.Account]
		if k.Kind != traces.AccessStorage || acct == nil {
			continue
		}
		old := acct.Storage[k.Slot]
		if old.IsZero() {
			continue
		}
		other := *acct
		other.Storage = map[isa.Word]isa.Word{}
		for s, v := range acct.Storage {
			other.Storage[s] = v
		}
		other.Storage[k.Slot] = isa.Word{}
		again := &traces.Bundle{ChainID: b.ChainID, Config: b.Config, Header: b.Header, BlockHash: b.BlockHash, Txs: b.Txs, Withdrawals: b.Withdrawals, Prestate: state.Prestate{}, BlockHashes: b.BlockHashes}
		for a, acct := range b.Prestate {
			again.Prestate[a] = acct
		}
		again.Prestate[k.Account] = &other
		g, err := traces.Execute(again)
		if err != nil {
			continue
		}
		if v, err := again.Verify(g.Results); err == nil && !v.OK {
			return k.Account, k.Slot
		}
	}
	t.Fatal("no slot decides anything")
	return state.Address{}, isa.Word{}
}
