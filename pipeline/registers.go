package pipeline

import (
	"math/bits"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
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
func (t *transactions) openOutermost(fi rob.FrameID) {
	f := &t.ren.frames[fi]
	f.ctx.Space = t.entry.space
	regs := make([]rob.Reg, f.prog.RegisterFile.Size)
	for i := range regs {
		regs[i] = rob.ZeroReg
		if i < len(t.entry.registers) {
			regs[i] = t.ren.valueOf(t.entry.registers[i])
		}
	}
	t.ren.maps.InitRegisters(fi, regs)
	for _, r := range regs {
		t.regs.Release(r) // the map holds it now
	}
}

// valueOf makes a register that holds a value from the start; zero is a constant.
func (rn *renamer) valueOf(v uint64) rob.Reg {
	if v == 0 {
		return rob.ZeroReg
	}
	return rn.valueReg(&isa.Word{v})
}

// outermost is the frame of the transaction below which a frame runs.
func (t *transactions) outermost(fi rob.FrameID) *frame {
	f := &t.ren.frames[fi]
	for f.parent != t.root {
		f = &t.ren.frames[f.parent]
	}
	return f
}

// dropFrames ends frames from fi up to one that stays.
func (rn *renamer) dropFrames(fi, stays rob.FrameID) {
	for fi != stays {
		parent := rn.frames[fi].parent
		rn.dropFrame(fi)
		fi = parent
	}
}

// source resolves an operand of a register machine's micro-op.
func (rn *renamer) source(fi rob.FrameID, f *frame, in *decoder.Inst, u *decoder.Uop, o decoder.Operand) rob.Reg {
	switch {
	case o == decoder.None:
		return rob.NoReg
	case o >= decoder.Register0:
		return rn.maps.Map[fi].Slots[position(o)]
	case o == decoder.Constant:
		return f.constBase + rob.Reg(u.K)
	}
	return rn.operand(fi, f, in, o)
}

// fetch fetches the next micro-op, or an instruction that only moves values.
func (registerMachine) fetch(fe *frontEnd, fi rob.FrameID) (rests bool) {
	for fe.fetches() && fe.frame == fi {
		f := &fe.ren.frames[fi] // a call may move them
		in := &f.prog.Insts[fe.inst]
		if in.Kind.Foldable() {
			fe.fetchFolded(fi, f, in)
			continue
		}
		row := &f.prog.Rows[in.Code]
		dynamic := fe.dynamic
		fe.room.uops--
		if fe.fetchRegisterUop(fi, f, in, row) {
			fe.fetchedInst(fi, row, dynamic)
		}
	}
	return false
}

// fetchRegisterUop is fetchUop for a register machine.
func (fe *frontEnd) fetchRegisterUop(fi rob.FrameID, f *frame, in *decoder.Inst, row *decoder.Row) (last bool) {
	k := fe.uop
	uops := f.prog.Template(fe.inst)
	u := &uops[k]
	last = k == len(uops)-1
	e, seq := fe.newEntry(fi, u.Op)
	e.Imm = u.Imm
	e.UopIdx = uint8(k)
	if k == 0 {
		e.Flags = rob.First
		fe.ren.setTemp(rob.ZeroReg)
	} else {
		e.RunStart, e.RunGas = e.Inst, 0
	}
	info := &facts[u.Op]
	for i, o := range u.Src[:info.sources] {
		e.Src[i] = fe.ren.source(fi, f, in, u, o)
	}
	fe.ren.retainSources(e)
	if info.result {
		e.Dst = fe.regs.Alloc()
		fe.ren.setTemp(e.Dst)
		if u.Dst != 0 {
			fe.maps.SetSlot(fi, position(u.Dst), e.Dst)
		}
	}
	if last && row.Flags&decoder.ClearsStatus != 0 {
		fe.ren.clearStatus(fi, f, statusOf(uops))
	}
	if u.Status != 0 {
		fe.ren.renameStatus(e, fi, f, u)
	}
	if !last {
		e.UndoEnd = fe.maps.Mark()
		fe.fetched(e, seq)
		fe.uop++
		fe.run, fe.runGas = fe.inst, 0
		return false
	}
	e.Flags |= rob.Last
	fe.finishInst(e, seq, fi, f, in, row)
	e.UndoEnd = fe.maps.Mark()
	fe.fetched(e, seq)
	return true
}

// renameStatus renames the status register of a second result. As long as the mode
// does not allow one, it is zero, or else the instruction faults: a constant, and
// nobody waits for it.
func (rn *renamer) renameStatus(e *rob.Entry, fi rob.FrameID, f *frame, u *decoder.Uop) {
	mode := rn.regs.Value(rn.maps.Map[fi].Slots[position(f.prog.RegisterFile.Mode)])[0]
	if u.Lenient != decoder.Always && mode&uint64(u.Lenient) == 0 {
		e.Flags |= rob.Strict
		if rn.predictStatus {
			rn.setStatus(fi, u.Status, rob.ZeroReg)
			return
		}
	}
	e.Dst2 = rn.regs.Alloc()
	rn.maps.SetSlot(fi, position(u.Status), e.Dst2)
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
func (rn *renamer) clearStatus(fi rob.FrameID, f *frame, but decoder.Operand) {
	for _, s := range f.prog.RegisterFile.Status {
		if s != but {
			rn.setStatus(fi, s, rob.ZeroReg)
		}
	}
}

// setStatus renames a status register unless it is what it shall be already.
func (rn *renamer) setStatus(fi rob.FrameID, s decoder.Operand, r rob.Reg) {
	if rn.maps.Map[fi].Slots[position(s)] != r {
		rn.maps.SetSlot(fi, position(s), r)
	}
}

// fold performs a KindMove or KindNop on the rename map.
func (registerMachine) fold(fe *frontEnd, fi rob.FrameID, f *frame, in *decoder.Inst) {
	if in.Kind == decoder.KindMove {
		u := &f.prog.Template(fe.inst)[0]
		fe.maps.SetSlot(fi, position(u.Dst), fe.ren.source(fi, f, in, u, u.Src[0]))
	}
	fe.ren.clearStatus(fi, f, 0)
}

// move renames one that takes a unit (policy execute).
func (registerMachine) move(fe *frontEnd, e *rob.Entry, fi rob.FrameID, f *frame, in *decoder.Inst) {
	if e.Op == isa.Move {
		u := &f.prog.Template(fe.inst)[0]
		e.Src[0] = fe.ren.source(fi, f, in, u, u.Src[0])
		fe.ren.retainSources(e)
		e.Dst = fe.regs.Alloc()
		fe.maps.SetSlot(fi, position(u.Dst), e.Dst)
	}
	fe.ren.clearStatus(fi, f, 0)
}

// fetchReturn goes back to the caller, whose registers are where they were.
func (fe *frontEnd) fetchReturn(e *rob.Entry, fi rob.FrameID, f *frame) {
	p := f.parent
	fe.ren.frames[p].machine.returned(fe, e, fi, p)
	fe.frame, fe.inst = p, f.resume
	fe.ren.dropStack(p)
	fe.startRun()
}

// returned renames the result of a call, and what the caller sees as the callee left it.
func (registerMachine) returned(fe *frontEnd, e *rob.Entry, fi, p rob.FrameID) {
	file := fe.ren.frames[p].prog.RegisterFile
	for i, r := range file.Result {
		fe.maps.SetSlot(p, position(r), e.Src[i])
	}
	for _, r := range file.Kept {
		fe.maps.SetSlot(p, position(r), fe.maps.Map[fi].Slots[position(r)])
	}
}

// renameCommitted renames registers, a bit each, to their committed values. Nothing
// younger is in flight.
func (rn *renamer) renameCommitted(fi rob.FrameID, registers []uint64, which uint64) {
	for w := which; w != 0; w &= w - 1 {
		i := bits.TrailingZeros64(w)
		r := rn.valueOf(registers[i])
		rn.maps.SetSlot(fi, i, r)
		rn.regs.Release(r)
	}
}

// executeFlagged computes a micro-op with a second result.
func (ex *executor) executeFlagged(e *rob.Entry, latency isa.Cycle) isa.Cycle {
	if e.Op == isa.Wide {
		return ex.executeWide(e)
	}
	var src [3]uint64
	for i := range src {
		if r := e.Src[i]; r != rob.NoReg {
			src[i] = ex.regs.Value(r)[0]
		}
	}
	if e.Op == isa.Exp64 {
		latency = ex.latency[isa.LatMul] + ex.latency[isa.LatExp]*isa.Cycle((bits.Len64(src[1])+7)/8)
	}
	value, status := isa.ExecFlagged(e.Op, isa.NarrowOp(e.Imm), src[0], src[1], src[2])
	*ex.regs.Value(e.Dst) = isa.Word{value}
	ex.ren.noteStatus(e, status)
	return latency
}

// executeWide computes on whole words.
func (ex *executor) executeWide(e *rob.Entry) isa.Cycle {
	var src [3]isa.Word
	for i := range src {
		if r := e.Src[i]; r != rob.NoReg {
			src[i] = *ex.regs.Value(r)
		}
	}
	ex.ren.noteStatus(e, isa.ExecWide(isa.WideOp(e.Imm), ex.regs.Value(e.Dst), &src[0], &src[1], &src[2]))
	return ex.latency[isa.WideLatency(isa.WideOp(e.Imm))]
}

// noteStatus takes a second result over, or finds that it is a fault.
func (rn *renamer) noteStatus(e *rob.Entry, status uint64) {
	if e.Dst2 != rob.NoReg {
		*rn.regs.Value(e.Dst2) = isa.Word{status}
	}
	if status != 0 && e.Flags&rob.Strict != 0 {
		e.Flags |= rob.Faulty
		e.Fault = uint8(decoder.FaultStatus)
	}
}

// rangeAt is where a load or store of a few bytes goes; its length is 0 where there is
// no memory.
func (ex *executor) rangeAt(e *rob.Entry) (offset, n uint64) {
	n = uint64(isa.ByteCount(e.Imm))
	base, by := ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1])
	offset, carry := bits.Add64(base[0], by[0], 0)
	if carry != 0 || offset > ex.tx.memoryBound || n > ex.tx.memoryBound-offset {
		return 0, 0
	}
	return offset, n
}

