package prefetch

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// provenance follows the dataflow of what commits, to tell a predictor of state keys
// how each key came about: every physical register has the expression of its value in
// terms of what its frame was entered with, and so has every range of frame memory.
// Only stack machines are followed.
// Addresses in memory are taken as they were; what cannot be expressed is opaque.
type provenance struct {
	core Core
	regs *rob.Registers

	keys     predictor.Keys
	graph    *predictor.Graph
	dataflow bool
	node     []predictor.Node // by register
	frames   []tracedFrame    // those entered, outermost first
}

// tracedFrame is one frame that has committed instructions under way.
type tracedFrame struct {
	frame    rob.FrameID
	call     predictor.Call
	bind     predictor.Binding // its leaves in its caller's terms
	memory   []segment         // oldest first
	lost     bool              // old segments were dropped
	returned []segment         // what the last call returned, from offset 0 on
	touched  []predictor.Touched
	place    map[predictor.Key]struct{}
}

// segment is a range of memory written at once: n bytes of a word from byte from on,
// or of the input from the offset src on.
type segment struct {
	off, n uint64
	kind   segmentKind
	node   predictor.Node
	from   uint8
	src    uint64
}

type segmentKind uint8

const (
	segmentOpaque segmentKind = iota
	segmentWord
	segmentInput
)

const (
	maxSegments = 512
	maxTouched  = 256
	maxReturned = 256 // bytes of returned data that are followed
	maxHashed   = 256 // bytes of a hash's input
)

func newProvenance(keys predictor.Keys, core Core, regs *rob.Registers, dataflow bool) *provenance {
	return &provenance{core: core, regs: regs, keys: keys, graph: keys.Graph(), dataflow: dataflow}
}

// Retired is a micro-op that commits.
type Retired struct {
	*rob.Entry
	Prog   *decoder.Program
	Stack  bool   // of a stack machine
	Off, N uint64 // what a store has written
	Data   []byte // by a block copy
}

// reset begins a transaction.
func (p *provenance) reset() {
	p.frames = p.frames[:0]
	clear(p.node)
}

func (p *provenance) set(r rob.Reg, n predictor.Node) {
	for int(r) >= len(p.node) {
		p.node = append(p.node, predictor.Opaque)
	}
	p.node[r] = n
}

// of is the expression of a register.
func (p *provenance) of(r rob.Reg) predictor.Node {
	switch {
	case r.IsConst():
		return p.graph.Const(p.regs.Value(r))
	case int(r) < len(p.node):
		return p.node[r]
	}
	return predictor.Opaque
}

// source is the expression of a micro-op's source.
func (p *provenance) source(e *Retired, i int) predictor.Node {
	in := &e.Prog.Insts[e.Inst]
	if in.Kind.Foldable() {
		return p.of(e.Src[i])
	}
	o := e.Prog.Rows[in.Code].Uops[e.UopIdx].Src[i]
	switch {
	case o < decoder.StackOperands, o == decoder.Temp, o == decoder.CodeLength, o == decoder.InstAddress, o == decoder.Zero:
		return p.of(e.Src[i])
	case o == decoder.FrameSelf:
		return p.graph.Self()
	case o == decoder.FrameCaller:
		return p.graph.Caller()
	case o == decoder.FrameValue:
		return p.graph.Value()
	case o >= decoder.Context0 && o != decoder.None:
		return p.graph.Context(int(o - decoder.Context0))
	}
	return predictor.Opaque
}

// retire follows one micro-op. Its registers are still held.
func (p *provenance) retire(e *Retired) {
	n := predictor.Opaque
	if len(p.frames) > 0 && p.frames[len(p.frames)-1].frame == e.Frame && e.Stack {
		if t := &p.frames[len(p.frames)-1]; p.dataflow {
			n = p.follow(t, e)
		} else {
			p.touch(t, e, predictor.Opaque)
		}
	}
	if e.Dst != rob.NoReg {
		p.set(e.Dst, n)
	}
	if e.Dst2 != rob.NoReg {
		p.set(e.Dst2, predictor.Opaque)
	}
}

