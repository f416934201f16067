package timing

import "github.com/ooovm/ooovm/isa"

// front is where fetch stands: a cycle, and what it can still fetch in it.
type front struct {
	cycle              isa.Cycle
	uops, insts, taken int
	foldable           bool // the instruction in hand is folded
	low                int  // dispatched by the start of the cycle: all micro-ops before this one
	fetched            int  // micro-ops fetched so far
}

// seek moves to the first cycle in which another instruction or micro-op can be
// fetched.
func (r *run) seek() {
	for r.front.uops == 0 || r.front.insts == 0 || r.front.taken == 0 {
		r.fetchIn(r.front.cycle + 1)
	}
}

// fetchIn starts fetch in a cycle, with the room that dispatch has made in the
// front end by then.
func (r *run) fetchIn(cycle isa.Cycle) {
	f, c := &r.front, &r.cfg.Core
	f.cycle = cycle
	for f.low < f.fetched && r.times[f.low].Dispatch <= cycle {
		f.low++
	}
	f.uops = min(c.Width, c.Width*c.FrontEnd-(f.fetched-f.low))
	f.insts, f.taken = c.Decode, c.Taken
}

// begin is fetch's arrival at an instruction: spilled operands come back first,
// and fetch waits for them.
func (r *run) begin(in *inst) {
	r.seek()
	c := &r.cfg.Core
	if low := in.top - in.needs; low < r.stackLow && low >= in.base {
		wait := isa.Cycle(r.stackLow-low) * isa.Cycle(c.Fill)
		r.stackLow = low
		if wait > 0 {
			r.fetchIn(r.front.cycle + wait)
			r.seek()
		}
	}
	r.stackLow = max(r.stackLow, in.top+1-c.StackRegs)
	r.front.foldable = in.fold
	if in.fold {
		r.front.insts--
	}
}

// fetchUop is the cycle in which the next micro-op is fetched. The one that
// carries a full run is made together with the last instruction of the run.
func (r *run) fetchUop() isa.Cycle {
	if !r.front.foldable {
		r.seek()
	}
	r.front.uops--
	r.front.fetched++
	return r.front.cycle
}

// endInst moves on behind an instruction whose last micro-op is number last.
func (r *run) endInst(in *inst, last int) {
	if in.fold {
		return
	}
	r.front.insts--
	r.stackLow = min(r.stackLow, in.keeps)
	if in.taken {
		r.front.taken--
	}
	if in.serial {
		r.fetchIn(r.times[last].Commit + 1)
	}
}

// dispatch is the first cycle from the earliest on in which micro-op i finds a
// slot and room everywhere.
func (r *run) dispatch(i int, u *Uop, earliest isa.Cycle) isa.Cycle {
	c := &r.cfg.Core
	d := earliest
	if i > 0 {
		d = max(d, r.times[i-1].Dispatch)
	}
	if j := i - c.Width; j >= 0 {
		d = max(d, r.times[j].Dispatch+1)
	}
	d = max(d, r.commitOf(i-c.ROB))
	return max(d, r.queues.room(u, isa.Table[u.Op].Class))
}
