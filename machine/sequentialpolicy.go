package machine

// sequential runs one transaction after the other on the first core: the reference of
// all other policies.
type sequential struct {
	m    *Machine
	next int
	busy bool
}

func newSequential(m *Machine, _ string) Policy { return &sequential{m: m} }

func (p *sequential) Next(core int) (Task, Loss, bool) {
	if core != 0 || p.busy || p.next == p.m.block.Transactions {
		return Task{}, LossOrder, false
	}
	p.busy = true
	return Task{Kind: Execute, Tx: p.next, Free: true}, LossOrder, true
}

// Own is the first core: the others get nothing.
func (p *sequential) Own(from int) int { return firstCore(from) }

func (p *sequential) Executed(_ int, x *Incarnation) {
	p.m.Publish(x)
	p.busy = false
	p.next++
}

func (p *sequential) Validated(int, *Incarnation)    {}
func (p *sequential) Stopped(int, *Incarnation, int) {}
func (p *sequential) Done() bool                     { return p.next == p.m.block.Transactions }

// firstCore is Own of a policy that knows the first core from the others.
func firstCore(from int) int {
	if from == 0 {
		return 0
	}
	return none
}
