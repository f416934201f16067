// Package stats turns per-block measurements into the numbers of a paper: summaries that name their mean, confidence
// intervals by bootstrap over blocks, paired comparisons, scalability fits and correlations.
//
// Everything is deterministic: resampling draws from a PCG generator with a stated seed, and every result is rounded to nine significant digits.
// A number that is not defined (a ratio over zero, a quantile of nothing) is NaN inside this package; Float turns it
// into null or an empty cell.
//
// Blocks, not transactions, are resampled: the transactions of a block share state and caches and are not independent.
package stats

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/stat"
)

// Float is a number that may be undefined: null in JSON, an empty cell in a table.
type Float float64

// MarshalJSON writes null for what is not a number.
func (f Float) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// String is the shortest decimal that stands for the number, empty where it is undefined.
func (f Float) String() string {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return ""
	}
	return strconv.FormatFloat(float64(f), 'g', -1, 64)
}

// Round keeps nine significant digits.
func Round(x float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 9, 64), 64)
	if err != nil {
		return x
	}
	return y
}

// Sample is one block's contribution to a ratio, for instance (micro-ops, cycles). A plain quantity has the
// denominator 1.
type Sample struct{ Num, Den float64 }

// Value is the block's own ratio, NaN over zero.
func (s Sample) Value() float64 {
	if s.Den == 0 {
		return math.NaN()
	}
	return s.Num / s.Den
}

// Mean names how a number over several blocks came about. Every table prints it.
type Mean string

const (
	// TotalRatio is sum of numerators over sum of denominators: blocks weigh as much as they take. It is the
	// equal-work harmonic mean that Eeckhout (IEEE CAL 2024, doi 10.1109/LCA.2024.3361925) argues for.
	TotalRatio Mean = "total ratio"
	Median     Mean = "median"
	Arithmetic Mean = "arithmetic mean"
	Geometric  Mean = "geometric mean"
	Harmonic   Mean = "harmonic mean"
	P10        Mean = "P10"
	P90        Mean = "P90"
)

// Means lists the means in the order in which a summary prints them.
var Means = []Mean{TotalRatio, Median, P10, P90, Geometric, Arithmetic, Harmonic}

// Of applies the mean to samples; NaN where it is not defined (no samples, or a geometric or harmonic mean of
// something that is not positive). Samples over zero count only towards TotalRatio.
func (m Mean) Of(samples []Sample) float64 {
	if m == TotalRatio {
		var s Sample
		for _, x := range samples {
			s.Num += x.Num
			s.Den += x.Den
		}
		return s.Value()
	}
	var values []float64
	for _, x := range samples {
		if v := x.Value(); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	positive := values[0] > 0
	switch m {
	case Median:
		return quantile(0.5, values)
	case P10:
		return quantile(0.1, values)
	case P90:
		return quantile(0.9, values)
	case Arithmetic:
		return stat.Mean(values, nil)
	case Geometric:
		if positive {
			return stat.GeometricMean(values, nil)
		}
	case Harmonic:
		if positive {
			return stat.HarmonicMean(values, nil)
		}
	}
	return math.NaN()
}

// quantile interpolates linearly between order statistics (type 7 of Hyndman and Fan 1996, the definition of R and NumPy).
func quantile(p float64, sorted []float64) float64 {
	at := p * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
