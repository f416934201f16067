package machine

import "github.com/ooovm/ooovm/machine/oracle"

// newSui is Sui's object model: transactions declare their objects. An object is
// owned when everybody who touches it in the block has the same sender, else shared.
// Transactions on one shared object run in order; those that only have owned objects
// need no sequencing, so that they cost no scheduling, and are in order only among
// those of their sender, whose account they all write.
func newSui(m *Machine, _ string) Policy {
	block := m.cfg.Oracle
	g := newGraph(m, oracle.Locks(block, oracle.ByHolder))
	g.free = oracle.Owned(block, oracle.ByHolder)
	return g
}
