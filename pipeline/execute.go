package pipeline

import (
	"crypto/sha256"

	"golang.org/x/crypto/sha3"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/pipeline/price"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// keccakState is a reusable Keccak-256.
type keccakState interface {
	Reset()
	Write([]byte) (int, error)
	Read([]byte) (int, error)
}

func newKeccak() keccakState { return sha3.NewLegacyKeccak256().(keccakState) }

// speculativeBytes is the longest range that a micro-op gathers before it is the
// oldest: longer ones wait for their turn, which bounds the host's memory.
const speculativeBytes = 32 << 10

// executor computes what micro-ops return. It owns the latencies and its scratch space; of
// the queues it reads what older entries have left there, and parks what has to wait. Issue
// alone calls it (and commit for its scratch space). It writes the registers of the entry that
// it executes, what the entry's places in the queues say of it, and nothing architectural; a
// fault is a flag of the entry, raised by commit.
type executor struct {
	clock     *clock
	sys       decoder.System
	registers decoder.RegisterSystem // nil for a stack machine
	golden    predictor.Golden
	ren       *renamer
	regs      *rob.Registers
	win       *window
	buf       *rob.Buffer
	mem       *memoryQueue
	state     *stateQueue
	tx        *transactions
	pred      *predictors
	opt       *optional
	outside   *outside
	stats     *Stats

	latency [isa.NumLatencies]isa.Cycle
	prices  price.Prices
	freeGas bool // GAS answered by the golden run
	touches touches
	scratch []byte
	keccak  keccakState
	sum     [32]byte
	memory  *budget.Budget
}

func (ex *executor) init() { ex.keccak = newKeccak() }

// execute computes a micro-op with the values of this cycle and returns its latency.
// ok is false when it has to wait.
func (ex *executor) execute(e *rob.Entry, seq rob.Seq) (latency isa.Cycle, ok bool) {
	info := &facts[e.Op]
	latency = ex.latency[info.latency]
	switch info.class {
	case isa.ClassALU:
		return ex.executeALU(e, info, latency), true
	case isa.ClassLoad:
		return ex.executeLoad(e, seq, latency)
	case isa.ClassStoreAddr:
		return latency, true
	case isa.ClassStoreData:
		if e.Op == isa.CopyData {
			return ex.executeCopy(e, seq)
		}
		ex.mem.store(e.Queue).reg = e.Src[0]
		return latency, true
	case isa.ClassStateLoad:
		return ex.executeStateLoad(e, seq)
	case isa.ClassStateKey:
		return ex.executeStateKey(e, seq)
	case isa.ClassStateData:
		return latency, true
	case isa.ClassBranch:
		return latency, true
	case isa.ClassControl:
		return ex.executeControl(e, seq, latency)
	case isa.ClassHash:
		return ex.executePair(e, latency), true
	case isa.ClassFlagged:
		return ex.executeFlagged(e, latency), true
	case isa.ClassQuery:
		ex.regs.Value(e.Dst).SetUint64(ex.registers.Query(ex.regs.Value(e.Src[1])[0], ex.regs.Value(e.Src[0])[0]))
		return latency, true
	}
	return ex.executeHead(e, seq, latency)
}

func (ex *executor) executeALU(e *rob.Entry, info *opFacts, latency isa.Cycle) isa.Cycle {
	var src [3]*isa.Word
	for i := range src {
		if r := e.Src[i]; r != rob.NoReg {
			src[i] = ex.regs.Value(r)
		}
	}
	if e.Op == isa.Exp {
		latency = ex.latency[isa.LatMul] + ex.latency[isa.LatExp]*isa.Cycle(src[1].ByteLen())
	}
	if info.result {
		isa.Exec(e.Op, ex.regs.Value(e.Dst), src[0], src[1], src[2])
	}
	return latency
}

// fail marks an entry that will fault at commit; its result is zero meanwhile.
func (rn *renamer) fail(e *rob.Entry, f decoder.Fault) {
	e.Flags |= rob.Faulty
	e.Fault = uint8(f)
	if e.Dst != rob.NoReg {
		rn.regs.Value(e.Dst).Clear()
	}
}

// waitForHead parks an entry until it is the oldest; true when it is already.
func (win *window) waitForHead(e *rob.Entry, seq rob.Seq) bool {
	if seq == win.buf.Head {
		return true
	}
	e.Flags |= rob.Parked
	return false
}

// settle parks the load where it was blocked, or notes what it has read.
func (m *memoryQueue) settle(e *rob.Entry, seq rob.Seq, frame rob.FrameID, off, n uint64, r *gatherResult) bool {
	l := m.load(uint64(e.LoadQ))
	if r.blocked {
		s := m.store(r.on)
		e.Flags |= rob.Parked
		s.waiters = append(s.waiters, parked{seq, e.UID})
		l.frame, l.off, l.n = frame, off, n
		return false
	}
	l.issued, l.frame, l.off, l.n, l.supplied = true, frame, off, n, r.supplied
	return true
}

func (ex *executor) executeLoad(e *rob.Entry, seq rob.Seq, latency isa.Cycle) (isa.Cycle, bool) {
	r := gatherResult{supplied: ^uint64(0)}
	dst := ex.regs.Value(e.Dst)
	switch e.Op {
	case isa.Load:
		off := ex.regs.Value(e.Src[0])
		o := off.Uint64()
		if !off.IsUint64() || o > ex.tx.memoryBound || o+32 > ex.tx.memoryBound {
			ex.ren.fail(e, decoder.FaultOutOfGas)
			return latency, true
		}
		if ex.mem.forwardWord(e, o, dst, &r) {
			return latency, ex.mem.settle(e, seq, e.Frame, o, 32, &r)
		}
		var buf [32]byte
		ex.mem.gather(e, e.Frame, o, buf[:], ex.mem.olderStore(e), true, &r)
		if !r.blocked {
			dst.SetBytes32(buf[:])
		}
		return latency, ex.mem.settle(e, seq, e.Frame, o, 32, &r)
	case isa.LoadInput:
		var buf [32]byte
		frame, o, n := ex.ren.inputRange(e, ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1]), ex.regs.Value(e.Src[2]), 32)
		if n > 0 {
			ex.mem.gather(e, frame, o, buf[:n], ex.mem.olderStore(e), true, &r)
		}
		if !r.blocked {
			dst.SetBytes32(buf[:])
		}
		return latency, ex.mem.settle(e, seq, frame, o, n, &r)
	case isa.LoadBytes:
		return ex.executeLoadBytes(e, seq, latency)
	case isa.LoadRange, isa.CompareRange:
		return ex.executeRange(e, seq, latency)
	}
	// Hash.
	o, n, ok := ex.tx.bounded(ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1]))
	if !ok {
		ex.ren.fail(e, decoder.FaultOutOfGas)
		return latency, true
	}
	if n > speculativeBytes && !ex.affordable(e, seq, o+n) {
		return latency, e.Flags&rob.Parked == 0
	}
	buf := ex.buffer(n)
	space := ex.ren.frames[e.Frame].space
	if n > 0 {
		ex.mem.gather(e, space, o, buf, ex.mem.olderStore(e), true, &r)
	}
	if !ex.mem.settle(e, seq, space, o, n, &r) {
		return 0, false
	}
	if isa.Digest(e.Imm) == isa.HashSHA256 {
		ex.sum = sha256.Sum256(buf)
		latency = ex.prices.Of(decoder.BuiltinSHA256, n, 0, nil)
	} else {
		ex.digest(buf)
		latency *= isa.Cycle(n/136 + 1) // Keccak absorbs 136 bytes a permutation; padding always adds one byte
	}
	ex.regs.Value(e.Dst).SetBytes32(ex.sum[:])
	return latency, true
}

