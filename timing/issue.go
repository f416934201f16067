package timing

import (
	"slices"

	"github.com/ooovm/ooovm/isa"
)

// issue finds the cycle in which micro-op i issues, takes its slot and gives its
// latency.
func (r *run) issue(i int, u *Uop, t *Times) (latency isa.Cycle) {
	at := t.Dispatch + 1
	for _, s := range u.sources {
		at = max(at, r.available(s))
	}
	if u.head {
		at = max(at, r.commitOf(i-1))
	}
	if u.after != none {
		at = max(at, r.times[u.after].Commit)
	}
	if u.loads && u.n > 0 {
		at = max(at, r.memoryKnown(u, u.store, u.frame, u.off, u.n, true, t.Dispatch+1))
	}
	var source *stateStore // that may forward
	if u.Op == isa.StateLoad {
		if source = r.youngest(u); source != nil {
			at = max(at, r.keyKnown(source), r.times[source.data].Complete)
		}
	}
	unit := isa.Table[u.Op].Unit
	for !r.free(i, unit, at) {
		at++
	}
	s := r.slot(at)
	s.all++
	s.unit[unit]++
	t.Issue = at
	forward := source != nil && r.times[source.data].Commit > at
	if forward != r.forward[i] {
		r.forward[i], r.moved = forward, true
	}
	latency = r.latencyOf(u)
	if u.touches && !forward {
		latency += r.miss(i, at)
	}
	return latency
}

// latencyOf is a micro-op's latency without what the hierarchy adds.
func (r *run) latencyOf(u *Uop) isa.Cycle {
	l := r.latency[isa.Table[u.Op].Latency]
	switch u.Op {
	case isa.Exp:
		return r.latency[isa.LatMul] + l*isa.Cycle(u.bytes)
	case isa.Hash: // Keccak-256 pads with at least one byte and absorbs 136 at a time
		return l * isa.Cycle(u.bytes/136+1)
	case isa.Builtin:
		return r.price(u)
	case isa.CopyData:
		return r.latency[isa.LatLoad] + l*isa.Cycle((u.bytes+31)/32)
	}
	return l
}

func (r *run) slot(cycle isa.Cycle) *slot {
	k := int(cycle - r.Scheduler.cycle)
	for k >= len(r.slots) {
		r.slots = append(r.slots, slot{})
	}
	return &r.slots[k]
}

// free reports whether micro-op i can issue to a unit in a cycle.
func (r *run) free(i int, unit isa.Unit, cycle isa.Cycle) bool {
	s := r.slot(cycle)
	if int(s.all) >= r.cfg.Core.Issue || int(s.unit[unit]) >= r.units[unit] {
		return false
	}
	users := r.users[unit]
	near, _ := slices.BinarySearch(users, int32(max(i-r.cfg.Core.ROB, 0)))
	busy := 0
	for _, j := range users[near:] {
		if int(j) >= i+r.cfg.Core.ROB {
			break // not dispatched before i commits
		}
		t := &r.times[j]
		// Among those that issue in the same cycle the older ones come first.
		begun := int(j) < i && t.Issue <= cycle || int(j) > i && t.Issue < cycle
		if t.Complete > t.Issue+1 && begun && cycle < t.Complete {
			busy++
		}
	}
	return busy < r.units[unit]
}

// memoryKnown is the first cycle from which a load is not kept waiting by the
// stores older than entry from for the bytes [off, off+n) of a frame. The load
// bets on every address that is not known yet and that it does not read; through
// an alias it does not bet. Nothing known by cycle enough matters.
func (r *run) memoryKnown(u *Uop, from, frame int32, off, n uint64, bets bool, enough isa.Cycle) (cycle isa.Cycle) {
	for p := from - 1; p >= 0; p-- {
		s := &r.stream.stores[p]
		if r.times[s.data].Commit <= enough {
			return cycle
		}
		if s.frame != frame {
			continue
		}
		if !bets || frame == u.frame && s.overlaps(u.off, u.n) {
			cycle = max(cycle, r.times[s.addr].Complete)
		}
		lo, hi := max(off, s.off), min(off+n, s.off+s.n)
		if lo >= hi {
			continue
		}
		cycle = max(cycle, r.times[s.addr].Complete, r.times[s.data].Complete)
		if s.alias {
			cycle = max(cycle, r.memoryKnown(u, p, s.source, s.sourceOff+lo-s.off, hi-lo, false, enough))
		}
		if lo > off {
			cycle = max(cycle, r.memoryKnown(u, p, frame, off, lo-off, bets, enough))
		}
		if hi < off+n {
			cycle = max(cycle, r.memoryKnown(u, p, frame, hi, off+n-hi, bets, enough))
		}
		return cycle
	}
	return cycle
}

// youngest is the youngest older store of a state load's key, or nil.
func (r *run) youngest(u *Uop) *stateStore {
	for p := u.state - 1; p >= 0; p-- {
		if s := &r.stream.states[p]; s.space == isa.Space(u.imm) && s.key == u.key {
			return s
		}
	}
	return nil
}

// keyKnown is when a state store's key is: before the old value that it reads is there.
func (r *run) keyKnown(s *stateStore) isa.Cycle {
	return r.times[s.addr].Issue + r.latency[isa.LatState]
}

// line is what the hierarchy knows of one key.
type line struct {
	users   []int32 // micro-ops of the running transaction that may access it
	touched bool
	arrives isa.Cycle // of the last miss
}

// access replays one access and gives the cycles that it adds.
func (l *line) access(r *run, now isa.Cycle) (extra isa.Cycle) {
	switch {
	case l.arrives > now: // shares the miss
		return l.arrives - now
	case !l.touched:
		extra = isa.Cycle(r.cfg.State.Far)
	case r.cfg.State.Buffer == 0:
		extra = isa.Cycle(r.cfg.State.Near)
	}
	l.touched, l.arrives = true, max(l.arrives, now+extra)
	return extra
}

// miss is what the hierarchy adds to the access of micro-op i in a cycle: it
// replays the accesses to the same key that come before it.
func (r *run) miss(i int, cycle isa.Cycle) isa.Cycle {
	l := *r.lines[i]
	for _, j := range r.inOrder(&l, i, cycle) {
		l.access(r, r.times[j].Issue+r.latency[isa.LatState])
	}
	return l.access(r, cycle+r.latency[isa.LatState])
}

// inOrder lists a line's accesses before micro-op i's in a cycle, in their order
// in time.
func (r *run) inOrder(l *line, i int, cycle isa.Cycle) (list []int32) {
	for _, j := range l.users {
		t := r.times[j].Issue
		if r.forward[j] || t == 0 || int(j) == i || t > cycle || t == cycle && int(j) > i {
			continue
		}
		k := len(list)
		list = append(list, j)
		for ; k > 0 && r.times[list[k-1]].Issue > t; k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
	return list
}

// leaveHierarchy makes the transaction's accesses part of the hierarchy's past.
func (r *run) leaveHierarchy() {
	for _, l := range r.lines {
		if l == nil || l.users == nil {
			continue
		}
		for _, j := range r.inOrder(l, -1, r.times[len(r.times)-1].Commit) {
			l.access(r, r.times[j].Issue+r.latency[isa.LatState])
		}
		l.users = nil
	}
}
