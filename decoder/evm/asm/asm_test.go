package asm_test

import (
	"encoding/hex"
	"testing"

	"github.com/ooovm/ooovm/decoder/evm/asm"
)

func TestAssemble(t *testing.T) {
	for _, test := range []struct{ text, code, err string }{
		{"PUSH1 7 PUSH2 0x102 ADD STOP", "6007610102" + "0100", ""},
		{"PUSH0 SLOAD", "5f54", ""},
		{"PUSH1 1 NOSUCH", "", `no instruction "NOSUCH"`},
		{"PUSH1", "", "PUSH1 without an operand"},
		{"PUSH1 x", "", `strconv.ParseUint: parsing "x": invalid syntax`},
	} {
		code, err := asm.Assemble(test.text)
		if got := hex.EncodeToString(code); got != test.code || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%s: %s, %v", test.text, got, err)
		}
	}
}
