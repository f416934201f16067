package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

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
	f, ok := c.stderr.(*os.File)
	if !ok || c.quiet || !term.IsTerminal(int(f.Fd())) {
		return run(nil)
	}
	n := &counter{to: f, what: what}
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
	*table.Stream // nil in JSON
}

// rows prints the heading; least are widths that columns begin with.
func (c *cli) rows(header *table.Table, least ...int) (rows, error) {
	if table.Format(c.format) == table.JSON {
		return rows{}, nil
	}
	header.Bold = c.color()
	s, err := table.NewStream(c.stdout, table.Format(c.format), header, least)
	return rows{s}, err
}

// Add prints a row.
func (r rows) Add(cells ...any) error {
	if r.Stream == nil {
		return nil
	}
	return r.Stream.Add(cells...)
}
