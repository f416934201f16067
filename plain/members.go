package plain

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RepeatedError is a member that an object has twice.
type RepeatedError struct {
	Path  string // of the second one, with dots
	First string // the name of the first where it is written otherwise
}

func (e *RepeatedError) Error() string {
	if e.First == "" {
		return e.Path + ": given twice"
	}
	return fmt.Sprintf("%s: given twice: %q differs in case only", e.Path, e.First)
}

// Fold gives a name as encoding/json compares names, which does not tell cases apart.
func Fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf {
			return strings.Map(foldRune, name)
		}
	}
	return strings.ToLower(name)
}

// foldRune is the least of the runes that differ from r in case only, in lower case if it
// is a letter of ASCII: the Kelvin sign is a k.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if least < utf8.RuneSelf {
		return unicode.ToLower(least)
	}
	return least
}

// level is an object or a list that is open.
type level struct {
	seen  map[string]string // names as written, by their folds; nil in a list
	name  string            // of the present member
	index int               // of the present item
}

// Repeated finds a member that occurs twice in an object of a JSON text, or whose name differs
// from another's in case only: encoding/json takes the last of them and says nothing. The
// text has to be valid JSON.
func Repeated(text []byte) error {
	var open []level
	key := false // the next string is the name of a member
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			open, key = append(open, level{seen: map[string]string{}}), true
		case '[':
			open, key = append(open, level{}), false
		case '}', ']':
			if open = open[:max(0, len(open)-1)]; len(open) == 0 {
				return nil
			}
		case ',':
			if len(open) == 0 {
				return nil
			}
			top := &open[len(open)-1]
			top.index++
			key = top.seen != nil
		case '"':
			end := i + stringEnd(text[i:])
			if key && end <= len(text) {
				if err := open[len(open)-1].take(text[i:end], open); err != nil {
					return err
				}
			}
			i, key = end-1, false
		}
	}
	return nil
}

// stringEnd is behind the closing quote of the string that a text begins with.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// take notes a member's name.
func (l *level) take(quoted []byte, open []level) error {
	var name string
	if err := json.Unmarshal(quoted, &name); err != nil {
		return Error(err)
	}
	l.name = name
	fold := Fold(name)
	first, twice := l.seen[fold]
	if !twice {
		l.seen[fold] = name
		return nil
	}
	e := &RepeatedError{Path: path(open)}
	if first != name {
		e.First = first
	}
	return e
}

func path(open []level) string {
	var b strings.Builder
	for i := range open {
		switch l := &open[i]; {
		case l.seen == nil:
			fmt.Fprintf(&b, "[%d]", l.index)
		case b.Len() == 0:
			b.WriteString(l.name)
		default:
			b.WriteString("." + l.name)
		}
	}
	return b.String()
}
