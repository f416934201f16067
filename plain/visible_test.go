package plain

import "testing"

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
