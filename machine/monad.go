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
	left     int // not executed, or to be executed again
	merging  bool
	again    int // core that runs the transaction whose turn it is again, or none
}

func newMonad(m *Machine, _ string) Policy {
	return &monad{m: m, executed: make([]bool, m.block.Transactions), left: m.block.Transactions, again: none}
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
	left := p.left
	if p.turn < n && !p.executed[p.turn] {
		left--
	}
	if left > 0 { // behind the one whose turn it is
		return Task{}, LossImbalance, false
	}
	return Task{}, LossOrder, false
}

// Own is the core that runs again what it could not merge.
func (p *monad) Own(from int) int { return notBelow(p.again, from) }

// notBelow gives a core, or none, if it is not below another one.
func notBelow(core, from int) int {
	if core < from {
		return none
	}
	return core
}

func (p *monad) Executed(_ int, x *Incarnation) {
	p.executed[x.Tx] = true
	p.left--
}

func (p *monad) Validated(core int, x *Incarnation) {
	p.merging = false
	if x.Unchanged() {
		p.m.Publish(x)
		p.turn++
		return
	}
	p.m.Discard(x)
	p.executed[x.Tx] = false
	p.left++
	p.again = core
}

func (p *monad) Stopped(int, *Incarnation, int) {}
func (p *monad) Done() bool                     { return p.turn == len(p.executed) }
