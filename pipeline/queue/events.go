// Package queue has the two orders in which a core's scheduler takes entries: events by the
// cycle in which they are due, and what can issue by its age. Neither knows what an entry is.
package queue

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Event says that an entry's present step ends.
type Event struct {
	Cycle isa.Cycle
	Seq   rob.Seq
	UID   uint32
}

const (
	wheelBits = 10
	wheelSize = 1 << wheelBits
)

// Events is a timing wheel for the near future with a heap behind it for the
// far one. Finding the next cycle with an event is a scan of a bitmap, so idle
// cycles cost nothing. A slot of the wheel is a list in a pool whose nodes are used
// again at once: the few events in flight stay in the host's first cache.
type Events struct {
	now    isa.Cycle
	slots  [wheelSize]int32 // first node + 1
	used   [wheelSize / 64]uint64
	count  int
	pool   []eventNode
	free   int32   // first free node + 1
	due    []Event // of the cycle taken last
	beyond []Event // min-heap by cycle, then seq
}

type eventNode struct {
	Event
	next int32 // node + 1
}

// Add notes an event, which must not lie in the past.
func (q *Events) Add(e Event) {
	if e.Cycle-q.now >= wheelSize {
		q.pushBeyond(e)
		return
	}
	n := q.free
	if n == 0 {
		q.pool = append(q.pool, eventNode{})
		n = int32(len(q.pool))
	}
	node := &q.pool[n-1]
	q.free = node.next
	i := e.Cycle & (wheelSize - 1)
	node.Event, node.next = e, q.slots[i]
	q.slots[i] = n
	q.used[i>>6] |= 1 << (i & 63)
	q.count++
}

// Reset drops every event and moves time to a cycle.
func (q *Events) Reset(cycle isa.Cycle) {
	clear(q.slots[:])
	clear(q.used[:])
	q.pool, q.free, q.beyond = q.pool[:0], 0, q.beyond[:0]
	q.now, q.count = cycle, 0
}

// Take moves time to cycle and returns the events of that cycle, oldest entry
// first. The slice is valid until the next call.
func (q *Events) Take(cycle isa.Cycle) []Event {
	q.now = cycle
	for len(q.beyond) > 0 && q.beyond[0].Cycle-cycle < wheelSize {
		q.Add(q.popBeyond())
	}
	i := cycle & (wheelSize - 1)
	n := q.slots[i]
	if n == 0 {
		return nil
	}
	q.slots[i] = 0
	q.used[i>>6] &^= 1 << (i & 63)
	due := q.due[:0]
	for n != 0 {
		node := &q.pool[n-1]
		due = append(due, node.Event)
		n, node.next, q.free = node.next, q.free, n
	}
	q.count -= len(due)
	q.due = due
	slices.Reverse(due) // now nearly in order: what issued first is mostly older
	if len(due) > 32 {
		sortEvents(due)
		return due
	}
	for j := 1; j < len(due); j++ {
		for k := j; k > 0 && due[k].Seq < due[k-1].Seq; k-- {
			due[k], due[k-1] = due[k-1], due[k]
		}
	}
	return due
}

// Next is the first cycle from now on that has an event, or false.
func (q *Events) Next() (isa.Cycle, bool) {
	if q.count > 0 {
		start := q.now & (wheelSize - 1)
		w := start >> 6
		word := q.used[w] &^ (1<<(start&63) - 1)
		for n := 0; n <= len(q.used); n++ {
			if word != 0 {
				i := w<<6 | isa.Cycle(bits.TrailingZeros64(word))
				return q.now + (i-start)&(wheelSize-1), true
			}
			w = (w + 1) & isa.Cycle(len(q.used)-1)
			word = q.used[w]
		}
	}
	if len(q.beyond) > 0 {
		return q.beyond[0].Cycle, true
	}
	return 0, false
}

// Len is the number of events in the near future.
func (q *Events) Len() int { return q.count }

func (e Event) before(o Event) bool {
	return e.Cycle < o.Cycle || e.Cycle == o.Cycle && e.Seq < o.Seq
}

func (q *Events) pushBeyond(e Event) {
	q.beyond = append(q.beyond, e)
	for i := len(q.beyond) - 1; i > 0; {
		p := (i - 1) / 2
		if !q.beyond[i].before(q.beyond[p]) {
			break
		}
		q.beyond[i], q.beyond[p] = q.beyond[p], q.beyond[i]
		i = p
	}
}

func (q *Events) popBeyond() Event {
	top := q.beyond[0]
	last := len(q.beyond) - 1
	q.beyond[0] = q.beyond[last]
	q.beyond = q.beyond[:last]
	for i := 0; ; {
		c := 2*i + 1
		if c >= last {
			break
		}
		if c+1 < last && q.beyond[c+1].before(q.beyond[c]) {
			c++
		}
		if !q.beyond[c].before(q.beyond[i]) {
			break
		}
		q.beyond[i], q.beyond[c] = q.beyond[c], q.beyond[i]
		i = c
	}
	return top
}

func sortEvents(list []Event) {
	slices.SortFunc(list, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
}
