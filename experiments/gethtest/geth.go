// Package gethtest runs a real go-ethereum node for tests: built from the module at the
// version that this project uses, in --dev mode, on the loopback.
package gethtest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/rpc"
)

const module = "github.com/ethereum/go-ethereum"

// Binary gives the path of geth, built at the first use on a host: it stays in the user's
// cache. The test is skipped where geth cannot be built.
func Binary(t *testing.T) string {
	t.Helper()
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Skipf("no go toolchain to build geth with: %v", err)
	}
	v := strings.TrimSpace(string(version))
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	dir := filepath.Join(cache, "ooovm", "geth-"+v)
	binary := filepath.Join(dir, "geth")
	if _, err := os.Stat(binary); err == nil {
		return binary
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Skipf("no room to build geth: %v", err)
	}
	fresh, err := os.MkdirTemp(dir, "build")
	if err != nil {
		t.Skipf("no room to build geth: %v", err)
	}
	defer os.RemoveAll(fresh)
	// The folder is outside of any module, so that geth's own go.mod counts.
	build := exec.Command("go", "install", module+"/cmd/geth@"+v)
	build.Dir = fresh
	build.Env = append(os.Environ(), "GOBIN="+fresh, "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("geth cannot be built (no network?): %v\n%s", err, out)
	}
	if err := os.Rename(filepath.Join(fresh, "geth"), binary); err != nil {
		t.Fatal(err)
	}
	return binary
}

// Node is a running node.
type Node struct {
	IPC    string // has every method
	HTTP   string // has eth and net, no debug
	Client *rpc.Client
	From   common.Address // rich, and the node signs for it
	sent   uint64         // transactions, which number the next: the node's own count lags when it is busy
	t      *testing.T
}

var endpoint = regexp.MustCompile(`HTTP server started.*endpoint=([0-9.:]+)`)

// Start runs a node until the test ends. It makes a block a second.
func Start(t *testing.T) *Node {
	t.Helper()
	binary := Binary(t)
	dir, err := os.MkdirTemp("", "geth") // short: the path of a socket is bounded
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{IPC: filepath.Join(dir, "geth.ipc"), t: t}
	cmd := exec.Command(binary, "--dev", "--dev.period", "1", "--datadir", filepath.Join(dir, "data"), "--ipcpath", n.IPC,
		"--http", "--http.addr", "127.0.0.1", "--http.port", "0", "--http.api", "eth,net", "--gcmode", "archive",
		"--port", "0", "--authrpc.port", "0", "--nodiscover", "--maxpeers", "0", "--verbosity", "3")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("geth does not start: %v", err)
	}
	t.Cleanup(func() {
		if n.Client != nil {
			n.Client.Close()
		}
		_ = cmd.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		os.RemoveAll(dir)
	})
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if m := endpoint.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case found <- m[1]:
				default:
				}
			}
		}
	}()
	select {
	case at := <-found:
		n.HTTP = "http://" + at
	case <-time.After(60 * time.Second):
		t.Fatal("geth does not start its HTTP server within a minute")
	}
	if n.Client, err = rpc.Dial(n.IPC); err != nil {
		t.Fatal(err)
	}
	var accounts []common.Address
	n.Call(&accounts, "eth_accounts")
	n.From = accounts[0]
	return n
}

// Call is a request that must succeed.
func (n *Node) Call(result any, method string, args ...any) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := n.Client.CallContext(ctx, result, method, args...); err != nil {
		n.t.Fatalf("%s: %v", method, err)
	}
}

// Receipt is what tests need of one.
type Receipt struct {
	Block    hexutil.Uint64  `json:"blockNumber"`
	Contract *common.Address `json:"contractAddress"`
	Status   hexutil.Uint64  `json:"status"`
}

// Send sends a transaction: to an address or, without one, a creation.
func (n *Node) Send(to *common.Address, data []byte, more map[string]any) common.Hash {
	n.t.Helper()
	tx := map[string]any{"from": n.From, "data": hexutil.Bytes(data), "gas": hexutil.Uint64(2_000_000), "nonce": hexutil.Uint64(n.sent)}
	if to != nil {
		tx["to"] = to
	}
	for k, v := range more {
		tx[k] = v
	}
	var hash common.Hash
	n.Call(&hash, "eth_sendTransaction", tx)
	n.sent++
	return hash
}

// Wait waits for a transaction's receipt.
func (n *Node) Wait(hash common.Hash) Receipt {
	n.t.Helper()
	for range 300 {
		var r *Receipt // the node may still be indexing, which is an error
		if err := n.Client.Call(&r, "eth_getTransactionReceipt", hash); err == nil && r != nil {
			return *r
		}
		time.Sleep(100 * time.Millisecond)
	}
	n.t.Fatalf("transaction %v is in no block", hash)
	return Receipt{}
}
