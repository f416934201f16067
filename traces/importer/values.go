package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// values is the JSON objects and lists of a text in which runners have put other lines
// between them: banners, colors, "error:", what a debug printer makes of a value. It is
// read as a stream: a structLog may be one line of any length.
type values struct {
	in    *bufio.Reader
	each  bool // Read ends with each value, and next goes on to the one after it
	ended bool // with each: the current value has been read

	depth   int // brackets that are open
	text    bool
	escaped bool
}

func newValues(text io.Reader) *values {
	return &values{in: bufio.NewReaderSize(text, 1<<16), ended: true}
}

// next goes to the next value, passing over what is left of the current one.
func (v *values) next() error {
	for v.depth > 0 {
		v.ended = false
		if _, err := io.Copy(io.Discard, v); err != nil {
			return err
		}
	}
	v.ended = false
	return v.seek()
}

// Read returns the text of the values, and nothing of what is between them.
func (v *values) Read(p []byte) (int, error) {
	if v.each && v.ended {
		return 0, io.EOF
	}
	if v.depth == 0 {
		if err := v.seek(); err != nil {
			return 0, err
		}
	}
	if _, err := v.in.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	chunk, _ := v.in.Peek(min(len(p), v.in.Buffered()))
	n := v.scan(chunk)
	copy(p, chunk[:n])
	_, err := v.in.Discard(n)
	v.ended = v.depth == 0
	return n, err
}

// scan tells how much of a chunk belongs to the value that is open, or opens with it.
func (v *values) scan(chunk []byte) int {
	for i, c := range chunk {
		switch {
		case v.escaped:
			v.escaped = false
		case v.text && c == '\\':
			v.escaped = true
		case c == '"':
			v.text = !v.text
		case v.text:
		case c == '{', c == '[':
			v.depth++
		case c == '}', c == ']':
			if v.depth--; v.depth <= 0 {
				v.depth = 0
				return i + 1
			}
		}
	}
	return len(chunk)
}

// seek goes to where the next value opens, io.EOF for nowhere. A value opens a line, or
// comes right after another one; colors do not count.
func (v *values) seek() error {
	for {
		next, err := v.in.Peek(2)
		switch {
		case len(next) == 0:
			return err
		case bytes.IndexByte([]byte(" \t\r\n"), next[0]) >= 0:
			_, err = v.in.Discard(1)
		case string(next) == "\x1b[":
			err = v.color()
		case v.opens():
			v.text, v.escaped = false, false
			return nil
		default:
			err = v.skipLine()
		}
		if err != nil {
			return err
		}
	}
}

// color passes over a control sequence (ECMA-48): ESC [ parameters, and a final byte.
func (v *values) color() error {
	if _, err := v.in.Discard(2); err != nil {
		return err
	}
	for {
		c, err := v.in.ReadByte()
		if err != nil || c >= '@' && c <= '~' {
			return err
		}
	}
}

func (v *values) skipLine() error {
	for {
		_, err := v.in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// opens tells a value from a line that begins as one does, as "[1/3] passed" and a
// printed struct do: an object begins with a name, a list with an object, a list or a
// string.
func (v *values) opens() bool {
	const enough = 512 // of blanks, of which no printer writes as many
	ahead, _ := v.in.Peek(enough)
	first := bytes.TrimLeft(ahead[1:], " \t\r\n")
	switch {
	case ahead[0] != '{' && ahead[0] != '[':
		return false
	case len(first) == 0: // the text ends, or goes on with blanks
		return true
	case ahead[0] == '{':
		return first[0] == '"' || first[0] == '}'
	}
	return bytes.IndexByte([]byte(`{["]`), first[0]) >= 0
}
