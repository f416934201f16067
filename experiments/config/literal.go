package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/suggest"
)

// kind is what a source says a literal is. Files have types; the environment and
// the command line have only text.
type kind string

const (
	kindText    kind = "text" // untyped
	kindInteger kind = "an integer"
	kindFloat   kind = "a float"
	kindBool    kind = "a boolean"
	kindString  kind = "a string"
	kindList    kind = "a list"
	kindEmpty   kind = "empty"
	kindOther   kind = "of another type"
)

// literal is a value as its source spells it.
type literal struct {
	kind kind
	text string
}

func (l literal) String() string {
	switch l.kind {
	case kindText, kindString:
		return strconv.Quote(l.text)
	case kindEmpty, kindList:
		return string(l.kind)
	}
	return l.text
}

// decimal is the one spelling of an integer: no sign but minus, no leading zero
// that YAML 1.1 would read as octal, no hexadecimal, no exponent.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// parse turns a literal into the key's Go type, or says why it cannot.
func (f *Field) parse(l literal) (any, error) {
	refuse := func(what string) (any, error) {
		verb := " is "
		if l.kind == kindEmpty || l.kind == kindList {
			verb, what = " is not a value", ""
		}
		return nil, fmt.Errorf("%s: %s%s%s; allowed: %s%s", f.Key, l, verb, what, f.Allowed(), suggest.Text(l.text, f.Choices))
	}
	switch f.Type {
	case Integer:
		if l.kind != kindInteger && l.kind != kindText || !decimal.MatchString(l.text) {
			return refuse("not a decimal integer")
		}
		v, err := strconv.ParseUint(l.text, 10, 64)
		if err != nil || v < f.Range.Min || v > f.Range.Max {
			return refuse("out of range")
		}
		if f.goType().Kind() == reflect.Int {
			return int(v), nil
		}
		return v, nil
	case Boolean:
		if l.kind != kindBool && l.kind != kindText {
			return refuse("not a boolean")
		}
		switch strings.ToLower(l.text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return refuse("not a boolean")
	default:
		if l.kind != kindString && l.kind != kindText || !slices.Contains(f.Choices, l.text) {
			return refuse("not one of the choices")
		}
		return l.text, nil
	}
}

func (f *Field) goType() reflect.Type {
	return reflect.TypeFor[Config]().FieldByIndex(f.index).Type
}
