package rob

import (
	"fmt"
	"unsafe"

	"github.com/ooovm/ooovm/budget"
)

// Ring holds a queue's items by position. Positions only grow; their low bits say where
// an item stands, so that those in flight keep their places while the queue moves on.
// It is as large as it has to be: a full one doubles, if its budget allows it.
type Ring[T any] struct {
	items  []T
	mask   uint64
	memory *budget.Budget
	beside int64 // bytes that an item has elsewhere
}

// NewRing makes a ring; size is a power of two.
func NewRing[T any](size int) Ring[T] { return Ring[T]{items: make([]T, size), mask: uint64(size - 1)} }

// Within has the ring grow within a budget. beside is what an item has elsewhere, in bytes.
func (r *Ring[T]) Within(memory *budget.Budget, beside int64) { r.memory, r.beside = memory, beside }

// At is the item at a position. The pointer is valid until the next Double.
func (r *Ring[T]) At(p uint64) *T { return &r.items[p&r.mask] }

// Full reports whether the items of [head, tail) fill the ring: Double makes room then. The
// two are apart so that the question costs the host no call.
func (r *Ring[T]) Full(head, tail uint64) bool { return tail-head == uint64(len(r.items)) }

// Double makes the ring twice as large. The items of [head, tail) keep their positions.
func (r *Ring[T]) Double(head, tail uint64) {
	var item T
	n := int64(len(r.items)) * (int64(unsafe.Sizeof(item)) + r.beside)
	r.memory.NeedFor(2*n, func() string { return fmt.Sprintf("a window with a queue of %d", 2*len(r.items)) })
	bigger := NewRing[T](2 * len(r.items))
	for p := head; p != tail; p++ {
		*bigger.At(p) = *r.At(p)
	}
	r.memory.Give(n)
	r.items, r.mask = bigger.items, bigger.mask
}
