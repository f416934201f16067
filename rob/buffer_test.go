package rob

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

// TestBuffer drives the ring as the stages do and compares it with a list: entries
// enter at the tail, move into the reorder buffer, retire at the head, and are
// squashed at the tail; the ring wraps and grows below them.
func TestBuffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuffer()
		type kept struct {
			uid  uint32
			inst isa.InstIndex
		}
		var list []kept // entries [Head, Tail)
		var last isa.InstIndex
		seen := map[uint32]bool{}
		count := func(t *rapid.T, limit Seq) Seq { return Seq(rapid.Uint64Range(0, uint64(limit)).Draw(t, "n")) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range count(t, 400) {
					tail := b.Tail
					e, seq := b.Add()
					if seq != tail || seen[e.UID] {
						t.Fatalf("added %d at tail %d with number %d, used before: %t", seq, tail, e.UID, seen[e.UID])
					}
					if *e != (Entry{UID: e.UID, Dst: NoReg, Dst2: NoReg, Src: [4]Reg{NoReg, NoReg, NoReg, NoReg}}) {
						t.Fatalf("a new entry has leftovers: %+v", *e)
					}
					seen[e.UID] = true
					last++
					e.Inst = last
					list = append(list, kept{e.UID, last})
				}
			},
			"dispatch": func(t *rapid.T) { b.Dispatch += count(t, b.Tail-b.Dispatch) },
			"retire": func(t *rapid.T) {
				n := count(t, b.Dispatch-b.Head)
				b.Head += n
				list = list[n:]
			},
			"squash": func(t *rapid.T) {
				n := count(t, b.Tail-b.Head)
				b.Tail -= n
				b.Dispatch = min(b.Dispatch, b.Tail)
				list = list[:len(list)-int(n)]
			},
			"": func(t *rapid.T) {
				if b.Tail-b.Head != Seq(len(list)) || b.Occupancy() != int(b.Dispatch-b.Head) {
					t.Fatalf("%d entries, want %d", b.Tail-b.Head, len(list))
				}
				if b.Holds(b.Head-1) || b.Holds(b.Tail) || len(list) > 0 && !(b.Holds(b.Head) && b.Holds(b.Tail-1)) {
					t.Fatal("Holds is wrong at the ends")
				}
				for i, want := range list {
					if e := b.At(b.Head + Seq(i)); e.UID != want.uid || e.Inst != want.inst {
						t.Fatalf("entry %d of %d is number %d instruction %d, want %+v", i, len(list), e.UID, e.Inst, want)
					}
				}
			},
		})
	})
}
