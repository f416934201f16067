package plot

import (
	"fmt"
	"math"
	"strconv"

	"github.com/ooovm/ooovm/experiments/stats"
	"gonum.org/v1/plot"
)

// plainTicks are at the places that gonum chooses, labeled with as many digits as they need: its own labels all have
// as many as its widest, or too few to tell them apart.
func plainTicks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = stats.Float(stats.Round(ticks[i].Value)).String()
		}
	}
	return ticks
}

// powerName writes 2^e as a computer architect does: 512, 4Ki, 1Mi; fractions as decimals.
func powerName(e int) string {
	switch {
	case e < 0:
		return strconv.FormatFloat(math.Exp2(float64(e)), 'g', 3, 64)
	case e < 10:
		return strconv.Itoa(1 << e)
	case e < 20:
		return fmt.Sprintf("%dKi", 1<<(e-10))
	case e < 30:
		return fmt.Sprintf("%dMi", 1<<(e-20))
	default:
		return fmt.Sprintf("2^%d", e)
	}
}
