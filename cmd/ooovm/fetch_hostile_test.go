package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/traces/fetch/fetchtest"
)

const (
	getBlock   = "eth_getBlockByNumber"
	traceBlock = "debug_traceBlockByNumber"
)

// mode is a way in which a node goes wrong.
type mode struct {
	name  string
	code  int
	want  string // in the line about it
	spoil fetchtest.Spoil
	args  []string
}

// on spoils the answers to one method.
func on(method string, do func(w http.ResponseWriter, result *any) bool) fetchtest.Spoil {
	return func(m string, _ int, w http.ResponseWriter, result *any) bool { return m == method && do(w, result) }
}

// says answers a method with a text.
func says(method, text string) fetchtest.Spoil {
	return on(method, func(w http.ResponseWriter, _ *any) bool { _, _ = io.WriteString(w, text); return true })
}

// gives answers a method with a result.
func gives(method string, value any) fetchtest.Spoil {
	return on(method, func(_ http.ResponseWriter, result *any) bool { *result = value; return false })
}

// answers gives everything with a status.
func answers(code int, header ...string) fetchtest.Spoil {
	return func(_ string, _ int, w http.ResponseWriter, _ *any) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

// editsBlock edits the block.
func editsBlock(edit func(block map[string]any)) fetchtest.Spoil {
	return on(getBlock, func(_ http.ResponseWriter, result *any) bool {
		raw, ok := (*result).(json.RawMessage)
		var block map[string]any
		if !ok || json.Unmarshal(raw, &block) != nil {
			return false
		}
		edit(block)
		*result = block
		return false
	})
}

// editsTrace edits what the tracer says of the first transaction.
func editsTrace(edit func(accounts map[string]any)) fetchtest.Spoil {
	return on(traceBlock, func(_ http.ResponseWriter, result *any) bool {
		text, err := json.Marshal(*result)
		var list []map[string]any
		if err != nil || json.Unmarshal(text, &list) != nil {
			return false
		}
		edit(list[0]["result"].(map[string]any))
		*result = list
		return false
	})
}

// second spoils every second answer to a method: what is asked for again.
func second(method string, value any) fetchtest.Spoil {
	calls := 0
	return on(method, func(_ http.ResponseWriter, result *any) bool {
		if calls++; calls%2 == 0 {
			*result = value
		}
		return false
	})
}

// endless writes a page for as long as somebody reads.
func endless(w io.Writer, page string) {
	_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":"`)
	for range 1 << 14 {
		if _, err := io.WriteString(w, page); err != nil {
			return
		}
	}
}

// drip writes a character now and then.
func drip(w http.ResponseWriter) {
	for range 40 {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

// forgedAnswer is a text that a terminal would obey, and that would look like a line of ours.
const forgedAnswer = "\x1b[2J\r\nooovm: b.json.zst: it reproduces the header\u202e"

var (
	longPage  = strings.Repeat("a", 1<<16)
	otherHash = common.Hash{1}
	// brief is for bodies without end: an answer of a MiB takes its time.
	brief = []string{"--max-answer=1", "--request-timeout=20s"}
)

// hostileModes are what a node may do to block n. elsewhere is the address of an honest one.
func hostileModes(n *fetchtest.Node, elsewhere string) []mode {
	return slices.Concat(blockModes(n), stateModes(), errorModes(), bodyModes(), lineModes(elsewhere))
}

// blockModes are answers about the chain and the block.
func blockModes(n *fetchtest.Node) []mode {
	return []mode{
		{name: "no JSON", code: exitUsage, want: "invalid character", spoil: says(getBlock, "<html>hello</html>")},
		{name: "binary", code: exitUsage, want: "invalid character", spoil: says(getBlock, "\x00\xff\xfe\x9b")},
		{name: "nothing", code: exitUsage, want: "EOF", spoil: says(getBlock, "")},
		{name: "an empty list", code: exitUsage, want: "eth_chainId", spoil: says("eth_chainId", "[]")},
		{name: "an empty object", code: exitUsage, want: "eth_chainId", spoil: says("eth_chainId", "{}")},
		{name: "JSON cut short", code: exitUsage, want: "unexpected EOF", spoil: says(traceBlock, `{"jsonrpc":"2.0","id":3,"result":[{"tx`)},
		{name: "nested deeply", code: exitUsage, want: "exceeded max depth", spoil: says(traceBlock, `{"jsonrpc":"2.0","id":3,"result":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`)},
		{name: "another id", code: exitOK, spoil: says("eth_chainId", fmt.Sprintf(`{"jsonrpc":"2.0","id":"nobody's","result":"%#x"}`, n.Bundle.ChainID))},
		{name: "another chain", code: exitUsage, want: "block", spoil: gives("eth_chainId", "0x7a69")},
		{name: "a chain of 256 bits", code: exitUsage, want: "eth_chainId: wrong answer", spoil: gives("eth_chainId", "0x1"+strings.Repeat("0", 63))},
		{name: "a chain that is a list", code: exitUsage, want: "eth_chainId: wrong answer", spoil: gives("eth_chainId", []int{1})},
		{name: "a block that is a number", code: exitUsage, want: "not a block", spoil: gives(getBlock, 7)},
		{name: "no block", code: exitUsage, want: "the node has no block", spoil: gives(getBlock, nil)},
		{name: "a block without transactions", code: exitUsage, want: "transactions", spoil: editsBlock(func(b map[string]any) { delete(b, "transactions") })},
		{name: "a block without a state root", code: exitUsage, want: "stateRoot", spoil: editsBlock(func(b map[string]any) { delete(b, "stateRoot") })},
		{name: "hashes for transactions", code: exitUsage, want: "block.transactions[0]", spoil: editsBlock(func(b map[string]any) { b["transactions"] = []any{otherHash} })},
		{name: "another number", code: exitUsage, want: "header does not have the fields of its fork", spoil: editsBlock(func(b map[string]any) { b["number"] = "0x1" })},
		{name: "another hash", code: exitUsage, want: "header does not hash to block.hash", spoil: editsBlock(func(b map[string]any) { b["hash"] = otherHash })},
		{name: "another parent", code: exitUsage, want: "header does not hash to block.hash", spoil: editsBlock(func(b map[string]any) { b["parentHash"] = otherHash })},
		{name: "a transaction less", code: exitUsage, want: "transactionsRoot", spoil: editsBlock(func(b map[string]any) { b["transactions"] = b["transactions"].([]any)[1:] })},
		{name: "another sender", code: exitUsage, want: "not signed by the stated sender", spoil: editsBlock(func(b map[string]any) {
			b["transactions"].([]any)[0].(map[string]any)["from"] = common.Address{7}
		})},
		{name: "a reorganization", code: exitUsage, want: "the chain was reorganized", spoil: second(getBlock, map[string]any{"hash": otherHash})},
		{name: "no block any more", code: exitUsage, want: "eth_getBlockByNumber: the node does not have it (null)", spoil: second(getBlock, nil)},
	}
}

// stateModes are answers about the state before the block.
func stateModes() []mode {
	return []mode{
		{name: "no trace", code: exitUsage, want: "the node does not have it (null)", spoil: gives(traceBlock, nil)},
		{name: "a trace of another type", code: exitUsage, want: "wrong answer", spoil: gives(traceBlock, 7)},
		{name: "traces of fewer transactions", code: exitUsage, want: "0 results of 6 transactions", spoil: gives(traceBlock, []int{})},
		{name: "a balance of another type", code: exitUsage, want: "wrong answer", spoil: editsTrace(func(accounts map[string]any) {
			for _, a := range accounts {
				a.(map[string]any)["balance"] = []int{}
			}
		})},
		{name: "a slot that is too long", code: exitUsage, want: "wrong answer", spoil: editsTrace(func(accounts map[string]any) {
			for _, a := range accounts {
				a.(map[string]any)["storage"] = map[string]string{"0x" + strings.Repeat("1", 66): "0x1"}
			}
		})},
		{name: "poor senders", code: exitDifference, want: "transaction 0", spoil: editsTrace(func(accounts map[string]any) {
			for _, a := range accounts {
				a.(map[string]any)["balance"] = "0x1"
			}
		})},
		{name: "other code", code: exitDifference, want: "does not reproduce the header", spoil: editsTrace(func(accounts map[string]any) {
			for _, a := range accounts {
				if acct := a.(map[string]any); acct["code"] != nil {
					acct["code"] = "0xfe"
				}
			}
		})},
		{name: "other code, and receipts of another block", code: exitDifference, want: "does not reproduce the header", spoil: func(m string, call int, w http.ResponseWriter, result *any) bool {
			if m == "eth_getTransactionReceipt" {
				*result = &types.Receipt{GasUsed: 1, Logs: []*types.Log{nil}}
			}
			return editsTrace(func(accounts map[string]any) {
				for _, a := range accounts {
					if acct := a.(map[string]any); acct["code"] != nil {
						acct["code"] = "0xfe"
					}
				}
			})(m, call, w, result)
		}},
	}
}

// errorModes are errors, of JSON-RPC and of HTTP.
func errorModes() []mode {
	return []mode{
		{name: "an error", code: exitUsage, want: "eth_chainId: no", spoil: says("eth_chainId", `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}`)},
		{name: "an error that a terminal would obey", code: exitUsage, want: `\x1b[2J`, spoil: on("eth_chainId", func(w http.ResponseWriter, _ *any) bool {
			_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "error": map[string]any{"code": -32000, "message": forgedAnswer}})
			return true
		})},
		{name: "an error of many pages", code: exitUsage, want: "aaa...", spoil: on("eth_chainId", func(w http.ResponseWriter, _ *any) bool {
			_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "error": map[string]any{"code": -32000, "message": longPage}})
			return true
		})},
		{name: "an error that is a text", code: exitUsage, want: "eth_chainId", spoil: says("eth_chainId", `{"jsonrpc":"2.0","id":1,"error":"no"}`)},
		{name: "503 with a page", code: exitUsage, want: "503 Service Unavailable", spoil: func(_ string, _ int, w http.ResponseWriter, _ *any) bool {
			w.WriteHeader(503)
			_, _ = io.WriteString(w, forgedAnswer)
			return true
		}},
		{name: "403", code: exitUsage, want: "403 Forbidden", spoil: answers(403)},
		{name: "429", code: exitUsage, want: "429 Too Many Requests", spoil: answers(429)},
		{name: "429 for an hour", code: exitTimeout, want: "--timeout: the rest has not been fetched", spoil: answers(429, "Retry-After", "3600"), args: []string{"--retries=5", "--timeout=300ms"}},
		{name: "500", code: exitUsage, want: "500 Internal Server Error (3 times)", spoil: answers(500), args: []string{"--retries=2"}},
		{name: "500 at times", code: exitOK, spoil: func(_ string, call int, w http.ResponseWriter, _ *any) bool {
			if call%4 == 1 {
				w.WriteHeader(500)
			}
			return call%4 == 1
		}, args: []string{"--retries=2"}},
	}
}