// follow returns the expression of a micro-op's result, and keeps what it stores.
func (p *provenance) follow(t *tracedFrame, e *Retired) predictor.Node {
	switch isa.Table[e.Op].Class {
	case isa.ClassALU:
		if e.Dst == rob.NoReg {
			return predictor.Opaque
		}
		var src [3]predictor.Node
		for i := range src[:isa.Table[e.Op].Sources] {
			src[i] = p.source(e, i)
		}
		if e.Op == isa.Move {
			return src[0]
		}
		return p.graph.Op(e.Op, src[0], src[1], src[2])
	case isa.ClassLoad, isa.ClassHash:
		return p.load(t, e)
	case isa.ClassStoreData:
		p.store(t, e)
	case isa.ClassStateLoad, isa.ClassStateKey:
		slot := predictor.Opaque
		if e.Op == isa.StateLoad || e.Op == isa.StateKey {
			slot = p.source(e, 1)
		}
		p.touch(t, e, slot)
		if e.Op == isa.StateLoad && isa.Space(e.Imm) == isa.Persistent {
			return p.graph.Stored(p.graph.Self(), slot)
		}
	case isa.ClassControl:
		if e.Op == isa.Target {
			p.touch(t, e, predictor.Opaque)
		}
	}
	return predictor.Opaque
}

// touch notes the key that a micro-op accesses.
func (p *provenance) touch(t *tracedFrame, e *Retired, slot predictor.Node) {
	x := predictor.Touched{How: predictor.Recipe{Slot: slot}}
	switch e.Op {
	case isa.StateLoad, isa.StateKey:
		if isa.Space(e.Imm) != isa.Persistent {
			return
		}
		x.Key.Slot, x.Key.Storage, x.How.Storage = *p.regs.Value(e.Src[1]), true, true
	case isa.AccountLoad, isa.Target:
	default:
		return
	}
	x.Key.Account = *p.regs.Value(e.Src[0])
	if !x.Key.Storage {
		isa.Exec(isa.Account, &x.Key.Account, &x.Key.Account, nil, nil)
	}
	if p.dataflow {
		x.How.Account = p.source(e, 0)
	}
	t.add(x)
}

func (t *tracedFrame) add(x predictor.Touched) {
	if _, have := t.place[x.Key]; have || len(t.touched) >= maxTouched {
		return
	}
	t.place[x.Key] = struct{}{}
	t.touched = append(t.touched, x)
}

func (p *provenance) load(t *tracedFrame, e *Retired) predictor.Node {
	switch e.Op {
	case isa.LoadInput:
		return p.graph.Input(p.source(e, 0))
	case isa.Load:
		if pieces, ok := p.pieces(t, p.regs.Value(e.Src[0]).Uint64(), 32); ok {
			return p.graph.Bytes(pieces)
		}
	case isa.Hash, isa.HashPair:
		off, n, ok := p.core.Bounded(p.regs.Value(e.Src[0]), p.regs.Value(e.Src[1]))
		if !ok || n == 0 || n > maxHashed {
			break
		}
		if pieces, ok := p.pieces(t, off, n); ok {
			return p.graph.Hash(p.graph.Join(pieces))
		}
	}
	return predictor.Opaque
}

// store keeps what a store has written.
func (p *provenance) store(t *tracedFrame, e *Retired) {
	if e.N == 0 {
		return
	}
	x := segment{off: e.Off, n: e.N}
	switch {
	case e.Op == isa.StoreData:
		x.kind, x.node = segmentWord, p.source(e, 0)
	case e.Op == isa.StoreData1:
		x.kind, x.node, x.from = segmentWord, p.source(e, 0), 31
	case isa.CopySource(e.Imm) == isa.CopyInput:
		if src := p.regs.Value(e.Src[0]); src.IsUint64() {
			x.kind, x.src = segmentInput, src.Uint64()
		}
	case isa.CopySource(e.Imm) == isa.CopyCode && e.N <= maxReturned:
		p.constant(t, x, e.Data)
		return
	case isa.CopySource(e.Imm) == isa.CopyReturn:
		t.write(x)
		src := p.regs.Value(e.Src[0])
		for _, r := range t.returned {
			if end := src.Uint64() + e.N; r.off >= src.Uint64() && r.off+r.n <= end {
				r.off += e.Off - src.Uint64()
				t.write(r)
			}
		}
		return
	}
	if x.kind == segmentWord && x.node == predictor.Opaque {
		x.kind = segmentOpaque
	}
	t.write(x)
}

