package table

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ooovm/ooovm/plain"
)

// Stream prints rows as they come, where a Table needs all of them for its widths. A cell
// that is wider than its column makes the column wider from its row on.
type Stream struct {
	w      io.Writer
	format Format
	number []bool
	widths []int
}

// NewStream prints the heading. least are widths that columns have to begin with, beside
// their headings'; the streams of a table with the same header look like the table.
func NewStream(w io.Writer, f Format, header *Table, least []int) (*Stream, error) {
	s := &Stream{w: w, format: f, number: header.Number}
	for i, h := range header.Header {
		n := utf8.RuneCountInString(h)
		if i < len(least) {
			n = max(n, least[i])
		}
		s.widths = append(s.widths, n)
	}
	switch f {
	case CSV:
		return s, NewCSV(w).WriteAll([][]string{header.Header})
	case Markdown:
		rule := make([]string, len(s.widths))
		for i, n := range s.widths {
			rule[i] = strings.Repeat("-", n+2)
		}
		_, err := fmt.Fprintf(w, "%s\n|%s|\n", s.line(header.Header, nil), strings.Join(rule, "|"))
		return s, err
	case Text:
		line := s.line(header.Header, nil)
		if header.Bold {
			line = "\x1b[1m" + line + "\x1b[0m"
		}
		total := len(gap)
		for _, n := range s.widths {
			total += n + len(gap)
		}
		_, err := fmt.Fprintf(w, "%s\n%s\n", line, strings.Repeat("-", total))
		return s, err
	}
	return nil, fmt.Errorf("a table cannot be printed as %q", f)
}

// gap lies before each column of a text table.
const gap = "  "

// Add prints a row; its cells are printed as fmt.Sprint does.
func (s *Stream) Add(cells ...any) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = plain.Visible(fmt.Sprint(c))
	}
	if s.format == CSV {
		return NewCSV(s.w).WriteAll([][]string{row})
	}
	_, err := fmt.Fprintln(s.w, s.line(row, s.number))
	return err
}

// line lays a row out. Headings are aligned to the left in all columns.
func (s *Stream) line(row []string, number []bool) string {
	var b strings.Builder
	for i, cell := range row {
		if s.format == Markdown {
			cell = escapeMarkdown(cell)
		}
		n := utf8.RuneCountInString(cell)
		s.widths[i] = max(s.widths[i], n)
		fill := strings.Repeat(" ", s.widths[i]-n)
		if i < len(number) && number[i] {
			cell = fill + cell
		} else {
			cell += fill
		}
		if s.format == Markdown {
			b.WriteString("| " + cell + " ")
		} else {
			b.WriteString(gap + cell)
		}
	}
	if s.format == Markdown {
		return b.String() + "|"
	}
	return strings.TrimRight(b.String(), " ")
}
