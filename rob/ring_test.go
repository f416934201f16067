package rob

import "testing"

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
