package machine

// monad runs every transaction optimistically on the state as merged so far, and
// merges the results in block order. The merge compares what was read with what is
// there by value (category-labs/monad, BlockState::can_merge); with lazy transfers
// balances only have to suffice, which is Monad's relaxed merge. A transaction that
// cannot be merged is run again at its turn, by the core that found out and with its
// buffers warm: then everything before it is merged, so that it cannot fail again.
type monad struct {
	m        *Machine
	next     int // to execute for the first time
	turn     int // to merge
	executed []bool
	merging  bool
	again    int // core that runs the transaction whose turn it is again, or none
}

func newMonad(m *Machine, _ string) Policy {
	return &monad{m: m, executed: make([]bool, m.block.Transactions), again: none}
}

func (p *monad) Next(core int) (Task, Loss, bool) {
	n := len(p.executed)
	switch {
	case p.again == core:
		p.again = none
		return Task{Kind: Execute, Tx: p.turn}, LossOrder, true
	case p.turn < n && p.executed[p.turn] && !p.merging && p.again == none:
		p.merging = true
		return Task{Kind: Validate, Tx: p.turn}, LossOrder, true
	case p.next < n:
		p.next++
		return Task{Kind: Execute, Tx: p.next - 1}, LossOrder, true
	}
	for tx := p.turn; tx < n; tx++ {
		if !p.executed[tx] && tx != p.turn {
			return Task{}, LossImbalance, false
		}
	}
	return Task{}, LossOrder, false
}

func (p *monad) Executed(_ int, x *Incarnation) { p.executed[x.Tx] = true }

func (p *monad) Validated(core int, x *Incarnation) {
	p.merging = false
	if x.Unchanged() {
		p.m.Publish(x)
		p.turn++
		return
	}
	p.m.Discard(x)
	p.executed[x.Tx] = false
	p.again = core
}

func (p *monad) Stopped(int, *Incarnation, int) {}
func (p *monad) Done() bool                     { return p.turn == len(p.executed) }
