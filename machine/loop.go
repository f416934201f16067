package machine

import "github.com/ooovm/ooovm/isa"

// stopCores ends the coroutines.
func (m *Machine) stopCores() {
	for i := range m.units {
		if stop := m.units[i].stop; stop != nil {
			stop()
		}
	}
}

// cycle simulates one cycle: first what cores do, then what the end of it brings.
func (m *Machine) cycle(now isa.Cycle) {
	m.now = now
	due := m.line.agenda.take(now)
	for i := due.next(0); i != none; i = due.next(i + 1) {
		due.remove(i)
		u := &m.units[i]
		if u.doing != executing {
			m.line.ending.add(i)
			continue
		}
		if !u.ended {
			at, _ := u.resume()
			if at != now {
				m.line.agenda.put(i, at)
				continue
			}
		}
		u.ended = false
		m.follow(i, u)
		m.line.look.add(i)
	}
	m.settle()
}

// settle does what the end of a cycle brings, until nothing changes any more: what
// has ended is taken over, and idle cores get tasks.
func (m *Machine) settle() {
	look := &m.line.look
	for m.changed = true; m.changed && m.err == nil; {
		m.changed = false
		for i := look.next(0); i != none; i = look.next(i + 1) {
			look.remove(i)
			if u := &m.units[i]; u.doing == executing {
				m.look(i, u)
			}
		}
		if m.end(); m.err == nil && (m.changed || m.now == 0) {
			m.offer()
		}
	}
}

// look acts on what an executing core has come to.
func (m *Machine) look(i int, u *unit) {
	x := u.x
	switch {
	case x.view.blocked != none:
		m.stop(i, u, x.view.blocked)
	case u.live && !u.core.Running():
		m.executed(i, u)
	case u.core.Waits():
		if !u.waiting {
			u.waiting, u.from = true, m.now
			m.line.waiting.add(i)
			m.tell(i, "wait", x)
		}
		// Nobody else need run what this core waits for: then it does so itself.
		if on := x.view.pending; m.cfg.Restart || m.runner[on] == none {
			m.stop(i, u, on)
		}
	default:
		m.stopWaiting(i, u)
		m.follow(i, u) // asked for what it waits for, it may have found it
	}
}

func (m *Machine) stopWaiting(i int, u *unit) {
	if u.waiting {
		u.waiting = false
		u.x.Waited += m.now - u.from
		m.line.waiting.remove(i)
	}
}

// end ends the tasks that end in this cycle.
func (m *Machine) end() {
	ending := &m.line.ending
	for i := ending.next(0); i != none && m.err == nil; i = ending.next(i + 1) {
		ending.remove(i)
		m.endTask(i, &m.units[i])
	}
}

func (m *Machine) endTask(i int, u *unit) {
	m.changed = true
	if u.doing == scheduling {
		m.Stats.Losses[LossSchedule] += u.become(executing, m.now)
		m.begin(i, u)
		return
	}
	loss := LossSchedule
	if u.task.Kind == Redo {
		loss = LossReexecution
	}
	m.Stats.Losses[loss] += m.rest(i, u)
	m.policy.Validated(i, u.x)
}

// offer gives idle cores tasks. As long as no task has ended, a policy has no other answer
// than before.
func (m *Machine) offer() {
	m.chargeIdle()
	idle := &m.line.idle
	var because [NumLosses]int
	for i := idle.next(0); i != none; {
		if m.policy.Done() {
			because[LossImbalance] += idle.within(i, len(m.units))
			break
		}
		t, why, ok := m.policy.Next(i)
		if ok {
			m.changed = true
			idle.remove(i)
			m.take(i, &m.units[i], t)
			i = idle.next(i + 1)
			continue
		}
		because[why]++
		next := i + 1
		if m.uniform != nil {
			own := m.ownTask(next)
			because[why] += idle.within(next, own)
			next = own
		}
		i = idle.next(next)
	}
	m.line.because = because
}

