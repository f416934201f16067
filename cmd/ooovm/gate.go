package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
)

// gate is where a command prints. It remembers the first error, so that no command can take a
// full disk or a closed pipe for a success, and it is closed when the command is left, also
// while a write waits for somebody to read.
type gate struct {
	mu     sync.Mutex
	to     io.Writer
	err    error
	inLine bool // the last line has not ended
	closed atomic.Bool
}

var errLeft = errors.New("the command has been ended")

// Write is that of io.Writer.
func (g *gate) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed.Load() {
		return 0, errLeft
	}
	n, err := g.to.Write(b)
	if err != nil && g.err == nil {
		g.err = err
	}
	if n > 0 {
		g.inLine = b[n-1] != '\n'
	}
	return n, err
}

// close keeps everybody out, and ends the line that was being printed, unless a write is still
// at it.
func (g *gate) close() {
	g.closed.Store(true)
	if !g.mu.TryLock() {
		return
	}
	defer g.mu.Unlock()
	if g.inLine {
		_, _ = io.WriteString(g.to, "\n")
	}
}

// isClosed tells whether the command was left.
func (g *gate) isClosed() bool { return g.closed.Load() }

// failure is why not all was printed, nil when it was.
func (g *gate) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var at *fs.PathError
	if errors.As(g.err, &at) {
		return at.Err
	}
	return g.err
}

// file is what a writer prints to at last, if that is a file.
func file(w io.Writer) (*os.File, bool) {
	switch to := w.(type) {
	case *gate:
		return file(to.to)
	case *aboveCount:
		return file(to.out)
	}
	f, ok := w.(*os.File)
	return f, ok
}
