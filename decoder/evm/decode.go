package evm

import (
	"encoding/binary"
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// NewCache makes a cache of decoded bytecode.
func NewCache() *decoder.Cache { return decoder.NewCache(Decode) }

// Decode turns bytecode into its program in two linear passes: the first finds
// the instructions (a jump target inside the data of a PUSH is not one), the
// second names the targets of jumps whose operand was pushed just before them.
// Every byte string decodes; undefined opcodes become instructions that fault.
// Decoding no code gives the shared empty program.
func Decode(code []byte, rows *decoder.RowTable) *decoder.Program {
	if len(code) == 0 {
		return emptyProgram
	}
	insts, pushes := measure(code)
	p := &decoder.Program{
		Code:  code,
		Insts: make([]decoder.Inst, insts+1),
		Rows:  rows,
		Label: make([]isa.InstIndex, len(code)),
		ID:    decoder.NextID(),
	}
	pool := newConstantPool(pushes)
	for i := range p.Label {
		p.Label[i] = -1
	}
	pc := 0
	for i := range p.Insts[:insts] {
		op := code[pc]
		row := &rows[op]
		in := &p.Insts[i] // filled in place: this loop's time is in this store
		in.PC, in.Aux, in.Code, in.Kind, in.N, in.Size = uint32(pc), -1, op, row.Kind, row.N, 1
		switch {
		case row.Kind == decoder.KindPush:
			in.Size += op - PUSH0
			in.Aux = pool.index(pushed(code, pc+1, int(op-PUSH0)))
		case op == PC:
			in.Aux = pool.index(isa.Word{uint64(pc)})
		case op == JUMPDEST:
			p.Label[pc] = isa.InstIndex(i)
		}
		pc += int(in.Size)
	}
	// Running off the end stops. Behind a truncated PUSH this stop lies past the
	// code, as in go-ethereum's trace.
	p.Insts[insts] = decoder.Inst{PC: uint32(pc), Aux: -1, Code: STOP, Kind: rows[STOP].Kind}
	p.Consts = pool.words
	resolveJumps(p)
	return p
}

// size is the length of an instruction with its immediate bytes. It does not
// depend on the fork: PUSH0 is as long as the undefined opcode that it was.
func size(op uint8) int {
	if op >= PUSH1 && op <= PUSH32 {
		return 1 + int(op-PUSH0)
	}
	return 1
}

// measure counts the instructions and, of these, those that push a constant.
func measure(code []byte) (insts, pushes int) {
	for pc := 0; pc < len(code); pc += size(code[pc]) {
		insts++
		if code[pc] >= PUSH0 && code[pc] <= PUSH32 || code[pc] == PC {
			pushes++
		}
	}
	return insts, pushes
}

// pushed reads n bytes of push data; what the code ends before is zero.
func pushed(code []byte, at, n int) (w isa.Word) {
	end := at + n
	if n <= 8 && end >= 8 && end <= len(code) { // nearly all: one load that ends with the data
		w[0] = binary.BigEndian.Uint64(code[end-8:]) & (1<<(8*n) - 1)
		return w
	}
	have := min(end, len(code))
	w.SetBytes(code[at:have])
	if have < end {
		w.Lsh(&w, uint(8*(end-have)))
	}
	return w
}

// resolveJumps sets Aux of every jump behind a PUSH of a valid target. A jump is
// no jump target itself, so nothing but its PUSH can come before it.
//
// It sets N of those that look like a subroutine's call, for the return stack:
// the label behind the jump is pushed somewhere for another use than a jump right
// there, as compilers push return points.
func resolveJumps(p *decoder.Program) {
	var returnPoints []bool // by instruction
	for i := range p.Insts[:len(p.Insts)-1] {
		in, next := &p.Insts[i], p.Insts[i+1].Kind
		if in.Kind == decoder.KindPush && next != decoder.KindJump && next != decoder.KindBranch {
			if returnPoints == nil {
				returnPoints = make([]bool, len(p.Insts))
			}
			if t := p.Target(&p.Consts[in.Aux]); t >= 0 {
				returnPoints[t] = true
			}
		}
	}
	for i := 1; i < len(p.Insts); i++ {
		in, before := &p.Insts[i], &p.Insts[i-1]
		if (in.Kind == decoder.KindJump || in.Kind == decoder.KindBranch) && before.Kind == decoder.KindPush {
			in.Aux = int32(p.Target(&p.Consts[before.Aux]))
			if in.Kind == decoder.KindJump && i+1 < len(returnPoints) && returnPoints[i+1] {
				in.N = 1
			}
		}
	}
}

// constantPool interns the constants of one program: an open-addressing hash
// table of at most half load over the list of distinct words.
type constantPool struct {
	words []isa.Word
	slots []int32 // index into words plus one; zero is free
	shift uint
}

func newConstantPool(pushes int) constantPool {
	log := uint(bits.Len(uint(2 * pushes)))
	return constantPool{slots: make([]int32, 1<<log), shift: 64 - log}
}

func (c *constantPool) index(w isa.Word) int32 {
	// Fibonacci hashing: the high bits of a product with 2^64 over the golden ratio.
	h := (w[0] ^ bits.RotateLeft64(w[1], 17) ^ bits.RotateLeft64(w[2], 31) ^ bits.RotateLeft64(w[3], 47)) * 0x9e3779b97f4a7c15
	mask := uint64(len(c.slots) - 1)
	for at := h >> c.shift; ; at = (at + 1) & mask {
		switch i := c.slots[at]; {
		case i == 0:
			c.words = append(c.words, w)
			c.slots[at] = int32(len(c.words))
			return int32(len(c.words) - 1)
		case c.words[i-1] == w:
			return i - 1
		}
	}
}
