package machine

import (
	"slices"

	"github.com/ooovm/ooovm/machine/oracle"
)

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
	before  [][]int
	blocked []int   // of these, that have neither finished nor been given to a thread
	thread  []int   // whose queue a transaction is put into
	queue   [][]int // of every thread, in order
	queued  set     // threads whose queue is not empty
	load    load    // gas that the transactions in the queue of a thread and on it may use
	budget  uint64  // of a thread
	window  int     // how many transactions in block order can be seen ahead
	stale   bool    // something has happened since the scheduler last looked
	empty   bool    // it found nothing to look at
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
	g := newGraph(m, before)
	return &sealevel{
		graph: g, before: before, blocked: slices.Clone(g.missing), thread: make([]int, len(before)),
		queue: make([][]int, threads), queued: newSet(threads), load: newLoad(threads), budget: budget, window: m.cfg.Lookahead, stale: true,
	}
}

func (p *sealevel) Next(core int) (Task, Loss, bool) {
	if p.stale {
		p.stale = false
		p.schedule()
	}
	if q := p.queue[core]; len(q) > 0 {
		p.queue[core] = q[1:]
		p.queued.put(core, len(q) > 1)
		return Task{Kind: Execute, Tx: q[0]}, LossImbalance, true
	}
	if p.empty {
		return Task{}, LossImbalance, false
	}
	return Task{}, LossConflict, false
}

// Own is a thread with a queue.
func (p *sealevel) Own(from int) int { return p.queued.next(from) }

// schedule is one pass over what the scheduler sees.
func (p *sealevel) schedule() {
	p.empty = p.waiting.n == 0
	j := p.waiting.next(0)
	for seen := 0; j != none && seen < p.window; seen++ {
		if p.blocked[j] == 0 {
			if thread := p.threadFor(j); thread != none {
				p.give(j, thread)
			}
		}
		j = p.waiting.next(j + 1)
	}
}

// give puts a transaction into the queue of a thread.
func (p *sealevel) give(j, thread int) {
	p.start(j)
	for _, k := range p.after[j] {
		p.blocked[k]--
	}
	p.thread[j] = thread
	p.queue[thread] = append(p.queue[thread], j)
	p.queued.add(thread)
	p.load.put(thread, p.load.of[thread]+p.m.block.Gas(j))
}

// threadFor gives the thread that can have a transaction now that is not blocked, or none.
func (p *sealevel) threadFor(j int) int {
	held := none
	for _, i := range p.before[j] {
		switch {
		case p.finished[i]:
		case held != none && held != p.thread[i]:
			return none
		default:
			held = p.thread[i]
		}
	}
	if held == none {
		held = p.load.least()
	}
	if p.load.of[held] < p.budget {
		return held
	}
	return none
}

func (p *sealevel) Executed(core int, x *Incarnation) {
	p.load.put(core, p.load.of[core]-p.m.block.Gas(x.Tx))
	p.stale = true
	p.graph.Executed(core, x)
}

// load is what threads have to do. It finds the one with the least, the first of several.
type load struct {
	of   []uint64
	tree []int32 // the least of the two below; the leaves are the threads
}

func newLoad(threads int) load {
	l := load{of: make([]uint64, threads), tree: make([]int32, 2*threads)}
	for i := range threads {
		l.tree[threads+i] = int32(i)
	}
	for i := threads - 1; i > 0; i-- {
		l.tree[i] = l.less(2 * i)
	}
	return l
}

// less is the better one of two neighbors in the tree.
func (l *load) less(i int) int32 {
	a, b := l.tree[i], l.tree[i+1]
	if l.of[b] < l.of[a] || l.of[b] == l.of[a] && b < a {
		return b
	}
	return a
}

func (l *load) put(thread int, gas uint64) {
	l.of[thread] = gas
	for i := (len(l.of) + thread) / 2; i > 0; i /= 2 {
		l.tree[i] = l.less(2 * i)
	}
}

func (l *load) least() int { return int(l.tree[1]) }
