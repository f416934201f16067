package machine

import "github.com/ooovm/ooovm/machine/oracle"

// newSealevel is Solana's runtime with its priority-graph scheduler: transactions
// declare the accounts that they read and write, and run beside each other as long as
// nobody writes what another one locks. The scheduler looks a limited number of
// transactions ahead (256 in agave's prio_graph_scheduler.rs); priority is block
// order here, so that the block's receipts come out.
//
// With the mapping address, an account is an Ethereum account with all its storage. On
// Solana a holder's token balance is an account of its own: the mapping holder takes
// each entry of a contract's mappings for one.
func newSealevel(m *Machine, mapping string) Policy {
	by := oracle.Mapping(oracle.ByAddress)
	if mapping == "holder" {
		by = oracle.ByHolder
	}
	return newGraph(m, oracle.Locks(m.cfg.Oracle, by), m.cfg.Lookahead)
}
