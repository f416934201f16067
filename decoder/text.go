package decoder

import (
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/isa"
)

var operandNames = map[Operand]string{
	FrameSelf: "self", FrameCaller: "caller", FrameValue: "value", InputOffset: "input.offset", InputLength: "input.length",
	ReturnOffset: "return.offset", ReturnLength: "return.length", CodeLength: "code.length", InstAddress: "pc", Zero: "0", Temp: "temp", Constant: "constant",
}

// String names an operand: s0 is the top of the stack, c0 a word of the transaction's context, r0 a register.
func (o Operand) String() string {
	if name, ok := operandNames[o]; ok {
		return name
	}
	switch {
	case o == None:
		return "none"
	case o < FrameSelf:
		return fmt.Sprintf("s%d", uint8(o))
	case o >= Register0:
		return fmt.Sprintf("r%d", uint8(o-Register0))
	case o >= Context0:
		return fmt.Sprintf("c%d", uint8(o-Context0))
	}
	return fmt.Sprintf("operand %#x", uint8(o))
}

// Micro gives the micro-ops that an instruction is made into: its own, or its row's; none if it only rearranges operands.
func (p *Program) Micro(inst isa.InstIndex) []Uop {
	if p.RegisterFile != nil {
		return p.Template(inst)
	}
	return p.Rows[p.Insts[inst].Code].Uops
}

// Text writes a micro-op of an instruction: its name, its immediate (#) where it has one, the operands that it reads and
// those that it writes by name. The result of a stack machine's instruction has no name: it is pushed.
func (p *Program) Text(inst isa.InstIndex, u *Uop) string {
	var b strings.Builder
	b.WriteString(isa.Table[u.Op].Name)
	if u.Imm != 0 {
		fmt.Fprintf(&b, " #%d", u.Imm)
	}
	for i, o := range u.Src {
		switch {
		case o == None:
			continue
		case i > 0 && u.Src[i-1] != None:
			b.WriteString(", ")
		default:
			b.WriteByte(' ')
		}
		switch {
		case o == Constant:
			b.WriteString(p.Consts[u.K].Hex())
		case o == InstAddress && p.Insts[inst].Aux >= 0:
			b.WriteString(p.Consts[p.Insts[inst].Aux].Hex())
		default:
			b.WriteString(o.String())
		}
	}
	for i, o := range []Operand{u.Dst, u.Status} {
		if o == 0 {
			continue
		}
		b.WriteString([]string{" -> ", ", "}[i])
		b.WriteString(o.String())
	}
	return b.String()
}
