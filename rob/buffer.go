package rob

import (
	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
)

// Flags of an entry.
type Flags uint16

// Entry flags.
const (
	Dispatched Flags = 1 << iota
	Issued
	Done   // executed; its result is readable
	First  // first micro-op of its instruction
	Last   // last micro-op of its instruction: architectural effects happen with it
	Parked // issued in vain: waits for a store, a transfer or its turn as the oldest
	Faulty // will raise its fault at commit
	Far    // state access that missed near and buffer
	Near   // state access that missed the buffer
	PredictedTaken
	StopsFetch     // fetch stopped behind it
	ResultAtCommit // its result is made by its commit
	Plain          // commit charges a constant and keeps a result: nothing else
	Transfers      // its commit may move value
	Strict         // a second result that is not zero is a fault
	Popped         // its target came from the return stack
)

// Entry is one micro-op in flight, with the run of folded instructions before it.
// It is two cache lines of 64 bytes: the first has what every stage reads, the
// second what particular micro-ops need.
type Entry struct {
	Op      isa.Op
	Imm     uint8
	Fault   uint8 // decoder.Fault of a Faulty entry
	Pending uint8 // sources not ready yet
	Flags   Flags
	Height  uint16 // of the frame's stack before the run
	UopIdx  uint8  // position within the instruction

	UID      uint32        // unique among entries that had the same sequence number
	Frame    FrameID       // the frame it runs in
	RunStart isa.InstIndex // first instruction of the run; the run ends before Inst
	Inst     isa.InstIndex // the instruction whose micro-op this is
	Src      [4]Reg
	Dst      Reg
	Dst2     Reg       // a built-in's output length; a second result
	UndoEnd  Mark      // log position behind its renaming
	Ready    isa.Cycle // cycle from which it can dispatch; once issued, in which it completes

	Link    [4]Wait       // of each waiting source: the next waiter of the same register
	Next    isa.InstIndex // Jump, Branch: the next instruction, predicted and once executed actual, -1 when fetch waits
	Other   FrameID       // Enter: the frame entered; CopyData: the one whose memory has what was returned; Halt: that of the next transaction; else NoFrame
	LoadQ   uint32        // position in the load queue, of what reads memory: its low bits
	RunGas  uint32        // constant cost of the run
	Queue   uint64        // position in the store or the state queue
	Dynamic uint64        // instruction number of the block, along its path
	DirCP   uint64        // predictor checkpoints from before the run was fetched
	TgtCP   uint64
}

// FrameID numbers the frames in flight; one that has ended gives its number to a later one.
type FrameID int32

// NoFrame is the absence of a frame.
const NoFrame FrameID = -1

// Seq numbers the entries of a Buffer in program order.
type Seq uint64

// Buffer is the reorder buffer together with the front-end queue behind it: a
// ring addressed by sequence number. Entries [Head, Dispatch) are in the reorder
// buffer, [Dispatch, Tail) on their way through the front end.
type Buffer struct {
	ring     Ring[Entry]
	Head     Seq
	Dispatch Seq
	Tail     Seq
	uid      uint32
}

// NewBuffer makes a buffer; sequence numbers start at 1.
func NewBuffer() *Buffer {
	const initial = 512
	return &Buffer{ring: NewRing[Entry](initial), Head: 1, Dispatch: 1, Tail: 1}
}

// entryBeside is what an entry takes outside the buffer: its registers, their states and its
// places in queues of the scheduler.
const entryBeside = 128

// Within has the buffer grow within a budget.
func (b *Buffer) Within(memory *budget.Budget) { b.ring.Within(memory, entryBeside) }

// At gives the entry with a sequence number in [Head, Tail). The pointer is valid
// until the next Add.
func (b *Buffer) At(seq Seq) *Entry { return &b.ring.items[uint64(seq)&b.ring.mask] } // as Ring.At, a call less on the hottest path

// Add appends an entry, zeroed but for its unique number.
func (b *Buffer) Add() (*Entry, Seq) {
	if b.ring.Full(uint64(b.Head), uint64(b.Tail)) {
		b.ring.Double(uint64(b.Head), uint64(b.Tail))
	}
	seq := b.Tail
	b.Tail++
	b.uid++
	e := b.ring.At(uint64(seq))
	*e = Entry{} // in place: a literal with fields would be made elsewhere and copied
	e.UID = b.uid
	e.Src = [4]Reg{NoReg, NoReg, NoReg, NoReg}
	e.Dst, e.Dst2 = NoReg, NoReg
	return e, seq
}

// Holds reports whether seq is in flight.
func (b *Buffer) Holds(seq Seq) bool { return seq >= b.Head && seq < b.Tail }

// Occupancy is the number of entries in the reorder buffer.
func (b *Buffer) Occupancy() int { return int(b.Dispatch - b.Head) }
