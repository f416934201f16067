package plain

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
)

// of keeps the error of a function.
func of[T any](_ T, err error) error { return err }

func TestError(t *testing.T) {
	type innerJSON struct {
		List []string `json:"list"`
	}
	var outer struct {
		innerJSON
		Env struct {
			Gas uint64 `json:"gas"`
		} `json:"env"`
		On bool `json:"on"`
	}
	decode := func(text string, into any) error { return json.Unmarshal([]byte(text), into) }
	unknown := json.NewDecoder(strings.NewReader(`{"x": 1}`))
	unknown.DisallowUnknownFields()
	for _, c := range []struct {
		err  error
		want string
	}{
		{decode(`{"env": {"gas": "x"}}`, &outer), "env.gas: a string where a number is expected"},
		{decode(`{"env": {"gas": -1}}`, &outer), "env.gas: a number -1 where a number is expected"},
		{decode(`{"env": []}`, &outer), "env: a list where an object is expected"},
		{decode(`{"list": 1}`, &outer), "list: a number where a list is expected"},
		{decode(`{"on": {}}`, &outer), "on: an object where true or false is expected"},
		{decode(`{"on": true, "list": true}`, &outer), "list: true or false where a list is expected"},
		{decode(`5`, &outer), "a number where an object is expected"},
		{unknown.Decode(&outer), `unknown member "x"`},
		{decode(`{`, &outer), "unexpected end of JSON input"},
		{io.ErrUnexpectedEOF, "the text ends too early"},
		{of(strconv.ParseUint("x", 10, 64)), `"x" is not a number`},
		{of(strconv.Atoi(strings.Repeat("9", 30))), `"` + strings.Repeat("9", 30) + `" is out of range`},
		{fmt.Errorf("gas: %w", of(strconv.Atoi("x"))), `"x" is not a number`},
		{errors.New(`gas: strconv.ParseInt: parsing "1e": invalid syntax`), `gas: "1e" is not a number`},
		{of(hexutil.Decode("12")), "0x is missing"},
		{of(hexutil.Decode("0x1")), "an odd number of hexadecimal digits"},
		{of(hexutil.DecodeUint64("0x01")), "a number with leading zeros"},
		{of(hex.DecodeString("1")), "an odd number of hexadecimal digits"},
		{of(hex.DecodeString("1x")), "not a hexadecimal digit: 'x'"},
		{decode(`"0x12"`, new(common.Hash)), "2 hexadecimal digits where 64 are expected"},
		{decode(`"12"`, new(common.Hash)), "0x is missing"},
		{decode(`{"gasLimit": "0x1g"}`, new(types.Header)), "gasLimit: not hexadecimal"},
		{errors.New("ours"), "ours"},
	} {
		got := Error(c.err)
		if got == nil || got.Error() != c.want {
			t.Errorf("%v\ngot  %v\nwant %s", c.err, got, c.want)
		}
		if !errors.Is(got, c.err) {
			t.Errorf("%v does not unwrap to what it is about", got)
		}
	}
	if Error(nil) != nil {
		t.Error("no error has words")
	}
}
