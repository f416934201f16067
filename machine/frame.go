package machine

import "github.com/ooovm/ooovm/isa"

// frames models call-level thread speculation (after the idea attributed to MegaETH; no
// system is known to do it): at a call whose callee took longer than a task costs when
// the site was last executed, the rest of the caller moves to an idle core and goes on
// with the success and the data that the site returned last; its call data have been
// copied. Frames commit in program order. The rest of the caller is thrown away, and
// begins anew at the end of the callee, when the callee has returned something else, or
// writes a storage key after the rest has read it; a read after the write finds it in the
// common layer. A frame has ended when all that it has called has. Transactions follow
// each other.
type frames struct {
	m       *Machine
	perfect bool // predictions are right
	last    map[uint64]lastCall
	free    []isa.Cycle // cycle from which each core is idle
	stats   Stats
}

// lastCall is what a call site did when it was last executed.
type lastCall struct {
	outcome outcome
	cycles  isa.Cycle
}

// PerfectFrames is the mapping of frame with an oracle for predictor.
const PerfectFrames = "schedule-oracle"

func scheduleFrames(m *Machine, mapping string) Stats {
	f := &frames{
		m: m, perfect: mapping == PerfectFrames,
		last: map[uint64]lastCall{}, free: make([]isa.Cycle, m.cfg.Cores), stats: m.reference,
	}
	now, work, core := isa.Cycle(0), isa.Cycle(0), 0
	f.free[core] = never
	for _, x := range m.latest {
		now, core = f.rest(x.profile.root, 0, 0, now, core)
		work += x.profile.cycles
	}
	s := &f.stats
	s.Cores, s.Cycles, s.CommittedWork = len(f.free), uint64(now), uint64(work)
	s.Losses = [NumLosses]uint64{LossBase: uint64(work), LossReexecution: s.WastedCycles}
	s.Losses[LossImbalance] = uint64(s.Cores)*uint64(now) - uint64(work) - s.WastedCycles
	return *s
}

// rest runs a frame on a core from its k-th call on; from is the place in its own
// timeline where it stands in cycle now. It gives the cycle in which it ends, and the
// core that it has come to.
func (f *frames) rest(s *span, k int, from, now isa.Cycle, core int) (isa.Cycle, int) {
	for ; k < len(s.calls); k++ {
		c := &s.calls[k]
		now += c.callee.begin - from
		from = c.callee.end
		last, seen := f.last[c.site]
		f.last[c.site] = lastCall{c.callee.outcome, c.callee.end - c.callee.begin}
		other := -1
		if cost := f.m.cfg.Schedule; seen && last.cycles > cost && !s.envelope {
			other = f.idle(now + cost)
		}
		if other < 0 {
			now, core = f.rest(c.callee, 0, c.callee.begin, now, core)
			continue
		}
		start := now + f.m.cfg.Schedule
		f.free[other] = never
		now, core = f.rest(c.callee, 0, c.callee.begin, now, core)
		if (f.perfect || last.outcome == c.callee.outcome) && !f.stale(s, k) {
			f.free[core] = now
			end, at := f.rest(s, k+1, from, start, other)
			return max(now, end), at
		}
		f.stats.Incarnations++ // the rest of the caller, in vain
		f.stats.WastedCycles += uint64(max(now, start) - start)
		f.free[other] = max(now, start)
	}
	return now + s.end - from, core
}

// idle finds a core that is idle in a cycle, or -1.
func (f *frames) idle(at isa.Cycle) int {
	for i, free := range f.free {
		if free <= at {
			return i
		}
	}
	return -1
}

// stale reports whether the rest of a frame behind its k-th call would read a key before
// the callee, or what that calls, writes it.
func (f *frames) stale(s *span, k int) bool {
	callee := s.calls[k].callee
	wrote := map[cell]isa.Cycle{}
	callee.each(func(a *access) {
		if a.write {
			wrote[a.cell] = a.at - callee.begin
		}
	})
	if len(wrote) == 0 {
		return false
	}
	stale := false
	look := func(a *access) {
		if at, ok := wrote[a.cell]; ok && a.at >= callee.end && a.at-callee.end+f.m.cfg.Schedule < at {
			stale = true
		}
	}
	for i := range s.accesses {
		look(&s.accesses[i])
	}
	for _, c := range s.calls[k+1:] {
		c.callee.each(look)
	}
	return stale
}

// each visits the accesses of a frame and of all that it has called.
func (s *span) each(visit func(*access)) {
	for i := range s.accesses {
		visit(&s.accesses[i])
	}
	for _, c := range s.calls {
		c.callee.each(visit)
	}
}
