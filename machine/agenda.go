package machine

import "github.com/ooovm/ooovm/isa"

// agenda has, for every core that can go on by itself, the cycle in which it does. Most go on
// in the very next cycle and are in a set; the others are in a heap. What waits for nothing
// but another core is in neither, and costs nothing.
type agenda struct {
	now   isa.Cycle // taken last
	due   set       // taken: their cycle is now
	soon  set       // their cycle is the next
	later []entry   // min-heap by cycle
	place []int32   // of a core in it, or none
}

type entry struct {
	at   isa.Cycle
	core int32
}

func newAgenda(cores int) agenda {
	a := agenda{due: newSet(cores), soon: newSet(cores), place: make([]int32, cores)}
	for i := range a.place {
		a.place[i] = none
	}
	return a
}

// put says when a core goes on, in place of what was said before; never for not at all. That
// is after the cycle taken last.
func (a *agenda) put(core int, at isa.Cycle) {
	if at <= a.now+1 {
		a.soon.add(core)
		if a.place[core] != none {
			a.remove(int(a.place[core]))
		}
		return
	}
	a.soon.remove(core)
	known := a.place[core]
	switch {
	case known == none && at != never:
		a.later = append(a.later, entry{})
		a.up(len(a.later)-1, entry{at, int32(core)})
	case known != none && at == never:
		a.remove(int(known))
	case known != none:
		a.sift(int(known), entry{at, int32(core)})
	}
}

// next is the first cycle in which a core goes on.
func (a *agenda) next() isa.Cycle {
	switch {
	case a.soon.n > 0:
		return a.now + 1
	case len(a.later) > 0:
		return a.later[0].at
	}
	return never
}

// take moves time to a cycle and gives the cores that go on in it. They are on no list then,
// until they are put on it again.
func (a *agenda) take(cycle isa.Cycle) *set {
	if cycle == a.now+1 {
		a.due, a.soon = a.soon, a.due
	}
	a.now = cycle
	for len(a.later) > 0 && a.later[0].at == cycle {
		a.due.add(int(a.later[0].core))
		a.remove(0)
	}
	return &a.due
}

// remove takes what is at a place of the heap out of it.
func (a *agenda) remove(i int) {
	a.place[a.later[i].core] = none
	last := len(a.later) - 1
	e := a.later[last]
	if a.later = a.later[:last]; i < last {
		a.sift(i, e)
	}
}

// sift finds the place of an entry, beginning at an empty one.
func (a *agenda) sift(i int, e entry) {
	if i > 0 && e.at < a.later[(i-1)/2].at {
		a.up(i, e)
		return
	}
	for {
		c := 2*i + 1
		if c >= len(a.later) {
			break
		}
		if c+1 < len(a.later) && a.later[c+1].at < a.later[c].at {
			c++
		}
		if e.at <= a.later[c].at {
			break
		}
		a.set(i, a.later[c])
		i = c
	}
	a.set(i, e)
}

func (a *agenda) up(i int, e entry) {
	for i > 0 {
		p := (i - 1) / 2
		if a.later[p].at <= e.at {
			break
		}
		a.set(i, a.later[p])
		i = p
	}
	a.set(i, e)
}

func (a *agenda) set(i int, e entry) {
	a.later[i] = e
	a.place[e.core] = int32(i)
}
