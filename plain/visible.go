package plain

import (
	"strconv"
	"strings"
	"unicode"
)

// Visible writes out the characters of a text that comes from outside and that a terminal
// would obey: controls, line breaks among them, and those that turn the direction of
// writing (Trojan Source, Boucher and Anderson, USENIX Security 2023). No input can clear
// the screen, or print what looks like a line of ours.
func Visible(s string) string {
	if !strings.ContainsFunc(s, obeyed) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if obeyed(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// VisibleLines is Visible for a text of several lines of our own: the later ones are
// indented.
func VisibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
		if i > 0 && !strings.HasPrefix(lines[i], "  ") {
			lines[i] = "  " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