// executeLoadBytes loads a few bytes. What is not there is zero: commit faults.
func (ex *executor) executeLoadBytes(e *rob.Entry, seq rob.Seq, latency isa.Cycle) (isa.Cycle, bool) {
	r := gatherResult{supplied: ^uint64(0)}
	space := ex.ren.frames[e.Frame].space
	off, n := ex.rangeAt(e)
	dst := ex.regs.Value(e.Dst)
	if n > 0 && ex.mem.forwardBytes(e, space, off, n, dst, &r) {
		return latency, ex.mem.settle(e, seq, space, off, n, &r)
	}
	var buf [32]byte
	if n > 0 {
		ex.mem.gather(e, space, off, buf[32-n:], ex.mem.olderStore(e), true, &r)
	}
	if !r.blocked {
		dst.SetBytes32(buf[:])
	}
	return latency, ex.mem.settle(e, seq, space, off, n, &r)
}

// forwardBytes is the fast path of a load: the youngest older store that can matter
// wrote exactly these bytes.
func (m *memoryQueue) forwardBytes(e *rob.Entry, space rob.FrameID, off, n uint64, dst *isa.Word, r *gatherResult) bool {
	for p := m.olderStore(e); p >= m.sHead; p = m.store(p).prev {
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
		*dst = *m.regs.Value(s.reg)
		if n < 8 {
			dst[0] &= 1<<(8*n) - 1
		}
		r.supplied = p
		m.stats.MemoryForwards++
		return true
	}
	return false
}

