package plain

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible writes out the characters of a text that comes from outside and that a terminal
// would obey: controls, line breaks among them, and those that turn the direction of
// writing (Trojan Source, Boucher and Anderson, USENIX Security 2023). Bytes that are no UTF-8
// are among them: a terminal of 8 bits takes 0x9b for the begin of a command. No input can
// clear the screen, or print what looks like a line of ours.
func Visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, obeyed) {
		return s
	}
	var b strings.Builder
	for at, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[at:], string(utf8.RuneError)) {
			fmt.Fprintf(&b, `\x%02x`, s[at])
			continue
		}
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

func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// VisibleJSON is Visible for JSON, which stays what it was: the characters are escaped as JSON
// has it. The controls of ASCII are escaped already, but for DEL.
func VisibleJSON(text []byte) []byte {
	if !bytes.ContainsFunc(text, obeyedInJSON) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) { // encoding/json writes valid UTF-8
		if obeyedInJSON(r) {
			fmt.Fprintf(&b, `\u%04x`, r) // all of them are in the basic plane
			continue
		}
		b.WriteRune(r)
	}
	return b.Bytes()
}

func obeyedInJSON(r rune) bool { return r != '\n' && obeyed(r) }
