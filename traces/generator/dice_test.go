package generator

import "testing"

// TestZipf: by weight 1, 1/4 and 1/9 of 1361/900ths, within 1 %.
func TestZipf(t *testing.T) {
	d, sums := newDice(1), zipf(3, 200)
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
}

// TestZipfWeights: powers that can be told by hand, in units of 2^-40 and within the
// rounding of the logarithm.
func TestZipfWeights(t *testing.T) {
	for _, c := range []struct {
		key, skew int
		want      uint64
	}{
		{1, 300, 1 << 40},
		{4, 50, 1 << 39},  // 4^-1/2
		{16, 25, 1 << 39}, // 16^-1/4
		{10, 100, (1 << 40) / 10},
		{7, 200, (1 << 40) / 49},
		{9, 0, 1 << 40},
	} {
		sums := zipf(c.key, c.skew)
		got := sums[c.key-1]
		if c.key > 1 {
			got -= sums[c.key-2]
		}
		if off := int64(got - c.want); off < -1<<13 || off > 1<<13 {
			t.Errorf("%d^-%d/100: %d, want %d", c.key, c.skew, got, c.want)
		}
	}
}
