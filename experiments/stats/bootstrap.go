package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Bootstrap resamples blocks with replacement (Efron 1979), percentile method.
type Bootstrap struct {
	Seed      uint64
	Resamples int
	Level     float64 // confidence, between 0 and 1
}

// DefaultBootstrap draws 2,000 times at 95 %: enough for two digits of a percentile interval (Efron and Tibshirani
// 1993, section 19.3, ask for 1,000 or more).
var DefaultBootstrap = Bootstrap{Seed: 1, Resamples: 2000, Level: 0.95}

// Interval is a confidence interval; both ends are NaN where it is not defined.
type Interval struct {
	Low  Float `json:"low"`
	High Float `json:"high"`
}

var undefined = Interval{Float(math.NaN()), Float(math.NaN())}

// Interval gives the interval of one mean of samples; undefined for fewer than two blocks.
func (b Bootstrap) Interval(samples []Sample, m Mean) Interval {
	drawn := make([]Sample, len(samples))
	return b.resample(len(samples), func(pick []int) float64 {
		for i, k := range pick {
			drawn[i] = samples[k]
		}
		return m.Of(drawn)
	})
}

// resample calls statistic with the places of n blocks drawn with replacement.
func (b Bootstrap) resample(n int, statistic func(pick []int) float64) Interval {
	if n < 2 || b.Resamples < 1 {
		return undefined
	}
	dice := rand.New(rand.NewPCG(b.Seed, uint64(n)))
	pick := make([]int, n)
	values := make([]float64, 0, b.Resamples)
	for range b.Resamples {
		for i := range pick {
			pick[i] = dice.IntN(n)
		}
		if v := statistic(pick); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return b.percentiles(values)
}

func (b Bootstrap) percentiles(values []float64) Interval {
	if len(values) == 0 {
		return undefined
	}
	slices.Sort(values)
	tail := (1 - b.Level) / 2
	return Interval{Float(Round(quantile(tail, values))), Float(Round(quantile(1-tail, values)))}
}
