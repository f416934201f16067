package asm

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/state/fuel"
)

// Format gives an instruction as Assemble reads it.
func Format(in *fuel.Inst) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(in.Op.Name))
	for _, r := range []uint8{in.A, in.B, in.C, in.D}[:in.Op.Format.Registers()] {
		if name := fuel.RegisterName(r); name != "" {
			b.WriteString(" $" + name)
		} else {
			fmt.Fprintf(&b, " $r%d", r)
		}
	}
	if in.Op.Format.ImmediateBits() > 0 {
		fmt.Fprintf(&b, " %d", in.Imm)
	}
	return b.String()
}

// Word gives a word as Assemble reads it: an instruction, or data where it is none.
func Word(word uint32) string {
	in, p := fuel.Decode(word)
	if p != fuel.NoPanic {
		return fmt.Sprintf(".word 0x%08x", word)
	}
	return Format(&in)
}

// Disassemble gives a line for every word; bytes that make no whole word are the last.
func Disassemble(code []byte) (lines []string) {
	for ; len(code) >= 4; code = code[4:] {
		lines = append(lines, Word(binary.BigEndian.Uint32(code)))
	}
	if len(code) > 0 {
		lines = append(lines, fmt.Sprintf(".bytes %x", code))
	}
	return lines
}
