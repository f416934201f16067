package fuzz

import (
	"flag"
	"testing"
	"time"

	"github.com/ooovm/ooovm/decoder/evm"
)

var (
	programs = flag.Int("programs", 2000, "how many programs TestSeeds draws")
	from     = flag.Uint64("from", 0, "seed of the first one")
	attempts = flag.Int("minimise", 3000, "runs that making a failing case smaller may take")
)

// judge runs a case and, when it fails, reports it as small as it can be made.
func judge(t *testing.T, c *Case) Outcome {
	t.Helper()
	out, err := c.Run()
	if err != nil {
		small, why := Minimise(c, *attempts)
		t.Errorf("%s: %v\nminimised: %v\n%s", c.Name, err, why, small)
	}
	return out
}

// TestSeeds runs numbered cases. A campaign is the same with -programs and -from.
func TestSeeds(t *testing.T) {
	n := *programs
	if testing.Short() {
		n = min(n, 200)
	}
	var sum struct{ instructions, cycles, squashes, rejected, cut, succeeded, deep uint64 }
	count := func(into *uint64, when bool) {
		if when {
			*into++
		}
	}
	start, forks := time.Now(), [evm.NumForks]int{}
	for seed := *from; seed < *from+uint64(n); seed++ {
		c := Draw(seed)
		out := judge(t, c)
		forks[c.Fork]++
		sum.instructions += out.Instructions
		sum.cycles += out.Cycles
		sum.squashes += out.Squashes
		count(&sum.rejected, out.Rejected)
		count(&sum.cut, out.Cut)
		count(&sum.succeeded, out.Success)
		count(&sum.deep, out.Depth > 1)
		if done := seed - *from + 1; done == uint64(n) || done%10_000 == 0 {
			t.Logf("%d programs in %v (%d succeeded, %d with calls, %d rejected, %d cut): %d instructions, %d cycles, %d squashes",
				done, time.Since(start).Round(time.Second), sum.succeeded, sum.deep, sum.rejected, sum.cut, sum.instructions, sum.cycles, sum.squashes)
		}
	}
	for fork, k := range forks {
		if n >= 1000 && k == 0 {
			t.Errorf("no program ran under %s", evm.Fork(fork))
		}
	}
}

// FuzzCore runs the cases that inputs describe.
func FuzzCore(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("an out-of-order core commits in order"))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 4096 {
			t.Skip("a longer input describes no other case")
		}
		judge(t, DrawFrom(input))
	})
}
