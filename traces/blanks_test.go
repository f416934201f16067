package traces

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestBlanks: runs of blanks become one, and strings stay as they are, whatever the pieces
// in which the text comes.
func TestBlanks(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{`{"a":1}`, `{"a":1}`},
		{"  {\t\t\"a\" :   1}  ", ` { "a" : 1} `},
		{"1 \n \n\n 2", "1 \n2"},
		{"\r\n\r\n1", " \n1"},
		{`"a  b"  "c"`, `"a  b" "c"`},
		{`"a\"  b\\"  1`, `"a\"  b\\" 1`},
		{"it's \" odd\n{\"a\":   1}", "it's \" odd\n{\"a\": 1}"},
	} {
		for name, r := range map[string]io.Reader{
			"whole":        strings.NewReader(c.text),
			"by bytes":     iotest.OneByteReader(strings.NewReader(c.text)),
			"with the end": iotest.DataErrReader(strings.NewReader(c.text)),
		} {
			got, err := io.ReadAll(&blanks{r: r})
			if string(got) != c.want || err != nil {
				t.Errorf("%q, %s: %q, %v, want %q", c.text, name, got, err, c.want)
			}
		}
	}
}

// TestBlanksBeforeAValue: a text that is nearly all blanks is read in one go, however many
// pieces it comes in. Quadratic work would not end.
func TestBlanksBeforeAValue(t *testing.T) {
	text := append([]byte(`{"chainId":1,`), bytes.Repeat([]byte(" \n"), 32<<20)...)
	_, err := Read(bytes.NewReader(append(text, '}')), "blanks.json")
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}
