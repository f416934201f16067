package machine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

// TestSet compares a set with a list of all numbers.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.SampledFrom([]int{1, 63, 64, 65, 200, 4096, 4097, 10_000}).Draw(t, "bound")
		s, in := newSet(bound), make([]bool, bound)
		if rapid.Bool().Draw(t, "full") {
			s = fullSet(bound)
			for i := range in {
				in[i] = true
			}
		}
		number := rapid.IntRange(0, bound-1)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				i := number.Draw(t, "i")
				in[i] = rapid.Bool().Draw(t, "in")
				s.put(i, in[i])
			},
			"clear": func(t *rapid.T) {
				for i := number.Draw(t, "from"); i < bound; i++ {
					s.remove(i)
					in[i] = false
				}
			},
			"": func(t *rapid.T) {
				from, to := rapid.IntRange(0, bound).Draw(t, "from"), rapid.IntRange(0, bound).Draw(t, "to")
				next, last, n, all := none, none, 0, 0
				for i, member := range in {
					if !member {
						continue
					}
					if all++; i >= from && i < to {
						n++
					}
					if i >= from && next == none {
						next = i
					}
					if i < from {
						last = i
					}
				}
				if got := s.next(from); got != next {
					t.Fatalf("next from %d: %d, want %d", from, got, next)
				}
				if got := s.last(from - 1); got != last {
					t.Fatalf("last below %d: %d, want %d", from, got, last)
				}
				if got := s.within(from, to); got != n || s.n != all {
					t.Fatalf("%d from %d to %d of %d, want %d of %d", got, from, to, s.n, n, all)
				}
			},
		})
	})
}

// TestAgenda compares it with the cycle of every core.
func TestAgenda(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const cores = 70
		a, at := newAgenda(cores), make([]isa.Cycle, cores)
		for i := range at {
			at[i] = never
		}
		delay := rapid.OneOf(rapid.Just(uint64(1)), rapid.Uint64Range(1, 5), rapid.Uint64Range(1, 10_000), rapid.Just(uint64(never)))
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				i, d := rapid.IntRange(0, cores-1).Draw(t, "core"), delay.Draw(t, "delay")
				if at[i] = never; d != never {
					at[i] = a.now + isa.Cycle(d)
				}
				a.put(i, at[i])
			},
			"take": func(t *rapid.T) {
				cycle := slices.Min(at)
				if got := a.next(); got != cycle {
					t.Fatalf("next in cycle %d, want %d", got, cycle)
				}
				if cycle == never {
					return
				}
				due := a.take(cycle)
				for i := range at {
					if due.has(i) != (at[i] == cycle) {
						t.Fatalf("core %d goes on in %d; taken in %d: %v", i, at[i], cycle, due.has(i))
					}
					if due.remove(i); at[i] == cycle {
						at[i] = never
					}
				}
			},
		})
	})
}

// TestLoad compares the thread with the least to do with that of a scan.
func TestLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.IntRange(1, 40).Draw(t, "threads")
		l := newLoad(threads)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				l.put(rapid.IntRange(0, threads-1).Draw(t, "thread"), rapid.Uint64Range(0, 5).Draw(t, "gas"))
			},
			"": func(t *rapid.T) {
				if got, want := l.least(), slices.Index(l.of, slices.Min(l.of)); got != want {
					t.Fatalf("thread %d of %v, want %d", got, l.of, want)
				}
			},
		})
	})
}
