package traces

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSeries: a series is the slice that the same operations make, across the ends of pieces.
func TestSeries(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var s Series[int]
		var want []int
		for range 20 {
			switch rng.IntN(3) {
			case 0, 1:
				for range rng.IntN(2 * pieceSize) {
					x := rng.Int()
					s.Append(x)
					want = append(want, x)
				}
			case 2:
				n := len(want) - rng.IntN(min(len(want), 10)+1)
				s.Cut(n)
				want = want[:n]
			}
			if s.Len() != len(want) {
				t.Fatalf("%d items, want %d", s.Len(), len(want))
			}
		}
		for range 50 {
			from := rng.IntN(len(want) + 1)
			to := from + rng.IntN(len(want)-from+1)
			var got []int
			for at := from; at < to; {
				run := s.Run(at, to)
				if len(run) == 0 {
					t.Fatalf("nothing from %d to %d", at, to)
				}
				if s.At(at) != &run[0] {
					t.Fatalf("item %d is not where the piece from it begins", at)
				}
				got = append(got, run...)
				at += len(run)
			}
			if !slices.Equal(got, want[from:to]) {
				t.Fatalf("items %d to %d are others", from, to)
			}
		}
	}
}
