// Package plain turns what Go's decoders and go-ethereum's say of a bad value into words about
// the file, without the names of types and functions that only we know.
package plain

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

// worded is an error in our words.
type worded struct {
	text string
	err  error
}

func (e *worded) Error() string { return e.text }
func (e *worded) Unwrap() error { return e.err }

// Error puts an error of a decoder into plain words; others stay as they are. The result
// unwraps to err.
func Error(err error) error {
	if err == nil {
		return nil
	}
	text := Text(err)
	if text == err.Error() {
		return err
	}
	return &worded{text, err}
}

// causes are errors that are known by their values.
var causes = []struct {
	err  error
	text string
}{
	{io.EOF, "the text ends too early"},
	{io.ErrUnexpectedEOF, "the text ends too early"},
	{hexutil.ErrEmptyString, "it is empty"},
	{hexutil.ErrMissingPrefix, "0x is missing"},
	{hexutil.ErrSyntax, "not hexadecimal"},
	{hexutil.ErrEmptyNumber, "no digits after 0x"},
	{hexutil.ErrLeadingZero, "a number with leading zeros"},
	{hexutil.ErrOddLength, "an odd number of hexadecimal digits"},
	{hexutil.ErrUint64Range, "more than 64 bits"},
	{hexutil.ErrBig256Range, "more than 256 bits"},
	{hex.ErrLength, "an odd number of hexadecimal digits"},
}

// phrases are what is left of the same in texts that do not unwrap.
var phrases = []struct {
	old *regexp.Regexp
	now string
}{
	{regexp.MustCompile(`json: unknown field `), "unknown member "},
	{regexp.MustCompile(`(json: )?invalid use of ,string struct tag.*`), "a value where it cannot be"},
	{regexp.MustCompile(`hex string has length (\d+), want (\d+) for [\w.]+`), "$1 hexadecimal digits where $2 are expected"},
	{regexp.MustCompile(`hex string without 0x prefix`), "0x is missing"},
	{regexp.MustCompile(`hex string of odd length`), "an odd number of hexadecimal digits"},
	{regexp.MustCompile(`(invalid|empty) hex string`), "not hexadecimal"},
	{regexp.MustCompile(`hex string "0x"`), "no digits after 0x"},
	{regexp.MustCompile(`hex number with leading zero digits`), "a number with leading zeros"},
	{regexp.MustCompile(`hex number > (\d+) bits`), "more than $1 bits"},
	{regexp.MustCompile(`hex number`), "number"},
	{regexp.MustCompile(`cannot unmarshal (.*) into Go (struct field [\w.]+|value) of type [\w.*\[\]]+`), "$1 where it cannot be"},
	{regexp.MustCompile(`encoding/hex: odd length hex string`), "an odd number of hexadecimal digits"},
	{regexp.MustCompile(`encoding/hex: invalid byte: U\+[0-9A-F]+ `), "not a hexadecimal digit: "},
	{regexp.MustCompile(`strconv\.\w+: parsing ("[^"]*"): invalid syntax`), "$1 is not a number"},
	{regexp.MustCompile(`strconv\.\w+: parsing ("[^"]*"): value out of range`), "$1 is out of range"},
	{regexp.MustCompile(`\b(json|yaml|toml|hexutil): `), ""},
}

// Text is the message of Error.
func Text(err error) string { return Short(text(err)) }

func text(err error) string {
	var kind *json.UnmarshalTypeError
	var number *strconv.NumError
	switch {
	case errors.As(err, &kind):
		return typeError(kind)
	case errors.As(err, &number):
		if errors.Is(number.Err, strconv.ErrRange) {
			return fmt.Sprintf("%q is out of range", number.Num)
		}
		return fmt.Sprintf("%q is not a number", number.Num)
	}
	for _, c := range causes {
		if err == c.err {
			return c.text
		}
	}
	text := err.Error()
	for _, p := range phrases {
		text = p.old.ReplaceAllString(text, p.now)
	}
	return text
}

// kinds say what a member has to be.
var kinds = map[reflect.Kind]string{
	reflect.Struct: "an object", reflect.Map: "an object", reflect.Slice: "a list", reflect.Array: "a list", reflect.String: "a string", reflect.Bool: "true or false",
}

// typeError says where a value of another type stands, and what is wanted there.
func typeError(e *json.UnmarshalTypeError) string {
	var path []string
	for _, name := range strings.Split(e.Field, ".") {
		if name != "" && !strings.HasSuffix(name, "JSON") { // a struct that others embed
			path = append(path, name)
		}
	}
	want := "a number"
	t := e.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if kind, ok := kinds[t.Kind()]; ok {
		want = kind
	}
	what := e.Value
	article := "a "
	for _, p := range phrases {
		if text := p.old.ReplaceAllString(what, p.now); text != what { // go-ethereum says what is wrong with the text
			return strings.Join(append(path, text), ": ")
		}
	}
	if strings.HasPrefix(what, "array") {
		what = "list" + strings.TrimPrefix(what, "array")
	}
	if strings.HasPrefix(what, "object") {
		article = "an "
	}
	if what == "bool" {
		article, what = "", "true or false"
	}
	text := article + what + " where " + want + " is expected"
	if len(path) == 0 {
		return text
	}
	return strings.Join(path, ".") + ": " + text
}
