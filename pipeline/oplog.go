package pipeline

import (
	"fmt"
	"hash/fnv"
	"unsafe"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// LogKind says what a line of an OpLog is.
type LogKind uint8

// The kinds of lines.
const (
	LogUop   LogKind = iota // a micro-op
	LogEnter                // a frame begins
	LogLeave                // a frame ends, and what it did stays
	LogUndo                 // a frame ends, and what it did to the state is undone
	LogEvent                // an instruction hands a range of memory to the outside
)

// NoSource is a source that a micro-op does not have.
const NoSource = -1 << 31

// LoggedOp is one line of an OpLog. The meaning of the ranges depends on the
// micro-op: what it reads of memory lies in the space From at FromOff, what it writes
// in the space Frame at Off. A frame's end has in
// Frame the frame.
type LoggedOp struct {
	Kind   LogKind
	Op     isa.Op
	Imm    uint8
	Frame  rob.FrameID
	Other  rob.FrameID // caller of the frame that begins or ends
	Inst   isa.InstIndex
	From   rob.FrameID // space that it reads
	Src    [4]int32    // lines that made the sources; below zero constants; or NoSource
	Result isa.Word

	Off, N         uint64    // bytes written
	FromOff, FromN uint64    // bytes read
	Site           uint64    // of the program that the frame runs
	Returned       uint64    // hash of what a frame's end returned
	Cycle          isa.Cycle // of its commit
}

// OpLog is what one transaction has committed, micro-op by micro-op, with its
// definitions and uses: the operation log of ParallelEVM (EuroSys 2025, section 4) with
// a line for a micro-op where that has one for an instruction.
type OpLog struct {
	Ops       []LoggedOp
	constants []isa.Word
	producer  []int32 // by register: the line that made it, plus 1

	memory *budget.Budget // of the run
	taken  int64
}

// What a line takes, and a constant.
const (
	lineBytes     = int64(unsafe.Sizeof(LoggedOp{}))
	constantBytes = int64(unsafe.Sizeof(isa.Word{}))
)

// add appends a line.
func (l *OpLog) add(x *LoggedOp) {
	l.Ops = append(within(l, l.Ops, lineBytes), *x)
}

// within makes sure that a list of the log may grow by an item, to twice its length where it
// is full: the old one is there until then.
func within[T any](l *OpLog, list []T, bytes int64) []T {
	n := cap(list)
	if len(list) < n {
		return list
	}
	more := max(64, 2*n)
	l.memory.NeedFor(int64(more)*bytes, func() string {
		return fmt.Sprintf("the log of a transaction's operations, of %d so far,", len(l.Ops))
	})
	longer := append(make([]T, 0, more), list...)
	l.memory.Give(int64(n) * bytes)
	l.taken += int64(more-n) * bytes
	return longer
}

// Release empties the log for another transaction, of another run too, and gives back what it
// has taken of the run's memory.
func (l *OpLog) Release() {
	l.memory.Give(l.taken)
	l.memory, l.taken = nil, 0
	l.Ops, l.constants = l.Ops[:0], l.constants[:0]
	clear(l.producer)
}

// begin counts what the log has room for against the memory of a run; where that has none, the
// log begins anew.
func (l *OpLog) begin(memory *budget.Budget) {
	l.memory, l.taken = memory, int64(cap(l.Ops))*lineBytes+int64(cap(l.constants))*constantBytes
	if memory.Take(l.taken, "") != nil {
		*l = OpLog{memory: memory}
	}
}

// Source is the value of a source, nil for NoSource.
func (l *OpLog) Source(source int32) *isa.Word {
	switch {
	case source == NoSource:
		return nil
	case source < 0:
		return &l.constants[-1-source]
	}
	return &l.Ops[source].Result
}

// Record makes the core log what it commits, from the next transaction on; nil ends
// that.
func (c *Core) Record(l *OpLog) {
	if c.obs.oplog = l; l != nil {
		l.begin(c.ren.memory)
	}
}

// forget says that a register now holds a value that no micro-op has made.
func (l *OpLog) forget(r rob.Reg) {
	if !r.IsConst() && int(r) < len(l.producer) {
		l.producer[r] = 0
	}
}

// source names what made a register.
func (ob *observers) logSource(l *OpLog, r rob.Reg) int32 {
	switch {
	case r == rob.NoReg:
		return NoSource
	case !r.IsConst() && int(r) < len(l.producer) && l.producer[r] > 0:
		return l.producer[r] - 1
	}
	l.constants = append(within(l, l.constants, constantBytes), *ob.regs.Value(r))
	return int32(-len(l.constants))
}

func (l *OpLog) makes(r rob.Reg, line int) {
	for int(r) >= len(l.producer) {
		l.producer = append(l.producer, make([]int32, len(l.producer)+256)...)
	}
	l.producer[r] = int32(line) + 1
}

// line makes a line for an entry, with its sources.
func (ob *observers) logLine(e *rob.Entry, kind LogKind) *LoggedOp {
	l := ob.oplog
	x := LoggedOp{
		Kind: kind, Op: e.Op, Imm: e.Imm, Frame: e.Frame, Inst: e.Inst, Site: ob.ren.frames[e.Frame].site, Cycle: ob.clock.now,
		Src: [4]int32{NoSource, NoSource, NoSource, NoSource},
	}
	for i := range e.Src[:facts[e.Op].sources] {
		x.Src[i] = ob.logSource(l, e.Src[i])
	}
	l.add(&x)
	return &l.Ops[len(l.Ops)-1]
}

// logRetired logs an entry that retires, before it gives back what it holds.
func (ob *observers) logRetired(e *rob.Entry) {
	f := &ob.ren.frames[e.Frame]
	if f.prog != nil && e.Op == isa.Argument && f.prog.Insts[e.Inst].Kind.Foldable() {
		return // moves values on the stack: their readers name who made them
	}
	x := ob.logLine(e, LogUop)
	if e.Dst != rob.NoReg {
		x.Result = *ob.regs.Value(e.Dst)
		ob.oplog.makes(e.Dst, len(ob.oplog.Ops)-1)
	}
	if e.Dst2 != rob.NoReg {
		ob.oplog.forget(e.Dst2)
	}
	if readsMemory(e) {
		r := ob.mem.load(uint64(e.LoadQ))
		x.From, x.FromOff, x.FromN = r.frame, r.off, r.n
	}
	switch e.Op {
	case isa.StoreData, isa.StoreData1, isa.CopyData:
		s := ob.mem.store(e.Queue)
		x.Off, x.N = s.off, s.n
	case isa.Argument, isa.RangeAddress:
		if e.Flags&rob.Last == 0 || f.prog == nil || f.prog.Rows[f.prog.Insts[e.Inst].Code].Flags&decoder.Effect == 0 {
			return
		}
		if off, n, ok := ob.tx.bounded(&ob.ret.args[0], &ob.ret.args[1]); ok {
			ob.oplog.add(&LoggedOp{Kind: LogEvent, From: e.Frame, FromOff: off, FromN: n, Cycle: ob.clock.now})
		}
	}
}

// logEnter logs that a call has entered its callee.
func (ob *observers) logEnter(e *rob.Entry, child rob.FrameID) {
	if ob.oplog == nil {
		return
	}
	ob.oplog.add(&LoggedOp{Kind: LogEnter, Op: e.Op, Frame: child, Other: e.Frame, Inst: e.Inst, Site: ob.ren.frames[e.Frame].site, Cycle: ob.clock.now})
}

// logLeave logs the end of a frame and the bytes that its caller's memory gets.
func (ob *observers) logLeave(e *rob.Entry, parent rob.FrameID, kind decoder.Kind, returned []byte) {
	if ob.oplog == nil {
		return
	}
	hash := fnv.New64a()
	_, _ = hash.Write(returned)
	x := LoggedOp{Kind: LogLeave, Op: e.Op, Frame: e.Frame, Other: parent, From: e.Frame, Result: ob.ret.left, Returned: hash.Sum64(), Cycle: ob.clock.now}
	if kind == decoder.KindAbort {
		x.Kind = LogUndo
	}
	if returns(e.Op) {
		s := ob.mem.store(e.Queue)
		x.Off, x.N, x.FromOff = s.off, s.n, s.sourceOff
	}
	ob.oplog.add(&x)
}

// logFault logs the end of a frame by a fault, which depends on the faulting
// micro-op's sources.
func (ob *observers) logFault(e *rob.Entry, parent rob.FrameID) {
	if ob.oplog == nil {
		return
	}
	ob.logLine(e, LogUop).Op = isa.Fault
	ob.oplog.add(&LoggedOp{Kind: LogUndo, Op: isa.Fault, Frame: e.Frame, Other: parent, From: e.Frame, Cycle: ob.clock.now})
}
