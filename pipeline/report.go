package pipeline

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Probe watches entries pass the stages. A sequence number is used again after a
// squash; an entry's UID is not.
type Probe interface {
	Fetch(cycle isa.Cycle, seq rob.Seq, prog *decoder.Program, e *rob.Entry)
	Dispatch(cycle isa.Cycle, e *rob.Entry)
	// Issue tells when the micro-op will complete.
	Issue(cycle isa.Cycle, e *rob.Entry, completes isa.Cycle)
	Commit(cycle isa.Cycle, e *rob.Entry)
	Squash(cycle isa.Cycle, e *rob.Entry)
}

// observers are those that watch a core, and what is kept for them alone. They change
// nothing.
type observers struct {
	clock *clock
	ren   *renamer
	regs  *rob.Registers
	mem   *memoryQueue
	tx    *transactions
	ret   *retirement

	checker decoder.Checker // nil: nothing is compared
	ledger  Ledger          // nil: slots are only counted
	probe   Probe           // nil: nobody watches
	probed  int             // the transaction that it watches
	oplog   *OpLog          // of what commits; nil: not wanted
	retired decoder.Retirement
	stream  streamHash
}

// watches reports whether the probe sees an entry. Fetch may be transactions ahead of
// commit.
func (ob *observers) watches(e *rob.Entry) bool {
	return ob.probe != nil && (ob.probed == AllTransactions || int(ob.ren.frames[e.Frame].tx) == ob.probed+1)
}

// fetched tells the probe of an entry, if it watches it.
func (ob *observers) fetched(e *rob.Entry, seq rob.Seq) {
	if ob.watches(e) {
		ob.probe.Fetch(ob.clock.now, seq, ob.ren.frames[e.Frame].prog, e)
	}
}

// report tells the checker of a committed instruction.
func (ob *observers) report(f *frame, in *decoder.Inst, row *decoder.Row, result *isa.Word, cost uint64, fault bool) {
	if ob.checker == nil {
		return
	}
	r := &ob.retired
	r.Context, r.Inst, r.Row, r.Args = &f.ctx, in, row, &ob.ret.args
	r.Result, r.Cost, r.Fault = result, cost, fault
	r.Constant = nil
	if in.Kind == decoder.KindPush {
		r.Constant = &f.prog.Consts[in.Aux]
	}
	if in.Kind.Foldable() || fault {
		r.Wrote = false
	}
	ob.checker.Retire(r)
}

// streamHash sums up the committed stream. It is not cryptographic: the digest of
// a run hashes it together with everything else.
type streamHash uint64

func (h *streamHash) commit(pc uint32, code uint8, gas uint64, result *isa.Word) {
	x := uint64(*h) ^ (uint64(pc)<<8 | uint64(code))
	x = mix(x, gas)
	if result != nil {
		x = mix(x, result[0]^bits.RotateLeft64(result[1], 17))
		x = mix(x, result[2]^bits.RotateLeft64(result[3], 29))
	}
	*h = streamHash(x)
}

// mix is the 64x64 to 128 bit multiply-and-fold of wyhash.
func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x^0xa0761d6478bd642f, y^0xe7037ed1a0b428db)
	return hi ^ lo
}

// dumpEntries bounds how many entries of the reorder buffer a dump shows.
const dumpEntries = 128

// deadlock describes a machine in which nothing can ever happen again.
func (c *Core) deadlock() error {
	var s strings.Builder
	c.dump(&s)
	return invariant.Broken("no progress possible\n%s", s.String())
}

// stuck describes a machine in which nothing has committed for too long.
func (c *Core) stuck() error {
	var s strings.Builder
	c.dump(&s)
	return fmt.Errorf("nothing has committed for core.watchdog = %d cycles\n%s", c.run.watchdog, s.String())
}

// dump writes the queues for a person.
func (c *Core) dump(s *strings.Builder) {
	b := c.win.buf
	fmt.Fprintf(s, "cycle %d, reorder buffer %d..%d, front end to %d, fetch state %d at frame %d instruction %d from cycle %d, waiting for %d\n",
		c.clock.now, b.Head, b.Dispatch, b.Tail, c.front.state, c.front.frame, c.front.inst, c.front.resume, c.front.waitFor)
	fmt.Fprintf(s, "issue queue %d, registers in flight %d, stores %d, loads %d, state queue %d, transfers %v, events %d\n",
		c.win.iq, c.win.inflight, c.mem.sTail-c.mem.sHead, c.mem.lTail-c.mem.lHead, c.state.tail-c.state.head, c.state.transfers, c.win.events.Len())
	for p := c.mem.sHead; p < c.mem.sTail; p++ {
		st := c.mem.store(p)
		fmt.Fprintf(s, "store %d of entry %d: frame %d [%d, +%d) address known %v, data known %v, %d loads wait\n",
			p, st.seq, st.frame, st.off, st.n, st.addrKnown, st.dataKnown, len(st.waiters))
	}
	for p := c.mem.lHead; p < c.mem.lTail; p++ {
		l := c.mem.load(p)
		fmt.Fprintf(s, "load %d of entry %d: frame %d [%d, +%d) issued %v\n", p, l.seq, l.frame, l.off, l.n, l.issued)
	}
	for p := c.state.head; p < c.state.tail; p++ {
		o := c.state.at(p)
		fmt.Fprintf(s, "state %d of entry %d: store %v space %d key %d known %v, data known %v, issued %v, %d loads wait\n",
			p, o.seq, o.isStore, o.space, o.key, o.keyKnown, o.dataKnown, o.issued, len(o.waiters))
	}
	for seq := b.Head; seq < min(b.Tail, b.Head+dumpEntries); seq++ {
		e := b.At(seq)
		f := &c.ren.frames[e.Frame]
		fmt.Fprintf(s, "%8d %-12s frame %d pc %d flags %016b pending %d src %v dst %d\n",
			seq, isa.Table[e.Op].Name, e.Frame, f.prog.Insts[e.Inst].PC, e.Flags, e.Pending, e.Src, e.Dst)
	}
}
