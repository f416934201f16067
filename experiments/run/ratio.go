package run

import "math"

// Ratio is a/b rounded to nine digits, nil where b is zero.
func Ratio(a, b uint64) *float64 {
	if b == 0 {
		return nil
	}
	return Rounded(float64(a) / float64(b))
}

// Rounded keeps nine significant digits, so that results do not depend on the last
// bits of a host's floating point.
func Rounded(x float64) *float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return &x
	}
	scale := math.Pow(10, 8-math.Floor(math.Log10(math.Abs(x))))
	x = math.Round(x*scale) / scale
	return &x
}
