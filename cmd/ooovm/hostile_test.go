package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestHostileInputs: what attacks ends with a line, at once or with its timeout, and prints
// nothing that a terminal obeys or that looks like a success.
func TestHostileInputs(t *testing.T) {
	own := filepath.Join(t.TempDir(), "endless.fuel.json")
	program := `{"schema":"ooovm.fuel/1","transactions":[{"gas_limit":18446744073709551615,"script":"90000000"}]}` // jumps to itself
	if err := os.WriteFile(own, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := func(name string) func(*testing.T) string {
		return func(t *testing.T) string { return corpustest.Data(t, "cases", "hostile", name) }
	}
	for _, c := range []struct {
		name   string
		path   func(*testing.T) string
		code   int
		within time.Duration // far above what it takes, and far below what it took
	}{
		{"a program without end", func(*testing.T) string { return own }, exitTimeout, time.Minute},
		{"the same", shared("endless.fuel.json"), exitTimeout, time.Minute},
		{"a block without end", shared("endless.json.gz"), exitTimeout, time.Minute},
		{"an excess of blob gas", shared("excess-blob-gas.json.gz"), exitUsage, time.Minute},
		{"a megabyte of compressed blanks", shared("whitespace.json.gz"), exitUsage, time.Minute},
		{"chain 0", shared("chain-id-0.json.gz"), exitUsage, time.Minute},
		{"lines that look like ours", shared("forged-lines.json.gz"), exitUsage, time.Minute},
	} {
		for _, flags := range [][]string{nil, {"--check=false"}} {
			t.Run(strings.Join(append([]string{c.name}, flags...), " "), func(t *testing.T) {
				timeout := "500ms"
				if c.code != exitTimeout { // it ends by itself
					timeout = "1m"
				}
				args := append([]string{"validate", "--timeout", timeout, c.path(t)}, flags...)
				var printed bytes.Buffer
				ended := make(chan int, 1)
				go func() { ended <- execute(args, &printed, &printed, nil) }()
				select {
				case code := <-ended:
					if code != c.code {
						t.Errorf("exit code %d, want %d", code, c.code)
					}
				case <-time.After(c.within):
					t.Fatal("it does not end")
				}
				text := printed.String()
				if strings.Contains(text, "\nooovm: 1 of 1 blocks right") || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
					t.Errorf("it printed %q", text)
				}
			})
		}
	}
}
