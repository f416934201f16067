package fuel

import (
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// jump takes a jump apart.
type jump struct {
	conditional bool
	unequal     bool  // compares A with B; otherwise A with 0
	sign        int64 // 0: from $is, 1 and -1: from the next instruction on or the one before
	dynamic     uint8 // register that counts beside the immediate
	fixed       uint64
}

func jumpOf(in *fuel.Inst) (j jump) {
	j.fixed = uint64(in.Imm)
	switch in.Op.Code {
	case fuel.JMP:
		j.dynamic = in.A
	case fuel.JI:
	case fuel.JMPF:
		j.sign, j.dynamic = 1, in.A
	case fuel.JMPB:
		j.sign, j.dynamic = -1, in.A
	case fuel.JNE:
		j.conditional, j.unequal, j.dynamic = true, true, in.C
	case fuel.JNEI:
		j.conditional, j.unequal = true, true
	case fuel.JNZI:
		j.conditional = true
	case fuel.JNZF:
		j.conditional, j.sign, j.dynamic = true, 1, in.B
	case fuel.JNZB:
		j.conditional, j.sign, j.dynamic = true, -1, in.B
	case fuel.JNEF:
		j.conditional, j.unequal, j.sign, j.dynamic = true, true, 1, in.C
	case fuel.JNEB:
		j.conditional, j.unequal, j.sign, j.dynamic = true, true, -1, in.C
	}
	if j.sign != 0 {
		j.fixed++
	}
	return j
}

// buildJump makes a jump: its condition, its target in bytes from $is if that is not
// known beforehand, and the jump itself.
func buildJump(b *builder, in *fuel.Inst) bool {
	j := jumpOf(in)
	condition := reg(in.A)
	if j.unequal {
		b.add(isa.Xor, reg(in.A), reg(in.B)).Dst = scratch
		condition = scratch
	}
	target := decoder.Zero
	if j.dynamic == fuel.RegZero {
		at := int64(4 * j.fixed)
		if j.sign != 0 {
			at = int64(b.pc) + j.sign*at
		}
		b.target, b.known = at, true
	} else {
		base := isa.Word{4 * j.fixed}
		op := isa.Index
		switch j.sign {
		case 1:
			base[0] += b.pc
		case -1:
			op = isa.IndexDown
			base.Sub(&isa.Word{b.pc}, &base)
		}
		b.add(op, reg(j.dynamic), decoder.Constant).K = b.word(base)
		target = decoder.Temp
	}
	if j.conditional {
		b.add(isa.Branch, target, condition)
	} else {
		b.add(isa.Jump, target)
	}
	return true
}

// buildLink makes JAL, which writes where it came from before it reads its target.
func buildLink(b *builder, in *fuel.Inst) bool {
	if in.A != fuel.RegZero && !writable(in.A) {
		return false
	}
	if in.A != fuel.RegZero {
		u := b.add(isa.Add64, reg(fuel.RegIS), decoder.Constant)
		u.Dst, u.K = reg(in.A), b.constant(b.pc+4)
		b.call = true
	}
	by := 4 * int64(in.Imm)
	switch {
	case in.B == fuel.RegPC:
		b.target, b.known = int64(b.pc)+by, true
	case in.B == fuel.RegIS:
		b.target, b.known = by, true
	case in.A != fuel.RegZero && in.B == in.A:
		b.target, b.known = int64(b.pc)+4+by, true
	}
	if b.known {
		b.add(isa.Jump, decoder.Zero)
		return true
	}
	b.add(isa.Sub, reg(in.B), reg(fuel.RegIS))
	if by > 0 {
		b.add(isa.Add, decoder.Temp, decoder.Constant).K = b.constant(uint64(by))
	}
	b.add(isa.Jump, decoder.Temp)
	return true
}

// goesTo evaluates a jump on committed registers: where it goes, which must lie in memory if it is taken.
func goesTo(in *fuel.Inst, r *[fuel.Registers]uint64) (pc uint64, p fuel.Panic) {
	pc = r[fuel.RegPC]
	if in.Op.Code == fuel.JAL {
		if in.A != fuel.RegZero {
			if !writable(in.A) {
				return pc, fuel.PanicReservedRegisterNotWritable
			}
			r[in.A] = pc + 4
		}
		return address(r[in.B], 0, 4*uint64(in.Imm))
	}
	j := jumpOf(in)
	other := uint64(0)
	if j.unequal {
		other = r[in.B]
	}
	if j.conditional && r[in.A] == other {
		return pc + 4, fuel.NoPanic
	}
	// The distance in words and then in bytes, cut off above memory.
	words, carry := bits.Add64(r[j.dynamic], j.fixed, 0)
	if carry != 0 || words > fuel.MemorySize {
		return pc, fuel.PanicMemoryOverflow
	}
	switch j.sign {
	case 1:
		return address(pc, 0, 4*words)
	case -1:
		return address(pc, 4*words, 0)
	}
	return address(r[fuel.RegIS], 0, 4*words)
}

// address adds and subtracts within memory.
func address(base, down, up uint64) (uint64, fuel.Panic) {
	at, carry := bits.Add64(base, up, 0)
	at, borrow := bits.Sub64(at, down, 0)
	if carry != 0 || borrow != 0 || at >= fuel.MemorySize {
		return 0, fuel.PanicMemoryOverflow
	}
	return at, fuel.NoPanic
}
