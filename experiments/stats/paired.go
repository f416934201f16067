package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Comparison says by how much one setting differs from another on the same blocks, and whether that matters.
type Comparison struct {
	N                   int      `json:"n"`     // pairs
	Ratio               Float    `json:"ratio"` // total of b over total of a
	Interval            Interval `json:"interval"`
	Higher, Lower, Same int
	// SignTest is the two-sided probability of a split at least as uneven as Higher against Lower if neither
	// setting were better (Dixon and Mood 1946); pairs that are the same do not count. NaN without a difference.
	SignTest Float `json:"signTest"`
}

// Compare pairs a[i] with b[i], block by block: blocks are drawn together with both their values, so that what the blocks differ in
// does not blur what the settings differ in.
func Compare(a, b []Sample, boot Bootstrap) (Comparison, error) {
	if len(a) != len(b) {
		return Comparison{}, fmt.Errorf("paired comparison of %d with %d blocks: they must be the same blocks", len(a), len(b))
	}
	c := Comparison{N: len(a), SignTest: Float(math.NaN())}
	for i := range a {
		switch x, y := a[i].Value(), b[i].Value(); {
		case y > x:
			c.Higher++
		case y < x:
			c.Lower++
		default:
			c.Same++
		}
	}
	c.Ratio = Float(Round(TotalRatio.Of(b) / TotalRatio.Of(a)))
	drawnA, drawnB := make([]Sample, len(a)), make([]Sample, len(b))
	c.Interval = boot.resample(len(a), func(pick []int) float64 {
		for i, k := range pick {
			drawnA[i], drawnB[i] = a[k], b[k]
		}
		return TotalRatio.Of(drawnB) / TotalRatio.Of(drawnA)
	})
	if n := c.Higher + c.Lower; n > 0 {
		p := 2 * distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(min(c.Higher, c.Lower)))
		c.SignTest = Float(Round(min(p, 1)))
	}
	return c, nil
}

// Matters says whether the interval of the ratio leaves out 1.
func (c Comparison) Matters() bool {
	return float64(c.Interval.Low) > 1 || float64(c.Interval.High) < 1
}
