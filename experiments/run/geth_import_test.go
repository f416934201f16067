package run_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/experiments/gethtest"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/importer"
)

// importsAlike writes the node's structLog of a block and imports it with the block: the
// committed stream is that of the bundle that was fetched.
func importsAlike(t *testing.T, n *gethtest.Node, fetched *traces.Bundle) {
	t.Helper()
	number := fmt.Sprintf("%#x", fetched.Header.Number)
	dir := t.TempDir()
	save := func(name string, v json.RawMessage) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, v, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var block, logs json.RawMessage
	n.Call(&block, "eth_getBlockByNumber", number, true)
	n.Call(&logs, "debug_traceBlockByNumber", number, map[string]any{"enableMemory": true})
	got, err := importer.Import([]string{save("block.json", block), save("logs.json", logs)}, importer.Options{ChainID: fetched.ChainID, Config: fetched.Config})
	if err != nil {
		t.Fatalf("block %s: %v", number, err)
	}
	if got.Mismatch != nil {
		t.Errorf("block %s: %v", number, got.Mismatch)
	}
	want, err := traces.Record(fetched)
	if err != nil {
		t.Fatal(err)
	}
	have, err := traces.Record(got.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	if have.Steps.Len() != want.Steps.Len() || got.Compared != want.Steps.Len() {
		t.Fatalf("block %s: %d steps, %d compared, want %d", number, have.Steps.Len(), got.Compared, want.Steps.Len())
	}
	for i := range want.Steps.Len() {
		if *have.Steps.At(i) != *want.Steps.At(i) {
			t.Fatalf("block %s: step %d is %+v, want %+v", number, i, *have.Steps.At(i), *want.Steps.At(i))
		}
	}
	simulatesRight(t, got.Bundle)
}
