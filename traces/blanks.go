package traces

import "io"

// blanks shortens runs of blanks between the values of a JSON text to one: a line break
// where the run has one. encoding/json looks at a run again and again as it comes, so that
// a megabyte of compressed blanks would take hours.
type blanks struct {
	r      io.Reader
	quoted bool // within a string
	escape bool // the next character of the string is escaped
	run    byte // of the run that has begun, what has been passed on; 0: none has
}

// Read implements io.Reader.
func (b *blanks) Read(p []byte) (int, error) {
	for {
		n, err := b.r.Read(p)
		if kept := b.shorten(p[:n]); kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

// shorten moves what is kept to the front.
func (b *blanks) shorten(p []byte) (kept int) {
	for _, c := range p {
		switch {
		case c == '\n': // ends a string that was none: strings have no line breaks
			b.quoted, b.escape = false, false
			if b.run == '\n' {
				continue
			}
			b.run = c
		case b.quoted:
			b.quoted, b.escape = b.escape || c != '"', !b.escape && c == '\\'
		case c == ' ' || c == '\t' || c == '\r':
			if b.run != 0 {
				continue
			}
			b.run, c = ' ', ' '
		default:
			b.run, b.quoted = 0, c == '"'
		}
		p[kept] = c
		kept++
	}
	return kept
}
