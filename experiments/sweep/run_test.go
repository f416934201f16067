package sweep

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// tiny is a core that simulates fast, and needs no comparison to be right.
const tiny = `
name: tiny
base: {preset: scalar}
check: false
baseline: false
`

// sweepFile writes a sweep file.
func sweepFile(t testing.TB, text string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sweep.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var tool = Tool{Version: "test", Executable: strings.Repeat("e", 64)}

// finished runs a sweep to its end in a directory.
func finished(t testing.TB, dir string, f *File, opt Options) (*Run, Execution) {
	t.Helper()
	r, err := Create(dir, f, tool, false)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Execute(opt)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSession([]string{"test"}, tool)
	s.End(x, opt, 0)
	if err := r.Conclude(Shard{}, s, true); err != nil {
		t.Fatal(err)
	}
	return r, x
}

func read(t testing.TB, parts ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const several = `
name: several
base: {preset: ooo-2}
axes:
  core.rob: [16, 64]
  predictor.branch: [bimodal, chaos]
  policy: [sequential, block-stm]
  cores: [1, 4]
exclude:
  - {predictor.branch: chaos, policy: block-stm, cores: 1}
seeds: [1, 18446744073709551615]
`

// TestBytes: result files have the same bytes after any two runs, with any number of
// jobs.
func TestBytes(t *testing.T) {
	f := sweepFile(t, several)
	a, b := t.TempDir(), t.TempDir()
	run, x := finished(t, a, f, Options{Jobs: 1})
	finished(t, b, f, Options{Jobs: 3})
	for _, name := range []string{pointsFile, ResultsCSV, resultsPq} {
		if !bytes.Equal(read(t, a, name), read(t, b, name)) {
			t.Errorf("%s differs", name)
		}
	}
	if x.OK != 28 || x.Points != 28 || x.Ran != 20 {
		t.Errorf("%+v, want 28 points, of which the 8 on one core with another number of cores are no simulations of their own", x)
	}
	table, err := run.Table()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(a, ResultsCSV)); err != nil {
		t.Fatal(err)
	}
	points, err := run.Table()
	if err != nil {
		t.Fatal(err)
	}
	var x1, x2 bytes.Buffer
	if table.WriteCSV(&x1) != nil || points.WriteCSV(&x2) != nil || x1.String() != x2.String() || x1.String() != string(read(t, b, ResultsCSV)) {
		t.Error("the table of the file and that of the points differ")
	}
	cycles, err := table.Numbers("cycles")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.ReadFile[struct {
		Cycles *int64   `parquet:"cycles,optional"`
		Seed   *uint64  `parquet:"seed,optional"`
		ROB    *int64   `parquet:"core.rob,optional"`
		MPKI   *float64 `parquet:"branch_mpki,optional"`
	}](filepath.Join(a, resultsPq))
	if err != nil {
		t.Fatal(err)
	}
	seeds, err := table.Text("seed")
	if err != nil {
		t.Fatal(err)
	}
	mpki, err := table.Text("branch_mpki")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if float64(*row.Cycles) != cycles[i] || seeds[i] != cellText(*row.Seed) || *row.ROB < 16 || (row.MPKI == nil) != (mpki[i] == "") {
			t.Errorf("row %d: Parquet has %+v, CSV %v cycles, seed %v, MPKI %q", i, row, cycles[i], seeds[i], mpki[i])
		}
	}
	if len(rows) != 28 {
		t.Errorf("Parquet has %d rows", len(rows))
	}
}
