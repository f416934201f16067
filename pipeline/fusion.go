package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// Fusion makes one micro-op of instructions that stand together. A group is recognized
// where fetch meets its first instruction, so a jump into its middle finds what is left
// of it, not fused. Each instruction keeps its gas, its fault and its record: what has no
// micro-op of its own is carried like a folded instruction.

// taken reports whether a branch with this condition jumps.
func taken(e *rob.Entry, condition *isa.Word) bool {
	return condition.IsZero() == (isa.BranchSense(e.Imm) == isa.BranchIfZero)
}

// fuse takes the instructions before a jump into the run that the jump will carry, and
// reports whether it has: fetch stands at the jump then.
func (fe *frontEnd) fuse(fi rob.FrameID, f *frame, in *decoder.Inst) bool {
	insts := f.prog.Insts[fe.inst:]
	var before int
	switch {
	case fe.cfg.Fusion.Jump && in.Kind == decoder.KindPush && len(insts) > 1 && (insts[1].Kind == decoder.KindJump || insts[1].Kind == decoder.KindBranch):
		before = 1
	case fe.cfg.Fusion.Test && f.rows[in.Code].tests && len(insts) > 2 && insts[1].Kind == decoder.KindPush && insts[2].Kind == decoder.KindBranch:
		before = 2
	default:
		return false
	}
	m := &fe.maps.Map[fi]
	push := &insts[before-1]
	run := int(fe.inst - fe.run)
	switch {
	case m.Height > int(f.rows[push.Code].max):
		return false // the push overflows
	case m.Height+1 < int(f.rows[insts[before].Code].min):
		return false // the jump underflows
	case run > 0 && run+before > fe.core.Decode:
		return false // a run that is not to be cut would be too long
	case fe.pred.faults != nil:
		for k := range before {
			if fe.pred.faults.Faults(predictor.Ref{Dynamic: fe.dynamic + uint64(k)}) {
				return false
			}
		}
	}
	for _, x := range insts[:before] {
		fe.runGas += f.rows[x.Code].gas
	}
	fe.maps.PushOn(m, fi, f.constBase+rob.Reg(push.Aux))
	fe.inst += isa.InstIndex(before)
	fe.dynamic += uint64(before)
	fe.tested = before == 2
	fe.stats.Fused++
	return true
}

// commitTest commits a test for zero that is fused into the branch that carries it.
func (c *Core) commitTest(e *rob.Entry, f *frame, in *decoder.Inst, row *decoder.Row) {
	var result isa.Word
	isa.Exec(isa.IsZero, &result, c.ren.regs.Value(e.Src[1]), nil, nil)
	c.obs.retired.Wrote = false
	c.obs.report(f, in, row, &result, uint64(row.Gas), false)
	f.ctx.Gas -= uint64(row.Gas)
	c.Stats.Instructions++
	c.obs.stream.commit(in.PC, in.Code, f.ctx.Gas, &result)
}

// wordPair is what fetch knows of the last two stores of words: hashing them together is
// what finds the slot of a mapping's entry.
type wordPair struct {
	frame  rob.FrameID
	count  int // stores one after the other, with nothing but stack instructions between
	offset [2]rob.Reg
	value  [2]rob.Reg
	seq    [2]rob.Seq
}

// wordSize is the size of a stack word in memory, in bytes.
const wordSize = 32

// pairStores follows the stores that fetch meets, and makes a hash of exactly the two last
// words take them from their registers instead of from memory.
func (fe *frontEnd) pairStores(e *rob.Entry, seq rob.Seq, fi rob.FrameID) {
	p := &fe.pair
	switch e.Op {
	case isa.StoreAddr:
		return // its data part follows
	case isa.StoreData:
		if p.count == 0 || p.frame != fi {
			*p = wordPair{frame: fi}
		}
		m := &fe.maps.Map[fi]
		p.offset = [2]rob.Reg{p.offset[1], m.Slots[m.Height-1]}
		p.value = [2]rob.Reg{p.value[1], e.Src[0]}
		p.seq = [2]rob.Seq{p.seq[1], seq}
		p.count++
		return
	case isa.Hash:
		if low, ok := p.covers(fe.regs, fe.buf.Head, e, fi); ok && isa.Digest(e.Imm) == isa.HashKeccak256 {
			e.Op = isa.HashPair
			e.Src[2], e.Src[3] = p.value[low], p.value[1-low]
			fe.regs.Retain(e.Src[2])
			fe.regs.Retain(e.Src[3])
			fe.stats.Fused++
		}
	}
	p.count = 0
}

// covers reports whether a hash reads exactly the last two words stored, and which of
// them comes first. Both have to be in flight: their registers are theirs until then.
func (p *wordPair) covers(regs *rob.Registers, oldest rob.Seq, e *rob.Entry, fi rob.FrameID) (low int, ok bool) {
	if p.count < 2 || p.frame != fi || p.seq[0] < oldest || !e.Src[0].IsConst() || !e.Src[1].IsConst() {
		return 0, false
	}
	off, n := regs.Value(e.Src[0]), regs.Value(e.Src[1])
	if !off.IsUint64() || !n.IsUint64() || n.Uint64() != 2*wordSize {
		return 0, false
	}
	for low := range 2 {
		if p.at(regs, low, off.Uint64()) && p.at(regs, 1-low, off.Uint64()+wordSize) {
			return low, true
		}
	}
	return 0, false
}

// at reports whether a store is known at rename to write at an offset.
func (p *wordPair) at(regs *rob.Registers, k int, offset uint64) bool {
	if !p.offset[k].IsConst() {
		return false
	}
	w := regs.Value(p.offset[k])
	return w.IsUint64() && w.Uint64() == offset
}

// executePair hashes two words.
func (ex *executor) executePair(e *rob.Entry, latency isa.Cycle) isa.Cycle {
	buf := ex.buffer(2 * wordSize)
	ex.regs.Value(e.Src[2]).PutUint256(buf)
	ex.regs.Value(e.Src[3]).PutUint256(buf[wordSize:])
	ex.digest(buf)
	ex.regs.Value(e.Dst).SetBytes32(ex.sum[:])
	return latency
}
