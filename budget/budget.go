// Package budget bounds the memory that a run takes, before it is taken.
//
// A Budget counts what grows with the input: text that is read, the recorded stream, the
// memory of programs, windows without a bound. It does not count every allocation, and what
// it counts is checked where buffers grow, which is rare. What does not fit ends the run with
// an Exceeded, which names it; the other runs of the process go on.
package budget

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
)

// Budget is the memory of one run. A nil one is without a bound. It may be used from several
// goroutines.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// New makes a budget of so many bytes.
func New(limit int64) *Budget { return &Budget{limit: limit} }

// Exceeded says what would not fit.
type Exceeded struct {
	What  string
	Need  int64 // in all, with what the run has already
	Limit int64
}

func (e *Exceeded) Error() string {
	return fmt.Sprintf("%s would not fit: the run would take %s of memory, and it may have %s (--memory)", e.What, Size(e.Need), Size(e.Limit))
}

// Take counts n bytes for something that is about to grow. The error is an *Exceeded, and
// nothing has been counted then.
func (b *Budget) Take(n int64, what string) error {
	return b.TakeFor(n, func() string { return what })
}

// TakeFor is Take for a name that is made only where somebody reads it: of what does not fit.
func (b *Budget) TakeFor(n int64, what func() string) error {
	if b == nil || n <= 0 {
		return nil
	}
	if used := b.used.Add(n); used > b.limit || used < 0 {
		b.used.Add(-n)
		return &Exceeded{what(), max(used, n), b.limit}
	}
	return nil
}

// exceeded is the error of n bytes more that did not fit a moment ago, whatever has been given
// back meanwhile.
func (b *Budget) exceeded(n int64, what string) error {
	return &Exceeded{what, max(n, b.used.Load()+n), b.limit}
}

// Need is Take for places that cannot return an error: it panics with the *Exceeded, and
// whoever began the run recovers it (Recover).
func (b *Budget) Need(n int64, what string) { b.NeedFor(n, func() string { return what }) }

// NeedFor is Need as TakeFor is Take.
func (b *Budget) NeedFor(n int64, what func() string) {
	if err := b.TakeFor(n, what); err != nil {
		panic(err)
	}
}

// Give counts n bytes as free again.
func (b *Budget) Give(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}

// Rest is a budget of what is left of this one now. What it counts does not count here, so
// that several runs over one recording, one after the other or at once, have the same each.
func (b *Budget) Rest() *Budget {
	if b == nil {
		return nil
	}
	return New(b.Left())
}

// Left is what may still be taken.
func (b *Budget) Left() int64 {
	if b == nil {
		return math.MaxInt64
	}
	return max(0, b.limit-b.used.Load())
}

// Recover is deferred: it makes an error about a subject of the panic of Need, and passes any
// other on.
func Recover(subject string, err *error) {
	switch p := recover().(type) {
	case nil:
	case *Exceeded:
		*err = fmt.Errorf("%s: %w", subject, p)
	default:
		panic(p)
	}
}

// Exceeds reports whether an error is that something did not fit.
func Exceeds(err error) bool {
	var e *Exceeded
	return errors.As(err, &e)
}

// units of sizes, each 1024 times the one before.
const units = "KMGT"

// Size writes a number of bytes for people.
func Size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	x, u := float64(n)/(1<<10), 0
	for ; x >= 1<<10 && u < len(units)-1; u++ {
		x /= 1 << 10
	}
	return fmt.Sprintf("%.3g %ciB", x, units[u])
}

// Parse reads a size as 512M, 2G, 1.5GiB or a number of bytes.
func Parse(text string) (int64, error) {
	digits := strings.TrimRight(text, "iB"+units)
	x, err := strconv.ParseFloat(digits, 64)
	factor, known := factors()[text[len(digits):]]
	if err != nil || !known || !(x > 0) || x*factor >= 1<<62 {
		return 0, fmt.Errorf("%.40q is no size: a number of bytes is expected, or as 512M, 2G", text)
	}
	return int64(x * factor), nil
}

// factors by unit: K, KB and KiB are the same.
func factors() map[string]float64 {
	f, x := map[string]float64{"": 1, "B": 1}, 1.0
	for _, u := range units {
		x *= 1 << 10
		for _, suffix := range []string{"", "B", "iB"} {
			f[string(u)+suffix] = x
		}
	}
	return f
}
