package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaultsAreKept: a point over which the simulator broke has a dump, and who lists what failed is told where.
func TestFaultsAreKept(t *testing.T) {
	named := func(digit string) Point {
		return Point{ID: strings.Repeat(digit, 16), Identity: strings.Repeat(digit, 64)}
	}
	r := &Run{Dir: t.TempDir(), host: disk{}, Points: []Point{named("a"), named("c")}}
	r.Points[0].Block, r.Points[1].Block = &Input{Name: "b\n"}, &Input{Name: "d"}
	if err := os.Mkdir(filepath.Join(r.Dir, pointsDir), 0o777); err != nil {
		t.Fatal(err)
	}
	st, err := r.attach()
	if err != nil {
		t.Fatal(err)
	}
	for i, fault := range [][]byte{[]byte("dump"), nil} {
		pt := &r.Points[i]
		if _, err := st.put(pt, &record{Schema: recordSchema, Point: pt.Identity, Status: Failed, Error: "lost\nmore", fault: fault}); err != nil {
			t.Fatal(err)
		}
	}
	dump := filepath.Join(r.Dir, pointsDir, r.Points[0].ID, faultFile)
	if text, err := os.ReadFile(dump); err != nil || string(text) != "dump" {
		t.Errorf("%q, %v", text, err)
	}
	var list strings.Builder
	if n, err := r.Failures(&list, 10); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	want := `point 0 (aaaaaaaaaaaaaaaa) on b\n: lost; this is a fault of ooovm, not of the input: ` + dump + " has what its makers need\npoint 0 (cccccccccccccccc) on d: lost\n"
	if list.String() != want {
		t.Errorf("%q, want %q", list.String(), want)
	}
}
