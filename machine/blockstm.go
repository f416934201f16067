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
	waiting    int     // transactions that are awaiting
	dependents [][]int // that wait for the transaction
	execution  int     // next to execute
	validation int     // next to validate
	active     int     // tasks that run
	first      []Task  // of every core in called, what it does first
	called     set
	limit      int // incarnations of one transaction
	fallback   int // next to execute once the limit is passed; or draining, or none
	alone      int // core that does so
}

func newBlockSTM(m *Machine, mapping string) Policy {
	m.announces = true
	m.conflicts = newConflictPredictor(m, mapping)
	n := m.block.Transactions
	limit := m.cfg.Retries
	if limit == 0 {
		limit = m.cfg.Cores*m.cfg.Cores + n + 30
	}
	return &blockSTM{m: m, status: make([]status, n), dependents: make([][]int, n), first: make([]Task, m.cfg.Cores), called: newSet(m.cfg.Cores), limit: limit, fallback: none}
}

// draining is blockSTM.fallback while what still runs ends.
const draining = -2

// giveUp follows a transaction that has been executed too often: as aptos-core does
// (executor.rs, IncarnationTooHigh), everything is thrown away when what still runs has
// ended, and this core executes the block again in order. Nobody waits any more meanwhile.
func (p *blockSTM) giveUp(core int) {
	p.fallback, p.alone = draining, core
	for tx, x := range p.m.latest {
		if x != nil && p.status[tx] != running && x.Writes != nil {
			p.m.Publish(x) // what it left behind may be expected to change
		}
		p.m.hidden.remove(tx)
	}
	p.m.wake()
}

// fallBack gives the tasks that follow.
func (p *blockSTM) fallBack(core int) (Task, Loss, bool) {
	if core != p.alone || p.active > 0 || p.fallback == len(p.status) {
		return Task{}, LossOrder, false
	}
	if p.fallback == draining {
		p.fallback = 0
		for tx, s := range p.status {
			if s == done {
				p.m.Discard(p.m.latest[tx])
			}
		}
	}
	p.active++
	return Task{Kind: Execute, Tx: p.fallback, Free: true}, LossOrder, true
}

func (p *blockSTM) Next(core int) (Task, Loss, bool) {
	if p.fallback != none {
		return p.fallBack(core)
	}
	if p.called.has(core) {
		p.called.remove(core)
		if t := p.first[core]; t.Kind == Validate || p.status[t.Tx] == ready {
			return p.start(core, t)
		}
	}
	n := len(p.status)
	for p.validation < n || p.execution < n {
		if p.validation < p.execution {
			tx := p.validation
			p.validation++
			if p.status[tx] == done {
				return p.start(core, Task{Kind: Validate, Tx: tx})
			}
			continue
		}
		tx := p.execution
		p.execution++
		if p.status[tx] == ready {
			return p.start(core, Task{Kind: Execute, Tx: tx})
		}
	}
	if p.waiting > 0 {
		return Task{}, LossConflict, false
	}
	return Task{}, LossImbalance, false
}

// Own is a core that has something to do first, or the one that executes the block in order.
func (p *blockSTM) Own(from int) int {
	if p.fallback != none {
		return notBelow(p.alone, from)
	}
	return p.called.next(from)
}

// call gives a core something to do first.
func (p *blockSTM) call(core int, t Task) {
	p.first[core] = t
	p.called.add(core)
}

func (p *blockSTM) start(core int, t Task) (Task, Loss, bool) {
	if t.Kind == Execute {
		if p.m.begun[t.Tx] >= p.limit {
			p.giveUp(core)
			return p.fallBack(core)
		}
		p.status[t.Tx] = running
	}
	p.active++
	return t, LossImbalance, true
}

// Executed publishes what an incarnation wrote. Keys that its transaction had not
// written before concern everybody above it, so that all of them are validated; else
// only the incarnation itself is, by the same core at once.
func (p *blockSTM) Executed(core int, x *Incarnation) {
	p.active--
	if p.fallback != none {
		p.executedInFallback(x)
		return
	}
	if x.Err != nil && x.Tx > 0 && p.status[x.Tx-1] != done {
		// It lacks a nonce or funds that somebody below it must leave first. Nobody knows
		// who; RISE's engine waits for the transaction just before (crates/pevm/src/vm.rs).
		p.m.Discard(x)
		p.wait(x.Tx, x.Tx-1)
		return
	}
	p.status[x.Tx] = done
	widened := p.m.Publish(x)
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
		p.call(core, Task{Kind: Validate, Tx: x.Tx})
	}
}

// executedInFallback follows the end of an incarnation once the limit is passed. What ends
// while the machine drains has been executed in vain.
func (p *blockSTM) executedInFallback(x *Incarnation) {
	if p.fallback == draining {
		p.m.Discard(x)
		return
	}
	p.m.Publish(x)
	p.fallback++
}

// wait puts a transaction off until another one has been executed again.
func (p *blockSTM) wait(tx, on int) {
	p.status[tx] = awaiting
	p.waiting++
	p.dependents[on] = append(p.dependents[on], tx)
}

// again lets a transaction be executed anew.
func (p *blockSTM) again(tx int) {
	if p.status[tx] == awaiting {
		p.waiting--
	}
	p.status[tx] = ready
	p.execution = min(p.execution, tx)
}

// Validated throws an incarnation away that has read what is not there any more. Only
// the first failure of an incarnation counts.
func (p *blockSTM) Validated(core int, x *Incarnation) {
	p.active--
	if p.fallback != none || p.status[x.Tx] != done || p.m.latest[x.Tx] != x || x.Current() {
		return
	}
	if p.m.conflicts != nil {
		p.m.conflicts.learn(x)
	}
	p.m.Discard(x)
	p.m.expect(x.Tx)
	p.status[x.Tx] = ready
	p.validation = min(p.validation, x.Tx+1)
	if p.execution > x.Tx {
		p.call(core, Task{Kind: Execute, Tx: x.Tx})
	}
}

// Stopped lets a transaction wait for another one, which the core takes itself if
// nobody else has.
func (p *blockSTM) Stopped(core int, x *Incarnation, on int) {
	p.active--
	if p.fallback != none {
		return
	}
	if p.status[on] == done {
		p.again(x.Tx)
		return
	}
	p.wait(x.Tx, on)
	if p.status[on] == ready {
		p.call(core, Task{Kind: Execute, Tx: on})
	}
}

func (p *blockSTM) Done() bool {
	n := len(p.status)
	if p.fallback != none {
		return p.active == 0 && p.fallback == n
	}
	return p.active == 0 && p.called.n == 0 && p.execution >= n && p.validation >= n
}
