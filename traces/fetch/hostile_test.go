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
	"github.com/ooovm/ooovm/traces/prestate/tracetest"
)

func honest(t testing.TB) *fetchtest.Node {
	t.Helper()
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return fetchtest.New(t, b)
}

func fetchFrom(t *testing.T, url string) (*Fetched, error) {
	t.Helper()
	return fetchBy(t, url, Auto)
}

func fetchBy(t *testing.T, url, method string) (*Fetched, error) {
	t.Helper()
	node, err := Dial(context.Background(), url, Options{Timeout: 500 * time.Millisecond, Retries: 2, Backoff: time.Millisecond, MaxResponse: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	return (&Fetcher{Node: node, Method: method}).Block(context.Background(), 23_000_000)
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

// TestWhatTheBlockDoesToItself: what a transaction makes that a later one reads was not there
// before the block, whichever way the pre-state comes.
func TestWhatTheBlockDoesToItself(t *testing.T) {
	funded := common.HexToAddress("0xf4e5")
	looker := common.HexToAddress("0xbea0")
	code := append(append([]byte{0x73}, funded[:]...), 0x31, 0x60, 0, 0x55) // PUSH20 BALANCE PUSH1 SSTORE
	b := tracetest.Block(t, "cancun", state.Prestate{state.Address(looker): {Nonce: 1, Code: code}}, []tracetest.Tx{
		{From: 0, To: &funded, Value: 9}, {From: 1, To: &looker}, {From: 0, To: &funded, Value: 1},
	})
	h := fetchtest.New(t, b)
	for _, method := range []string{Trace, Singles} {
		node, err := Dial(context.Background(), h.Serve(t, nil), Options{Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer node.Close()
		got, err := (&Fetcher{Node: node, Method: method}).Block(context.Background(), h.Number())
		if err != nil {
			t.Fatal(err)
		}
		p := got.Bundle.Prestate
		if p[state.Address(funded)] != nil || p[state.Address(tracetest.Coinbase)] != nil || len(p) != 3 {
			t.Errorf("%s: the pre-state has %d accounts, want the senders and the contract", method, len(p))
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
		}), "nonce: \"x\" is not a 64-bit number"},
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
		{"reorganized at last", on(getBlock, func(_ http.ResponseWriter, r *any) bool {
			if blockCalls++; blockCalls%2 == 0 {
				*r = map[string]any{"hash": common.Hash{1}}
			}
			return false
		}), "the chain was reorganized while block 23000000 was fetched"},
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

// lying serves the tracer's results with a lie about a slot that decides the receipts.
func lying(t *testing.T, h *fetchtest.Node) (url string, addr common.Address, key common.Hash) {
	t.Helper()
	address, slot := decisive(t, h.Bundle, h.Golden)
	addr, key = common.Address(address), common.Hash(slot.Bytes32())
	return h.Serve(t, func(method string, _ int, _ http.ResponseWriter, result *any) bool {
		if method == "debug_traceBlockByNumber" {
			list := append([]map[string]any{}, (*result).([]map[string]any)...)
			traced := h.Traced()
			traced[addr]["storage"].(map[common.Hash]common.Hash)[key] = common.Hash{}
			list[0] = map[string]any{"txHash": list[0]["txHash"], "result": traced}
			*result = list
		}
		return false
	}), addr, key
}

// TestLieAboutASlot: a wrong value of storage changes the receipts; the message says
// which transaction and which slot, and that it is no sound block.
func TestLieAboutASlot(t *testing.T) {
	url, addr, key := lying(t, honest(t))
	_, err := fetchBy(t, url, Trace)
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

// TestAutoGoesOn: where what the tracer says does not reproduce the header, the next method is
// tried, and the bundle says so; where no method reproduces it, the error has them all.
func TestAutoGoesOn(t *testing.T) {
	h := honest(t)
	url, addr, key := lying(t, h)
	got, err := fetchFrom(t, url)
	if err != nil {
		t.Fatal(err)
	}
	if got.Method != Singles {
		t.Errorf("by %s, want %s", got.Method, Singles)
	}
	if w := strings.Join(got.Bundle.Provenance.Warnings, "\n"); !strings.Contains(w, "by prestate, what the node gave does not reproduce the header") {
		t.Errorf("the bundle does not say what the tracer did: %q", w)
	}
	if err := got.Bundle.Check(); err != nil {
		t.Error(err)
	}

	h.Bundle.Prestate[state.Address(addr)].Storage[*new(isa.Word).SetBytes32(key[:])] = isa.Word{} // the node lies everywhere
	_, err = fetchFrom(t, url)
	var differs *DifferenceError
	if !errors.As(err, &differs) || !strings.Contains(err.Error(), "by prestate, ") || !strings.Contains(err.Error(), "; by proof, ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with every method", err)
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

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{429, "3", 3 * time.Second},
		{503, "3", 3 * time.Second},
		{429, "Fri, 02 Jan 2026 03:04:15 GMT", 10 * time.Second},
		{429, "Fri, 02 Jan 2026 03:04:00 GMT", 0}, // past
		{429, "99999999", mostWait},
		{429, "Fri, 02 Jan 2099 03:04:15 GMT", mostWait},
		{429, "", 0},
		{429, "-1", 0},
		{429, "soon", 0},
		{502, "3", 0},
		{200, "3", 0},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{"Retry-After": {c.header}}}
		if got := retryAfter(resp, now); got != c.want {
			t.Errorf("%d with %q: %v, want %v", c.status, c.header, got, c.want)
		}
	}
}

// TestBusyServerIsLeftAlone: the request that follows a Retry-After comes no sooner.
func TestBusyServerIsLeftAlone(t *testing.T) {
	var busy time.Time
	url := honest(t).Serve(t, func(_ string, call int, w http.ResponseWriter, _ *any) bool {
		switch call {
		case 1:
			busy = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		case 2:
			if waited := time.Since(busy); waited < time.Second {
				t.Errorf("asked again after %v", waited)
			}
		}
		return false
	})
	if _, err := fetchFrom(t, url); err != nil {
		t.Error(err)
	}
}
