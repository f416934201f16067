// Package table prints rows: for people as text, for documents as Markdown, for
// programs as CSV. It is the one place that knows the table library.
//
// The library is tablewriter v0.0.5, the version that go-ethereum v1.16.9
// compiles with: v1 has another interface and would break its core/rawdb.
package table

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"

	"github.com/ooovm/ooovm/plain"
)

// Format is how a result is printed.
type Format string

// The formats. JSON is not a table: whoever prints it has an object of its own.
const (
	Text     Format = "table"
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "md"
)

// Formats lists the formats.
var Formats = []Format{Text, JSON, CSV, Markdown}

// Table is a heading and rows of cells. Number columns are aligned to the right.
type Table struct {
	Header []string
	Number []bool // by column; columns beyond its end hold text
	Rows   [][]string
	Bold   bool // print the heading of a text table in bold, for terminals
}

// Add appends a row; its cells are printed as fmt.Sprint does.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = fmt.Sprint(c)
	}
	t.Rows = append(t.Rows, row)
}

// Write prints the table, with the control characters of its cells made visible.
func (t *Table) Write(w io.Writer, f Format) error {
	switch f {
	case Text:
		return t.text(w)
	case Markdown:
		return t.markdown(w)
	case CSV:
		out := NewCSV(w)
		for _, row := range append([][]string{t.Header}, t.Rows...) {
			if err := out.Write(mapCells(row, plain.Visible)); err != nil {
				return err
			}
		}
		return out.Flush()
	default:
		return fmt.Errorf("a table cannot be printed as %q", f)
	}
}

// render runs the library over the cells and cuts the blanks it leaves at the
// ends of lines.
func (t *Table) render(w io.Writer, cell func(string) string, style func(*tablewriter.Table)) error {
	var buf bytes.Buffer
	tw := tablewriter.NewWriter(&buf)
	tw.SetAutoFormatHeaders(false)
	tw.SetAutoWrapText(false)
	tw.SetHeaderAlignment(tablewriter.ALIGN_LEFT)
	align := make([]int, len(t.Header))
	for i := range align {
		align[i] = tablewriter.ALIGN_LEFT
		if i < len(t.Number) && t.Number[i] {
			align[i] = tablewriter.ALIGN_RIGHT
		}
	}
	tw.SetColumnAlignment(align)
	tw.SetHeader(mapCells(t.Header, cell))
	style(tw)
	for _, row := range t.Rows {
		tw.Append(mapCells(row, cell))
	}
	tw.Render()
	for line := range bytes.Lines(buf.Bytes()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(string(line), " \n")); err != nil {
			return err
		}
	}
	return nil
}

func mapCells(cells []string, f func(string) string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = f(c)
	}
	return out
}

func (t *Table) text(w io.Writer) error {
	heading := func(tw *tablewriter.Table) {
		tw.SetBorder(false)
		tw.SetColumnSeparator("")
		tw.SetCenterSeparator("")
		tw.SetRowSeparator("-")
		if t.Bold {
			bold := make([]tablewriter.Colors, len(t.Header))
			for i := range bold {
				bold[i] = tablewriter.Colors{tablewriter.Bold}
			}
			tw.SetHeaderColor(bold...)
		}
	}
	return t.render(w, plain.Visible, heading)
}

var bar = strings.NewReplacer("|", `\|`)

func escapeMarkdown(cell string) string { return bar.Replace(plain.Visible(cell)) }

func (t *Table) markdown(w io.Writer) error {
	return t.render(w, escapeMarkdown, func(tw *tablewriter.Table) {
		tw.SetBorders(tablewriter.Border{Left: true, Right: true})
		tw.SetCenterSeparator("|")
	})
}
