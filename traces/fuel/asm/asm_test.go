package asm

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/state/fuel"
)

// Words written by hand from the table of the specification.
func TestAssemble(t *testing.T) {
	for _, c := range []struct{ text, code string }{
		{"add $r16 $r17 $r18", "10411480"},
		{"ADDI $r16, $zero, 0xfff", "50400fff"},
		{"movi $r63 262143", "72ffffff"},
		{"noop", "47000000"},
		{"cfei 32", "91000020"},
		{"jnef $r16 $one $zero 63", "7840103f"},
		{"mldv $r16 $r17 $r18 $r19", "22411493"},
		{".word 1 0x2\n.quad 3", "00000001000000020000000000000003"},
		{".bytes 0102 03\n.align 4\n.zero 2", "0102030000" + "00"},
		{"here: ji here", "90000000"},
		{"noop\nhere: ji here", "4700000090000001"},
		{"jmpf $zero end\nnoop\nend: ret $one", "7400000147000000" + "24040000"},
		{"back: noop\njmpb $zero back", "4700000075000000"},
		{"movi $r16 data # where\ndata: .bytes ff", "72400004ff"},
		{"a: b: jnzi $r16 b", "73400000"},
	} {
		code, err := Assemble(c.text)
		if got := hex.EncodeToString(code); err != nil || got != c.code {
			t.Errorf("%q: %s, %v where %s is expected", c.text, got, err, c.code)
		}
	}
}

func TestAssembleErrors(t *testing.T) {
	for _, c := range []struct{ text, part string }{
		{"noop\nfoo", "line 2: there is no instruction"},
		{"add $r16 $r17", "takes 3 operands"},
		{"add $r16 $r17 18", "not a register"},
		{"add $r16 $r17 $r64", "not a register"},
		{"addi $r16 $r17 4096", "out of range"},
		{"ji nowhere", "no label"},
		{"x: noop\nx: noop", "given twice"},
		{"1: noop", "no name"},
		{"a: noop\njmpf $zero a", "cannot reach"},
		{".bytes 0", "odd length"},
		{".zero 1 2", "takes one number"},
		{".align 0", ".align 0"},
		{".zero 16777215\n.zero 16777215", "bytes of code"},
	} {
		if _, err := Assemble(c.text); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%q: %v where %q is expected", c.text, err, c.part)
		}
	}
}

// TestRoundTrip goes over the whole table with random fields: fields to word, word
// to text, text to word.
func TestRoundTrip(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range fuel.Ops() {
		for range 20 {
			in := fuel.Inst{Op: &fuel.Ops()[i], Imm: dice.Uint32()}
			for _, f := range []*uint8{&in.A, &in.B, &in.C, &in.D} {
				*f = uint8(dice.Uint32())
			}
			word := in.Encode()
			back, p := fuel.Decode(word)
			if p != fuel.NoPanic || back.Encode() != word || back.Op.Code != in.Op.Code {
				t.Fatalf("%s: %08x decodes to %+v, %v", in.Op.Name, word, back, p)
			}
			code, err := Assemble(Word(word))
			if err != nil || !bytes.Equal(code, []byte{byte(word >> 24), byte(word >> 16), byte(word >> 8), byte(word)}) {
				t.Fatalf("%08x: %q assembles to %x, %v", word, Word(word), code, err)
			}
		}
	}
}

// FuzzDisassemble wants any bytes back.
func FuzzDisassemble(f *testing.F) {
	f.Add([]byte{0x47, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, code []byte) {
		back, err := Assemble(strings.Join(Disassemble(code), "\n"))
		if err != nil || !bytes.Equal(back, code) {
			t.Fatalf("%x came back as %x, %v", code, back, err)
		}
	})
}

// FuzzAssemble wants no panic, whatever the text.
func FuzzAssemble(f *testing.F) {
	f.Add("a: .zero 3\n.align 8\njmpb $zero a")
	f.Fuzz(func(t *testing.T, text string) {
		if code, err := Assemble(text); err != nil && code != nil {
			t.Fatal("code beside an error")
		}
	})
}
