package sweep

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/machine"
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

// FuzzRecord: whatever stands where a point's result was kept is that result, sealed by what
// DONE says of it, or is not.
func FuzzRecord(f *testing.F) {
	pt := &Point{ID: strings.Repeat("a", 16), Identity: strings.Repeat("a", 64), Policy: machine.SequentialPolicy}
	whole := []byte(`{"schema":"` + recordSchema + `","point":"` + pt.Identity + `","status":"failed","error":"lost"}`)
	f.Add(whole, []byte("failed"), true)
	f.Add(whole, []byte("ok"), true)
	f.Add([]byte(`{}`), []byte("failed 00"), false)
	f.Fuzz(func(t *testing.T, text, done []byte, sealed bool) {
		s := &store{host: disk{}, dir: t.TempDir()}
		if err := os.MkdirAll(s.folder(pt.ID), 0o777); err != nil {
			t.Fatal(err)
		}
		if sealed { // past the hash, to what the record itself says
			done = doneText(Status(done), text)
		}
		for name, content := range map[string][]byte{resultFile: text, doneFile: done} {
			if err := os.WriteFile(filepath.Join(s.folder(pt.ID), name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		rec, err := s.read(pt)
		if err == nil && (rec.Schema != recordSchema || rec.Point != pt.Identity || !bytes.Equal(done, doneText(rec.Status, text))) {
			t.Errorf("%+v is taken for done", rec)
		}
	})
}
