package machine

import "github.com/ooovm/ooovm/machine/oracle"

// scheduleSpan gives the longest chain of transactions (oracle.Span): no schedule in
// which loads wait for their writers is shorter, if transactions take their time in order.
func scheduleSpan(m *Machine, _ string) Stats {
	s := m.reference
	s.Cores, s.Cycles = 1, oracle.Span(m.Footprints())
	s.Losses = [NumLosses]uint64{LossBase: s.Cycles}
	s.CommittedWork = s.Cycles
	return s
}
