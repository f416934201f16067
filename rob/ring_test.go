package rob

import (
	"testing"

	"github.com/ooovm/ooovm/budget"
)

// TestRing: items keep their positions while a queue moves and its ring doubles.
func TestRing(t *testing.T) {
	r := NewRing[uint64](2)
	head, tail := uint64(1), uint64(1)
	for step := range 1000 {
		if step%3 > 0 { // two come, one goes
			if r.Full(head, tail) {
				r.Double(head, tail)
			}
			*r.At(tail) = tail
			tail++
		} else if head < tail {
			head++
		}
		for p := head; p != tail; p++ {
			if *r.At(p) != p {
				t.Fatalf("step %d: position %d holds %d", step, p, *r.At(p))
			}
		}
	}
	if n := len(r.items); n != 512 {
		t.Errorf("%d items for %d in flight", n, tail-head)
	}
}

// TestRingWithin: a ring grows as far as its budget goes, and counts what it has.
func TestRingWithin(t *testing.T) {
	memory := budget.New(100_000)
	r := NewRing[uint64](64)
	r.Within(memory, 8)
	var err error
	tail := uint64(0)
	func() {
		defer budget.Recover("window", &err)
		for ; tail < 1<<20; tail++ {
			if r.Full(0, tail) {
				r.Double(0, tail)
			}
			*r.At(tail) = tail
		}
	}()
	if !budget.Exceeds(err) || tail != 4096 { // 4096 items of 16 bytes are 65,536, and as many more do not fit
		t.Errorf("%v with %d items", err, tail)
	}
	if left := memory.Left(); left != 100_000-4096*16+64*16 {
		t.Errorf("%d bytes left", left)
	}
	for p := range tail {
		if *r.At(p) != p {
			t.Fatalf("position %d holds %d", p, *r.At(p))
		}
	}
}
