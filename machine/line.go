package machine

import "github.com/ooovm/ooovm/isa"

// line is what a machine knows of its cores together, so that what happens in a cycle costs
// nothing for those that it does not concern.
type line struct {
	agenda  agenda
	ending  set // tasks other than transactions, and takings, that end in this cycle
	look    set // executing, and may have come to something
	parked  set // executing, with accesses that wait for other transactions
	waiting set // of these, those that get no further by themselves

	idle    set
	because [NumLosses]int // idle cores, by what they lack
	since   isa.Cycle      // their time before is charged
}

func newLine(cores int) line {
	l := line{
		agenda: newAgenda(cores), ending: newSet(cores), look: newSet(cores), parked: newSet(cores), waiting: newSet(cores),
		idle: fullSet(cores),
	}
	l.because[LossImbalance] = cores
	return l
}

// follow notes when an executing core goes on, and whether it waits for others, after
// anything has been done to it.
func (m *Machine) follow(i int, u *unit) {
	m.line.parked.put(i, u.core.Parked())
	if at, ok := u.core.Next(); ok {
		m.line.agenda.put(i, at)
	} else {
		m.line.agenda.put(i, never)
	}
}

// leave takes a core that executes nothing any more off the lists.
func (l *line) leave(i int) {
	l.parked.remove(i)
	l.look.remove(i)
	l.agenda.put(i, never)
}
