package pipeline

import (
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Register machines. A frame's rename map has one position for each register in place
// of a stack; a call copies the map, so a return restores the caller's registers by
// going back to the caller's own. All frames of a transaction share the memory and the
// committed registers.

// entry is what the outermost frame of a register machine begins with.
type entry struct {
	registers []uint64
	space     decoder.Space
}

// position is the place of a register in the rename map.
func position(o decoder.Operand) int { return int(o - decoder.Register0) }

// openOutermost gives the outermost frame its registers and its memory.
func (c *Core) openOutermost(fi int32) {
	f := &c.frames[fi]
	f.ctx.Space = c.entry.space
	regs := make([]rob.Reg, f.prog.File.Size)
	for i := range regs {
		regs[i] = rob.ZeroReg
		if i < len(c.entry.registers) {
			regs[i] = c.valueOf(c.entry.registers[i])
		}
	}
	c.maps.OpenFile(fi, regs)
	for _, r := range regs {
		c.regs.Release(r) // the map holds it now
	}
}

// valueOf makes a register that holds a value from the start; zero is a constant.
func (c *Core) valueOf(v uint64) rob.Reg {
	if v == 0 {
		return rob.ZeroReg
	}
	return c.valueReg(&isa.Word{v})
}

// outermost is the frame of the transaction below which a frame runs.
func (c *Core) outermost(fi int32) *frame {
	f := &c.frames[fi]
	for f.parent != c.root {
		f = &c.frames[f.parent]
	}
	return f
}

// dropFrames ends frames from fi up to one that stays.
func (c *Core) dropFrames(fi, stays int32) {
	for fi != stays {
		parent := c.frames[fi].parent
		c.dropFrame(fi)
		fi = parent
	}
}

// source resolves an operand of a register machine's micro-op.
func (c *Core) source(fi int32, f *frame, in *decoder.Inst, u *decoder.Uop, o decoder.Operand) rob.Reg {
	switch {
	case o == decoder.None:
		return rob.NoReg
	case o >= decoder.Register0:
		return c.maps.Map[fi].Slots[position(o)]
	case o == decoder.Constant:
		return f.constBase + rob.Reg(u.K)
	}
	return c.operand(fi, f, in, o)
}

// fetchFromFile is fetchUop for a register machine.
func (c *Core) fetchFromFile(fi int32, f *frame, in *decoder.Inst, row *decoder.Row) (last bool) {
	k := c.fetch.uop
	uops := f.prog.Template(c.fetch.inst)
	u := &uops[k]
	last = k == len(uops)-1
	e, seq := c.newEntry(fi, u.Op)
	e.Imm = u.Imm
	e.UopIdx = uint8(k)
	if k == 0 {
		e.Flags = rob.First
		c.setTemp(rob.ZeroReg)
	} else {
		e.RunStart, e.RunGas = e.Inst, 0
	}
	info := &facts[u.Op]
	for i, o := range u.Src[:info.sources] {
		e.Src[i] = c.source(fi, f, in, u, o)
	}
	c.retainSources(e)
	if info.result {
		e.Dst = c.regs.Alloc()
		c.setTemp(e.Dst)
		if u.Dst != 0 {
			c.maps.SetSlot(fi, position(u.Dst), e.Dst)
		}
	}
	if last && row.Flags&decoder.ClearsStatus != 0 {
		c.clearStatus(fi, f, statusOf(uops))
	}
	if u.Status != 0 {
		c.renameStatus(e, fi, f, u)
	}
	if !last {
		e.UndoEnd = c.maps.Mark()
		c.fetched(e, seq)
		c.fetch.uop++
		c.fetch.run, c.fetch.runGas = c.fetch.inst, 0
		return false
	}
	e.Flags |= rob.Last
	c.finishInst(e, seq, fi, f, in, row)
	e.UndoEnd = c.maps.Mark()
	c.fetched(e, seq)
	return true
}

// renameStatus renames the status register of a second result. As long as the mode
// does not allow one, it is zero, or else the instruction faults: a constant, and
// nobody waits for it.
func (c *Core) renameStatus(e *rob.Entry, fi int32, f *frame, u *decoder.Uop) {
	mode := c.regs.Value(c.maps.Map[fi].Slots[position(f.prog.File.Mode)])[0]
	if u.Lenient != decoder.Always && mode&uint64(u.Lenient) == 0 {
		e.Flags |= rob.Strict
		if c.predictStatus {
			c.setStatus(fi, u.Status, rob.ZeroReg)
			return
		}
	}
	e.Dst2 = c.regs.Alloc()
	c.maps.SetSlot(fi, position(u.Status), e.Dst2)
}

// statusOf is the status register that one of an instruction's micro-ops names, 0 when
// none does.
func statusOf(uops []decoder.Uop) decoder.Operand {
	for i := range uops {
		if s := uops[i].Status; s != 0 {
			return s
		}
	}
	return 0
}

// clearStatus renames the status registers, but for one, to zero.
func (c *Core) clearStatus(fi int32, f *frame, but decoder.Operand) {
	for _, s := range f.prog.File.Status {
		if s != but {
			c.setStatus(fi, s, rob.ZeroReg)
		}
	}
}

// setStatus renames a status register unless it is what it shall be already.
func (c *Core) setStatus(fi int32, s decoder.Operand, r rob.Reg) {
	if c.maps.Map[fi].Slots[position(s)] != r {
		c.maps.SetSlot(fi, position(s), r)
	}
}

// foldMove performs a KindMove or KindNop on the rename map.
func (c *Core) foldMove(fi int32, f *frame, in *decoder.Inst) {
	if in.Kind == decoder.KindMove {
		u := &f.prog.Template(c.fetch.inst)[0]
		c.maps.SetSlot(fi, position(u.Dst), c.source(fi, f, in, u, u.Src[0]))
	}
	c.clearStatus(fi, f, 0)
}

// executeMove renames one that takes a unit (policy execute).
func (c *Core) executeMove(e *rob.Entry, fi int32, f *frame, in *decoder.Inst) {
	if e.Op == isa.Move {
		u := &f.prog.Template(c.fetch.inst)[0]
		e.Src[0] = c.source(fi, f, in, u, u.Src[0])
		c.retainSources(e)
		e.Dst = c.regs.Alloc()
		c.maps.SetSlot(fi, position(u.Dst), e.Dst)
	}
	c.clearStatus(fi, f, 0)
}

// fetchReturn goes back to the caller, whose registers are where they were.
func (c *Core) fetchReturn(e *rob.Entry, fi int32, f *frame) {
	p := f.parent
	if prog := c.frames[p].prog; prog.File != nil {
		for i, r := range prog.File.Result {
			c.maps.SetSlot(p, position(r), e.Src[i])
		}
		for _, r := range prog.File.Kept {
			c.maps.SetSlot(p, position(r), c.maps.Map[fi].Slots[position(r)])
		}
	}
	c.fetch.frame, c.fetch.inst = p, f.resume
	c.dropStack(p)
	c.startRun()
}

// renameCommitted renames registers, a bit each, to their committed values. Nothing
// younger is in flight.
func (c *Core) renameCommitted(fi int32, registers []uint64, which uint64) {
	for w := which; w != 0; w &= w - 1 {
		i := bits.TrailingZeros64(w)
		r := c.valueOf(registers[i])
		c.maps.SetSlot(fi, i, r)
		c.regs.Release(r)
	}
}

// executeFlagged computes a micro-op with a second result.
func (c *Core) executeFlagged(e *rob.Entry, latency uint64) uint64 {
	if e.Op == isa.Wide {
		return c.executeWide(e)
	}
	var src [3]uint64
	for i := range src {
		if r := e.Src[i]; r != rob.NoReg {
			src[i] = c.regs.Value(r)[0]
		}
	}
	if e.Op == isa.Exp64 {
		latency = uint64(c.latency[isa.LatMul]) + uint64(c.latency[isa.LatExp])*uint64((bits.Len64(src[1])+7)/8)
	}
	value, status := isa.ExecFlagged(e.Op, e.Imm, src[0], src[1], src[2])
	*c.regs.Value(e.Dst) = isa.Word{value}
	c.noteStatus(e, status)
	return latency
}

// executeWide computes on whole words.
func (c *Core) executeWide(e *rob.Entry) uint64 {
	var src [3]isa.Word
	for i := range src {
		if r := e.Src[i]; r != rob.NoReg {
			src[i] = *c.regs.Value(r)
		}
	}
	c.noteStatus(e, isa.ExecWide(e.Imm, c.regs.Value(e.Dst), &src[0], &src[1], &src[2]))
	return uint64(c.latency[isa.WideLatency(e.Imm)])
}

// noteStatus takes a second result over, or finds that it is a fault.
func (c *Core) noteStatus(e *rob.Entry, status uint64) {
	if e.Dst2 != rob.NoReg {
		*c.regs.Value(e.Dst2) = isa.Word{status}
	}
	if status != 0 && e.Flags&rob.Strict != 0 {
		e.Flags |= rob.Faulty
		e.Fault = uint8(decoder.FaultStatus)
	}
}

// rangeAt is where a load or store of a few bytes goes; its length is 0 where there is
// no memory.
func (c *Core) rangeAt(e *rob.Entry) (offset, n uint64) {
	n = uint64(e.Imm)
	base, by := c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1])
	offset, carry := bits.Add64(base[0], by[0], 0)
	if carry != 0 || offset > c.memoryBound || n > c.memoryBound-offset {
		return 0, 0
	}
	return offset, n
}