// bodyModes are bodies that take too long or too much.
func bodyModes() []mode {
	return []mode{
		{name: "slow", code: exitUsage, want: "no answer within 200ms", spoil: on(traceBlock, func(http.ResponseWriter, *any) bool { time.Sleep(400 * time.Millisecond); return true })},
		{name: "drop by drop", code: exitUsage, want: "no answer within 200ms", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool { drip(w); return true })},
		{name: "drop by drop, patiently", code: exitTimeout, want: "--timeout: the rest has not been fetched", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool { drip(w); return true }), args: []string{"--request-timeout=1m", "--timeout=300ms"}},
		{name: "a body without end", code: exitUsage, want: "the answer is too long", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool { endless(w, longPage); return true }), args: brief},
		{name: "an error page without end", code: exitUsage, want: "500", spoil: func(_ string, _ int, w http.ResponseWriter, _ *any) bool {
			w.WriteHeader(500)
			endless(w, longPage)
			return true
		}, args: brief},
		{name: "two MiB of blanks", code: exitUsage, want: "the answer is too long", spoil: on(getBlock, func(w http.ResponseWriter, _ *any) bool {
			_, _ = io.WriteString(w, strings.Repeat(" ", 2<<20))
			return true
		}), args: brief},
		{name: "a bomb of gzip", code: exitUsage, want: "the answer is too long", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			endless(z, longPage)
			_ = z.Close()
			return true
		}), args: brief},
		{name: "gzip that is none", code: exitUsage, want: "gzip: invalid header", spoil: func(_ string, _ int, w http.ResponseWriter, _ *any) bool {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "\x1f\x8bhello, this is no gzip")
			return true
		}},
	}
}

