package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/traces/fetch/fetchtest"
	"github.com/ooovm/ooovm/traces/generator"
)

// servedNode serves one small block.
func servedNode(t *testing.T) *fetchtest.Node {
	t.Helper()
	b, err := generator.New(generator.Params{Workload: "erc20", Transactions: 6, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return fetchtest.New(t, b)
}

// command runs a command line and gives its exit code and what it wrote on stderr.
func command(args ...string) (int, string) {
	var stdout, stderr bytes.Buffer
	code := execute(args, &stdout, &stderr, nil)
	return code, stderr.String()
}

// inFolder lists a folder and everything in it, hidden files included.
func inFolder(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// serveCounting serves a node and counts how often it is asked to trace a block.
func serveCounting(t *testing.T, n *fetchtest.Node) (url string, traced *int) {
	t.Helper()
	traced = new(int)
	url = n.Serve(t, func(method string, _ int, _ http.ResponseWriter, _ *any) bool {
		if method == "debug_traceBlockByNumber" {
			*traced++
		}
		return false
	})
	return url, traced
}

// TestFetchRange: a block that the node does not have is reported, the others of the range come, and the same command
// again skips what is there and sound and fetches what is not.
func TestFetchRange(t *testing.T) {
	n := servedNode(t)
	url, traced := serveCounting(t, n)
	dir := filepath.Join(t.TempDir(), "blocks")
	name := fmt.Sprintf("%d.json.zst", n.Number())
	args := []string{"trace", "fetch", "--rpc", url, "--block", fmt.Sprintf("%d-%d", n.Number()-2, n.Number()+1), "--every", "2", "-o", dir}
	code, stderr := command(args...)
	if code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	for _, want := range []string{
		fmt.Sprintf("ooovm: block %d: eth_getBlockByNumber: the node has no block %d\n", n.Number()-2, n.Number()-2),
		"it reproduces the header\n",
		"ooovm: 1 of 2 blocks were not fetched; the same command tries them again\n",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	if got := inFolder(t, dir); len(got) != 1 || got[0] != name {
		t.Fatalf("the folder has %v, want %s alone", got, name)
	}
	whole, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}

	if _, stderr = command(args...); !strings.Contains(stderr, name+": there already, skipped\n") || *traced != 1 {
		t.Errorf("the block was asked for %d times:\n%s", *traced, stderr)
	}

	if err := os.WriteFile(filepath.Join(dir, name), whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, stderr = command(args...); *traced != 2 {
		t.Errorf("half a file was taken for a block:\n%s", stderr)
	}
	if again, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(again, whole) {
		t.Errorf("the file fetched again differs (%v)", err)
	}

	args[5] = fmt.Sprintf("%d-%d", n.Number(), n.Number())
	if code, stderr = command(args...); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
}

// TestFetchList: the blocks of a list come, checked by hash; one that the node does not have and one that is another
// there are reported, and leave the others alone. What is there is skipped only if it is the block of the list.
func TestFetchList(t *testing.T) {
	n := servedNode(t)
	url, traced := serveCounting(t, n)
	hash, other := n.Bundle.Header.Hash(), common.Hash{1}
	name := fmt.Sprintf("%d.json.zst", n.Number())
	for _, c := range []struct {
		name, rows string
		again      bool // the block is in the folder
		code       int
		want       string // on stderr
		traced     int
		left       string // in the folder
	}{
		{"whole", fmt.Sprintf("%d,%v,prague\n", n.Number(), hash), false, exitOK, "it reproduces the header\n", 1, name},
		{"there", fmt.Sprintf("%d,%v,prague\n", n.Number(), hash), true, exitOK, name + ": there already, skipped\n", 0, name},
		{"another is there", fmt.Sprintf("%d,%v,prague\n", n.Number(), other), true, exitDifference, "another block of this number", 0, name},
		{
			"another", fmt.Sprintf("%d,%v,prague\n", n.Number(), other), false, exitDifference,
			fmt.Sprintf("ooovm: block %d: the node has another block of this number: its hash is %v, the list has %v\n", n.Number(), hash, other), 0, "",
		},
		{
			"one missing", fmt.Sprintf("%d,%v,prague\n%d,%v,prague\n", n.Number()-1, other, n.Number(), hash), false, exitFailed,
			"ooovm: 1 of 2 blocks were not fetched; the same command tries them again\n", 1, name,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := filepath.Join(t.TempDir(), "list.csv")
			if err := os.WriteFile(list, []byte("number,hash,fork\n"+c.rows), 0o666); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "blocks")
			if c.again {
				dir = t.TempDir()
				if err := n.Bundle.Save(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			*traced = 0
			code, stderr := command("trace", "fetch", "--rpc", url, "--list", list, "-o", dir)
			if code != c.code || *traced != c.traced || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d for %d, traced %d times for %d, stderr lacks %q:\n%s", code, c.code, *traced, c.traced, c.want, stderr)
			}
			if got := strings.Join(inFolder(t, dir), " "); got != c.left {
				t.Errorf("the folder has %q, want %q", got, c.left)
			}
		})
	}
}
