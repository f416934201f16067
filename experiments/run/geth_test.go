package run_test

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/experiments/gethtest"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fetch"
)

func words(to []byte, list ...*uint256.Int) []byte {
	for _, w := range list {
		b := w.Bytes32()
		to = append(to, b[:]...)
	}
	return to
}

func method(signature string, args ...*uint256.Int) []byte {
	return words(crypto.Keccak256([]byte(signature))[:4], args...)
}

func contract(t *testing.T, name string, args ...*uint256.Int) []byte {
	t.Helper()
	text, err := os.ReadFile(runtest.Project("traces", "generator", "contracts", name+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return words(code, args...)
}

func asWord(a common.Address) *uint256.Int { return new(uint256.Int).SetBytes20(a[:]) }

// busyChain deploys the project's contracts, uses them, and gives the numbers of blocks
// that execute code.
func busyChain(t *testing.T, n *gethtest.Node) (blocks []uint64) {
	t.Helper()
	seen := map[uint64]bool{}
	note := func(r gethtest.Receipt) gethtest.Receipt {
		if !seen[uint64(r.Block)] {
			seen[uint64(r.Block)] = true
			blocks = append(blocks, uint64(r.Block))
		}
		return r
	}
	supply := uint256.NewInt(1e18)
	var deployed []common.Hash
	for _, code := range [][]byte{
		contract(t, "Token", supply), contract(t, "Token", supply), contract(t, "Compute"), contract(t, "Factory"),
	} {
		deployed = append(deployed, n.Send(nil, code, nil))
	}
	var at []common.Address
	for _, h := range deployed {
		r := note(n.Wait(h))
		if r.Status != 1 || r.Contract == nil {
			t.Fatalf("a deployment failed")
		}
		at = append(at, *r.Contract)
	}
	pair := *note(n.Wait(n.Send(nil, contract(t, "Pair", asWord(at[0]), asWord(at[1])), nil))).Contract
	unlimited := new(uint256.Int).SetAllOne()
	var sent []common.Hash
	for _, token := range at[:2] {
		sent = append(sent, n.Send(&token, method("approve(address,uint256)", asWord(pair), unlimited), nil))
	}
	sent = append(sent, n.Send(&pair, method("provide(uint256,uint256,address)", uint256.NewInt(1e15), uint256.NewInt(1e15), asWord(n.From)), nil))
	for i := range 4 {
		stranger := common.BytesToAddress([]byte{0xaa, byte(i)})
		sent = append(sent,
			n.Send(&at[0], method("transfer(address,uint256)", asWord(stranger), uint256.NewInt(1000)), nil),
			n.Send(&stranger, nil, map[string]any{"value": "0x1"}))
	}
	sent = append(sent, n.Send(&at[0], method("transfer(address,uint256)", asWord(pair), unlimited), nil)) // fails
	for _, h := range sent {
		note(n.Wait(h))
	}
	return blocks
}

// simulatesRight runs a bundle under ooo-4 in lockstep.
func simulatesRight(t *testing.T, b *traces.Bundle) {
	t.Helper()
	p, err := run.Prepare(context.Background(), b, run.Recording)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Run(&runtest.Setup(t, "ooo-4").Config.Config, run.Options{Lockstep: true})
	if err != nil {
		t.Fatal(err)
	}
	if !out.Verdict.OK {
		t.Errorf("block %s: %v", b.Name, out.Difference)
	}
}

// TestRealNode fetches blocks from a real node in every way that there is, with and
// without debug methods: all give the same block, which reproduces its header and runs
// in lockstep.
func TestRealNode(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a node")
	}
	n := gethtest.Start(t)
	blocks := busyChain(t, n)
	ctx := context.Background()
	for _, way := range []struct{ url, method, want string }{
		{n.IPC, fetch.Auto, fetch.Trace},
		{n.IPC, fetch.ByWitness, fetch.ByWitness},
		{n.IPC, fetch.Singles, fetch.Singles},
		{n.HTTP, fetch.Auto, fetch.Singles},
	} {
		node, err := fetch.Dial(ctx, way.url, fetch.Options{Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		f := &fetch.Fetcher{Node: node, Method: way.method}
		steps := 0
		for _, number := range blocks {
			got, err := f.Block(ctx, number)
			if err != nil {
				t.Fatalf("%s %s: %v", way.url, way.method, err)
			}
			if got.Method != way.want {
				t.Errorf("%s %s: the pre-state came by %s, want %s", way.url, way.method, got.Method, way.want)
			}
			path := filepath.Join(t.TempDir(), "b.json.zst")
			if err := got.Bundle.Save(path); err != nil {
				t.Fatal(err)
			}
			b, err := traces.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			simulatesRight(t, b)
			g, err := traces.Record(b)
			if err != nil {
				t.Fatal(err)
			}
			steps += g.Steps.Len()
			if way.method == fetch.Auto && way.want == fetch.Trace {
				importsAlike(t, n, b)
			}
			if !fetch.Have(t.Context(), path, fetch.Listed{Number: number}) || fetch.Have(t.Context(), path, fetch.Listed{Number: number + 1}) {
				t.Errorf("block %d is not taken for what it is", number)
			}
		}
		t.Logf("%s by %s: %d blocks, %d instructions", way.method, way.want, len(blocks), steps)
		node.Close()
	}
}