// digest leaves the Keccak-256 of data in c.sum.
func (ex *executor) digest(data []byte) {
	ex.keccak.Reset()
	_, _ = ex.keccak.Write(data)
	_, _ = ex.keccak.Read(ex.sum[:])
}

// olderStore is the youngest store from which a load can have its bytes, 0 for none.
func (m *memoryQueue) olderStore(e *rob.Entry) uint64 { return m.load(uint64(e.LoadQ)).older }

// forwardWord is the fast path of a load: the youngest older store of the frame
// that can matter wrote exactly these 32 bytes.
func (m *memoryQueue) forwardWord(e *rob.Entry, off uint64, dst *isa.Word, r *gatherResult) bool {
	for p := m.olderStore(e); p >= m.sHead; p = m.store(p).prev {
		s := m.store(p)
		if !s.addrKnown {
			return false
		}
		if s.off >= off+32 || s.off+s.n <= off {
			continue
		}
		if s.kind != storeWord || s.off != off || !s.dataKnown {
			return false
		}
		*dst = *m.regs.Value(s.reg)
		r.supplied = p
		m.stats.MemoryForwards++
		return true
	}
	mem := m.ren.frames[e.Frame].ctx.Memory
	r.supplied = 0
	if off+32 <= uint64(len(mem)) {
		dst.SetBytes32(mem[off : off+32])
		return true
	}
	return false
}

