package sweep

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/table"
)

// Tool describes the program that runs a sweep.
type Tool struct {
	Version    string `json:"version"`
	Commit     string `json:"commit"`
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	GoEthereum string `json:"goEthereum"`
	Executable string `json:"executable"` // sha256
}

// Run is the directory of a sweep.
type Run struct {
	Dir    string
	Name   string
	Points []Point
	Axes   []Column
	Mended []string // what was damaged and has been made again, a line each
	owner  owner
	plan   *Plan // nil when the directory was opened to be read
	host   host
	store  *store // while this process works in the directory
	// simulate runs a point, and cells are the columns of its row; nil for the simulator and
	// for all columns.
	simulate func(*Point) (*record, error)
	cells    []source
}

// sources are the columns of the results.
func (r *Run) sources() []source {
	if r.cells != nil {
		return r.cells
	}
	return sources(r.Axes)
}

// pointColumns are the columns of points.csv.
func pointColumns(axes []Column) []source {
	list := []source{identity[1], identity[0], identity[2], {Column{Name: "path", Kind: Text, Doc: "of the block, as the sweep file leads to it"}, func(r *row) any { return r.point.Block.Path }}}
	list = append(list, axisSources(axes)...)
	return append(list, machineColumns...)
}

func writePoints(axes []Column, points []Point) ([]byte, error) {
	columns := pointColumns(axes)
	var buf bytes.Buffer
	out := table.NewCSV(&buf)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.Name
	}
	if err := out.Write(cells); err != nil {
		return nil, err
	}
	for i := range points {
		r := row{point: &points[i]}
		for k, c := range columns {
			cells[k] = cellText(c.cell(&r))
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	err := out.Flush()
	return buf.Bytes(), err
}

// readPoints reads points.csv. What it says of a point is enough to describe it in a
// table, not to run it.
func readPoints(data []byte) (axes []Column, points []Point, err error) {
	t, err := ReadTable(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	for _, c := range t.Columns {
		if strings.Contains(c.Name, ".") {
			axes = append(axes, c)
		}
	}
	for _, c := range pointColumns(axes) {
		if _, ok := t.index[c.Name]; !ok {
			return nil, nil, fmt.Errorf("no column %s", c.Name)
		}
	}
	blocks := map[string]*Input{}
	for i, cells := range t.rows {
		cell := func(name string) string { return cells[t.index[name]] }
		pt := Point{
			Index: i, ID: cell("point"), Preset: cell("preset"), Hash: cell("config"), Stack: cell("stack"),
			Policy: cell("policy"), Mapping: cell("mapping"), Crediting: cell("crediting"),
			Oracle: cell("oracle") == "true", Chaos: cell("chaos") == "true", Schedule: cell("schedule") == "true",
		}
		var err1, err2 error
		pt.Cores, err1 = strconv.Atoi(cell("cores"))
		pt.Seed, err2 = strconv.ParseUint(cell("seed"), 10, 64)
		if err1 != nil || err2 != nil || cell("index") != strconv.Itoa(i) || !isID(pt.ID) {
			return nil, nil, fmt.Errorf("line %d: not a point", i+2)
		}
		for _, axis := range axes {
			v, err := axis.parse(cell(axis.Name))
			if err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", i+2, err)
			}
			pt.Values = append(pt.Values, v)
		}
		path := cell("path")
		if blocks[path] == nil {
			blocks[path] = &Input{Name: cell("block"), Path: path}
		}
		pt.Block = blocks[path]
		points = append(points, pt)
	}
	return axes, points, nil
}

// Table lists the points of a shard as points.csv has them.
func (p *Plan) Table(s Shard) (*table.Table, error) {
	first, last := s.bounds(len(p.Points))
	data, err := writePoints(p.Axes, p.Points[first:last])
	if err != nil {
		return nil, err
	}
	points, err := ReadTable(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	t := &table.Table{Rows: points.rows}
	for _, c := range points.Columns {
		t.Header = append(t.Header, c.Name)
		t.Number = append(t.Number, c.Kind == Integer || c.Kind == Unsigned || c.Kind == Real)
	}
	return t, nil
}

// isID tells the name of a point from anything else: it becomes part of a path.
func isID(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}

// parse reads a cell of the column as cellText writes it.
func (c *Column) parse(cell string) (v any, err error) {
	if cell == "" {
		return nil, nil
	}
	switch c.Kind {
	case Integer, Unsigned:
		v, err = strconv.ParseUint(cell, 10, 64)
	case Real:
		v, err = strconv.ParseFloat(cell, 64)
	case Flag:
		v, err = strconv.ParseBool(cell)
	default:
		return cell, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not of kind %s", c.Name, cell, c.Kind)
	}
	return v, nil
}