// ownTask is the first idle core, from a given one on, that a uniform policy has to be asked
// for by itself; the number of cores if there is none.
func (m *Machine) ownTask(from int) int {
	for from < len(m.units) {
		own := m.uniform.Own(from)
		if own == none {
			break
		}
		if m.line.idle.has(own) {
			return own
		}
		from = own + 1
	}
	return len(m.units)
}

// chargeIdle charges the time of idle cores up to now to what they lack.
func (m *Machine) chargeIdle() {
	if spent := uint64(m.now - m.line.since); spent > 0 {
		for why, n := range m.line.because {
			m.Stats.Losses[why] += uint64(n) * spent
		}
	}
	m.line.since = m.now
}

// rest makes a core idle and gives the time that it did the last thing.
func (m *Machine) rest(i int, u *unit) (spent uint64) {
	m.chargeIdle()
	m.line.idle.add(i)
	m.line.because[LossImbalance]++
	return u.become(idle, m.now)
}

// become changes what a unit does and gives the time that it did the last thing.
func (u *unit) become(a activity, now isa.Cycle) (spent uint64) {
	spent = uint64(now - u.since)
	u.doing, u.since = a, now
	return spent
}

// take starts a task.
func (m *Machine) take(i int, u *unit, t Task) {
	u.task = t
	cost := m.cfg.Schedule
	if t.Free {
		cost = 0
	}
	if t.Kind == Execute {
		m.runner[t.Tx] = i
		u.become(scheduling, m.now)
	} else {
		u.x = m.latest[t.Tx]
		cost += m.inspect(i, u)
		u.become(validating, m.now)
	}
	if u.until = m.now + cost; cost == 0 {
		m.line.ending.add(i)
		return
	}
	m.line.agenda.put(i, u.until)
}

// inspect validates or repairs an incarnation, and gives the cycles that it takes.
func (m *Machine) inspect(i int, u *unit) isa.Cycle {
	if u.task.Kind == Redo {
		m.tell(i, "redo", u.x)
		return m.redo(u.x, u.core.Config())
	}
	m.Stats.Validations++
	m.tell(i, "validate", u.x)
	return m.cfg.Check * isa.Cycle(u.x.Reads())
}

// begin opens an incarnation on a core.
func (m *Machine) begin(i int, u *unit) {
	if u.core == nil {
		if u.core, u.sys, u.observer, m.err = m.block.NewCore(i); m.err != nil {
			return
		}
		u.start(&m.now)
	}
	tx := u.task.Tx
	x := &Incarnation{Tx: tx, Number: m.begun[tx], view: newView(m.store, tx, &m.now, u)}
	x.view.announced, x.view.conflicts = m.announces, m.conflicts
	m.begun[tx]++
	if old := m.latest[tx]; old != nil {
		old.dropLog()
	}
	m.latest[tx], u.x = x, x
	u.sys.Open(&x.view)
	env, err := u.sys.Begin(tx)
	u.before = u.core.Stats.Instructions
	switch {
	case x.view.blocked != none:
		m.stop(i, u, x.view.blocked)
	case err != nil:
		x.Err = err
		m.Stats.Invalid++
		m.ended(i, u, x)
		m.tell(i, "invalid", x)
		m.policy.Executed(i, x)
	default:
		if u.observer != nil {
			u.observer.Begin(tx)
		}
		if m.logs {
			x.log = newLog()
			u.core.Record(x.log)
		}
		u.live = true
		m.Stats.Incarnations++
		m.tell(i, "begin", x)
		u.core.Begin(&env, m.block.First(tx), m.now)
		m.follow(i, u)
	}
}

// ended closes the books of an incarnation that leaves its core. Who waits for it decides
// anew.
func (m *Machine) ended(i int, u *unit, x *Incarnation) {
	m.stopWaiting(i, u)
	m.line.leave(i)
	x.Cycles = isa.Cycle(m.rest(i, u))
	x.Instructions = u.core.Stats.Instructions - u.before
	m.Stats.Instructions += x.Instructions
	m.runner[x.Tx] = none
	m.changed = true
	u.live = false
	waiting := &m.line.waiting
	for j := waiting.next(0); j != none; j = waiting.next(j + 1) {
		if m.units[j].x.view.pending == x.Tx {
			m.line.look.add(j)
		}
	}
}
