package generator

import "testing"

// TestZipf: by weight 1, 1/4 and 1/9 of 1361/900ths, within 1 %.
func TestZipf(t *testing.T) {
	d, sums := newDice(1), zipf(3, 2)
	const draws = 100_000
	var drawn [3]int
	for range draws {
		drawn[d.among(sums)]++
	}
	for i, want := range [3]int{73_469, 18_367, 8_163} {
		if off := drawn[i] - want; off < -draws/100 || off > draws/100 {
			t.Errorf("place %d: drawn %d times, want about %d", i, drawn[i], want)
		}
	}
	if zipf(3, 0) != nil {
		t.Error("equal weights have a table")
	}
}