// lineModes are what goes wrong below HTTP, and redirects.
func lineModes(elsewhere string) []mode {
	return []mode{
		{name: "aborted", code: exitUsage, want: "EOF", spoil: on(traceBlock, func(http.ResponseWriter, *any) bool { panic(http.ErrAbortHandler) })},
		{name: "reset", code: exitUsage, want: "connection reset", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
			return true
		})},
		{name: "no HTTP", code: exitUsage, want: "malformed HTTP", spoil: on(traceBlock, func(w http.ResponseWriter, _ *any) bool {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				_, _ = io.WriteString(conn, "hello\r\n\r\n")
				conn.Close()
			}
			return true
		})},
		{name: "a redirect to another host", code: exitUsage, want: "redirects to another host", spoil: answers(307, "Location", elsewhere)},
		{name: "a redirect to another host, which may be", code: exitOK, spoil: answers(307, "Location", elsewhere), args: []string{"--follow-redirects"}},
		{name: "a redirect to a file", code: exitUsage, want: "redirects to another host", spoil: answers(307, "Location", "file:///etc/passwd")},
		{name: "a redirect to a file, which may be", code: exitUsage, want: "unsupported protocol scheme", spoil: answers(307, "Location", "file:///etc/passwd"), args: []string{"--follow-redirects"}},
		{name: "redirects without end", code: exitUsage, want: "more than 10 times", spoil: answers(307, "Location", "/again")},
		{name: "redirects at times", code: exitOK, spoil: func(_ string, call int, w http.ResponseWriter, _ *any) bool {
			if call%2 == 1 {
				w.Header().Set("Location", "/again")
				w.WriteHeader(308)
			}
			return call%2 == 1
		}},
	}
}

