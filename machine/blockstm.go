package machine

// status is where a transaction stands in Block-STM.
type status uint8

const (
	ready status = iota
	running
	done     // executed, to be validated
	awaiting // for another transaction's next incarnation
)

// blockSTM is the collaborative scheduler of Block-STM (Gelashvili et al., PPoPP 2023,
// algorithms 4 and 5; aptos-core's block-executor). Two counters run over the block,
// one for executions and one for validations; idle cores take the task with the lower
// transaction, validations first. An incarnation that fails its validation leaves its
// writes behind as estimates: who needs one of them waits for the next incarnation.
type blockSTM struct {
	m          *Machine
	status     []status
	dependents [][]int // that wait for the transaction
	execution  int     // next to execute
	validation int     // next to validate
	active     int     // tasks that run
	first      map[int]Task
}

func newBlockSTM(m *Machine, mapping string) Policy {
	m.foresee = newForesight(m, mapping)
	n := m.block.Transactions
	return &blockSTM{m: m, status: make([]status, n), dependents: make([][]int, n), first: make(map[int]Task)}
}

func (p *blockSTM) Next(core int) (Task, Loss, bool) {
	if t, ok := p.first[core]; ok {
		delete(p.first, core)
		if t.Kind == Validate || p.status[t.Tx] == ready {
			return p.start(t)
		}
	}
	n := len(p.status)
	for p.validation < n || p.execution < n {
		if p.validation < p.execution {
			tx := p.validation
			p.validation++
			if p.status[tx] == done {
				return p.start(Task{Kind: Validate, Tx: tx})
			}
			continue
		}
		tx := p.execution
		p.execution++
		if p.status[tx] == ready {
			return p.start(Task{Kind: Execute, Tx: tx})
		}
	}
	for _, s := range p.status {
		if s == awaiting {
			return Task{}, LossConflict, false
		}
	}
	return Task{}, LossImbalance, false
}

func (p *blockSTM) start(t Task) (Task, Loss, bool) {
	p.active++
	if t.Kind == Execute {
		p.status[t.Tx] = running
	}
	return t, LossImbalance, true
}

// Executed publishes what an incarnation wrote. Keys that its transaction had not
// written before concern everybody above it, so that all of them are validated; else
// only the incarnation itself is, by the same core at once.
func (p *blockSTM) Executed(core int, x *Incarnation) {
	p.active--
	if x.Err != nil && x.Tx > 0 && p.status[x.Tx-1] != done {
		// It lacks a nonce or funds that somebody below it must leave first. Nobody knows
		// who; RISE's engine waits for the transaction just before (crates/pevm/src/vm.rs).
		p.m.discard(x)
		p.wait(x.Tx, x.Tx-1)
		return
	}
	p.status[x.Tx] = done
	widened := p.m.publish(x)
	for _, tx := range p.dependents[x.Tx] {
		p.again(tx)
	}
	p.dependents[x.Tx] = p.dependents[x.Tx][:0]
	if p.validation <= x.Tx {
		return
	}
	if widened {
		p.validation = x.Tx
	} else {
		p.first[core] = Task{Kind: Validate, Tx: x.Tx}
	}
}

// wait puts a transaction off until another one has been executed again.
func (p *blockSTM) wait(tx, on int) {
	p.status[tx] = awaiting
	p.dependents[on] = append(p.dependents[on], tx)
}

// again lets a transaction be executed anew.
func (p *blockSTM) again(tx int) {
	p.status[tx] = ready
	p.execution = min(p.execution, tx)
}

// Validated throws an incarnation away that has read what is not there any more. Only
// the first failure of an incarnation counts.
func (p *blockSTM) Validated(core int, x *Incarnation) {
	p.active--
	if p.status[x.Tx] != done || p.m.latest[x.Tx] != x || x.Current() {
		return
	}
	if p.m.foresee != nil {
		p.m.foresee.learn(x)
	}
	p.m.discard(x)
	p.m.expect(x.Tx)
	p.status[x.Tx] = ready
	p.validation = min(p.validation, x.Tx+1)
	if p.execution > x.Tx {
		p.first[core] = Task{Kind: Execute, Tx: x.Tx}
	}
}

// Stopped lets a transaction wait for another one, which the core takes itself if
// nobody else has.
func (p *blockSTM) Stopped(core int, x *Incarnation, on int) {
	p.active--
	if p.status[on] == done {
		p.again(x.Tx)
		return
	}
	p.wait(x.Tx, on)
	if p.status[on] == ready {
		p.first[core] = Task{Kind: Execute, Tx: on}
	}
}

func (p *blockSTM) Done() bool {
	n := len(p.status)
	return p.active == 0 && len(p.first) == 0 && p.execution >= n && p.validation >= n
}
