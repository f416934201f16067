package queue

import (
	"slices"

	"github.com/ooovm/ooovm/rob"
)

// Ready holds the entries of one unit that can issue, oldest first.
type Ready []rob.Seq

// Push adds an entry.
func (h *Ready) Push(seq rob.Seq) {
	q := append(*h, seq)
	i := len(q) - 1
	for i > 0 {
		p := (i - 1) / 2
		if q[p] <= seq {
			break
		}
		q[i] = q[p]
		i = p
	}
	q[i] = seq
	*h = q
}

// Pop takes the oldest entry.
func (h *Ready) Pop() rob.Seq {
	q := *h
	top, last := q[0], len(q)-1
	x := q[last]
	q = q[:last]
	*h = q
	if last == 0 {
		return top
	}
	i := 0
	for {
		c := 2*i + 1
		if c >= last {
			break
		}
		if c+1 < last && q[c+1] < q[c] {
			c++
		}
		if q[c] >= x {
			break
		}
		q[i] = q[c]
		i = c
	}
	q[i] = x
	return top
}

// Squash drops everything from seq on.
func (h *Ready) Squash(seq rob.Seq) {
	q := *h
	kept := q[:0]
	for _, s := range q {
		if s < seq {
			kept = append(kept, s)
		}
	}
	if len(kept) == len(q) {
		return
	}
	slices.Sort(kept) // a sorted slice is a heap
	*h = kept
}