// TestFetchFromHostileServers: whatever a node does, the command ends soon, with the code and the
// one line of its kind, and leaves no file behind, whole or half.
func TestFetchFromHostileServers(t *testing.T) {
	n := servedNode(t)
	for _, c := range hostileModes(n, n.Serve(t, nil)) {
		for _, blocks := range []string{fmt.Sprint(n.Number()), fmt.Sprintf("%d-%d", n.Number(), n.Number())} {
			t.Run(c.name+" "+blocks, func(t *testing.T) {
				fetchFromHostile(t, n.Serve(t, c.spoil), c, blocks)
			})
		}
	}
}

// fetchFromHostile fetches a block, or a range of one, and checks how it ends.
func fetchFromHostile(t *testing.T, url string, c mode, blocks string) {
	t.Helper()
	dir := t.TempDir()
	out, code, lines := filepath.Join(dir, "b.json.zst"), c.code, 1
	many := strings.Contains(blocks, "-")
	if many {
		out = dir
	}
	args := append([]string{"trace", "fetch", "--rpc", url, "--block", blocks, "-o", out, "--method", "prestate", "--request-timeout", "200ms", "--retries", "0"}, c.args...)
	begin := time.Now()
	got, stderr := command(args...)
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("it took %v", took)
	}
	if many && strings.HasSuffix(stderr, "the same command tries them again\n") {
		lines = 2
		if code == exitUsage { // the node could be asked: one of the range has failed
			code = exitFailed
		}
	}
	if got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	printed := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if code == exitOK {
		if left := inFolder(t, dir); len(left) != 1 {
			t.Errorf("in the folder: %v:\n%s", left, stderr)
		}
		return
	}
	if len(printed) != lines || !strings.Contains(printed[0], c.want) || len(printed[0]) > 1000 || slices.ContainsFunc(printed, func(line string) bool {
		return !strings.HasPrefix(line, "ooovm: ") || strings.ContainsFunc(line, unicode.IsControl)
	}) {
		t.Errorf("stderr, want %d lines, the first with %q:\n%s", lines, c.want, stderr)
	}
	if left := inFolder(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFetchOverTLS: a certificate that nobody vouches for, and servers that speak the other
// protocol, are errors at once: asking again does not help.
func TestFetchOverTLS(t *testing.T) {
	n := servedNode(t)
	plain := n.Serve(t, nil)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for name, c := range map[string]struct{ url, want string }{
		"unknown certificate": {secure.URL, "certificate"},
		"plain for secure":    {strings.Replace(plain, "http:", "https:", 1), "server gave HTTP response to HTTPS client"},
		"secure for plain":    {strings.Replace(secure.URL, "https:", "http:", 1), "400 Bad Request"},
		"nobody there":        {"http://127.0.0.1:1", "connection refused"},
		"no such scheme":      {"gopher://127.0.0.1", `no known transport for URL scheme "gopher"`},
		"no address":          {"http://[::1", "missing ']'"},
		"no socket":           {filepath.Join(t.TempDir(), "none.ipc"), "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			fetchFromHostile(t, c.url, mode{code: exitUsage, want: c.want, args: []string{"--request-timeout=20s"}}, fmt.Sprint(n.Number()))
		})
	}
}
