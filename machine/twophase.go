package machine

// twoPhase is the classic baseline of Saraph and Herlihy (2019): first all
// transactions run on the state before the block, then those that conflict with one
// before them run again, one after the other. The second phase goes in block order
// and belongs to the first core; what it finds without conflict it only looks at.
type twoPhase struct {
	m       *Machine
	next    int // to run in the first phase
	running int
	turn    int // in the second phase
	busy    bool
	again   bool
}

func newTwoPhase(m *Machine, _ string) Policy { return &twoPhase{m: m} }

func (p *twoPhase) Next(core int) (Task, Loss, bool) {
	n := p.m.block.Transactions
	if p.next < n {
		p.next++
		p.running++
		return Task{Kind: Execute, Tx: p.next - 1}, LossImbalance, true
	}
	switch {
	case p.running > 0:
		return Task{}, LossImbalance, false
	case core != 0 || p.busy || p.turn == n:
		return Task{}, LossOrder, false
	}
	p.busy = true
	if p.again {
		return Task{Kind: Execute, Tx: p.turn}, LossOrder, true
	}
	return Task{Kind: Validate, Tx: p.turn, Free: true}, LossOrder, true
}

// Own is the first core, whose the second phase is.
func (p *twoPhase) Own(from int) int { return firstCore(from) }

func (p *twoPhase) Executed(_ int, x *Incarnation) {
	if !p.again {
		p.running--
		return
	}
	p.again = false
	p.merge(x)
}

func (p *twoPhase) Validated(_ int, x *Incarnation) {
	if x.Current() {
		p.merge(x)
		return
	}
	p.m.Discard(x)
	p.busy, p.again = false, true
}

func (p *twoPhase) merge(x *Incarnation) {
	p.m.Publish(x)
	p.busy = false
	p.turn++
}

func (p *twoPhase) Stopped(int, *Incarnation, int) {}
func (p *twoPhase) Done() bool                     { return p.turn == p.m.block.Transactions }
