package table

import (
	"encoding/csv"
	"strings"
	"testing"
)

// TestInert: what a spreadsheet would run is quoted and comes back; numbers and what stands for
// none are as they were.
func TestInert(t *testing.T) {
	for _, c := range []struct{ cell, want string }{
		{"name", "name"},
		{"", ""},
		{"-", "-"},
		{"-1", "-1"},
		{"+2.5e-3", "+2.5e-3"},
		{"-.5", "-.5"},
		{"-1.5 %", "-1.5 %"},
		{"-Inf", "-Inf"},
		{"'quoted'", "'quoted'"},
		{"=1+2", "'=1+2"},
		{"+name", "'+name"},
		{"-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", "'\t=1"},
		{"\r=1", "'\r=1"},
		{"--", "'--"},
		{"'=1", "''=1"},
		{"''=1", "'''=1"},
	} {
		var text strings.Builder
		if err := NewCSV(&text).WriteAll([][]string{{"cell", "."}, {c.cell, "."}}); err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
		if err != nil || all[1][0] != c.want {
			t.Errorf("%q is written as %q (%v), want %q", c.cell, all, err, c.want)
		}
		_, rows, err := ReadCSV(strings.NewReader(text.String()))
		if err != nil || rows[0][0] != c.cell {
			t.Errorf("%q comes back as %q (%v)", c.cell, rows, err)
		}
	}
}
