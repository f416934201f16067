package chain

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// run reads a test and runs it with go-ethereum alone.
func run(t testing.TB, test map[string]any) error {
	t.Helper()
	return runAll(t, read(t, test))
}

func runAll(t testing.TB, test *Test) error {
	t.Helper()
	c, err := New(test)
	if err != nil {
		return err
	}
	for i := range test.Items {
		if _, err := c.Judge(t.Context(), &test.Items[i]); err != nil {
			return err
		}
	}
	return c.Finish()
}

func read(t testing.TB, test map[string]any) (got *Test) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.json")
	text, err := json.Marshal(map[string]any{"made": test})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	scan(t, path, func(test *Test) { got = test })
	if got == nil {
		t.Fatal("no test was read")
	}
	return got
}

func say(err error) string { return fmt.Sprint(err) }
