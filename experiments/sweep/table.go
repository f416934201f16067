package sweep

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/suggest"
)

// Table is the results of a sweep in long format: one row a point, in the order of the
// points. It is what plots, statistics and reports are made from, and stays as it is:
// columns are found by name, and new ones may come.
type Table struct {
	Columns []Column
	rows    [][]string // as in results.csv: an empty cell is an undefined one
	index   map[string]int
}

func newTable(columns []Column) *Table {
	t := &Table{Columns: columns, index: make(map[string]int, len(columns))}
	for i, c := range columns {
		t.index[c.Name] = i
	}
	return t
}

// ReadTable reads what results.csv holds. Columns that this program does not know are
// kept as text.
func ReadTable(r io.Reader) (*Table, error) {
	header, rows, err := table.ReadCSV(r)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no heading in it")
	}
	if err != nil {
		return nil, err
	}
	known := map[string]Column{}
	for _, c := range Columns(nil) {
		known[c.Name] = c
	}
	columns := make([]Column, len(header))
	for i, name := range header {
		c, ok := known[name]
		if !ok {
			c = axisColumn(name)
		}
		columns[i] = c
		if name == "" {
			return nil, fmt.Errorf("column %d has no name", i+1)
		}
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("column %s is there twice", name)
		}
	}
	t := newTable(columns)
	t.rows = rows
	return t, nil
}

// axisColumn is the column of a configuration key, or of a name that nobody knows.
func axisColumn(name string) Column {
	c := Column{Name: name, Kind: Text}
	f, err := config.Lookup(name)
	if err != nil {
		return c
	}
	c.Axis, c.Doc = true, f.Doc
	switch f.Type {
	case config.Integer:
		if c.Kind = Integer; f.Range.Max > math.MaxInt64 {
			c.Kind = Unsigned
		}
	case config.Boolean:
		c.Kind = Flag
	}
	return c
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Names lists the columns.
func (t *Table) Names() (names []string) {
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// Column finds a column; its error lists those that have a similar name, or the axes.
func (t *Table) Column(name string) (Column, error) {
	if i, ok := t.index[name]; ok {
		return t.Columns[i], nil
	}
	var near, axes []string
	for _, c := range t.Columns {
		if strings.Contains(c.Name, name) || strings.Contains(name, c.Name) {
			near = append(near, c.Name)
		}
		if c.Axis {
			axes = append(axes, c.Name)
		}
	}
	switch {
	case len(near) > 0:
		return Column{}, fmt.Errorf("no column %q; there are %s", name, strings.Join(near, ", "))
	case len(axes) > 0:
		return Column{}, fmt.Errorf("no column %q; the axes are %s, and `ooovm sweep columns` lists the others%s", name, strings.Join(axes, ", "), suggest.Text(name, t.Names()))
	}
	return Column{}, fmt.Errorf("no column %q; `ooovm sweep columns` lists them", name)
}

// Text gives the cells of a column as they are written; an undefined one is empty.
func (t *Table) Text(name string) ([]string, error) {
	if _, err := t.Column(name); err != nil {
		return nil, err
	}
	cells, i := make([]string, len(t.rows)), t.index[name]
	for k, r := range t.rows {
		cells[k] = r[i]
	}
	return cells, nil
}

// Numbers gives a column as numbers: NaN where it is not defined, 0 and 1 for flags. A
// column of text whose cells are no numbers is an error.
func (t *Table) Numbers(name string) ([]float64, error) {
	cells, err := t.Text(name)
	if err != nil {
		return nil, err
	}
	numbers := make([]float64, len(cells))
	for k, cell := range cells {
		switch cell {
		case "":
			numbers[k] = math.NaN()
		case "true":
			numbers[k] = 1
		case "false":
			numbers[k] = 0
		default:
			if numbers[k], err = strconv.ParseFloat(cell, 64); err != nil {
				return nil, fmt.Errorf("column %s: %q is not a number", name, cell)
			}
		}
	}
	return numbers, nil
}

// Where keeps the rows that a condition holds for; the cell function gives it cells by
// the name of a column.
func (t *Table) Where(keep func(cell func(column string) string) bool) *Table {
	out := newTable(t.Columns)
	for _, r := range t.rows {
		cell := func(column string) string {
			if i, ok := t.index[column]; ok {
				return r[i]
			}
			return ""
		}
		if keep(cell) {
			out.rows = append(out.rows, r)
		}
	}
	return out
}

// With adds a column of text that is made from the others.
func (t *Table) With(c Column, make func(cell func(column string) string) string) *Table {
	out := newTable(append(slices.Clone(t.Columns), c))
	for _, r := range t.rows {
		cell := func(column string) string {
			if i, ok := t.index[column]; ok {
				return r[i]
			}
			return ""
		}
		out.rows = append(out.rows, append(slices.Clone(r), make(cell)))
	}
	return out
}

// WriteCSV writes the table as results.csv has it: RFC 4180 with a heading, lines that
// end in a line feed.
func (t *Table) WriteCSV(w io.Writer) error {
	out := table.NewCSV(w)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Name
	}
	for _, row := range append([][]string{header}, t.rows...) {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Flush()
}
