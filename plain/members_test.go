package plain

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRepeated(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, ""},
		{`7`, ""},
		{`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`, ""},
		{`{"a":1,"a":2}`, "a: given twice"},
		{`{"a":1,"A":2}`, `A: given twice: "a" differs in case only`},
		{`{"x":{"y":[0,{"gas":1, "gas" : 2}]}}`, "x.y[1].gas: given twice"},
		{`{"a":"\",\"a\":","b":"a"}`, ""},
		{`{"a":1,"\u0061":2}`, "a: given twice"},
		{`{"hash":1,"haſh":2}`, `haſh: given twice: "hash" differs in case only`},
		{`{"k":1,"K":2}`, `given twice: "k" differs in case only`},
		{`[{"a":1},{"a":1}]`, ""},
		{`[[{"a":1,"a":1}]]`, "[0][0].a: given twice"},
	} {
		err := Repeated([]byte(c.text))
		switch {
		case err == nil && c.want != "", err != nil && c.want == "", err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

// FuzzRepeated: whatever valid JSON comes, a struct that encoding/json fills is filled once
// where nothing is said to be repeated.
func FuzzRepeated(f *testing.F) {
	for _, seed := range []string{`{"a":1,"A":2}`, `{"K":1,"k":1}`, `[{"a":{}},1,"x"]`, `{"\u0061":1,"b":[2,{"c":3}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		var got counted
		if json.Unmarshal(text, &got) == nil && Repeated(text) == nil && got.K > 1 {
			t.Errorf("%q sets a member %d times", text, got.K)
		}
	})
}

// counted counts how often its member is set.
type counted struct {
	K tally `json:"k"`
}

type tally int

func (n *tally) UnmarshalJSON([]byte) error { *n++; return nil }
