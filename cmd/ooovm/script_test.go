package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ooovm/ooovm/traces/chain/chaintest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ooovm/ooovm/traces"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ooovm": main})
}

// TestScripts runs the commands as a user does. "status N CMD ARGS" expects an
// exit code, which testscript's own "!" does not tell apart; "bundle FILE" saves the
// embedded block.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status, "bundle": bundle},
		Setup: func(e *testscript.Env) error {
			return blockTests(t, e.WorkDir)
		},
	})
}

// blockTests writes official tests of the network Shanghai: in chain.json two blocks, and between
// them one with a wrong state root; in wrong.json the same block, to be refused for another reason.
func blockTests(t *testing.T, dir string) error {
	m := chaintest.New(t, "Shanghai")
	blocks := m.Blocks(2, nil)
	wrong := chaintest.Edit(blocks[1], func(h *types.Header, _ *types.Body) { h.Root[0] ^= 1 })
	refused := chaintest.Entry{RLP: chaintest.Encode(wrong), Exception: "BlockException.INVALID_STATE_ROOT"}
	tests := map[string]any{"chain.json": map[string]any{
		"two blocks": m.Test(append(append(chaintest.Valid(blocks[0]), refused), chaintest.Valid(blocks[1])...), blocks[1]),
	}}
	refused.Exception = "BlockException.INVALID_GAS_USED"
	tests["wrong.json"] = map[string]any{"wrong": m.Test(append(chaintest.Valid(blocks[0]), refused), blocks[0])}
	for name, test := range tests {
		text, err := json.Marshal(test)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "official-"+name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND [ARG...]")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func bundle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bundle FILE")
	}
	b, err := traces.Embedded()
	ts.Check(err)
	ts.Check(b.Save(ts.MkAbs(args[0])))
}
