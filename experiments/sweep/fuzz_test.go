package sweep

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzFile: whatever a sweep's file says, it is a sweep or refused, every line with its place.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"name: a\nblocks: [b.json]\naxes:\n  core.rob: [64, 128]\n",
		"name: a\nbase:\n  preset: ooo-4\naxes:\n  preset: [scalar, ooo-4]\n  predictor.branch: [gshare]\nzip: [[preset, predictor.branch]]\nexclude:\n  - {preset: scalar}\nrepeats: 3\n",
		"axes: &a [*a]\n", "axes:\n  machine.policy: [block-stm]\n  machine.cores: {from: 1, to: 64, times: 2}\n", "seeds: [1, 1]\n", "? {}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("sweep.yaml", t.TempDir(), text)
		if err == nil && file == nil {
			t.Fatal("neither a file nor an error")
		}
		if err != nil && strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q", err)
		}
	})
}

// FuzzTable: a table that is read from CSV comes back from what is written of it.
func FuzzTable(f *testing.F) {
	f.Add([]byte("block,status,cycles\nb,ok,12\n"))
	f.Add([]byte("core.rob,cycles\n64,\n128,7\n"))
	f.Add([]byte("a,a\n"))
	f.Add([]byte("\"\"\n"))
	f.Add([]byte("a\n\"\"\n1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := ReadTable(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, name := range table.Names() {
			_, _ = table.Numbers(name)
			if _, err := table.Text(name); err != nil {
				t.Errorf("column %q is not there: %v", name, err)
			}
		}
		var again bytes.Buffer
		if err := table.WriteCSV(&again); err != nil {
			t.Fatal(err)
		}
		second, err := ReadTable(&again)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if !slices.Equal(table.Names(), second.Names()) || table.Len() != second.Len() {
			t.Errorf("%d rows of %q come back as %d of %q", table.Len(), table.Names(), second.Len(), second.Names())
		}
	})
}

// FuzzRecord: whatever stands where a point's result was kept is that result, or is not.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"schema":"`+recordSchema+`","point":"abc","status":"ok"}`), []byte("ok\n"))
	f.Add([]byte(`{}`), []byte("failed"))
	f.Fuzz(func(t *testing.T, text, done []byte) {
		s := &store{dir: t.TempDir()}
		if err := os.MkdirAll(s.folder("abc"), 0o777); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{resultFile: text, doneFile: done} {
			if err := os.WriteFile(filepath.Join(s.folder("abc"), name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		_, complete := s.done("abc")
		rec, err := s.get("abc")
		if err == nil && (rec.Schema != recordSchema || !strings.HasPrefix(rec.Point, "abc")) {
			t.Errorf("%+v, complete %v", rec, complete)
		}
	})
}