// affordable decides a long range: it has to be the oldest, and the gas that is
// left has to pay for the memory that is not there yet, at the price of the first
// bytes, which is the lowest. The exact charge is made at commit.
func (ex *executor) affordable(e *rob.Entry, seq rob.Seq, end uint64) bool {
	if !ex.win.waitForHead(e, seq) {
		return false
	}
	ctx := &ex.ren.frames[e.Frame].ctx
	if have := uint64(len(ctx.Memory)); end > have && end-have > ex.sys.MemoryBound(ctx.Gas) {
		ex.ren.fail(e, decoder.FaultOutOfGas)
		return false
	}
	return true
}

// gathering is what an error calls ranges of memory that are read as a whole.
const gathering = "the ranges of memory that instructions in flight copy"

// buffer returns scratch space for one gather.
func (ex *executor) buffer(n uint64) []byte {
	if have := uint64(cap(ex.scratch)); have < n {
		ex.memory.Need(int64(n-have), gathering)
		ex.scratch = make([]byte, n)
	}
	return ex.scratch[:n]
}

// inputRange maps a position in the frame's input to its caller's memory: the
// frame, the offset there and how many of want bytes lie inside the input.
func (rn *renamer) inputRange(e *rob.Entry, off, base, length *isa.Word, want uint64) (frame rob.FrameID, o, n uint64) {
	frame = rn.frames[e.Frame].parent
	if !off.IsUint64() || !length.IsUint64() || !base.IsUint64() {
		return frame, 0, 0
	}
	total, first := length.Uint64(), base.Uint64()
	o = off.Uint64()
	if o >= total || first+total < first {
		return frame, 0, 0
	}
	return frame, first + o, min(want, total-o)
}

