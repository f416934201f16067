package table

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
)

// Rows writes rows as CSV (RFC 4180, lines that end in a line feed) whose cells a spreadsheet shows and
// does not run.
type Rows struct {
	out *csv.Writer
	to  io.Writer
}

// NewCSV begins to write.
func NewCSV(w io.Writer) *Rows { return &Rows{csv.NewWriter(w), w} }

// Write writes a row, which is not there before Flush.
func (c *Rows) Write(row []string) error {
	if len(row) == 1 && row[0] == "" { // an empty line would be passed over when it is read
		if err := c.Flush(); err != nil {
			return err
		}
		_, err := io.WriteString(c.to, "\"\"\n")
		return err
	}
	return c.out.Write(mapCells(row, Inert))
}

// WriteAll writes rows and flushes.
func (c *Rows) WriteAll(rows [][]string) error {
	for _, row := range rows {
		if err := c.Write(row); err != nil {
			return err
		}
	}
	return c.Flush()
}

// Flush ends what has been written so far.
func (c *Rows) Flush() error {
	c.out.Flush()
	return c.out.Error()
}

// ReadCSV reads what Rows has written, without its heading.
func ReadCSV(r io.Reader) (heading []string, rows [][]string, err error) {
	in := csv.NewReader(r)
	if heading, err = in.Read(); err != nil {
		return nil, nil, err
	}
	if rows, err = in.ReadAll(); err != nil {
		return nil, nil, err
	}
	for i := range rows {
		rows[i] = mapCells(rows[i], Active)
	}
	return mapCells(heading, Active), rows, nil
}

// inert is a text that begins as a formula does and is none: a number, or the dash that stands
// for no value.
var inert = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?( ?%)?$|^[-+]?Inf$|^-$`)

// Inert puts an apostrophe before a cell that a spreadsheet would take for a formula (CSV
// injection, OWASP). Numbers are what they are. A cell that has apostrophes before such a text
// gets one more, so that Active gives the cell back.
func Inert(cell string) string {
	text := strings.TrimLeft(cell, "'")
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) || inert.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

// Active is the cell that Inert was given.
func Active(cell string) string {
	if text, quoted := strings.CutPrefix(cell, "'"); quoted && Inert(text) == cell {
		return text
	}
	return cell
}
