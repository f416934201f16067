package plot

import (
	"fmt"
	"math"
	"strconv"
)

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