// executeRange names the content of a range of memory, or compares it with such a name.
// Up to a word the name is the content, beyond that its Keccak-256: ranges of one
// length with equal names are equal.
func (ex *executor) executeRange(e *rob.Entry, seq rob.Seq, latency isa.Cycle) (isa.Cycle, bool) {
	r := gatherResult{supplied: ^uint64(0)}
	space := ex.ren.frames[e.Frame].space
	o, n, _ := ex.tx.bounded(ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1]))
	if n > speculativeBytes && !ex.win.waitForHead(e, seq) {
		return 0, false
	}
	buf := ex.buffer(n)
	if n > 0 {
		ex.mem.gather(e, space, o, buf, ex.mem.olderStore(e), true, &r)
	}
	if !ex.mem.settle(e, seq, space, o, n, &r) {
		return 0, false
	}
	var name isa.Word
	if n <= 32 {
		name.SetBytes(buf)
	} else {
		ex.digest(buf)
		name.SetBytes32(ex.sum[:])
	}
	if e.Op == isa.CompareRange {
		equal := name == *ex.regs.Value(e.Src[2])
		name = isa.Word{}
		if equal {
			name[0] = 1
		}
	}
	*ex.regs.Value(e.Dst) = name
	return latency + ex.latency[isa.LatCopy]*isa.Cycle((n+31)/32), true
}

// peek reads committed memory that the system keeps. The bytes are valid until the next
// call: handing the caller's own to an interface would allocate them.
func (m *memoryQueue) peek(space decoder.Space, off uint64, n int) []byte {
	if cap(m.peeked) < n {
		m.peeked = make([]byte, n)
	}
	space.Peek(off, m.peeked[:n])
	return m.peeked[:n]
}

// touches are the accesses to state, begun so far, of the instruction that the system
// executes as a whole: only the oldest entry can be one.
type touches struct {
	uid     uint32
	begun   int
	until   isa.Cycle // cycle in which the last of them has been answered
	builtin bool      // it amounts to a built-in
}

// touchAll starts the accesses to state of an instruction that the system executes as a
// whole; they overlap as far as there are miss registers. ok is false when one of them has to
// wait for one.
func (ex *executor) touchAll(e *rob.Entry, seq rob.Seq) (extra isa.Cycle, ok bool) {
	f := &ex.ren.frames[e.Frame]
	t := &ex.touches
	if t.uid != e.UID {
		*t = touches{uid: e.UID}
	}
	list := ex.registers.Touches(&f.ctx, &f.prog.Insts[e.Inst])
	for t.begun < len(list) {
		x := &list[t.begun]
		key := hierarchy.Key{Owner: x.Owner, Slot: x.Slot}
		if x.Account {
			key.Kind = hierarchy.Account
		}
		more, ok := ex.touch(e, seq, ex.state.keys.Number(&key))
		if !ok {
			return 0, false
		}
		t.begun++
		t.until = max(t.until, ex.clock.now+more)
	}
	if t.until <= ex.clock.now {
		return 0, true
	}
	return t.until - ex.clock.now, true
}