// executeLoadBytes loads a few bytes. What is not there is zero: commit faults.
func (c *Core) executeLoadBytes(e *rob.Entry, seq, latency uint64) (uint64, bool) {
	r := gatherResult{supplied: ^uint64(0)}
	space := c.frames[e.Frame].space
	off, n := c.rangeAt(e)
	dst := c.regs.Value(e.Dst)
	if n > 0 && c.forwardBytes(e, space, off, n, dst, &r) {
		return latency, c.settle(e, seq, space, off, n, &r)
	}
	var buf [32]byte
	if n > 0 {
		c.gather(e, space, off, buf[32-n:], c.olderStore(e), true, &r)
	}
	if !r.blocked {
		dst.SetBytes32(buf[:])
	}
	return latency, c.settle(e, seq, space, off, n, &r)
}

// forwardBytes is the fast path of a load: the youngest older store that can matter
// wrote exactly these bytes.
func (c *Core) forwardBytes(e *rob.Entry, space int32, off, n uint64, dst *isa.Word, r *gatherResult) bool {
	m := &c.mem
	for p := c.olderStore(e); p >= m.sHead; p = m.store(p).prev {
		s := m.store(p)
		if !s.addrKnown {
			return false
		}
		if s.off >= off+n || s.off+s.n <= off {
			continue
		}
		if s.kind != storeBytes || s.off != off || s.n != n || !s.dataKnown {
			return false
		}
		*dst = *c.regs.Value(s.reg)
		if n < 8 {
			dst[0] &= 1<<(8*n) - 1
		}
		r.supplied = p
		c.Stats.MemoryForwards++
		return true
	}
	return false
}

