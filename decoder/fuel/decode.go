package fuel

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// NewCache makes a cache of decoded code.
func NewCache() *decoder.Cache { return decoder.NewCache(Decode) }

const wordSize = 4

// Decode turns the code in memory from $is to $ssp into its program. Two instructions
// follow those of the code: what running off its end meets, and what stands for every
// jump to a place that is not the beginning of a word of it.
func Decode(code []byte, rows *decoder.RowTable) *decoder.Program {
	words := len(code) / wordSize
	p := &decoder.Program{
		Code: code, Rows: rows, ID: decoder.NextID(), RegisterFile: &file,
		Insts: make([]decoder.Inst, 0, words+2),
		First: make([]int32, 0, words+3),
		Label: make([]isa.InstIndex, len(code)),
	}
	b := builder{constants: map[isa.Word]int32{}}
	for i := range p.Label {
		p.Label[i] = -1
	}
	for i := range words {
		p.Label[wordSize*i] = isa.InstIndex(i)
		p.First = append(p.First, int32(len(b.uops)))
		p.Insts = append(p.Insts, b.instruction(binary.BigEndian.Uint32(code[wordSize*i:]), uint64(wordSize*i), rows))
	}
	for _, code := range [...]uint8{codeSerial, codeElsewhere} {
		p.First = append(p.First, int32(len(b.uops)))
		b.add(isa.System)
		p.Insts = append(p.Insts, decoder.Inst{PC: uint32(wordSize * words), Aux: -1, Code: code, Kind: decoder.KindExec, Size: wordSize})
	}
	p.First = append(p.First, int32(len(b.uops)))
	p.Uops, p.Consts = b.uops, b.words
	markCalls(p)
	elsewhere := int32(len(p.Insts) - 1)
	for i := range p.Insts[:words] {
		in := &p.Insts[i]
		if jumps(in.Kind) && in.Aux != -1 && (in.Aux < 0 || in.Aux > int32(words)) {
			in.Aux = elsewhere
		}
	}
	return p
}

func jumps(k decoder.Kind) bool { return k == decoder.KindJump || k == decoder.KindBranch }

// far stands for a target that is in no program.
const far = -2

// instruction decodes a word.
func (b *builder) instruction(word uint32, pc uint64, rows *decoder.RowTable) decoder.Inst {
	out := decoder.Inst{PC: uint32(pc), Aux: -1, Code: codeSerial, Kind: decoder.KindExec, Size: wordSize}
	in, bad := fuel.Decode(word)
	if bad != fuel.NoPanic {
		b.add(isa.System)
		return out
	}
	row := &rows[in.Op.Code]
	if row.Flags&decoder.Serial != 0 {
		out.Code = uint8(in.Op.Code)
		b.add(isa.System)
		return out
	}
	b.pc, b.known, b.call = pc, false, false
	first := len(b.uops)
	link := in.Op.Code == fuel.JAL && in.B == fuel.RegPC // its target is known
	if !link && !b.readable(&in) {
		b.add(isa.System)
		return out
	}
	prefixed := len(b.uops) > first
	if !forms[in.Op.Code].build(b, &in) {
		b.uops = append(b.uops[:first], systemUop)
		return out
	}
	out.Code, out.Kind = uint8(in.Op.Code), row.Kind
	if row.Kind == decoder.KindMove && prefixed {
		out.Code, out.Kind = codeMove, decoder.KindExec
	}
	if b.known {
		out.Aux = far
		if b.target >= 0 && b.target/wordSize < int64(1)<<30 {
			out.Aux = int32(b.target / wordSize)
		}
	}
	if b.call {
		out.N = 1
	}
	return out
}

// markCalls sets N of jumps that look like a subroutine's call, for the return stack.
// Compilers that do not use JAL compute the word behind the jump beforehand:
// sub r $pc $is, srli r r 2, addi r r n.
func markCalls(p *decoder.Program) {
	var points map[int]bool // words that are returned to
	for i := 0; wordSize*(i+3) <= len(p.Code); i++ {
		word := func(k int) (in fuel.Inst) {
			in, _ = fuel.Decode(binary.BigEndian.Uint32(p.Code[wordSize*(i+k):]))
			return in
		}
		sub := word(0)
		if sub.Op == nil || sub.Op.Code != fuel.SUB || sub.B != fuel.RegPC || sub.C != fuel.RegIS {
			continue
		}
		shift, add := word(1), word(2)
		if shift.Op == nil || shift.Op.Code != fuel.SRLI || shift.Imm != 2 || shift.B != sub.A ||
			add.Op == nil || add.Op.Code != fuel.ADDI || add.B != shift.A {
			continue
		}
		if points == nil {
			points = map[int]bool{}
		}
		points[i+int(add.Imm)] = true
	}
	for i := range p.Insts {
		if in := &p.Insts[i]; in.Kind == decoder.KindJump && points[i+1] {
			in.N = 1
		}
	}
}

var systemUop = decoder.Uop{Op: isa.System, Src: [4]decoder.Operand{decoder.None, decoder.None, decoder.None, decoder.None}}
