package fuel

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/ooovm/ooovm/state/fuel"
)

// memory executes loads, stores, copies, and what moves the stack and the heap.
func (g *golden) memory(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	a, b, c := r[in.A], r[in.B], r[in.C]
	imm := uint64(in.Imm)
	switch in.Op.Code {
	case fuel.LB:
		return g.load(in, 1)
	case fuel.LQW:
		return g.load(in, 2)
	case fuel.LHW:
		return g.load(in, 4)
	case fuel.LW:
		return g.load(in, 8)
	case fuel.SB:
		return g.store(in, 1)
	case fuel.SQW:
		return g.store(in, 2)
	case fuel.SHW:
		return g.store(in, 4)
	case fuel.SW:
		return g.store(in, 8)
	case fuel.MCL:
		return g.clear(a, b)
	case fuel.MCLI:
		return g.clear(a, imm)
	case fuel.MCP:
		return g.Memory.Copy(g.Owner(), a, b, c)
	case fuel.MCPI:
		return g.Memory.Copy(g.Owner(), a, b, imm)
	case fuel.MEQ:
		return g.equal(in)
	case fuel.ALOC:
		hp, p := g.Memory.GrowHeap(r[fuel.RegSP], a)
		r[fuel.RegHP] = hp
		return p
	case fuel.CFE:
		return g.extend(a)
	case fuel.CFEI:
		return g.extend(imm)
	case fuel.CFS:
		return g.shrink(a)
	case fuel.CFSI:
		return g.shrink(imm)
	case fuel.PSHL:
		return g.pushRegisters(fuel.RegWritable, in.Imm)
	case fuel.PSHH:
		return g.pushRegisters(fuel.RegWritable+24, in.Imm)
	case fuel.POPL:
		return g.popRegisters(fuel.RegWritable, in.Imm)
	}
	return g.popRegisters(fuel.RegWritable+24, in.Imm) // POPH
}

// offset adds an immediate, in units of the access, to an address.
func offset(base uint64, imm uint32, unit uint64) (uint64, fuel.Panic) {
	addr, carry := bits.Add64(base, uint64(imm)*unit, 0)
	if carry != 0 {
		return 0, fuel.PanicMemoryOverflow
	}
	return addr, fuel.NoPanic
}

func (g *golden) load(in *fuel.Inst, size uint64) fuel.Panic {
	return g.set(in.A, func() (v uint64, p fuel.Panic) {
		addr, p := offset(g.Reg[in.B], in.Imm, size)
		if p != fuel.NoPanic {
			return 0, p
		}
		data, p := g.Memory.Read(addr, size)
		for _, b := range data {
			v = v<<8 | uint64(b)
		}
		return v, p
	})
}

func (g *golden) store(in *fuel.Inst, size uint64) fuel.Panic {
	addr, p := offset(g.Reg[in.A], in.Imm, size)
	if p != fuel.NoPanic {
		return p
	}
	word := binary.BigEndian.AppendUint64(nil, g.Reg[in.B])
	return g.Memory.Put(g.Owner(), addr, word[8-size:])
}

func (g *golden) clear(addr, length uint64) fuel.Panic {
	b, p := g.Memory.Write(g.Owner(), addr, length)
	clear(b)
	return p
}

func (g *golden) equal(in *fuel.Inst) fuel.Panic {
	return g.set(in.A, func() (uint64, fuel.Panic) {
		x, p := g.Memory.Read(g.Reg[in.B], g.Reg[in.D])
		if p != fuel.NoPanic {
			return 0, p
		}
		y, p := g.Memory.Read(g.Reg[in.C], g.Reg[in.D])
		return truth(bytes.Equal(x, y)), p
	})
}

// extend takes the stack up.
func (g *golden) extend(by uint64) fuel.Panic {
	sp, carry := bits.Add64(g.Reg[fuel.RegSP], by, 0)
	switch {
	case carry != 0:
		return fuel.PanicMemoryOverflow
	case sp > g.Reg[fuel.RegHP]:
		return fuel.PanicMemoryGrowthOverlap
	}
	g.Reg[fuel.RegSP] = sp
	return g.Memory.GrowStack(sp)
}

// shrink takes it down, not below what the context owns.
func (g *golden) shrink(by uint64) fuel.Panic {
	sp, borrow := bits.Sub64(g.Reg[fuel.RegSP], by, 0)
	if borrow != 0 || sp < g.Reg[fuel.RegSSP] {
		return fuel.PanicMemoryOverflow
	}
	g.Reg[fuel.RegSP] = sp
	return fuel.NoPanic
}

// pushRegisters pushes those of 24 registers that the mask selects, in ascending order.
func (g *golden) pushRegisters(first uint8, mask uint32) fuel.Panic {
	at := g.Reg[fuel.RegSP]
	var words []byte
	for i := range uint8(24) {
		if mask>>i&1 != 0 {
			words = binary.BigEndian.AppendUint64(words, g.Reg[first+i])
		}
	}
	if p := g.extend(uint64(len(words))); p != fuel.NoPanic {
		return p
	}
	return g.Memory.PutSystem(at, words)
}

// popRegisters is its inverse.
func (g *golden) popRegisters(first uint8, mask uint32) fuel.Panic {
	size := 8 * uint64(bits.OnesCount32(mask))
	if p := g.shrink(size); p != fuel.NoPanic {
		return p
	}
	words, p := g.Memory.Read(g.Reg[fuel.RegSP], size)
	if p != fuel.NoPanic {
		return p
	}
	for i := range uint8(24) {
		if mask>>i&1 != 0 {
			g.Reg[first+i] = binary.BigEndian.Uint64(words)
			words = words[8:]
		}
	}
	return fuel.NoPanic
}
