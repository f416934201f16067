package traces

import "slices"

// Series is a list that grows by pieces of one size: growing needs no room beside what is
// there, and what is not reached is not reserved.
type Series[T any] struct {
	pieces [][]T // all full but the last
	length int
}

const (
	pieceBits = 12
	pieceSize = 1 << pieceBits
)

// Len is the number of items.
func (s *Series[T]) Len() int { return s.length }

// At is an item. The pointer is good until the next Append.
func (s *Series[T]) At(i int) *T { return &s.pieces[i>>pieceBits][i&(pieceSize-1)] }

// Append adds an item.
func (s *Series[T]) Append(x T) {
	n := s.length >> pieceBits
	switch {
	case n < len(s.pieces):
	case n == 0:
		s.pieces = append(s.pieces, nil) // most are short: the first piece grows as it is filled
	default:
		s.pieces = append(s.pieces, make([]T, 0, pieceSize))
	}
	s.pieces[n] = append(s.pieces[n], x)
	s.length++
}

// Cut keeps the first n items.
func (s *Series[T]) Cut(n int) {
	for i := n >> pieceBits; i < len(s.pieces); i++ {
		s.pieces[i] = s.pieces[i][:max(0, n-i<<pieceBits)]
	}
	s.pieces = s.pieces[:(n+pieceSize-1)>>pieceBits]
	s.length = n
}

// Run is the longest piece of [from, to) that begins with from and lies one behind the other.
func (s *Series[T]) Run(from, to int) []T {
	if from >= to {
		return nil
	}
	at := from & (pieceSize - 1)
	return s.pieces[from>>pieceBits][at:min(at+to-from, pieceSize)]
}

// full tells that the next item needs a new piece.
func (s *Series[T]) full() bool { return s.length&(pieceSize-1) == 0 }

// SeriesOf makes a series of items.
func SeriesOf[T any](items []T) (s Series[T]) {
	for _, x := range items {
		s.Append(x)
	}
	return s
}

// Slice copies the items into one piece.
func (s *Series[T]) Slice() []T { return slices.Concat(s.pieces...) }
