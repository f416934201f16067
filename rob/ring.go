package rob

// Ring holds a queue's items by position. Positions only grow; their low bits say where
// an item stands, so that those in flight keep their places while the queue moves on.
// It is as large as it has to be: a full one doubles.
type Ring[T any] struct {
	items []T
	mask  uint64
}

// NewRing makes a ring; size is a power of two.
func NewRing[T any](size int) Ring[T] { return Ring[T]{make([]T, size), uint64(size - 1)} }

// At is the item at a position. The pointer is valid until the next Double.
func (r *Ring[T]) At(p uint64) *T { return &r.items[p&r.mask] }

// Full reports whether the items of [head, tail) fill the ring: Double makes room then. The
// two are apart so that the question costs the host no call.
func (r *Ring[T]) Full(head, tail uint64) bool { return tail-head == uint64(len(r.items)) }

// Double makes the ring twice as large. The items of [head, tail) keep their positions.
func (r *Ring[T]) Double(head, tail uint64) {
	bigger := NewRing[T](2 * len(r.items))
	for p := head; p != tail; p++ {
		*bigger.At(p) = *r.At(p)
	}
	*r = bigger
}
