package machine

import "github.com/ooovm/ooovm/machine/oracle"

// scheduleSpan gives the longest chain of transactions (oracle.Span): what no policy
// that runs whole transactions can beat on such cores.
func scheduleSpan(m *Machine, _ string) Stats {
	s := m.inOrder
	s.Cores, s.Cycles = 1, oracle.Span(m.Footprints())
	s.Losses = [NumLosses]uint64{LossBase: s.Cycles}
	s.CommittedWork = s.Cycles
	return s
}
