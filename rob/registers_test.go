package rob

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

func word(n uint64) (w isa.Word) {
	w.SetUint64(n)
	return w
}

// TestConstants: constants are always ready, never counted, and stay where they are.
func TestConstants(t *testing.T) {
	r := NewRegisters()
	if !r.Value(ZeroReg).IsZero() {
		t.Error("ZeroReg is not zero")
	}
	first := r.AddConst(ptr(word(7)))
	second := r.AddConst(ptr(word(8)))
	if first != ZeroReg+1 || second != first+1 {
		t.Errorf("the first constants are %#x and %#x, want them behind zero", uint32(first), uint32(second))
	}
	program := make([]isa.Word, 2*pageWords+1)
	for i := range program {
		program[i] = word(uint64(1000 + i))
	}
	shared := r.ShareConsts(program)
	third := r.AddConst(ptr(word(9)))
	r.SetConst(second, ptr(word(88)))
	want := map[Reg]uint64{ZeroReg: 0, first: 7, second: 88, third: 9}
	for i := range program {
		want[shared+Reg(i)] = uint64(1000 + i)
	}
	for range pageWords { // more than the first page holds
		n := uint64(5000 + len(want))
		want[r.AddConst(ptr(word(n)))] = n
	}
	for reg, want := range want {
		if !reg.IsConst() || !r.Ready(reg) || r.Value(reg).Uint64() != want {
			t.Errorf("constant %#x is %v, want %d", uint32(reg), r.Value(reg), want)
		}
	}
	r.Retain(first)
	r.Release(first)
	r.Release(first)
	r.Release(NoReg)
	if r.Live() != 0 || r.Size() != 0 || r.Value(first).Uint64() != 7 {
		t.Error("references on constants are counted")
	}
	if NoReg.IsConst() {
		t.Error("no register is taken for a constant")
	}
}

func ptr(w isa.Word) *isa.Word { return &w }

// TestReferenceCounts: a register is free exactly when nobody refers to it, and
// nobody else gets it before.
func TestReferenceCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewRegisters()
		refs := map[Reg]int{}
		values := map[Reg]uint64{}
		var next uint64
		pick := func(t *rapid.T) Reg {
			if len(refs) == 0 {
				t.Skip("no register is live")
			}
			live := make([]Reg, 0, len(refs))
			for reg := range refs {
				live = append(live, reg)
			}
			slices.Sort(live)
			return rapid.SampledFrom(live).Draw(t, "register")
		}
		t.Repeat(map[string]func(*rapid.T){
			"alloc": func(t *rapid.T) {
				reg := r.Alloc()
				if _, live := refs[reg]; live {
					t.Fatalf("register %d was given out twice", reg)
				}
				if r.Ready(reg) || r.Refs(reg) != 1 {
					t.Fatalf("a new register is ready or has %d references", r.Refs(reg))
				}
				next++
				*r.Value(reg) = word(next)
				refs[reg], values[reg] = 1, next
			},
			"retain": func(t *rapid.T) {
				reg := pick(t)
				r.Retain(reg)
				refs[reg]++
			},
			"release": func(t *rapid.T) {
				reg := pick(t)
				r.Release(reg)
				if refs[reg]--; refs[reg] == 0 {
					delete(refs, reg)
				}
			},
			"": func(t *rapid.T) {
				if r.Live() != len(refs) || r.Live()+r.Free() != r.Size() {
					t.Fatalf("%d live, %d free of %d, want %d live", r.Live(), r.Free(), r.Size(), len(refs))
				}
				for reg, n := range refs {
					if r.Refs(reg) != n || r.Value(reg).Uint64() != values[reg] {
						t.Fatalf("register %d has %d references and %v, want %d and %d", reg, r.Refs(reg), r.Value(reg), n, values[reg])
					}
				}
			},
		})
	})
}

// TestWaiters: who waits for a register is told when it is ready, unless squashed
// before. Entries begin to wait in program order, source 0 first, and are squashed
// youngest first, last source first.
func TestWaiters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := NewRegisters()
		var regs []Reg
		for range 3 {
			regs = append(regs, r.Alloc())
		}
		type waiting struct {
			wait Wait
			reg  int
		}
		var list []waiting // in program order
		links := map[Wait]Wait{}
		head := Seq(rapid.Uint64Range(1, 1<<40).Draw(t, "head"))
		seq := head
		t.Repeat(map[string]func(*rapid.T){
			"entry": func(t *rapid.T) {
				for source := range rapid.IntRange(0, 4).Draw(t, "sources") {
					i := rapid.IntRange(0, len(regs)-1).Draw(t, "register")
					w := MakeWait(seq, source)
					if w.Seq(head) != seq || w.Source() != source || w == 0 {
						t.Fatalf("wait %d does not give back %d and %d", w, seq, source)
					}
					if !r.Ready(regs[i]) {
						links[w] = r.AddWaiter(regs[i], w)
						list = append(list, waiting{w, i})
					}
				}
				seq++
			},
			"squash": func(t *rapid.T) {
				from := Seq(rapid.Uint64Range(uint64(head), uint64(seq)).Draw(t, "from"))
				for len(list) > 0 && list[len(list)-1].wait.Seq(head) >= from {
					w := list[len(list)-1]
					r.RemoveWaiter(regs[w.reg], w.wait, links[w.wait])
					list = list[:len(list)-1]
				}
				seq = from
			},
			"ready": func(t *rapid.T) {
				i := rapid.IntRange(0, len(regs)-1).Draw(t, "register")
				var got, want []Wait
				for w := r.SetReady(regs[i]); w != 0; w = links[w] {
					got = append(got, w)
				}
				for _, w := range list {
					if w.reg == i {
						want = append(want, w.wait)
					}
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("told %v, waiting were %v", got, want)
				}
				list = slices.DeleteFunc(list, func(w waiting) bool { return w.reg == i })
				r.Release(regs[i]) // a register that is used again waits for its new value
				if regs[i] = r.Alloc(); r.Ready(regs[i]) {
					t.Fatal("a new register is ready")
				}
			},
		})
	})
}
