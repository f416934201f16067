package decoder

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
)

func TestUopText(t *testing.T) {
	p := &Program{Insts: []Inst{{Aux: 1}}, Consts: []isa.Word{{7}, {9}}}
	for _, test := range []struct {
		uop  Uop
		want string
	}{
		{Uop{Op: isa.Add, Src: [4]Operand{0, 1, None, None}}, "add s0, s1"},
		{Uop{Op: isa.Counter, Imm: 1, Src: [4]Operand{None, None, None, None}}, "counter #1"},
		{Uop{Op: isa.Move, Src: [4]Operand{InstAddress, None, None, None}}, "move 0x9"},
		{Uop{Op: isa.Move, Src: [4]Operand{Context0 + 3, None, None, None}}, "move c3"},
		{Uop{Op: isa.StateLoad, Src: [4]Operand{FrameSelf, 0, None, None}}, "state.load self, s0"},
		{Uop{Op: isa.Add64, Src: [4]Operand{Register0 + 16, Constant, None, None}, Dst: Register0 + 17, Status: Register0 + 2}, "add64 r16, 0x7 -> r17, r2"},
		{Uop{Op: isa.CopyData, Src: [4]Operand{1, 2, InputOffset, InputLength}}, "copy.data s1, s2, input.offset, input.length"},
	} {
		if got := p.Text(0, &test.uop); got != test.want {
			t.Errorf("%+v is %q, want %q", test.uop, got, test.want)
		}
	}
}

func TestOperandsHaveDifferentNames(t *testing.T) {
	seen := map[string]Operand{}
	for o := range Operand(0xff) {
		if other, ok := seen[o.String()]; ok {
			t.Errorf("operands %#x and %#x are both %s", uint8(other), uint8(o), o)
		}
		seen[o.String()] = o
	}
}
