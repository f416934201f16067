package fuel

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// wide are the instructions on numbers of 128 and 256 bits in memory: loads, one
// computation, and a store or, of comparisons, a register.
var wide = form{flags: checked, build: func(b *builder, in *fuel.Inst) bool {
	compares := in.Op.Attr&fuel.WriteA != 0
	if !fuel.WideValid(in.Op.Code, in.Imm) || compares && !writable(in.A) {
		return false
	}
	if in.A == fuel.RegOf || in.A == fuel.RegErr {
		return false // an address that the instruction overwrites before it stores
	}
	size := isa.ByteCount(fuel.WideBytes(in.Op.Code))
	indirect := fuel.WideIndirect(in.Op.Code, in.Imm)
	fields := [3]uint8{in.B, in.C, in.D}
	loaded := [3]decoder.Operand{scratch, scratch2, scratch3}
	numbers := [3]decoder.Operand{decoder.Zero, decoder.Zero, decoder.Zero}
	for i, r := range fields {
		if i == 2 && in.Op.Format != fuel.FormatRRRR {
			break // there is no third number
		}
		numbers[i] = reg(r)
		if indirect[i] {
			u := b.add(isa.LoadBytes, reg(r), decoder.Zero)
			u.Imm, u.Dst = isa.Imm(u.Op, size), loaded[i]
			numbers[i] = loaded[i]
		}
	}
	micro := fuel.WideMicro(in.Op.Code, in.Imm)
	u := b.add(isa.Wide, numbers[:]...)
	u.Imm = isa.Imm(u.Op, micro)
	if compares {
		u.Dst = reg(in.A)
		return true
	}
	u.Dst, u.Status, u.Lenient = scratch, registerOf, uint8(fuel.FlagWrapping)
	if isa.WideUndefined(micro) {
		u.Status, u.Lenient = registerErr, uint8(fuel.FlagUnsafeMath)
	}
	b.store(size, reg(in.A), 0, scratch)
	return true
}}
