package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/term"

	"github.com/ooovm/ooovm/experiments/corpus"
	"github.com/ooovm/ooovm/experiments/table"
)

// counter says on the last line of a terminal how much has ended. Whatever else is printed
// meanwhile takes its place.
type counter struct {
	mu    sync.Mutex
	to    io.Writer
	what  string
	shown bool
}

const eraseLine = "\r\x1b[K"

// counting shows a count of what has ended while run prints; there is none in a pipe. all is
// 0 where nobody knows.
func (c *cli) counting(what string, run func(progress func(done, all int)) error) error {
	f, ok := file(c.stderr)
	if !ok || c.quiet || !term.IsTerminal(int(f.Fd())) {
		return run(nil)
	}
	n := &counter{to: c.stderr, what: what}
	stdout, stderr := c.stdout, c.stderr
	c.stdout, c.stderr = &aboveCount{n, stdout}, &aboveCount{n, stderr}
	defer func() {
		n.erase()
		c.stdout, c.stderr = stdout, stderr
	}()
	return run(n.show)
}

func (n *counter) show(done, all int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := ""
	if all > 0 {
		of = fmt.Sprintf(" of %d", all)
	}
	n.shown = true
	fmt.Fprintf(n.to, "%s%d%s %s", eraseLine, done, of, n.what)
}

func (n *counter) erase() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clear()
}

func (n *counter) clear() {
	if n.shown {
		n.shown = false
		fmt.Fprint(n.to, eraseLine)
	}
}

// aboveCount prints where the count stands.
type aboveCount struct {
	*counter
	out io.Writer
}

func (w *aboveCount) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clear()
	return w.out.Write(b)
}

// rows prints a table row by row, as they come; in JSON it prints nothing.
type rows struct {
	c      *cli
	header *table.Table
	least  []int // widths that columns begin with
	stream *table.Stream
}

// Add prints a row, after the heading if it is the first.
func (r *rows) Add(cells ...any) (err error) {
	if table.Format(r.c.format) == table.JSON {
		return nil
	}
	if r.stream == nil {
		r.header.Bold = r.c.color()
		if r.stream, err = table.NewStream(r.c.stdout, table.Format(r.c.format), r.header, r.least); err != nil {
			return err
		}
	}
	return r.stream.Add(cells...)
}

// addFailed prints the row of a block that was not simulated. A name that is no file is no
// block: it has its message and no row.
func (r *rows) addFailed(path string, err error, columns int) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	cells := make([]any, columns)
	for i := range cells {
		cells[i] = ""
	}
	cells[0], cells[3] = corpus.Name(path), whyNone(err)
	return r.Add(cells...)
}
