package machine

// inOrder runs one transaction after the other on the first core: the reference of
// all other policies.
type inOrder struct {
	m    *Machine
	next int
	busy bool
}

func newInOrder(m *Machine, _ string) Policy { return &inOrder{m: m} }

func (p *inOrder) Next(core int) (Task, Loss, bool) {
	if core != 0 || p.busy || p.next == p.m.block.Transactions {
		return Task{}, LossOrder, false
	}
	p.busy = true
	return Task{Kind: Execute, Tx: p.next, Free: true}, LossOrder, true
}

func (p *inOrder) Executed(_ int, x *Incarnation) {
	p.m.Publish(x)
	p.busy = false
	p.next++
}

func (p *inOrder) Validated(int, *Incarnation)    {}
func (p *inOrder) Stopped(int, *Incarnation, int) {}
func (p *inOrder) Done() bool                     { return p.next == p.m.block.Transactions }
