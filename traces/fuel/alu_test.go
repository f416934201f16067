package fuel

import (
	"math/rand/v2"
	"testing"

	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/state/fuel"
)

// corners are operands that something happens at; the dice add others.
var corners = []uint64{0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 65, 127, 128, 255, 256, 1<<16 - 1, 1 << 16, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, ^uint64(0) - 1, ^uint64(0)}

func operand(dice *rand.Rand) uint64 {
	if dice.IntN(2) == 0 {
		return corners[dice.IntN(len(corners))]
	}
	return dice.Uint64() >> dice.IntN(64)
}

// arithmeticMachine is a session whose registers and memory can be written at will.
func arithmeticMachine(t *testing.T) *golden {
	t.Helper()
	s, err := fuel.NewSession(fuel.Standard(), &fuel.Block{}, fuel.NewWorld(), &fuel.Transaction{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Memory.GrowStack(s.Reg[fuel.RegSP] + 256); p != fuel.NoPanic {
		t.Fatal(p)
	}
	s.Reg[fuel.RegSP] += 256
	return &golden{Session: s}
}

// TestTwoArithmetics compares the golden model's unbounded integers with the words of state/fuel.
func TestTwoArithmetics(t *testing.T) {
	g := arithmeticMachine(t)
	dice := rand.New(rand.NewPCG(5, 6))
	for _, op := range fuel.Ops() {
		if op.Class != fuel.ClassALU {
			continue
		}
		for range 3000 {
			b, c, d, flags := operand(dice), operand(dice), operand(dice), dice.Uint64N(4)
			in := fuel.Inst{Op: fuel.OpOf(op.Code), A: 16, B: 17, C: 18, D: 19}
			if bits := op.Format.ImmediateBits(); bits > 0 {
				in.Imm = uint32(operand(dice)) & (1<<bits - 1)
			}
			r := &g.Reg
			r[17], r[18], r[19], r[fuel.RegFlag] = b, c, d, flags
			r[16], r[fuel.RegOf], r[fuel.RegErr] = 0, 0, 0
			switch op.Format {
			case fuel.FormatRRI:
				c = uint64(in.Imm)
			case fuel.FormatRI:
				b = uint64(in.Imm)
			}
			var want fuel.Result
			var panics fuel.Panic
			switch {
			case op.Code == fuel.NIOP && !fuel.NarrowValid(in.Imm):
				panics = fuel.PanicInvalidImmediateValue
			default:
				want, panics = fuel.Compute(op.Code, b, c, d, in.Imm, flags)
			}
			p := g.alu(&in)
			if got := (fuel.Result{Value: r[16], Of: r[fuel.RegOf], Err: r[fuel.RegErr]}); got != want || p != panics {
				t.Fatalf("%s of %d, %d, %d, immediate %d, flags %d: %+v, %v and %+v, %v", op.Name, b, c, d, in.Imm, flags, got, p, want, panics)
			}
		}
	}
}

func TestTwoWideArithmetics(t *testing.T) {
	g := arithmeticMachine(t)
	dice := rand.New(rand.NewPCG(7, 8))
	base := g.Reg[fuel.RegSSP]
	for _, op := range fuel.Ops() {
		if op.Class != fuel.ClassWide {
			continue
		}
		size := fuel.WideBytes(op.Code)
		for range 3000 {
			var n [3]fuel.Wide
			for i := range n {
				n[i] = wideOperand(dice, size)
				bytes := n[i].Bytes32()
				if p := g.Memory.PutSystem(base+64*uint64(i), bytes[32-size:]); p != fuel.NoPanic {
					t.Fatal(p)
				}
			}
			in := fuel.Inst{Op: fuel.OpOf(op.Code), A: 16, B: 17, C: 18, D: 19}
			if op.Format.ImmediateBits() > 0 {
				in.Imm = dice.Uint32N(64) | fuel.WideIndirectC
				if op.Code == fuel.WDML || op.Code == fuel.WQML {
					in.Imm |= fuel.WideIndirectB
				}
			}
			r := &g.Reg
			flags := dice.Uint64N(4)
			r[16], r[17], r[18], r[19] = base+192, base, base+64, base+128
			r[fuel.RegFlag], r[fuel.RegOf], r[fuel.RegErr] = flags, 0, 0
			p := g.wide(&in)
			if !fuel.WideValid(op.Code, in.Imm) {
				if p != fuel.PanicInvalidImmediateValue {
					t.Fatalf("%s: immediate %d: %v", op.Name, in.Imm, p)
				}
				continue
			}
			if op.Code == fuel.WDCM || op.Code == fuel.WQCM {
				want, panics := fuel.WideCompute(op.Code, &n[0], &n[1], &n[2], in.Imm, flags)
				if !want.Value.Eq(uint256.NewInt(r[16])) || p != panics {
					t.Fatalf("%s of %v, immediate %d: %d, %v and %v", op.Name, n, in.Imm, r[16], p, want)
				}
				continue
			}
			want, panics := fuel.WideCompute(op.Code, &n[0], &n[1], &n[2], in.Imm, flags)
			got := want.Value
			if b, _ := g.Memory.Read(base+192, size); p == fuel.NoPanic {
				got.SetBytes(b)
			}
			if p != panics || got != want.Value || r[fuel.RegOf] != want.Of || r[fuel.RegErr] != want.Err {
				t.Fatalf("%s of %v, immediate %d, flags %d: %v, %v, $of %d and %+v, %v", op.Name, n, in.Imm, flags, got, p, r[fuel.RegOf], want, panics)
			}
		}
	}
}

func wideOperand(dice *rand.Rand, size uint64) (w fuel.Wide) {
	for i := range size / 8 {
		w[i] = operand(dice)
	}
	return *w.Rsh(&w, 8*uint(dice.Uint64N(size)))
}
