package rob

import "github.com/ooovm/ooovm/isa"

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
	Halts // fetch stopped behind it
	Late  // its result is made by its commit
)

// Entry is one micro-op in flight, with the run of folded instructions before it.
type Entry struct {
	Op      isa.Op
	Imm     uint8
	Fault   uint8 // decoder.Fault of a Faulty entry
	Pending uint8 // sources not ready yet
	Flags   Flags
	Height  uint16 // of the frame's stack before the run
	UopIdx  uint8  // position within the instruction

	Frame    int32 // the frame it runs in
	RunStart int32 // first instruction of the run; the run ends before Inst
	Inst     int32 // the instruction whose micro-op this is
	Next     int32 // Jump, Branch: predicted next instruction, -1 when fetch waits; Enter: the frame entered
	NextIs   int32 // Jump, Branch: the actual one, once executed

	Src  [4]Reg
	Dst  Reg
	Dst2 Reg     // a built-in's output length
	Link [4]Wait // of each waiting source: the next waiter of the same register

	Queue   uint64 // position in the store or the state queue
	LoadQ   uint64 // position in the load queue, of what reads memory
	Older   uint64 // of what reads memory: its youngest older store, 0 for none
	RunGas  uint64 // constant cost of the run
	UndoEnd uint64 // log position behind its renaming
	Ready   uint64 // cycle from which it can dispatch; once issued, in which it completes
	Dynamic uint64 // instruction number of the block, along its path
	DirCP   uint64 // predictor checkpoints from before the run was fetched
	TgtCP   uint64
	UID     uint32 // unique among entries that had the same sequence number
}

// Buffer is the reorder buffer together with the front-end queue behind it: a
// ring addressed by sequence number. Entries [Head, Dispatch) are in the reorder
// buffer, [Dispatch, Tail) on their way through the front end.
type Buffer struct {
	ring     []Entry
	mask     uint64
	Head     uint64
	Dispatch uint64
	Tail     uint64
	uid      uint32
}

// NewBuffer makes a buffer; sequence numbers start at 1.
func NewBuffer() *Buffer {
	const initial = 512
	return &Buffer{ring: make([]Entry, initial), mask: initial - 1, Head: 1, Dispatch: 1, Tail: 1}
}

// At gives the entry with a sequence number in [Head, Tail). The pointer is valid
// until the next Add.
func (b *Buffer) At(seq uint64) *Entry { return &b.ring[seq&b.mask] }

// Add appends an entry, zeroed but for its unique number.
func (b *Buffer) Add() (*Entry, uint64) {
	if b.Tail-b.Head == uint64(len(b.ring)) {
		b.grow()
	}
	seq := b.Tail
	b.Tail++
	b.uid++
	e := &b.ring[seq&b.mask]
	*e = Entry{UID: b.uid, Dst: NoReg, Dst2: NoReg, Src: [4]Reg{NoReg, NoReg, NoReg, NoReg}}
	return e, seq
}

func (b *Buffer) grow() {
	bigger := make([]Entry, 2*len(b.ring))
	mask := uint64(len(bigger) - 1)
	for s := b.Head; s != b.Tail; s++ {
		bigger[s&mask] = b.ring[s&b.mask]
	}
	b.ring, b.mask = bigger, mask
}

// Holds reports whether seq is in flight.
func (b *Buffer) Holds(seq uint64) bool { return seq >= b.Head && seq < b.Tail }

// Occupancy is the number of entries in the reorder buffer.
func (b *Buffer) Occupancy() int { return int(b.Dispatch - b.Head) }
