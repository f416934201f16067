package fuzz

import (
	"fmt"
	"strings"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
)

// Code is a program before its labels have positions, so that instructions can be
// taken out of it and its jumps still go where they went.
type Code []Inst

// Inst is an instruction, or a blob of data among the instructions.
type Inst struct {
	Op    byte
	Imm   []byte // of a PUSH
	Label int    // what a JUMPDEST or a blob defines, and a PUSH2 refers to; 0 for none
	Size  bool   // the PUSH2 wants the size of the blob instead of its position
	Blob  Code   // initialization code that the program carries
	Raw   []byte // any other bytes
}

// isBlob reports whether the instruction is data.
func (in *Inst) isBlob() bool { return in.Blob != nil || in.Raw != nil }

// Assemble gives the program's bytes. A reference to a label that is not there is
// zero.
func (code Code) Assemble() []byte {
	var out []byte
	type place struct{ at, size int }
	places := make(map[int]place)
	holes := make(map[int]*Inst)
	for i := range code {
		in := &code[i]
		switch {
		case in.isBlob():
			data := append(in.Blob.Assemble(), in.Raw...)
			places[in.Label] = place{len(out), len(data)}
			out = append(out, data...)
		case in.Op == evm.PUSH2 && in.Label != 0:
			holes[len(out)+1] = in
			out = append(out, evm.PUSH2, 0, 0)
		default:
			if in.Op == evm.JUMPDEST && in.Label != 0 {
				places[in.Label] = place{len(out), 0}
			}
			out = append(append(out, in.Op), in.Imm...)
		}
	}
	for at, in := range holes {
		v := places[in.Label].at
		if in.Size {
			v = places[in.Label].size
		}
		out[at], out[at+1] = byte(v>>8), byte(v)
	}
	return out
}

// disassemble lists a program's bytes for a person, a line each instruction, with
// the repeated ones on one line.
func disassemble(code []byte, rows *decoder.RowTable) string {
	var b strings.Builder
	last, times := "", 0
	flush := func() {
		if times > 1 {
			fmt.Fprintf(&b, " x%d", times)
		}
		if times > 0 {
			b.WriteByte('\n')
		}
		times = 0
	}
	for pc := 0; pc < len(code); {
		op, n := code[pc], 1
		if op >= evm.PUSH1 && op <= evm.PUSH32 {
			n += int(op - evm.PUSH0)
		}
		text := rows[op].Name
		if rows[op].Kind == decoder.KindInvalid {
			text = fmt.Sprintf("%#02x", op)
		}
		if n > 1 {
			text += fmt.Sprintf(" %#x", code[pc+1:min(pc+n, len(code))])
		}
		if text != last || times == 0 {
			flush()
			fmt.Fprintf(&b, "  %4x %s", pc, text)
			last = text
		}
		times++
		pc += n
	}
	flush()
	return b.String()
}
