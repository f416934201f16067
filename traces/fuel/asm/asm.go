// Package asm turns text into FuelVM code and back.
//
// A line has one instruction, or one directive, behind any labels, before a comment:
//
//	loop:                   # a label
//	    movi $r16 1000      # registers by name or number: $zero to $flag, $r16 to $r63
//	    subi $r16 $r16 1    # immediates in decimal or 0x
//	    jnzb $r16 $zero loop
//	    ret  $one
//	key: .bytes 00ff        # data: .bytes HEX, .word and .quad NUMBER..., .zero N, .align N
//
// A label stands for an immediate: in an absolute jump its word from $is, in a
// relative one the words that the jump adds, and elsewhere, as in
// movi $r17 key, its byte from the beginning of the code.
package asm

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/state/fuel"
)

// Assemble translates text. Errors name the line.
func Assemble(text string) ([]byte, error) {
	lines, labels, err := layOut(text)
	if err != nil {
		return nil, err
	}
	var code []byte
	for i := range lines {
		l := &lines[i]
		if code, err = l.emit(code, labels); err != nil {
			return nil, fmt.Errorf("line %d: %w", l.number, err)
		}
	}
	return code, nil
}

// line is a line that makes code.
type line struct {
	number int
	at     int // byte of the code
	name   string
	args   []string
}

// byName finds an instruction by its name in lower case.
var byName = func() map[string]*fuel.Op {
	m := map[string]*fuel.Op{}
	for _, op := range fuel.Ops() {
		m[strings.ToLower(op.Name)] = fuel.OpOf(op.Code)
	}
	return m
}()

// maxCode bounds the code in bytes, so that a .zero cannot exhaust the host.
const maxCode = 1 << 24

// layOut splits the text into lines and finds where each of them and the labels lie.
func layOut(text string) (lines []line, labels map[string]int, err error) {
	labels = map[string]int{}
	at := 0
	for i, source := range strings.Split(text, "\n") {
		source, _, _ = strings.Cut(source, "#")
		words := strings.Fields(strings.ReplaceAll(source, ",", " "))
		for len(words) > 0 && strings.HasSuffix(words[0], ":") {
			name := strings.TrimSuffix(words[0], ":")
			if _, twice := labels[name]; twice || !isLabel(name) {
				return nil, nil, fmt.Errorf("line %d: label %q is no name or given twice", i+1, name)
			}
			labels[name] = at
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		l := line{number: i + 1, at: at, name: strings.ToLower(words[0]), args: words[1:]}
		size, err := l.size()
		if err == nil && size > maxCode-at {
			err = fmt.Errorf("more than %d bytes of code", maxCode)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		at += size
		lines = append(lines, l)
	}
	return lines, labels, nil
}

// isLabel tells a name from a number, a register and nothing.
func isLabel(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for _, c := range s {
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// size is the length of what a line makes, in bytes.
func (l *line) size() (int, error) {
	switch l.name {
	case ".word":
		return 4 * len(l.args), nil
	case ".quad":
		return 8 * len(l.args), nil
	case ".bytes":
		return len(strings.Join(l.args, "")) / 2, nil
	case ".zero", ".align":
		if len(l.args) != 1 {
			return 0, fmt.Errorf("%s takes one number", l.name)
		}
		n, err := strconv.ParseUint(l.args[0], 0, 24)
		if err != nil {
			return 0, err
		}
		if l.name == ".zero" {
			return int(n), nil
		}
		if n == 0 {
			return 0, fmt.Errorf(".align 0")
		}
		return (int(n) - l.at%int(n)) % int(n), nil
	}
	return 4, nil
}

func (l *line) emit(code []byte, labels map[string]int) ([]byte, error) {
	switch l.name {
	case ".zero", ".align":
		size, err := l.size()
		return append(code, make([]byte, size)...), err
	case ".bytes":
		b, err := hex.DecodeString(strings.Join(l.args, ""))
		return append(code, b...), err
	case ".word", ".quad":
		for _, arg := range l.args {
			width := 32
			if l.name == ".quad" {
				width = 64
			}
			v, err := strconv.ParseUint(arg, 0, width)
			if err != nil {
				return nil, err
			}
			word := binary.BigEndian.AppendUint64(nil, v)
			code = append(code, word[8-width/8:]...)
		}
		return code, nil
	}
	in, err := l.instruction(labels)
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint32(code, in.Encode()), nil
}

func (l *line) instruction(labels map[string]int) (in fuel.Inst, err error) {
	if in.Op = byName[l.name]; in.Op == nil {
		return in, fmt.Errorf("there is no instruction %q", l.name)
	}
	n, bits := in.Op.Format.Registers(), in.Op.Format.ImmediateBits()
	want := n
	if bits > 0 {
		want++
	}
	if len(l.args) != want {
		return in, fmt.Errorf("%s takes %d operands, not %d", l.name, want, len(l.args))
	}
	for i, field := range []*uint8{&in.A, &in.B, &in.C, &in.D}[:n] {
		if *field, err = register(l.args[i]); err != nil {
			return in, err
		}
	}
	if bits > 0 {
		in.Imm, err = l.immediate(in.Op.Code, l.args[n], bits, labels)
	}
	return in, err
}

// register reads $ and a name, or a number with or without an r.
func register(s string) (uint8, error) {
	name, ok := strings.CutPrefix(s, "$")
	if !ok {
		return 0, fmt.Errorf("%q is not a register", s)
	}
	for r := range fuel.RegWritable {
		if fuel.RegisterName(r) == name {
			return r, nil
		}
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(name, "r"), 10, 8)
	if err != nil || n >= fuel.Registers {
		return 0, fmt.Errorf("%q is not a register", s)
	}
	return uint8(n), nil
}

// immediate reads a number, or what a label stands for in this instruction.
func (l *line) immediate(op fuel.Opcode, s string, bits int, labels map[string]int) (uint32, error) {
	if !isLabel(s) {
		v, err := strconv.ParseUint(s, 0, bits)
		return uint32(v), err
	}
	target, known := labels[s]
	if !known {
		return 0, fmt.Errorf("there is no label %q", s)
	}
	v, unit := target, 1
	switch op {
	case fuel.JI, fuel.JNZI, fuel.JNEI:
		unit = 4
	case fuel.JMPF, fuel.JNZF, fuel.JNEF:
		v, unit = target-l.at-4, 4
	case fuel.JMPB, fuel.JNZB, fuel.JNEB:
		v, unit = l.at-4-target, 4
	}
	if v < 0 || v%unit != 0 || v/unit >= 1<<bits {
		return 0, fmt.Errorf("%s cannot reach label %q", l.name, s)
	}
	return uint32(v / unit), nil
}
