package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// finished runs a sweep over the embedded block.
func finished(t *testing.T, text string) *sweep.Run {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sweep.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := sweep.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tool := sweep.Tool{Version: "test", Executable: strings.Repeat("e", 64)}
	r, err := sweep.Create(filepath.Join(t.TempDir(), "run"), f, tool, false)
	if err != nil {
		t.Fatal(err)
	}
	opt := sweep.Options{Jobs: 2}
	x, err := r.Execute(opt)
	if err != nil {
		t.Fatal(err)
	}
	s := sweep.NewSession([]string{"test"}, tool)
	s.End(x, opt, 0)
	if err := r.Conclude(sweep.Shard{}, s, true); err != nil {
		t.Fatal(err)
	}
	return r
}

const small = `
name: small
base: {preset: ooo-2}
check: false
axes:
  core.rob: [16, 64]
  core.iq: [8, 24]
  predictor.branch: [bimodal, tage]
zip: [[core.rob, core.iq]]
`

func made(t *testing.T, r *sweep.Run) *Page {
	t.Helper()
	p, err := Make(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func written(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSameDirectorySameBytes(t *testing.T) {
	r := finished(t, small)
	first := written(t, made(t, r))
	if again := written(t, made(t, r)); again != first {
		t.Error("two reports of one directory differ")
	}
	for _, want := range []string{"4 points on 1 block:", "axis core.rob, ", "preset ooo-2", "With it core.iq varies", "Copyright (c)"} {
		if !strings.Contains(first, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

// TestNothingInTheDataIsMarkup: what a result says, an error for instance, cannot end the script that holds it.
func TestNothingInTheDataIsMarkup(t *testing.T) {
	p := made(t, finished(t, "name: one\nbase: {preset: scalar}\ncheck: false\naxes: {core.clock: [1000]}\n"))
	evil := "</script><script>alert(1)</script>"
	p.v.Name, p.v.Failures = evil, []string{evil}
	p.v.Data.Points.Rows[0][0] = evil
	page := written(t, p)
	if strings.Contains(page, "alert(1)</script>") {
		t.Error("text of the data became markup")
	}
	if got, want := strings.Count(page, "</script>"), 3; got != want {
		t.Errorf("%d scripts end on the page, not %d", got, want)
	}
}

// TestTotalsByHand: two blocks under three of four settings; 64 was not run with tage, so that the totals of core.rob
// have bimodal alone, and those of predictor.branch 16 alone.
//
//	block rob branch  instructions cycles
//	a     16  bimodal  10           10
//	b     16  bimodal  30           10
//	a     16  tage     10            5
//	b     16  tage     30            5
//	a     64  bimodal  10            4
//	b     64  bimodal  30            6
func TestTotalsByHand(t *testing.T) {
	columns := sweep.Columns([]sweep.Column{{Name: "core.rob", Kind: sweep.Integer, Axis: true}, {Name: "predictor.branch", Kind: sweep.Text, Axis: true}})
	var text strings.Builder
	for i, c := range columns {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(c.Name)
	}
	for _, row := range []map[string]string{
		{"block": "a", "core.rob": "16", "predictor.branch": "bimodal", "instructions": "10", "cycles": "10"},
		{"block": "b", "core.rob": "16", "predictor.branch": "bimodal", "instructions": "30", "cycles": "10"},
		{"block": "a", "core.rob": "16", "predictor.branch": "tage", "instructions": "10", "cycles": "5"},
		{"block": "b", "core.rob": "16", "predictor.branch": "tage", "instructions": "30", "cycles": "5"},
		{"block": "a", "core.rob": "64", "predictor.branch": "bimodal", "instructions": "10", "cycles": "4"},
		{"block": "b", "core.rob": "64", "predictor.branch": "bimodal", "instructions": "30", "cycles": "6"},
	} {
		row["status"] = "ok"
		text.WriteByte('\n')
		for i, c := range columns {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(row[c.Name])
		}
	}
	table, err := sweep.ReadTable(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	axes, err := findAxes(table)
	if err != nil {
		t.Fatal(err)
	}
	all, err := measure(table, axes)
	if err != nil {
		t.Fatal(err)
	}
	tables := all.totals(axes)
	if len(tables) != 2 {
		t.Fatalf("%d tables, not 2: %v", len(tables), names(axes))
	}
	for i, want := range [][]stats.Float{{2, 4}, {2, 4}} { // 40/20 and 40/10, of both axes
		row := tables[i].Rows[1]
		if row.Metric.Name != "ipc" || row.Mean != stats.TotalRatio || row.Settings != 1 || row.Blocks != 2 {
			t.Fatalf("%s: row of %s, %s, %d settings, %d blocks", tables[i].Axis.Name, row.Metric.Name, row.Mean, row.Settings, row.Blocks)
		}
		for v := range want {
			if got := row.Values[v].Value; got != want[v] {
				t.Errorf("IPC at %s %s is %v, not %v", tables[i].Axis.Name, tables[i].Axis.Values[v], got, want[v])
			}
		}
	}
}

func TestNumbersForReaders(t *testing.T) {
	for _, test := range []struct {
		x    stats.Float
		want string
	}{{0, "0"}, {0.123456, "0.1235"}, {12.3456, "12.35"}, {1234.5, "1234"}, {99535, "99\u202f535"}, {-1234567, "-1\u202f234\u202f567"}, {0.000012345, "1.234e-05"}} {
		if got := number(test.x); got != test.want {
			t.Errorf("number(%v) = %q, want %q", float64(test.x), got, test.want)
		}
	}
}
