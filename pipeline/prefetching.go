package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/pipeline/prefetch"
	"github.com/ooovm/ooovm/rob"
)

// prefetching is a core's end of its prefetcher: it puts what the core knows of a micro-op
// or a frame into the terms of package prefetch. It is called only in a core that has one.
type prefetching struct {
	*prefetch.Unit
	clock *clock
	sys   decoder.System
	ren   *renamer
	regs  *rob.Registers
	maps  *rob.Maps
	buf   *rob.Buffer
	mem   *memoryQueue
	state *stateQueue
	tx    *transactions
}

func newPrefetching(c *Core) *prefetching {
	p := &prefetching{
		clock: &c.clock, sys: c.sys, ren: &c.ren, regs: c.ren.regs, maps: c.ren.maps, buf: c.win.buf,
		mem: &c.mem, state: &c.state, tx: &c.tx,
	}
	predictor := &c.cfg.Predictor
	p.Unit = prefetch.New(prefetch.Config{
		Outstanding: predictor.Prefetches, Ahead: predictor.Ahead,
		Hash: c.exec.latency[isa.LatHash], Far: isa.Cycle(c.cfg.State.Far),
	}, p, c.sys, p.regs, &c.state.keys, &c.state.levels, c.pred.keys, &c.Stats.Prefetch)
	return p
}

// Now implements prefetch.Core.
func (p *prefetching) Now() isa.Cycle { return p.clock.now }

// Bounded implements prefetch.Core.
func (p *prefetching) Bounded(offset, length *isa.Word) (off, n uint64, ok bool) {
	return p.tx.bounded(offset, length)
}

// Operands implements prefetch.Core.
func (p *prefetching) Operands(seq rob.Seq, uid uint32) (call *prefetch.Operands, waits bool) {
	if !p.buf.Holds(seq) || p.buf.At(seq).UID != uid {
		return nil, false // it has committed, or was squashed
	}
	if seq >= p.buf.Dispatch { // stores before it are not in their queue yet
		return nil, true
	}
	e := p.buf.At(seq)
	callee := &p.ren.frames[e.Other]
	env := &p.maps.Map[e.Other].Env
	for _, r := range []rob.Reg{
		callee.account, env[rob.EnvSelf], env[rob.EnvCaller], env[rob.EnvValue], env[rob.EnvInputOffset], env[rob.EnvInputLength],
	} {
		if !p.regs.Ready(r) {
			return nil, true
		}
	}
	off, n, ok := p.tx.bounded(p.regs.Value(env[rob.EnvInputOffset]), p.regs.Value(env[rob.EnvInputLength]))
	if !ok {
		return nil, false
	}
	input := make([]byte, min(n, prefetch.InputAhead))
	if len(input) > 0 {
		from := p.ren.frames[e.Frame].lastStore
		for from >= p.mem.sHead && p.mem.store(from).seq > seq {
			from = p.mem.store(from).prev
		}
		r := gatherResult{supplied: ^uint64(0)}
		if p.mem.gather(e, e.Frame, off, input, from, false, &r); r.blocked {
			return nil, true
		}
	}
	callee.asked = true
	o := p.operands(e, input)
	return &o, false
}

// operands are those of a call all of whose registers are there.
func (p *prefetching) operands(e *rob.Entry, input []byte) prefetch.Operands {
	env := &p.maps.Map[e.Other].Env
	return prefetch.Operands{
		Account: *p.regs.Value(p.ren.frames[e.Other].account),
		Self:    *p.regs.Value(env[rob.EnvSelf]), Caller: *p.regs.Value(env[rob.EnvCaller]), Value: *p.regs.Value(env[rob.EnvValue]),
		Input: input, Site: siteOf(&p.ren.frames[e.Frame], e.Inst), Dynamic: e.Dynamic,
	}
}

// enter tells of a call that fetch enters.
func (p *prefetching) enter(e *rob.Entry, seq rob.Seq) {
	if p.ren.frames[e.Frame].parent >= 0 {
		p.Enter(seq, e.UID)
	}
}

// entered tells of a call that has committed and whose frame is ready.
func (p *prefetching) entered(e *rob.Entry) {
	f, callee := &p.ren.frames[e.Frame], &p.ren.frames[e.Other]
	env := &p.maps.Map[e.Other].Env
	off, n, _ := p.tx.bounded(p.regs.Value(env[rob.EnvInputOffset]), p.regs.Value(env[rob.EnvInputLength]))
	var input []byte
	if n > 0 && off+n <= uint64(len(f.ctx.Memory)) {
		input = f.ctx.Memory[off : off+n]
	}
	callee.seen = p.Entered(&prefetch.Call{
		Caller: e.Frame, Callee: e.Other, Outermost: f.parent < 0, Asked: callee.asked, Code: callee.site,
		Shape: f.prog.Rows[f.prog.Insts[e.Inst].Code].Call, Env: env, Account: callee.account, Off: off, N: n,
		Stack:    callee.machine.dataflow(),
		Operands: p.operands(e, input),
	})
}

// retire tells of a micro-op that commits: of the key that it has touched, and of what it
// has computed where the unit follows that.
func (p *prefetching) retire(e *rob.Entry) {
	f := &p.ren.frames[e.Frame]
	if key, ok := p.touched(e); ok {
		p.Touched(key, e.Op == isa.StateLoad, f.seen)
	}
	if !p.Follows() {
		return
	}
	r := prefetch.Retired{Entry: e, Prog: f.prog, Stack: f.machine.dataflow()}
	if facts[e.Op].class == isa.ClassStoreData {
		s := p.mem.store(e.Queue)
		r.Off, r.N, r.Data = s.off, s.n, s.data
	}
	p.Retire(&r)
}

// touched is the key that a micro-op has touched, if it is one that is prefetched.
func (p *prefetching) touched(e *rob.Entry) (key int32, ok bool) {
	switch e.Op {
	case isa.StateLoad, isa.StateKey:
		if isa.Space(e.Imm) != isa.Persistent {
			return 0, false
		}
		return p.state.at(e.Queue).key, true
	case isa.AccountLoad, isa.Touch:
		return p.state.at(e.Queue).key, true
	case isa.Target:
		k := hierarchy.Key{Owner: *p.regs.Value(e.Src[0]), Kind: hierarchy.Account}
		isa.Exec(isa.Account, &k.Owner, &k.Owner, nil, nil)
		return p.Key(&k), true
	}
	return 0, false
}

// left tells of the end of a frame; [out, out+room) is where its caller wants what it
// returns.
func (p *prefetching) left(e *rob.Entry, frame rob.FrameID, kind decoder.Kind, out, room uint64) {
	f := &p.ren.frames[frame]
	var off, n uint64
	switch {
	case kind == decoder.KindBuiltin:
		n = uint64(len(f.ctx.Memory))
	case (kind == decoder.KindLeave || kind == decoder.KindAbort) && !f.creation:
		off, n, _ = p.tx.bounded(p.regs.Value(e.Src[0]), p.regs.Value(e.Src[1]))
	}
	p.Left(frame, off, n, out, room, kind == decoder.KindBuiltin)
}
