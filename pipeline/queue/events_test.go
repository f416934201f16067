package queue

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// TestEventQueue compares the wheel and the heap behind it with a list.
func TestEventQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Events
		var list []Event
		var uid uint32
		first := func() (isa.Cycle, bool) {
			if len(list) == 0 {
				return 0, false
			}
			return slices.MinFunc(list, func(a, b Event) int { return cmp.Compare(a.Cycle, b.Cycle) }).Cycle, true
		}
		take := func(t *rapid.T, cycle isa.Cycle) {
			var want []Event
			list = slices.DeleteFunc(list, func(e Event) bool {
				if e.Cycle == cycle {
					want = append(want, e)
				}
				return e.Cycle == cycle
			})
			slices.SortFunc(want, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
			if got := q.Take(cycle); !slices.Equal(got, want) {
				t.Fatalf("cycle %d: took %v, want %v", cycle, got, want)
			}
		}
		add := func(delay isa.Cycle, seq rob.Seq) {
			uid++
			e := Event{q.now + delay, seq, uid}
			q.Add(e)
			list = append(list, e)
		}
		near := rapid.Uint64Range(1, 60)
		edge := rapid.Uint64Range(wheelSize-3, wheelSize+3)
		far := rapid.Uint64Range(1, 100*wheelSize)
		many := make([]rob.Seq, 80) // more than the queue sorts by insertion
		for i := range many {
			many[i] = rob.Seq(i)
		}
		t.Repeat(map[string]func(*rapid.T){
			// Sequence numbers are unique within a cycle: an entry has one event.
			"add": func(t *rapid.T) {
				delay := isa.Cycle(rapid.OneOf(near, edge, far).Draw(t, "delay"))
				seq := rob.Seq(rapid.Uint64Range(0, 1<<40).Draw(t, "sequence number"))
				if slices.ContainsFunc(list, func(e Event) bool { return e.Cycle == q.now+delay && e.Seq == seq }) {
					t.Skip("it has an event in that cycle")
				}
				add(delay, seq)
			},
			"add many to one cycle": func(t *rapid.T) {
				delay := isa.Cycle(rapid.OneOf(near, edge).Draw(t, "delay"))
				base := 1<<41 + rob.Seq(uid)<<10
				for _, i := range rapid.Permutation(many).Draw(t, "order") {
					add(delay, base+i)
				}
			},
			"step": func(t *rapid.T) { take(t, q.now+1) },
			"skip": func(t *rapid.T) { // as the core skips idle cycles
				if next, ok := first(); ok {
					take(t, next)
				}
			},
			"": func(t *rapid.T) {
				next, ok := q.Next()
				if want, some := first(); next != want || ok != some {
					t.Fatalf("next event in %d (%t), want %d (%t)", next, ok, want, some)
				}
			},
		})
	})
}

// TestReadyQueue compares the heap with a sorted list.
func TestReadyQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Ready
		var list []rob.Seq
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				seq := rob.Seq(rapid.Uint64Range(1, 500).Draw(t, "sequence number"))
				if slices.Contains(list, seq) {
					t.Skip("it is ready already")
				}
				q.Push(seq)
				list = append(list, seq)
				slices.Sort(list)
			},
			"pop": func(t *rapid.T) {
				if len(list) == 0 {
					t.Skip("nothing is ready")
				}
				if got := q.Pop(); got != list[0] {
					t.Fatalf("popped %d, the oldest is %d", got, list[0])
				}
				list = list[1:]
			},
			"squash": func(t *rapid.T) {
				from := rob.Seq(rapid.Uint64Range(1, 500).Draw(t, "from"))
				q.Squash(from)
				list = slices.DeleteFunc(list, func(s rob.Seq) bool { return s >= from })
			},
			"": func(t *rapid.T) {
				if len(q) != len(list) {
					t.Fatalf("%d are ready, want %d", len(q), len(list))
				}
			},
		})
	})
}
