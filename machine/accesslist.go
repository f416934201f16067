package machine

import "github.com/ooovm/ooovm/machine/oracle"

// newAccessList is the scheduler of strict access lists (fuel-core's parallel
// executor): a transaction names every contract that it uses, and runs when none of
// them is in current_executing_contracts; whether it only reads does not matter. What
// a contract is here has code or storage; the coins of accounts without code depend on
// each other by key. With the mapping key, the access list names single keys, for
// reading or for writing.
func newAccessList(m *Machine, mapping string) Policy {
	block := m.cfg.Oracle
	if mapping == "key" {
		return newGraph(m, oracle.Locks(block, oracle.ByKey))
	}
	return newGraph(m, oracle.Contracts(block))
}

// newDAG runs the block's true dataflow, transaction by transaction: each one starts
// when those have finished whose writes it reads, the first in the block first. It bounds
// nothing: a policy that starts before a writer has finished and finds its reads
// unchanged passes it, and so does a better order.
func newDAG(m *Machine, _ string) Policy {
	return newGraph(m, oracle.Writers(m.cfg.Oracle))
}