// executeCopy gathers the data part of a block copy into its store.
func (ex *executor) executeCopy(e *rob.Entry, seq rob.Seq) (latency isa.Cycle, ok bool) {
	latency = ex.latency[isa.LatLoad]
	s := ex.mem.store(e.Queue)
	length := ex.regs.Value(e.Src[1])
	if length.IsZero() {
		s.data = s.data[:0]
		if isa.CopySource(e.Imm) != isa.CopyReturn {
			return latency, true
		}
	}
	_, n, fits := ex.tx.bounded(new(isa.Word), length)
	if !fits {
		ex.ren.fail(e, decoder.FaultOutOfGas)
		return latency, true
	}
	if n > speculativeBytes && !ex.affordable(e, seq, n) {
		return latency, e.Flags&rob.Parked == 0
	}
	if isa.CopySource(e.Imm) == isa.CopyForeignCode && ex.ren.frames[e.Frame].tx != ex.tx.number {
		e.Flags |= rob.Parked // code cannot be compared like a word: it is read in its transaction's turn
		return latency, false
	}
	latency += ex.latency[isa.LatCopy] * isa.Cycle((n+31)/32)
	if isa.CopySource(e.Imm) == isa.CopyZero { // what a block lacks reads as zero
		s.data = s.data[:0]
		return latency, true
	}
	if have := uint64(cap(s.data)); have < n {
		ex.memory.Need(int64(n-have), gathering)
		s.data = make([]byte, n)
	}
	s.data = s.data[:n]
	switch isa.CopySource(e.Imm) {
	case isa.CopyMemory:
		return latency, ex.copyMemory(e, seq, s.data)
	case isa.CopyInput:
		return latency, ex.copyInput(e, seq, s.data)
	case isa.CopyReturn:
		return latency, ex.copyReturn(e, seq, s.data)
	case isa.CopyCode:
		ex.copyCode(e, s.data, ex.ren.frames[e.Frame].prog.Code)
	case isa.CopyForeignCode:
		ex.copyCode(e, s.data, ex.sys.ForeignCode(ex.regs.Value(e.Src[2])))
	default:
		ex.copyCode(e, s.data, nil)
	}
	return latency, true
}

// copyMemory gathers a range of the frame's memory. It reports false when it has to wait.
func (ex *executor) copyMemory(e *rob.Entry, seq rob.Seq, data []byte) bool {
	o, n, fits := ex.tx.bounded(ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[1]))
	if !fits {
		ex.ren.fail(e, decoder.FaultOutOfGas)
		return true
	}
	if n > speculativeBytes && !ex.affordable(e, seq, o+n) {
		return e.Flags&rob.Parked == 0
	}
	r := gatherResult{supplied: ^uint64(0)}
	space := ex.ren.frames[e.Frame].space
	if n > 0 {
		ex.mem.gather(e, space, o, data, ex.mem.olderStore(e), true, &r)
	}
	return ex.mem.settle(e, seq, space, o, n, &r)
}

// copyInput gathers a range of the frame's input; beyond its end are zeros.
func (ex *executor) copyInput(e *rob.Entry, seq rob.Seq, data []byte) bool {
	frame, o, have := ex.ren.inputRange(e, ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[2]), ex.regs.Value(e.Src[3]), uint64(len(data)))
	r := gatherResult{supplied: ^uint64(0)}
	if have > 0 {
		ex.mem.gather(e, frame, o, data[:have], ex.mem.olderStore(e), true, &r)
	}
	clear(data[have:])
	return ex.mem.settle(e, seq, frame, o, have, &r)
}

// copyReturn gathers a range of what the last call returned; one that is not all there
// faults (EIP-211).
func (ex *executor) copyReturn(e *rob.Entry, seq rob.Seq, data []byte) bool {
	n := uint64(len(data))
	off, base, total := ex.regs.Value(e.Src[0]), ex.regs.Value(e.Src[2]), ex.regs.Value(e.Src[3])
	switch {
	case !off.IsUint64() || !total.IsUint64() || off.Uint64()+n < n || off.Uint64()+n > total.Uint64():
		ex.ren.fail(e, decoder.FaultReturnBounds)
		return true
	case n == 0: // of a range that may lie anywhere
		return true
	case !base.IsUint64(): // a wrong path: nobody can have returned this
		clear(data)
		return true
	}
	r := gatherResult{supplied: ^uint64(0)}
	o := base.Uint64() + off.Uint64()
	ex.mem.gather(e, e.Other, o, data, ex.mem.olderStore(e), true, &r)
	return ex.mem.settle(e, seq, e.Other, o, n, &r)
}

// copyCode copies from a code; beyond its end are zeros.
func (ex *executor) copyCode(e *rob.Entry, data, code []byte) {
	k := 0
	if off := ex.regs.Value(e.Src[0]); off.IsUint64() && off.Uint64() < uint64(len(code)) {
		k = copy(data, code[off.Uint64():])
	}
	clear(data[k:])
}

