package plain

import (
	"encoding/json"
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
		{"a\u2028b", `a\u2028b`},
		{"\x9b2J, \xff and \ufffd", "\\x9b2J, \\xff and \ufffd"},
	} {
		if got := Visible(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

// TestVisibleJSON: no character that a terminal obeys is left, and the text is the same.
func TestVisibleJSON(t *testing.T) {
	for _, text := range []string{"plain, µ and 字", "\x1b[2J", "\u009b2J \x7f \u202e \u2028", "a\nb"} {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		visible := string(VisibleJSON(append(encoded, '\n')))
		if got := Visible(visible[:len(visible)-1]); got+"\n" != visible {
			t.Errorf("%q is written as %q", text, visible)
		}
		var back string
		if err := json.Unmarshal([]byte(visible), &back); err != nil || back != text {
			t.Errorf("%q comes back as %q (%v)", text, back, err)
		}
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
