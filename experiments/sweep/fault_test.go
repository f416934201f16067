package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/levels"
)

// TestFaultsAreKept: a point over which the simulator broke has a dump, and who lists what failed is told where.
func TestFaultsAreKept(t *testing.T) {
	r := &Run{Dir: t.TempDir(), Points: []Point{{ID: "a", Block: &Input{Name: "b\n"}}, {ID: "c", Block: &Input{Name: "d"}}}}
	st := &store{dir: r.Dir}
	if err := st.open(Shard{}); err != nil {
		t.Fatal(err)
	}
	for id, fault := range map[string][]byte{"a": []byte("dump"), "c": nil} {
		if err := st.put(id, &record{Schema: recordSchema, Point: id, Status: Failed, Error: "lost\nmore", fault: fault}); err != nil {
			t.Fatal(err)
		}
	}
	dump := filepath.Join(r.Dir, pointsDir, "a", faultFile)
	if text, err := os.ReadFile(dump); err != nil || string(text) != "dump" {
		t.Errorf("%q, %v", text, err)
	}
	var list strings.Builder
	if n, err := r.Failures(&list, 10); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	want := `point 0 (a) on b\n: lost; this is a fault of ooovm, not of the input: ` + dump + " has what its makers need\npoint 0 (c) on d: lost\n"
	if list.String() != want {
		t.Errorf("%q, want %q", list.String(), want)
	}
}

// TestRecordsWithoutRows: a record of several cores has its one row, or is none.
func TestRecordsWithoutRows(t *testing.T) {
	for rows, good := range map[int]bool{0: false, 1: true, 2: false} {
		st := &store{dir: t.TempDir()}
		if err := st.open(Shard{}); err != nil {
			t.Fatal(err)
		}
		if err := st.put("a", &record{Schema: recordSchema, Point: "a", Status: OK, Levels: &levels.Result{Rows: make([]levels.Row, rows)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := st.get("a"); (err == nil) != good {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}