// completeStoreAddr makes a store's range known.
func (c *Core) completeStoreAddr(e *rob.Entry) {
	n := uint64(32)
	off := c.ren.regs.Value(e.Src[0])
	switch e.Op {
	case isa.StoreAddr1:
		n = 1
	case isa.StoreAddrN:
		o, n := c.exec.rangeAt(e)
		c.resolveStore(e.Queue, o, n)
		return
	case isa.CopyAddr:
		o, l, ok := c.tx.bounded(off, c.ren.regs.Value(e.Src[1]))
		if !ok {
			e.Flags |= rob.Faulty
			e.Fault = uint8(decoder.FaultOutOfGas)
		}
		c.resolveStore(e.Queue, o, l)
		return
	}
	if !off.IsUint64() || off.Uint64() > c.tx.memoryBound || off.Uint64()+n > c.tx.memoryBound {
		e.Flags |= rob.Faulty
		e.Fault = uint8(decoder.FaultOutOfGas)
		c.resolveStore(e.Queue, 0, 0)
		return
	}
	c.resolveStore(e.Queue, off.Uint64(), n)
}

// completeReturn makes the range that a frame's end writes in its caller's memory
// known. The bytes stay where they are: the store is an alias of the callee's
// memory.
func (c *Core) completeReturn(e *rob.Entry) {
	off, length := c.ren.regs.Value(e.Src[0]), c.ren.regs.Value(e.Src[1])
	if e.Op == isa.Builtin {
		off, length = new(isa.Word), c.ren.regs.Value(e.Dst2)
	}
	o, n, ok := c.tx.bounded(off, length)
	to, room, fits := c.tx.bounded(c.ren.regs.Value(e.Src[2]), c.ren.regs.Value(e.Src[3]))
	s := c.mem.store(e.Queue)
	s.sourceOff = o
	if !ok || !fits || c.ren.frames[e.Frame].creation {
		to, n = 0, 0
	}
	s.dataKnown = true
	c.resolveStore(e.Queue, to, min(n, room))
}

func (ex *executor) executeControl(e *rob.Entry, seq rob.Seq, latency isa.Cycle) (isa.Cycle, bool) {
	switch e.Op {
	case isa.Target:
		key := hierarchy.Key{Owner: *ex.regs.Value(e.Src[0]), Kind: hierarchy.Account}
		isa.Exec(isa.Account, &key.Owner, &key.Owner, nil, nil)
		extra, ok := ex.touch(e, seq, ex.state.keys.Number(&key))
		return latency + extra, ok
	case isa.Leave:
		ex.ren.succeed(e)
	case isa.Abort:
		ex.regs.Value(e.Dst).Clear()
	case isa.Destroy:
		key := hierarchy.Key{Owner: *ex.regs.Value(e.Src[0]), Kind: hierarchy.Account}
		isa.Exec(isa.Account, &key.Owner, &key.Owner, nil, nil)
		extra, ok := ex.touch(e, seq, ex.state.keys.Number(&key))
		if !ok {
			return 0, false
		}
		ex.ren.succeed(e)
		return latency + extra, true
	case isa.Builtin:
		return ex.executeBuiltin(e, seq)
	case isa.Counter:
		if ex.freeGas && isa.CounterKind(e.Imm) == isa.CounterGas && ex.ren.frames[e.Frame].machine.goldenGas() {
			if g, ok := ex.golden.Gas(e.Dynamic); ok {
				ex.regs.Value(e.Dst).SetUint64(g)
				ex.stats.GasAnswers++
				break
			}
		}
		e.Flags |= rob.ResultAtCommit
	}
	return latency, true
}

// succeed gives the caller its one: at once, or where the frame makes an account,
// its address when commit knows it.
func (rn *renamer) succeed(e *rob.Entry) {
	if rn.frames[e.Frame].creation {
		e.Flags |= rob.ResultAtCommit
		return
	}
	rn.regs.Value(e.Dst).SetOne()
}
