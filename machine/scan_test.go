package machine

import (
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
)

// RunByScan is Run as it is defined: time goes from one cycle in which any core can go on to
// the next, no core runs ahead, and at the end of each cycle all of them are looked at and
// every idle one is offered a task, in the order of their numbers, until nothing changes.
// It keeps nothing of what Run keeps to spare itself that. A policy that says so has to have
// the same answer for idle cores.
func (m *Machine) RunByScan() error {
	s := scan{m, make([]Loss, len(m.units))}
	for i := range s.lacks {
		s.lacks[i] = LossImbalance
	}
	s.settle()
	for !m.policy.Done() && m.err == nil {
		if m.now = s.next(); m.now == never {
			return invariant.Broken("no core can ever go on")
		}
		for i := range m.units {
			if u := &m.units[i]; u.doing == executing {
				if at, ok := u.core.Next(); ok && at <= m.now {
					u.core.Step(m.now)
				}
			}
		}
		s.settle()
	}
	if m.err != nil {
		return m.err
	}
	return m.finish()
}

type scan struct {
	*Machine
	lacks []Loss // of every core, if it is idle
}

func (s scan) next() (first isa.Cycle) {
	first = never
	for i := range s.units {
		switch u := &s.units[i]; u.doing {
		case scheduling, validating:
			first = min(first, u.until)
		case executing:
			if at, ok := u.core.Next(); ok {
				first = min(first, at)
			}
		}
	}
	return first
}

func (s scan) settle() {
	for s.changed = true; s.changed && s.err == nil; {
		s.changed = false
		s.each(func(i int, u *unit) {
			if u.doing == executing {
				s.look(i, u)
			}
		})
		s.each(func(i int, u *unit) {
			if (u.doing == validating || u.doing == scheduling) && u.until == s.now && s.err == nil {
				s.endTask(i, u)
			}
		})
		if s.changed || s.now == 0 {
			s.offer()
		}
	}
}

func (s scan) offer() {
	s.chargeIdle()
	refused := none // the core that has been refused last, if nobody has been given a task since
	s.each(func(i int, u *unit) {
		if u.doing != idle || s.policy.Done() || s.err != nil {
			return
		}
		own := s.uniform == nil || s.uniform.Own(i) == i
		t, why, ok := s.policy.Next(i)
		if !own && refused != none && (ok || why != s.lacks[refused]) {
			s.err = invariant.Broken("idle cores %d and %d are not alike to the policy", refused, i)
		}
		if refused = i; ok {
			refused = none
		}
		if s.lacks[i] = why; ok {
			s.changed = true
			s.line.idle.remove(i)
			s.take(i, u, t)
		}
	})
	s.line.because = [NumLosses]int{}
	s.each(func(i int, u *unit) {
		if u.doing == idle {
			s.line.because[s.lacks[i]]++
		}
	})
}

// each visits all cores. Whoever is visited may wake all those that wait.
func (s scan) each(visit func(i int, u *unit)) {
	for i := range s.units {
		for j := range s.units {
			s.line.parked.put(j, s.units[j].live && s.units[j].core.Parked())
		}
		visit(i, &s.units[i])
	}
}
