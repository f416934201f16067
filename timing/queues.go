package timing

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// queues remember when places are given back.
type queues struct {
	iq     int
	issues []isa.Cycle // the latest core.iq issues, a min-heap
	regs   fifo
	loads  fifo
	stores fifo
	states fifo
}

// fifo is a structure of so many places, which commit gives back in the order in
// which dispatch has taken them.
type fifo struct {
	size  int
	taken int
	freed []isa.Cycle // cycles
}

// free is the first cycle in which there is a place for the next one: that in
// which the place taken size places ago is given back.
func (q *fifo) free() isa.Cycle {
	if q.taken < q.size {
		return 0
	}
	return q.freed[q.taken-q.size]
}

// pass notes that a micro-op takes a place, or gives one back as it commits.
func (q *fifo) pass(takes, frees bool, commit isa.Cycle) {
	if takes {
		q.taken++
	}
	if frees {
		q.freed = append(q.freed, commit)
	}
}

func (q *queues) reset(cfg *pipeline.Config) {
	c := &cfg.Core
	q.iq, q.issues = c.IQ, q.issues[:0]
	q.regs, q.loads = fifo{size: c.Regs, freed: q.regs.freed[:0]}, fifo{size: c.LoadQ, freed: q.loads.freed[:0]}
	q.stores, q.states = fifo{size: c.StoreQ, freed: q.stores.freed[:0]}, fifo{size: c.StateQ, freed: q.states.freed[:0]}
}

// room is the first cycle in which every structure that u needs has room.
func (q *queues) room(u *Uop, class isa.Class) (cycle isa.Cycle) {
	if u.register {
		cycle = max(cycle, q.regs.free())
	}
	if class != isa.ClassNone && len(q.issues) == q.iq {
		cycle = max(cycle, q.issues[0])
	}
	if u.loads {
		cycle = max(cycle, q.loads.free())
	}
	if u.opens {
		cycle = max(cycle, q.stores.free())
	}
	if class == isa.ClassStateLoad || class == isa.ClassStateKey {
		cycle = max(cycle, q.states.free())
	}
	return cycle
}

// take notes when a micro-op gives back what it took.
func (q *queues) take(u *Uop, class isa.Class, t *Times) {
	if class != isa.ClassNone {
		q.issued(t.Issue)
	}
	q.regs.pass(u.register, u.register, t.Commit)
	q.loads.pass(u.loads, u.loads, t.Commit)
	q.stores.pass(u.opens, u.frees, t.Commit)
	load := class == isa.ClassStateLoad
	q.states.pass(load || class == isa.ClassStateKey, load || class == isa.ClassStateData, t.Commit)
}

// issued adds an issue to the latest ones. There is room for another micro-op in
// cycle c when fewer than core.iq of the older ones issue behind c: when the
// core.iq-th latest issue is not behind c.
func (q *queues) issued(cycle isa.Cycle) {
	if len(q.issues) < q.iq {
		h := append(q.issues, cycle)
		for i := len(h) - 1; i > 0 && h[i] < h[(i-1)/2]; i = (i - 1) / 2 {
			h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		}
		q.issues = h
		return
	}
	h := q.issues
	if cycle <= h[0] {
		return
	}
	h[0] = cycle
	for i := 0; 2*i+1 < len(h); {
		c := 2*i + 1
		if c+1 < len(h) && h[c+1] < h[c] {
			c++
		}
		if h[i] <= h[c] {
			break
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}
