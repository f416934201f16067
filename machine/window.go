package machine

import (
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
)

// scheduleWindow models one core whose window reaches across transactions: fetch goes on
// into the next envelope as soon as it has passed the end of the present transaction
// for good, commit stays in order. The transaction behind it
//   - keeps its own timeline, but a read of what the one before has not committed yet
//     waits for that commit (nothing is forwarded between transactions);
//   - is ahead of its turn by no more micro-ops than the reorder buffer holds;
//   - commits no more micro-ops a cycle than the core can.
//
// Two transactions never share the issue ports in the model. That only their envelope
// and what follows in one window overlap keeps the error small.
func scheduleWindow(m *Machine, _ string) Stats {
	var begin, end uint64
	ends := make([]uint64, len(m.latest))
	for tx, x := range m.latest {
		p := x.profile
		late := uint64(0)
		for _, r := range x.view.reads {
			for _, w := range r.writers() {
				if at := begin + r.offset; ends[w] > at {
					late = max(late, ends[w]-at)
				}
			}
		}
		done := begin + p.cycles + late
		if tx > 0 {
			done = max(done, end+p.commits, end+p.cycles-min(p.filled, p.cycles))
		}
		// Whatever moves its end moves its fetch.
		next := done - (p.cycles - min(p.fetched, p.cycles))
		begin, end = max(next, begin), done
		ends[tx] = done
	}
	s := m.inOrder
	s.Cores, s.Cycles = 1, end
	s.Losses = [NumLosses]uint64{LossBase: end}
	s.CommittedWork = end
	return s
}

// scheduleSpan gives the longest chain of transactions (oracle.Span): what no policy
// that runs whole transactions can beat on such cores.
func scheduleSpan(m *Machine, _ string) Stats {
	s := m.inOrder
	s.Cores, s.Cycles = 1, oracle.Span(m.Footprints())
	s.Losses = [NumLosses]uint64{LossBase: s.Cycles}
	s.CommittedWork = s.Cycles
	return s
}

// writers lists the transactions whose writes went into what was read.
func (s *sight) writers() []int {
	var list []int
	if s.reading.Version.Tx != state.BeforeBlock {
		list = append(list, int(s.reading.Version.Tx))
	}
	for _, d := range s.reading.Deltas {
		list = append(list, int(d.Tx))
	}
	return list
}
