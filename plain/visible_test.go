package plain

import (
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain, µ and 字", "plain, µ and 字"},
		{"\x1b[2J", `\x1b[2J`},
		{"a\nooovm: 1 of 1 blocks right", `a\nooovm: 1 of 1 blocks right`},
		{"a\r\tb", `a\r\tb`},
		{"\u009b1m", `\u009b1m`},
		{"abc\u202edef", `abc\u202edef`},
	} {
		if got := Visible(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
	if got := VisibleLines("a\n  b\nc\x1b"); got != "a\n  b\n  c\\x1b" {
		t.Errorf("lines: %q", got)
	}
}

func TestShort(t *testing.T) {
	digits := strings.Repeat("9", 1000)
	path := "/" + strings.Repeat("d/", 300) + "f.json"
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{digits[:200], digits[:200]},
		{"found " + digits + " there", "found " + digits[:60] + "... there"},
		{path + ": " + digits, path + ": " + digits[:60] + "..."},
		{strings.Repeat("é", 500), strings.Repeat("é", 30) + "..."},
		{strings.Repeat("word ", 100), strings.Repeat("word ", 100)},
	} {
		if got := Short(c.text); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
