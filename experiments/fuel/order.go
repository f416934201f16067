package fuel

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Order is a probe that counts the committed micro-ops that took a unit, and of these
// those that began before an older one did: what the core has really reordered. It watches
// one run.
type Order struct {
	Executed, Early uint64

	issued map[uint32]isa.Cycle // cycle, by entry, of those that have begun
	latest isa.Cycle            // cycle in which the last of those committed so far began
}

// Fetch is of no interest.
func (o *Order) Fetch(isa.Cycle, rob.Seq, *decoder.Program, *rob.Entry) {}

// Dispatch is of no interest.
func (o *Order) Dispatch(isa.Cycle, *rob.Entry) {}

// Issue notes when an entry begins.
func (o *Order) Issue(cycle isa.Cycle, e *rob.Entry, _ isa.Cycle) {
	if o.issued == nil {
		o.issued = map[uint32]isa.Cycle{}
	}
	o.issued[e.UID] = cycle
}

// Commit compares the entry with those before it.
func (o *Order) Commit(_ isa.Cycle, e *rob.Entry) {
	at, took := o.issued[e.UID]
	delete(o.issued, e.UID)
	if !took || isa.Table[e.Op].Class == isa.ClassNone {
		return
	}
	o.Executed++
	if at < o.latest {
		o.Early++
	}
	o.latest = max(o.latest, at)
}

// Squash forgets an entry.
func (o *Order) Squash(_ isa.Cycle, e *rob.Entry) { delete(o.issued, e.UID) }