// constant keeps bytes that are always the same.
func (p *provenance) constant(t *tracedFrame, x segment, data []byte) {
	for i := 0; i < len(data); i += 32 {
		var b [32]byte
		n := copy(b[:], data[i:])
		var w isa.Word
		w.SetBytes32(b[:])
		t.write(segment{off: x.off + uint64(i), n: uint64(n), kind: segmentWord, node: p.graph.Const(&w)})
	}
}

func (t *tracedFrame) write(x segment) {
	if n := len(t.memory); n > 0 && t.memory[n-1].off == x.off && t.memory[n-1].n == x.n {
		t.memory[n-1] = x
		return
	}
	if len(t.memory) >= maxSegments {
		t.memory = append(t.memory[:0], t.memory[maxSegments/2:]...)
		t.lost = true
	}
	t.memory = append(t.memory, x)
}

// pieces says what a range of a frame's memory is made of.
func (p *provenance) pieces(t *tracedFrame, off, n uint64) ([]predictor.Piece, bool) {
	return p.below(t, len(t.memory), off, n, nil)
}

// below looks at the oldest segments only, the youngest of them first.
func (p *provenance) below(t *tracedFrame, top int, off, n uint64, to []predictor.Piece) (_ []predictor.Piece, ok bool) {
	end := off + n
	for i := top - 1; i >= 0; i-- {
		s := &t.memory[i]
		lo, hi := max(off, s.off), min(end, s.off+s.n)
		if lo >= hi {
			continue
		}
		if s.kind == segmentOpaque {
			return nil, false
		}
		if lo > off {
			if to, ok = p.below(t, i, off, lo-off, to); !ok {
				return nil, false
			}
		}
		if s.kind == segmentWord {
			to = append(to, predictor.Piece{Node: s.node, From: s.from + uint8(lo-s.off), Len: uint8(hi - lo)})
		} else {
			to = p.input(s.src+(lo-s.off), hi-lo, to)
		}
		if hi < end {
			return p.below(t, i, hi, end-hi, to)
		}
		return to, true
	}
	if t.lost {
		return nil, false
	}
	return p.zeros(n, to), true
}

func (p *provenance) zeros(n uint64, to []predictor.Piece) []predictor.Piece {
	for ; n > 0; n -= min(n, 32) {
		to = append(to, predictor.Piece{Node: p.graph.Const(&isa.Word{}), Len: uint8(min(n, 32))})
	}
	return to
}

// input appends a range of the frame's input.
func (p *provenance) input(src, n uint64, to []predictor.Piece) []predictor.Piece {
	for n > 0 {
		k := min(n, 32)
		to = append(to, predictor.Piece{Node: p.graph.Input(p.graph.Const(&isa.Word{src})), Len: uint8(k)})
		src, n = src+k, n-k
	}
	return to
}

