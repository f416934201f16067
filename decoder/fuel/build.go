package fuel

import (
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// file is the register file: those of the machine, and one that only micro-ops see.
var file = decoder.RegisterFile{
	Size:    fuel.Registers + 3,
	Status:  [2]decoder.Operand{registerOf, registerErr},
	Counter: reg(fuel.RegPC),
	Mode:    reg(fuel.RegFlag),
	Result:  [2]decoder.Operand{reg(fuel.RegRet), reg(fuel.RegRetL)},
	Kept:    []decoder.Operand{reg(fuel.RegHP)},
}

const (
	registerOf  = decoder.Register0 + decoder.Operand(fuel.RegOf)
	registerErr = decoder.Register0 + decoder.Operand(fuel.RegErr)
	scratch     = decoder.Register0 + fuel.Registers // those that only micro-ops see
	scratch2    = scratch + 1
	scratch3    = scratch + 2
)

// reg names a register as an operand. $zero is the constant.
func reg(r uint8) decoder.Operand {
	if r == fuel.RegZero {
		return decoder.Zero
	}
	return decoder.Register0 + decoder.Operand(r)
}

// builder makes the micro-ops of one instruction.
type builder struct {
	uops      []decoder.Uop
	constants map[isa.Word]int32
	words     []isa.Word
	pc        uint64 // from the beginning of the code, in bytes

	// Of the instruction being built.
	target int64 // word that it jumps to; below 0: it has none, or not known beforehand
	known  bool  // the target is
	call   bool  // it looks like a subroutine's call
}

// add appends a micro-op.
func (b *builder) add(op isa.Op, sources ...decoder.Operand) *decoder.Uop {
	u := decoder.Uop{Op: op, Src: [4]decoder.Operand{decoder.None, decoder.None, decoder.None, decoder.None}}
	copy(u.Src[:], sources)
	b.uops = append(b.uops, u)
	return &b.uops[len(b.uops)-1]
}

// word gives the number of a constant.
func (b *builder) word(w isa.Word) int32 {
	k, known := b.constants[w]
	if !known {
		k = int32(len(b.words))
		b.words = append(b.words, w)
		b.constants[w] = k
	}
	return k
}

func (b *builder) constant(v uint64) int32 { return b.word(isa.Word{v}) }

// writable reports whether programs can write a register.
func writable(r uint8) bool { return r >= fuel.RegWritable }

// operandsOf lists the register fields that an instruction reads.
func operandsOf(in *fuel.Inst) []uint8 {
	fields := []uint8{in.A, in.B, in.C, in.D}[:in.Op.Format.Registers()]
	if in.Op.Attr&fuel.WriteA != 0 && in.Op.Class != fuel.ClassWide {
		fields = fields[1:]
	}
	return fields
}

// readable puts micro-ops in front of an instruction for operands that are no renamed
// values: $pc, and the gas left to the call once the instruction is paid. It reports
// false for the gas left to the transaction, which only the system knows.
func (b *builder) readable(in *fuel.Inst) bool {
	var pc, gas bool
	for _, r := range operandsOf(in) {
		switch r {
		case fuel.RegPC:
			pc = true
		case fuel.RegCGas:
			gas = true
		case fuel.RegGGas:
			return false
		}
	}
	if pc {
		u := b.add(isa.Add64, reg(fuel.RegIS), decoder.Constant)
		u.Dst, u.K = reg(fuel.RegPC), b.constant(b.pc)
	}
	if gas {
		u := b.add(isa.Counter)
		u.Imm, u.Dst = isa.Imm(u.Op, isa.CounterGas), reg(fuel.RegCGas)
	}
	return true
}

// operands gives the sources of a computation: registers B, C and D, or an immediate in place of the last.
func (b *builder) operands(u *decoder.Uop, in *fuel.Inst) {
	fields := []uint8{in.B, in.C, in.D}
	n := in.Op.Format.Registers() - 1
	for i := range n {
		u.Src[i] = reg(fields[i])
	}
	if in.Op.Format == fuel.FormatRRI || in.Op.Format == fuel.FormatRI {
		u.Src[n], u.K = decoder.Constant, b.constant(uint64(in.Imm))
	}
}

// flagged computes a value and how far it is wrong.
func flagged(op isa.Op) form {
	return form{build: func(b *builder, in *fuel.Inst) bool {
		if !writable(in.A) || in.Op.Code == fuel.NIOP && !fuel.NarrowValid(in.Imm) {
			return false
		}
		u := b.add(op)
		b.operands(u, in)
		u.Dst, u.Status, u.Lenient = reg(in.A), registerOf, uint8(fuel.FlagWrapping)
		switch op {
		case isa.Div64, isa.Mod64, isa.Log64, isa.Root64:
			u.Status, u.Lenient = registerErr, uint8(fuel.FlagUnsafeMath)
		case isa.Narrow:
			u.Imm = isa.Imm(op, isa.NarrowOp(in.Imm))
		}
		return true
	}}
}

// plain computes what cannot go wrong.
func plain(op isa.Op) form {
	return form{build: func(b *builder, in *fuel.Inst) bool {
		if !writable(in.A) {
			return false
		}
		u := b.add(op)
		b.operands(u, in)
		u.Dst = reg(in.A)
		return true
	}}
}

func buildMove(b *builder, in *fuel.Inst) bool {
	if !writable(in.A) {
		return false
	}
	u := b.add(isa.Move)
	b.operands(u, in)
	u.Dst = reg(in.A)
	return true
}

func load(size isa.ByteCount) form {
	return form{flags: checked, build: func(b *builder, in *fuel.Inst) bool {
		if !writable(in.A) {
			return false
		}
		u := b.add(isa.LoadBytes, reg(in.B), decoder.Constant)
		u.Imm, u.Dst, u.K = isa.Imm(u.Op, size), reg(in.A), b.constant(uint64(in.Imm)*uint64(size))
		return true
	}}
}

func store(size isa.ByteCount) form {
	return form{flags: checked, build: func(b *builder, in *fuel.Inst) bool {
		b.store(size, reg(in.A), uint64(in.Imm)*uint64(size), reg(in.B))
		return true
	}}
}

// store writes the low bytes of a register at a distance from a base.
func (b *builder) store(size isa.ByteCount, base decoder.Operand, distance uint64, data decoder.Operand) {
	u := b.add(isa.StoreAddrN, base, decoder.Constant)
	u.Imm, u.K = isa.Imm(u.Op, size), b.constant(distance)
	b.add(isa.StoreDataN, data).Imm = isa.Imm(isa.StoreDataN, size)
}

// length gives the operand of a length: a register, or the immediate where there is one.
func (b *builder) length(in *fuel.Inst, register uint8) (o decoder.Operand, k int32) {
	if in.Op.Format.ImmediateBits() > 0 {
		return decoder.Constant, b.constant(uint64(in.Imm))
	}
	return reg(register), 0
}

func buildCopy(b *builder, in *fuel.Inst) bool {
	n, k := b.length(in, in.C)
	b.add(isa.CopyAddr, reg(in.A), n).K = k
	u := b.add(isa.CopyData, reg(in.B), n)
	u.Imm, u.K = isa.Imm(u.Op, isa.CopyMemory), k
	return true
}

func buildClear(b *builder, in *fuel.Inst) bool {
	n, k := b.length(in, in.B)
	b.add(isa.CopyAddr, reg(in.A), n).K = k
	u := b.add(isa.CopyData, decoder.Zero, n)
	u.Imm, u.K = isa.Imm(u.Op, isa.CopyZero), k
	return true
}

func buildEqual(b *builder, in *fuel.Inst) bool {
	if !writable(in.A) {
		return false
	}
	b.add(isa.LoadRange, reg(in.B), reg(in.D))
	b.add(isa.CompareRange, reg(in.C), reg(in.D), decoder.Temp).Dst = reg(in.A)
	return true
}

// hash writes a digest of 32 bytes.
func hash(digest isa.Digest) form {
	return form{flags: checked, build: func(b *builder, in *fuel.Inst) bool {
		u := b.add(isa.Hash, reg(in.B), reg(in.C))
		u.Imm, u.Dst = isa.Imm(u.Op, digest), scratch
		b.store(32, reg(in.A), 0, scratch)
		return true
	}}
}

// movePointer moves the end of the stack or the beginning of the heap.
func movePointer(op isa.Op, pointer uint8) form {
	return form{flags: checked, build: func(b *builder, in *fuel.Inst) bool {
		n, k := b.length(in, in.A)
		u := b.add(op, reg(pointer), n)
		u.Dst, u.K = reg(pointer), k
		return true
	}}
}

// listed calls visit for the registers that a mask of PSHL, PSHH, POPL or POPH selects.
func listed(in *fuel.Inst, visit func(n uint64, register uint8)) (bytes uint64) {
	first := fuel.RegWritable
	if in.Op.Code == fuel.PSHH || in.Op.Code == fuel.POPH {
		first += 24
	}
	n := uint64(0)
	for mask := in.Imm; mask != 0; mask &= mask - 1 {
		visit(n, first+uint8(bits.TrailingZeros32(mask)))
		n++
	}
	return 8 * n
}

func buildPush(b *builder, in *fuel.Inst) bool {
	size := listed(in, func(n uint64, r uint8) { b.store(8, reg(fuel.RegSP), 8*n, reg(r)) })
	u := b.add(isa.Add64, reg(fuel.RegSP), decoder.Constant)
	u.Dst, u.K = reg(fuel.RegSP), b.constant(size)
	return true
}

func buildPop(b *builder, in *fuel.Inst) bool {
	u := b.add(isa.Sub64, reg(fuel.RegSP), decoder.Constant)
	u.Dst, u.K = reg(fuel.RegSP), b.constant(8*uint64(bits.OnesCount32(in.Imm)))
	listed(in, func(n uint64, r uint8) {
		u := b.add(isa.LoadBytes, reg(fuel.RegSP), decoder.Constant)
		u.Imm, u.Dst, u.K = isa.Imm(u.Op, isa.ByteCount(8)), reg(r), b.constant(8*n)
	})
	return true
}

func buildReturn(b *builder, in *fuel.Inst) bool {
	if in.Op.Code == fuel.RET {
		b.add(isa.Return, reg(in.A), decoder.Zero)
	} else {
		b.add(isa.Return, reg(in.A), reg(in.B))
	}
	return !reads(in, fuel.RegCGas) // known when it is paid, and that is at its commit
}

func buildLog(b *builder, in *fuel.Inst) bool {
	if in.Op.Code == fuel.LOG {
		b.add(isa.Argument, reg(in.A), reg(in.B), reg(in.C))
		b.add(isa.Argument, reg(in.D))
	} else {
		b.add(isa.Argument, reg(in.A), reg(in.B))
		b.add(isa.RangeAddress, reg(in.C), reg(in.D))
	}
	return !reads(in, fuel.RegCGas)
}

func reads(in *fuel.Inst, register uint8) bool {
	for _, r := range operandsOf(in) {
		if r == register {
			return true
		}
	}
	return false
}

// Selectors of System.Query beside those of GTF.
const (
	queryMetadata = 1 << 32
	queryHeight   = 1 << 33
)

// buildQuery reads a constant of the transaction or of the block. What GM says of the
// caller is none.
func buildQuery(b *builder, in *fuel.Inst) bool {
	index, selector := decoder.Zero, uint64(in.Imm)
	switch in.Op.Code {
	case fuel.GTF:
		index = reg(in.B)
	case fuel.GM:
		if in.Imm <= metadataCaller {
			return false
		}
		selector |= queryMetadata
	default:
		selector = queryHeight
	}
	if !writable(in.A) {
		return false
	}
	u := b.add(isa.Query, index, decoder.Constant)
	u.Dst, u.K = reg(in.A), b.constant(selector)
	return true
}

// metadataCaller is the last selector of GM about the caller.
const metadataCaller = 2

// slot loads a key of storage and reads its slot: the first 32 bytes, and in status
// whether there are any.
func (b *builder) slot(key decoder.Operand, status decoder.Operand) {
	u := b.add(isa.LoadBytes, key, decoder.Zero)
	u.Imm, u.Dst = isa.Imm(u.Op, isa.ByteCount(32)), scratch
	u = b.add(isa.StateLoad, decoder.FrameSelf, scratch)
	u.Imm, u.Dst, u.Status, u.Lenient = isa.Imm(u.Op, isa.Persistent), scratch2, status, decoder.Always
}

// buildReadWord cuts a word out of a slot.
func buildReadWord(b *builder, in *fuel.Inst) bool {
	if !writable(in.A) || !writable(in.B) || in.A == in.B || in.Imm > 3 || reads(in, fuel.RegCGas) {
		return false
	}
	b.slot(reg(in.C), reg(in.B))
	b.add(isa.Shr, decoder.Constant, scratch2).K = b.constant(uint64(192 - 64*in.Imm))
	u := b.add(isa.And, decoder.Temp, decoder.Constant)
	u.Dst, u.K = reg(in.A), b.constant(^uint64(0))
	return true
}

// buildWriteWord makes a slot of a word and zeros. Its key is read before $rB is written.
func buildWriteWord(b *builder, in *fuel.Inst) bool {
	if !writable(in.B) || reads(in, fuel.RegCGas) {
		return false
	}
	b.slot(reg(in.A), scratch3)
	u := b.add(isa.Shl, decoder.Constant, reg(in.C))
	u.Dst, u.K = scratch2, b.constant(192)
	b.add(isa.StateKey, decoder.FrameSelf, scratch).Imm = isa.Imm(isa.StateKey, isa.Persistent)
	b.add(isa.StateData, scratch2)
	b.add(isa.IsZero, scratch3).Dst = reg(in.B)
	return true
}
