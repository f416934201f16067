package plain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// How long words may be that are quoted of inputs, and what is left of longer ones. A path is
// told from a number of many digits by its slashes.
const (
	longestWord = 200
	longestPath = 1024
	leftOfWord  = 60
)

// Short cuts words of a text that nobody reads to their ends: what an input says is not
// echoed at length.
func Short(s string) string {
	if len(s) <= longestWord {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		if word := s[:end]; end > longestPath || end > longestWord && !strings.ContainsAny(word, `/\`) {
			b.WriteString(strings.ToValidUTF8(word[:leftOfWord], "") + "...")
		} else {
			b.WriteString(word)
		}
		_, blank := utf8.DecodeRuneInString(s[end:])
		b.WriteString(s[end : end+blank])
		s = s[end+blank:]
	}
	return b.String()
}

// VisibleLines is Visible for a text of several lines of our own: the later ones are
// indented, and long words cut.
func VisibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Visible(Short(lines[i]))
		if i > 0 && !strings.HasPrefix(lines[i], "  ") {
			lines[i] = "  " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

func obeyed(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
