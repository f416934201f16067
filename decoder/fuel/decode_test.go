package fuel

import (
	"slices"
	"testing"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

func decode(t *testing.T, text string) *decoder.Program {
	t.Helper()
	code, err := asm.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return Decode(code, Rows(&fuel.StandardV7))
}

// TestTemplates: single instructions in micro-ops.
func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		text string
		kind decoder.Kind
		ops  []isa.Op
	}{
		{"add $r16 $r17 $r18", decoder.KindExec, []isa.Op{isa.Add64}},
		{"add $r16 $pc $one", decoder.KindExec, []isa.Op{isa.Add64, isa.Add64}},
		{"add $r16 $cgas $one", decoder.KindExec, []isa.Op{isa.Counter, isa.Add64}},
		{"add $r16 $ggas $one", decoder.KindExec, []isa.Op{isa.System}},
		{"add $one $r17 $r18", decoder.KindExec, []isa.Op{isa.System}},
		{"move $r16 $r17", decoder.KindMove, []isa.Op{isa.Move}},
		{"move $r16 $cgas", decoder.KindExec, []isa.Op{isa.Counter, isa.Move}},
		{"movi $r16 5", decoder.KindMove, []isa.Op{isa.Move}},
		{"noop", decoder.KindNop, []isa.Op{isa.Nop}},
		{"lw $r16 $r17 1", decoder.KindExec, []isa.Op{isa.LoadBytes}},
		{"sb $r16 $r17 1", decoder.KindExec, []isa.Op{isa.StoreAddrN, isa.StoreDataN}},
		{"mcp $r16 $r17 $r18", decoder.KindExec, []isa.Op{isa.CopyAddr, isa.CopyData}},
		{"meq $r16 $r17 $r18 $r19", decoder.KindExec, []isa.Op{isa.LoadRange, isa.CompareRange}},
		{"s256 $r16 $r17 $r18", decoder.KindExec, []isa.Op{isa.Hash, isa.StoreAddrN, isa.StoreDataN}},
		{"pshl 3", decoder.KindExec, []isa.Op{isa.StoreAddrN, isa.StoreDataN, isa.StoreAddrN, isa.StoreDataN, isa.Add64}},
		{"poph 3", decoder.KindExec, []isa.Op{isa.Sub64, isa.LoadBytes, isa.LoadBytes}},
		{"wqop $r16 $r17 $r18 0", decoder.KindExec, []isa.Op{isa.LoadBytes, isa.Wide, isa.StoreAddrN, isa.StoreDataN}},
		{"wqop $r16 $r17 $r18 32", decoder.KindExec, []isa.Op{isa.LoadBytes, isa.LoadBytes, isa.Wide, isa.StoreAddrN, isa.StoreDataN}},
		{"wdcm $r16 $r17 $r18 0", decoder.KindExec, []isa.Op{isa.LoadBytes, isa.Wide}},
		{"wdop $r16 $r17 $r18 15", decoder.KindExec, []isa.Op{isa.System}},
		{"ji 1", decoder.KindJump, []isa.Op{isa.Jump}},
		{"jmp $r16", decoder.KindJump, []isa.Op{isa.Index, isa.Jump}},
		{"jnzf $r16 $zero 0", decoder.KindBranch, []isa.Op{isa.Branch}},
		{"jneb $r16 $r17 $r18 0", decoder.KindBranch, []isa.Op{isa.Xor, isa.IndexDown, isa.Branch}},
		{"jal $zero $r16 1", decoder.KindJump, []isa.Op{isa.Sub, isa.Add, isa.Jump}},
		{"jal $r16 $pc 1", decoder.KindJump, []isa.Op{isa.Add64, isa.Jump}},
		{"ret $r16", decoder.KindReturn, []isa.Op{isa.Return}},
		{"ret $cgas", decoder.KindExec, []isa.Op{isa.System}},
		{"gm $r16 1", decoder.KindExec, []isa.Op{isa.System}},
		{"gm $r16 4", decoder.KindExec, []isa.Op{isa.Query}},
		{"call $r16 $zero $zero $cgas", decoder.KindExec, []isa.Op{isa.System}},
		{".word 0xff000000", decoder.KindExec, []isa.Op{isa.System}},
		{".word 0x47000001", decoder.KindExec, []isa.Op{isa.System}}, // reserved bits
	} {
		p := decode(t, c.text)
		var ops []isa.Op
		for _, u := range p.Template(0) {
			ops = append(ops, u.Op)
		}
		if p.Insts[0].Kind != c.kind || !slices.Equal(ops, c.ops) {
			t.Errorf("%s: kind %d, micro-ops %v; want %d, %v", c.text, p.Insts[0].Kind, ops, c.kind, c.ops)
		}
	}
}

// TestJumpTargets: those that are known beforehand, and those that are nowhere.
func TestJumpTargets(t *testing.T) {
	p := decode(t, `
		jmpf $zero 1
		noop
		jmpb $zero 1
		ji 5
		jmpb $zero 9
		ji 6
		jmp $r16`)
	// Instruction 7 is behind the code, 8 is elsewhere.
	for i, want := range []int32{2, -1, 0, 5, 8, 6, -1} {
		if got := p.Insts[i].Aux; got != want {
			t.Errorf("instruction %d goes to %d, want %d", i, got, want)
		}
	}
	if got := p.Target(&isa.Word{2}); got != 8 {
		t.Errorf("into a word: %d", got)
	}
	if got := p.Target(&isa.Word{4}); got != 1 {
		t.Errorf("to the second word: %d", got)
	}
}

// TestCallsAreMarked: JAL that keeps where it came from, and jumps behind which a return point was computed.
func TestCallsAreMarked(t *testing.T) {
	p := decode(t, `
		sub $r20 $pc $is
		srli $r20 $r20 2
		addi $r20 $r20 4
		jmpf $zero 3
		jmpf $zero 2
		jal $r21 $pc 2
		jal $zero $r21 0
		noop`)
	for i, want := range []uint8{0, 0, 0, 1, 0, 1, 0, 0} {
		if got := p.Insts[i].N; got != want {
			t.Errorf("instruction %d: %d, want %d", i, got, want)
		}
	}
}

// TestEveryInstructionDecodes: any word is a program.
func TestEveryInstructionDecodes(t *testing.T) {
	rows := Rows(&fuel.StandardV7)
	for _, op := range fuel.Ops() {
		if rows[op.Code].Name != op.Name {
			t.Errorf("row %#x is %s, not %s", op.Code, rows[op.Code].Name, op.Name)
		}
		for _, low := range []uint32{0, 0xffffff, 0x411041, 0x451491} {
			word := uint32(op.Code)<<24 | low
			p := Decode([]byte{byte(word >> 24), byte(word >> 16), byte(word >> 8), byte(word)}, rows)
			if len(p.Insts) != 3 || len(p.Template(0)) == 0 {
				t.Errorf("%08x: %d instructions", word, len(p.Insts))
			}
		}
	}
}
