package pipeline

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// runahead lets the machine go on beyond its window while the oldest micro-op waits
// for far state (O. Mutlu, J. Stark, C. Wilkerson and Y. Patt, Runahead Execution,
// HPCA 2003). What the window could not have held is executed for the misses that it
// starts and is squashed when the oldest has its data. What depends on the miss does
// not execute, as the paper's invalid values do not; branches among that are followed
// as predicted. Pseudo-retirement frees the window and its queues, which here are not
// bounded meanwhile.
type runahead struct {
	buf   *rob.Buffer
	stats *Stats

	active bool
	head   rob.Seq // the entry that waits
	first  rob.Seq // the first entry beyond the window
}

// covers reports whether an entry is one that will be squashed.
func (r *runahead) covers(seq rob.Seq) bool { return r.active && seq >= r.first }

// begin enters runahead when the window is full behind a far miss. It reports whether
// dispatch may go on.
func (r *runahead) begin() bool {
	b := r.buf
	if r.active && b.Dispatch >= r.first {
		return true
	}
	e := b.At(b.Head)
	if e.Flags&(rob.Issued|rob.Done|rob.Far) != rob.Issued|rob.Far || facts[e.Op].class == isa.ClassHead {
		return false
	}
	first := b.Dispatch - rob.Seq(b.At(b.Dispatch).UopIdx)
	if first <= b.Head {
		return false
	}
	if r.active { // after a squash the window is full earlier than it was
		r.first = first
		return true
	}
	r.active, r.head, r.first = true, b.Head, first
	r.stats.Prefetch.Runaheads++
	return true
}

// end leaves runahead when the oldest has its data, or was squashed itself. It returns the
// first entry beyond the window where everything from there on is to be squashed.
func (r *runahead) end() (first rob.Seq, squash bool) {
	b := r.buf
	if !r.active || b.Head == r.head && b.Head < b.Dispatch && b.At(b.Head).Flags&(rob.Issued|rob.Done) == rob.Issued {
		return 0, false
	}
	r.active = false
	if r.first >= b.Tail || r.first <= b.Head {
		return 0, false
	}
	r.stats.Prefetch.RunaheadUops += uint64(b.Dispatch - min(r.first, b.Dispatch))
	return r.first, true
}

// endRunahead squashes what lies beyond the window when runahead ends.
func (c *Core) endRunahead() (moved bool) {
	if first, squash := c.opt.runahead.end(); squash {
		c.squashInstruction(first, CauseRunahead)
	}
	return false
}