// enter begins the frame of a call that has committed.
func (p *provenance) enter(c *Call, selector uint32) {
	call := predictor.Call{Code: c.Code, Selector: selector, Site: c.Site}
	t := p.push(c.Callee)
	if c.Outermost {
		call.Site = 0
		t.call = call
		return
	}
	t.call = call
	if !p.dataflow || len(p.frames) < 2 {
		return
	}
	caller := &p.frames[len(p.frames)-2]
	if caller.frame != c.Caller {
		return
	}
	off, n, shape, env := c.Off, c.N, c.Shape, c.Env
	part := func(o decoder.Operand, r rob.Reg) predictor.Node {
		switch o {
		case decoder.FrameSelf:
			return p.graph.Self()
		case decoder.FrameCaller:
			return p.graph.Caller()
		case decoder.FrameValue:
			return p.graph.Value()
		}
		return p.of(r)
	}
	t.bind.Self, t.bind.Caller, t.bind.Value = part(shape.Self, env[rob.EnvSelf]), part(shape.Caller, env[rob.EnvCaller]), part(shape.Value, env[rob.EnvValue])
	t.bind.Code = part(shape.Account, c.Account)
	depth := len(p.frames) - 2
	t.bind.Input = func(at uint64) predictor.Node {
		have := uint64(0)
		if at < n {
			have = min(n-at, 32)
		}
		pieces, ok := p.pieces(&p.frames[depth], off+at, have)
		if have == 0 {
			pieces, ok = nil, true
		}
		if !ok {
			return predictor.Opaque
		}
		return p.graph.Bytes(p.zeros(32-have, pieces))
	}
	for i := len(caller.memory) - 1; i >= 0 && n > 0; i-- {
		s := &caller.memory[i]
		if s.off >= off+n || s.off+s.n <= off {
			continue
		}
		if s.kind == segmentInput && s.off <= off && s.off+s.n >= off+n {
			t.bind.Through = int64(s.src + (off - s.off))
		}
		break
	}
}

// push makes room for a frame.
func (p *provenance) push(frame rob.FrameID) *tracedFrame {
	if len(p.frames) < cap(p.frames) {
		p.frames = p.frames[:len(p.frames)+1]
	} else {
		p.frames = append(p.frames, tracedFrame{})
	}
	t := &p.frames[len(p.frames)-1]
	*t = tracedFrame{frame: frame, memory: t.memory[:0], returned: t.returned[:0], touched: t.touched[:0], place: t.place}
	if t.place == nil {
		t.place = map[predictor.Key]struct{}{}
	}
	clear(t.place)
	t.bind.Through = -1
	t.bind.Input = func(uint64) predictor.Node { return predictor.Opaque }
	return t
}

// leave ends a frame: the predictor learns its call, and its caller takes over what
// it has touched and returned. [off, off+n) is what it returns, and [out, out+room)
// where its caller wants that.
func (p *provenance) leave(frame rob.FrameID, off, n, out, room uint64) {
	if len(p.frames) == 0 || p.frames[len(p.frames)-1].frame != frame {
		return
	}
	t := &p.frames[len(p.frames)-1]
	if t.call.Code != 0 {
		p.keys.Train(&t.call, t.touched)
	}
	if len(p.frames) > 1 {
		p.hand(&p.frames[len(p.frames)-2], t, off, n, out, room)
	}
	p.frames = p.frames[:len(p.frames)-1]
}

func (p *provenance) hand(caller, t *tracedFrame, off, n, out, room uint64) {
	for _, x := range t.touched {
		if p.dataflow {
			how := &x.How
			how.Account, how.Slot = p.graph.Rebase(how.Account, &t.bind), p.graph.Rebase(how.Slot, &t.bind)
			if how.Code == 0 {
				how.Guard, how.Code = t.bind.Code, t.call.Code
			} else {
				how.Guard = p.graph.Rebase(how.Guard, &t.bind)
			}
		}
		caller.add(x)
	}
	caller.returned = caller.returned[:0]
	if room = min(room, n); room > 0 {
		caller.write(segment{off: out, n: room})
	}
	if !p.dataflow || n == 0 || n > maxReturned {
		return
	}
	at := uint64(0)
	for ; at < n; at += 32 { // words of their own: one that is opaque does not hide the others
		k := min(n-at, 32)
		pieces, ok := p.pieces(t, off+at, k)
		if !ok {
			continue
		}
		place := at
		for _, piece := range pieces {
			if node := p.graph.Rebase(piece.Node, &t.bind); node != predictor.Opaque {
				s := segment{off: place, n: uint64(piece.Len), kind: segmentWord, node: node, from: piece.From}
				caller.returned = append(caller.returned, s)
				if place+s.n <= room {
					s.off += out
					caller.write(s)
				}
			}
			place += uint64(piece.Len)
		}
	}
}

// opaqueOutput says that nothing is known of what a built-in returns.
func (p *provenance) opaqueOutput(frame rob.FrameID) {
	if n := len(p.frames); n > 0 && p.frames[n-1].frame == frame {
		p.frames[n-1].lost = true
	}
}
