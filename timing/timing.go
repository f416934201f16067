// Package timing computes when each micro-op of a committed stream passes each
// stage of the core, without simulating the core: it shares no code with the
// packages pipeline and rob, and it is what their timing is proved with. The rules
// are those of docs/timing.md.
//
// The core walks cycles and asks what happens in each; this package walks
// micro-ops in program order and asks when each can happen. In a machine that
// selects the oldest first nothing older waits for anything younger, so one pass
// in program order fixes every time, with tables of the issue slots that older
// micro-ops have taken. Two resources break the order: a unit that is not
// pipelined can be busy with a younger micro-op, and a younger access can have
// begun the miss that an older one then shares. Passes are therefore repeated,
// each seeing the younger micro-ops where the last one put them, until nothing
// moves. What happens in a cycle depends only on what happened before it and, in
// the same cycle, on older micro-ops: so a schedule that does not move is the only
// one, and each pass makes at least one more cycle right.
package timing

import (
	"fmt"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// Times are the cycles in which a micro-op passes the stages. One that does not
// execute has no Issue (0) and completes as it is dispatched.
type Times struct {
	Fetch, Dispatch, Issue, Complete, Commit isa.Cycle
}

// Scheduler computes the times of a block's transactions one after the other, as
// one core would run them: the state hierarchy keeps what they leave in it.
type Scheduler struct {
	cfg       pipeline.Config
	latency   [isa.NumLatencies]isa.Cycle
	units     [isa.NumUnits]int
	cycle     isa.Cycle
	hierarchy map[Key]*line
	slots     []slot // issue slots taken in this pass, by cycle from s.cycle on
}

// New makes a scheduler for a configuration, which has to be one that it covers.
func New(cfg *pipeline.Config) (*Scheduler, error) {
	if err := covers(cfg); err != nil {
		return nil, err
	}
	l, u := &cfg.Latency, &cfg.Units
	s := &Scheduler{cfg: *cfg, hierarchy: map[Key]*line{}}
	for class, cycles := range map[isa.Latency]int{
		isa.LatALU: l.ALU, isa.LatShift: l.Shift, isa.LatMul: l.Mul, isa.LatDiv: l.Div, isa.LatMulMod: l.MulMod,
		isa.LatExp: l.Exp, isa.LatHash: l.Hash, isa.LatLoad: l.Load, isa.LatStore: l.Store, isa.LatCopy: l.Copy,
		isa.LatBranch: l.Branch, isa.LatState: l.State, isa.LatSystem: l.System,
	} {
		s.latency[class] = isa.Cycle(cycles)
	}
	for unit, n := range map[isa.Unit]int{
		isa.UnitALU: u.ALU, isa.UnitMul: u.Mul, isa.UnitDiv: u.Div, isa.UnitHash: u.Hash,
		isa.UnitLoad: u.Load, isa.UnitStore: u.Store, isa.UnitState: u.State, isa.UnitBranch: u.Branch, isa.UnitCrypto: u.Crypto,
	} {
		s.units[unit] = n
	}
	if l.Builtins == "flat" {
		s.units[isa.UnitCrypto] = Unlimited
	}
	return s, nil
}

// Unlimited is a size that nothing reaches: the scheduler covers a state buffer
// and miss registers only where there is none, or no end, of them.
const Unlimited = 1 << 20

// covers reports what in a configuration the scheduler does not model.
func covers(cfg *pipeline.Config) error {
	p := &cfg.Predictor
	switch {
	case cfg.Core.InOrder:
		return fmt.Errorf("core.inorder is not covered")
	case p.Branch != "oracle" || p.Target != "oracle" || p.Call != "oracle" || p.Memory != "oracle" || p.State != "oracle":
		return fmt.Errorf("predictors other than oracle are not covered")
	case p.Value != "none":
		return fmt.Errorf("prediction of values is not covered")
	case cfg.Prefetches():
		return fmt.Errorf("prefetching of state is not covered")
	case cfg.State.Misses < Unlimited:
		return fmt.Errorf("state.misses below %d is not covered", Unlimited)
	case cfg.Fusion != (pipeline.FusionConfig{}):
		return fmt.Errorf("fusion is not covered")
	case cfg.Core.Gas == "prefix":
		return fmt.Errorf("core.gas prefix is not covered")
	case cfg.State.Interval != 0:
		return fmt.Errorf("state.interval is not covered")
	case cfg.State.Buffer != 0 && cfg.State.Buffer < Unlimited:
		return fmt.Errorf("state.buffer between 0 and %d is not covered", Unlimited)
	case cfg.Chaos.Squash != 0:
		return fmt.Errorf("chaos is not covered")
	}
	return nil
}

// Cycle is the last cycle of the last transaction.
func (s *Scheduler) Cycle() isa.Cycle { return s.cycle }

// maxPasses bounds the search for the fixed point; a stream of n micro-ops needs
// at most n passes and hardly ever more than five.
const maxPasses = 10_000

// Run computes the times of one transaction, which begins after the last one has
// committed.
func (s *Scheduler) Run(stream *Stream) ([]Times, error) {
	r := newRun(s, stream)
	for pass := 0; r.pass(); pass++ {
		if pass == maxPasses {
			return nil, fmt.Errorf("no fixed point after %d passes", maxPasses)
		}
	}
	r.leaveHierarchy()
	s.cycle = r.times[len(r.times)-1].Commit
	return r.times, nil
}

// run is the computation of one transaction.
type run struct {
	*Scheduler
	stream  *Stream
	times   []Times // before the micro-op in hand: this pass; behind it: the last pass
	moved   bool    // a time that others look at has changed in this pass
	users   [isa.NumUnits][]int32
	lines   []*line // by micro-op, nil where it does not go to the hierarchy
	forward []bool  // a store forwards to the micro-op: it does not go to the hierarchy after all

	queues   queues
	front    front
	stackLow int // lowest stack position held in registers
}

// slot counts the micro-ops issued in one cycle.
type slot struct {
	all  int32
	unit [isa.NumUnits]int32
}

func newRun(s *Scheduler, stream *Stream) *run {
	n := len(stream.Uops)
	r := &run{Scheduler: s, stream: stream, times: make([]Times, n), lines: make([]*line, n), forward: make([]bool, n)}
	for i := range stream.Uops {
		u := &stream.Uops[i]
		if info := &isa.Table[u.Op]; exclusive[info.Unit] {
			r.users[info.Unit] = append(r.users[info.Unit], int32(i))
		}
		if u.touches {
			l := s.hierarchy[u.key]
			if l == nil {
				l = new(line)
				s.hierarchy[u.key] = l
			}
			l.users = append(l.users, int32(i))
			r.lines[i] = l
		}
	}
	return r
}

// exclusive units are not pipelined.
var exclusive = [isa.NumUnits]bool{isa.UnitDiv: true, isa.UnitHash: true, isa.UnitCrypto: true}

// pass computes every time once, in program order, and reports whether one of
// those that older micro-ops look at has changed.
func (r *run) pass() bool {
	r.moved = false
	r.slots = r.slots[:0]
	r.queues.reset(&r.cfg)
	r.front = front{cycle: r.Scheduler.cycle}
	r.stackLow = 0
	i := 0
	for k := range r.stream.insts {
		in := &r.stream.insts[k]
		r.begin(in)
		for ; i < in.end; i++ {
			r.place(i)
		}
		r.endInst(in, i-1)
	}
	return r.moved
}

// place computes the times of micro-op i, all older ones having theirs.
func (r *run) place(i int) {
	u := &r.stream.Uops[i]
	info := &isa.Table[u.Op]
	t := Times{Fetch: r.fetchUop()}
	t.Dispatch = r.dispatch(i, u, t.Fetch+isa.Cycle(r.cfg.Core.FrontEnd))
	if info.Class == isa.ClassNone {
		t.Complete = t.Dispatch
	} else {
		latency := r.issue(i, u, &t)
		t.Complete = t.Issue + latency
	}
	t.Commit = max(t.Complete+1, r.commitOf(i-1), r.commitOf(i-r.cfg.Core.Commit)+1)
	if old := &r.times[i]; old.Issue != t.Issue || old.Complete != t.Complete {
		r.moved = r.moved || r.lines[i] != nil || exclusive[info.Unit]
	}
	r.times[i] = t
	r.queues.take(u, info.Class, &t)
}

// commitOf is when a micro-op commits; those before the first have long done so.
func (r *run) commitOf(i int) isa.Cycle {
	if i < 0 {
		return r.Scheduler.cycle
	}
	return r.times[i].Commit
}

// available is the first cycle in which a dependant of micro-op i can issue. (The
// address that a creation yields is made by commit, but nobody sees the
// difference: fetch has waited for that commit.)
func (r *run) available(i int32) isa.Cycle {
	if i == none {
		return 0
	}
	if r.late(&r.stream.Uops[i]) {
		return r.times[i].Commit
	}
	return r.times[i].Complete
}

// late reports whether a micro-op's result is made by its commit: what reads the
// gas or the memory size then, unless the golden run answers.
func (s *Scheduler) late(u *Uop) bool {
	return u.Op == isa.Counter && (isa.CounterKind(u.imm) != isa.CounterGas || s.cfg.Core.Gas != "free")
}
