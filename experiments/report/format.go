package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/stats"
)

// number writes a number for a reader: four significant digits, whole above a thousand, in groups of three.
func number(f stats.Float) string {
	const digits = 4
	x := float64(f)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "–"
	case x == math.Trunc(x) || math.Abs(x) >= 1000:
		return grouped(strconv.FormatFloat(x, 'f', 0, 64))
	case math.Abs(x) < 1e-4:
		return strconv.FormatFloat(x, 'e', digits-1, 64)
	}
	leading := int(math.Floor(math.Log10(math.Abs(x)))) + 1
	return strconv.FormatFloat(x, 'f', max(0, digits-leading), 64)
}

// grouped puts narrow spaces between thousands (ISO 80000-1).
func grouped(whole string) string {
	sign := ""
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		sign, whole = "-", rest
	}
	var b strings.Builder
	for i, c := range whole {
		if left := len(whole) - i; i > 0 && left%3 == 0 && len(whole) > 4 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// title begins a sentence.
func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
