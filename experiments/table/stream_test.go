package table

import (
	"strings"
	"testing"
)

// TestStreamIsTheTable: where columns begin as wide as they become, a stream prints the
// bytes of the table, in every format.
func TestStreamIsTheTable(t *testing.T) {
	whole := &Table{Header: []string{"block", "cycles", "µops"}, Number: []bool{false, true, true}}
	rows := [][]any{{"synthetic", 95699, ""}, {"a|b, \"c\"", 7, 1.25}, {"", "-", "κ"}}
	for _, row := range rows {
		whole.Add(row...)
	}
	for _, f := range []Format{Text, CSV, Markdown} {
		var want, got strings.Builder
		if err := whole.Write(&want, f); err != nil {
			t.Fatal(err)
		}
		s, err := NewStream(&got, f, whole, []int{len("synthetic"), 0, 0})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := s.Add(row...); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != want.String() {
			t.Errorf("%s: got\n%s\nwant\n%s", f, got.String(), want.String())
		}
	}
	if _, err := NewStream(&strings.Builder{}, JSON, whole, nil); err == nil {
		t.Error("JSON is no table")
	}
}

// TestStreamGrows: a cell that is too wide moves those after it, and later rows follow.
func TestStreamGrows(t *testing.T) {
	var b strings.Builder
	s, err := NewStream(&b, Text, &Table{Header: []string{"a", "b"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]any{{1, 2}, {"wide", 2}, {1, 2}} {
		if err := s.Add(row...); err != nil {
			t.Fatal(err)
		}
	}
	if want := "  a  b\n--------\n  1  2\n  wide  2\n  1     2\n"; b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
