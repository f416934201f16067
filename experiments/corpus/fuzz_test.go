package corpus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzIndex: whatever a folder's index says, it is one or refused in a line.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schema":"` + schema + `"}`))
	f.Add([]byte(`{"schema":"` + schema + `","files":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, IndexFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(dir); err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	})
}

// FuzzWhere: whatever is asked of blocks, it is a condition on the embedded one or refused.
func FuzzWhere(f *testing.F) {
	for _, seed := range []string{"transactions > 3", "fork == 'prague' && gasUsed < 1e6", "mix.memory > 0.1", "1", "a(", "fork matches '('"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Compile(text)
		if err != nil {
			return
		}
		_, _ = filter.Select(t.Context(), []string{""})
	})
}
