package main

import "github.com/ooovm/ooovm/machine"

func init() {
	machine.Register(machine.PolicyInfo{
		Name: "batches", Level: "transaction", Mappings: []string{"key"},
		Source: "an example: batches of eight, run at once and committed in order",
		Make:   newBatches,
	})
}

// batchSize is how many transactions run before the first of them commits.
const batchSize = 8

// batches runs the transactions of a batch at once on the state before it. When all have run, the first core looks at
// them in block order: what has read nothing stale commits, the rest runs again first.
type batches struct {
	m       *machine.Machine
	next    int // to run for the first time
	end     int // of the batch
	turn    int // to commit
	running int
	busy    bool // the first core looks at turn, or runs it again
	again   bool // turn has read something stale
}

func newBatches(m *machine.Machine, _ string) machine.Policy {
	return &batches{m: m, end: min(batchSize, m.Transactions())}
}

func (p *batches) Next(core int) (machine.Task, machine.Loss, bool) {
	switch {
	case p.next < p.end:
		p.next++
		p.running++
		return machine.Task{Kind: machine.Execute, Tx: p.next - 1}, machine.LossOrder, true
	case core != 0 || p.busy || p.running > 0 || p.Done():
		return machine.Task{}, machine.LossOrder, false
	}
	p.busy = true
	if p.again {
		return machine.Task{Kind: machine.Execute, Tx: p.turn}, machine.LossOrder, true
	}
	return machine.Task{Kind: machine.Validate, Tx: p.turn, Free: true}, machine.LossOrder, true
}

// Own makes batches a machine.Uniform: all idle cores but the first get the same answer.
func (p *batches) Own(from int) int {
	if from == 0 {
		return 0
	}
	return -1
}

func (p *batches) Executed(_ int, x *machine.Incarnation) {
	if !p.again {
		p.running--
		return
	}
	p.again = false
	p.commit(x)
}

func (p *batches) Validated(_ int, x *machine.Incarnation) {
	if x.Current() {
		p.commit(x)
		return
	}
	p.m.Discard(x)
	p.busy, p.again = false, true
}

func (p *batches) commit(x *machine.Incarnation) {
	p.m.Publish(x)
	p.busy = false
	if p.turn++; p.turn == p.end {
		p.end = min(p.end+batchSize, p.m.Transactions())
	}
}

// Stopped has nothing to do: nobody announces writes here.
func (p *batches) Stopped(int, *machine.Incarnation, int) {}

func (p *batches) Done() bool { return p.turn == p.m.Transactions() }