// executeRange names the content of a range of memory, or compares it with such a name.
// Up to a word the name is the content, beyond that its Keccak-256: ranges of one
// length with equal names are equal.
func (c *Core) executeRange(e *rob.Entry, seq, latency uint64) (uint64, bool) {
	r := gatherResult{supplied: ^uint64(0)}
	space := c.frames[e.Frame].space
	o, n, _ := c.bounded(c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1]))
	if n > speculativeBytes && !c.waitForHead(e, seq) {
		return 0, false
	}
	buf := c.buffer(n)
	if n > 0 {
		c.gather(e, space, o, buf, c.olderStore(e), true, &r)
	}
	if !c.settle(e, seq, space, o, n, &r) {
		return 0, false
	}
	var name isa.Word
	if n <= 32 {
		name.SetBytes(buf)
	} else {
		c.digest(buf)
		name.SetBytes32(c.sum[:])
	}
	if e.Op == isa.CompareRange {
		equal := name == *c.regs.Value(e.Src[2])
		name = isa.Word{}
		if equal {
			name[0] = 1
		}
	}
	*c.regs.Value(e.Dst) = name
	return latency + uint64(c.latency[isa.LatCopy])*((n+31)/32), true
}

// peek reads committed memory that the system keeps. The bytes are valid until the next
// call: handing the caller's own to an interface would allocate them.
func (c *Core) peek(space decoder.Space, off uint64, n int) []byte {
	if cap(c.peeked) < n {
		c.peeked = make([]byte, n)
	}
	space.Peek(off, c.peeked[:n])
	return c.peeked[:n]
}

// touches are the accesses to state, begun so far, of the instruction that the system
// executes as a whole: only the oldest entry can be one.
type touches struct {
	uid   uint32
	begun int
	until uint64 // cycle in which the last of them has been answered
}

// touchAll starts the accesses to state of an instruction that the system executes as a
// whole; they overlap as far as there are miss registers. ok is false when one of them has to
// wait for one.
func (c *Core) touchAll(e *rob.Entry, seq uint64) (extra uint64, ok bool) {
	f := &c.frames[e.Frame]
	t := &c.touches
	if t.uid != e.UID {
		*t = touches{uid: e.UID}
	}
	list := c.files.Touches(&f.ctx, &f.prog.Insts[e.Inst])
	for t.begun < len(list) {
		x := &list[t.begun]
		key := stateKey{owner: x.Owner, slot: x.Slot}
		if x.Account {
			key.kind = keyAccount
		}
		more, ok := c.touch(e, seq, c.state.keys.intern(&key))
		if !ok {
			return 0, false
		}
		t.begun++
		t.until = max(t.until, c.cycle+more)
	}
	if t.until <= c.cycle {
		return 0, true
	}
	return t.until - c.cycle, true
}
