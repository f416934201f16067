package sweep

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
)

// TestColumnNames: a name is an identifier, so that it can be told from a configuration
// key and used as it is by other programs.
func TestColumnNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Columns(nil) {
		if strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || seen[c.Name] || c.Doc == "" {
			t.Errorf("column %+v", c)
		}
		seen[c.Name] = true
	}
}

// TestColumnsDocumented: the table in docs is the table of this program.
func TestColumnsDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/sweep-columns.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(line, "|"); len(cells) == 6 {
			rows[fmt.Sprint(strings.Fields(line))] = true
		}
	}
	for _, c := range Columns(nil) {
		line := fmt.Sprintf("| %s | %s | %s | %s |", c.Name, c.Kind, c.Unit, c.Doc)
		if !rows[fmt.Sprint(strings.Fields(line))] {
			t.Errorf("docs/sweep-columns.md has no row %s; `ooovm sweep columns --format md` prints them", line)
		}
	}
}

// numberer gives every number of a result a value of its own.
type numberer struct {
	next   uint64
	fields map[string]string // where a value is, by how it is written in a cell
	skip   map[string]bool
}

func (n *numberer) fill(path string, v reflect.Value, keys map[string][]string) {
	if n.skip[path] {
		return
	}
	n.next++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n.fill(path, v.Elem(), keys)
	case reflect.Struct:
		for i := range v.NumField() {
			n.fill(path+"."+v.Type().Field(i).Name, v.Field(i), keys)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range keys[path] {
			val := reflect.New(v.Type().Elem()).Elem()
			n.fill(path+"."+key, val, keys)
			v.SetMapIndex(reflect.ValueOf(key), val)
		}
	case reflect.Uint64:
		v.SetUint(n.next)
		n.fields[fmt.Sprint(n.next)] = path
	case reflect.Int:
		v.SetInt(int64(n.next))
		n.fields[fmt.Sprint(n.next)] = path
	case reflect.Float64:
		v.SetFloat(float64(n.next))
		n.fields[fmt.Sprint(n.next)] = path
	}
}

// shown removes what a row shows from the fields.
func (n *numberer) shown(r *row) {
	for _, c := range sources(nil) {
		delete(n.fields, cellText(c.cell(r)))
	}
}

// TestEveryNumber: all that a run counts is in a column, but for what follows from others.
func TestEveryNumber(t *testing.T) {
	n := numberer{next: 1_000_000, fields: map[string]string{}, skip: map[string]bool{
		".Baseline.IPC": true, ".Baseline.UIPC": true, ".Baseline.Speedup": true, // baseline_cycles; Speedup is its own field
		".Folded.IPC": true, ".Folded.UIPC": true,
		".Time.ClockMHz": true, // configuration
		".Serial":        true, // parts of slots_serial
	}}
	var one run.Result
	n.fill("", reflect.ValueOf(&one).Elem(), map[string][]string{
		".CPIStack": run.Causes(), ".Squashes": run.Causes(), ".Stalls": {"rob", "iq", "regs", "loadq", "storeq", "stateq"},
	})
	pt := &Point{Block: &Input{}}
	n.shown((&record{Run: &one}).row(pt))
	if len(n.fields) > 0 {
		t.Errorf("no column for %v of a run", n.fields)
	}

	n.skip, n.fields = map[string]bool{".Trace": true, ".Rows.Cores": true, ".Rows.Bounds": true, ".Rows.PassedBy": true /* of the policy */}, map[string]string{}
	several := levels.Result{Rows: make([]levels.Row, 1)}
	n.fill("", reflect.ValueOf(&several).Elem(), map[string][]string{".IndependentShare": levels.Definitions()})
	n.fill(".Rows", reflect.ValueOf(&several.Rows[0]).Elem(), map[string][]string{".Rows.Lost": machine.LossNames[:], ".Rows.Repairs": machine.GuardNames[1:]})
	n.shown((&record{Levels: &several}).row(pt))
	if len(n.fields) > 0 {
		t.Errorf("no column for %v of levels", n.fields)
	}
}
