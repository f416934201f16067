package machine

import "github.com/ooovm/ooovm/machine/oracle"

// sealevel is Solana's runtime with agave's priority-graph scheduler (prio_graph_scheduler.rs,
// thread_aware_account_locks.rs): transactions declare the accounts that they read and write.
// The scheduler looks a limited number of transactions ahead, in block order, which is
// priority here so that the block's receipts come out, and puts each one into the queue
// of a thread as soon as
//   - everything that conflicts with it and comes before it has finished, or stands in
//     the queue of one thread, which is then the only one that can have it;
//   - that thread has less than its budget of gas (compute units) in flight.
//
// Of several threads that can have it the one with the least in flight gets it. Threads
// work their queues off in order. Nothing is executed twice.
//
// With the mapping address, an account is an Ethereum account with all its storage. On
// Solana a holder's token balance is an account of its own: the mapping holder takes
// each entry of a contract's mappings for one.
type sealevel struct {
	*graph
	before   [][]int
	thread   []int    // whose queue a transaction is put into
	queue    [][]int  // of every thread, in order
	inFlight []uint64 // gas that the transactions in its queue and on it may use
	budget   uint64   // of a thread
	stale    bool     // something has happened since the scheduler last looked
}

func newSealevel(m *Machine, mapping string) Policy {
	by := oracle.Mapping(oracle.ByAddress)
	if mapping == "holder" {
		by = oracle.ByHolder
	}
	before := oracle.Locks(m.cfg.Oracle, by)
	threads := m.cfg.Cores
	budget := m.cfg.Budget
	if budget == 0 {
		budget = max(1, m.block.GasLimit/uint64(threads))
	}
	return &sealevel{
		graph: newGraph(m, before, m.cfg.Lookahead), before: before, thread: make([]int, len(before)),
		queue: make([][]int, threads), inFlight: make([]uint64, threads), budget: budget, stale: true,
	}
}

func (p *sealevel) Next(core int) (Task, Loss, bool) {
	if p.stale {
		p.stale = false
		p.schedule()
	}
	if q := p.queue[core]; len(q) > 0 {
		p.queue[core] = q[1:]
		return Task{Kind: Execute, Tx: q[0]}, LossImbalance, true
	}
	if p.first == len(p.started) {
		return Task{}, LossImbalance, false
	}
	return Task{}, LossConflict, false
}

// schedule is one pass over what the scheduler sees.
func (p *sealevel) schedule() {
	n := len(p.started)
	for p.first < n && p.started[p.first] {
		p.first++
	}
	for j, seen := p.first, 0; j < n && seen < p.window; j++ {
		if p.started[j] {
			continue
		}
		seen++
		if thread := p.threadFor(j); thread != none {
			p.started[j], p.thread[j] = true, thread
			p.queue[thread] = append(p.queue[thread], j)
			p.inFlight[thread] += p.m.block.Gas(j)
		}
	}
}

// threadFor gives the thread that can have a transaction now, or none.
func (p *sealevel) threadFor(j int) int {
	held := none
	for _, i := range p.before[j] {
		switch {
		case p.finished[i]:
		case !p.started[i], held != none && held != p.thread[i]:
			return none
		default:
			held = p.thread[i]
		}
	}
	if held != none {
		if p.inFlight[held] < p.budget {
			return held
		}
		return none
	}
	for thread, gas := range p.inFlight {
		if gas < p.budget && (held == none || gas < p.inFlight[held]) {
			held = thread
		}
	}
	return held
}

func (p *sealevel) Executed(core int, x *Incarnation) {
	p.inFlight[core] -= p.m.block.Gas(x.Tx)
	p.stale = true
	p.graph.Executed(core, x)
}
