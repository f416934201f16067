package decoder

import "github.com/ooovm/ooovm/isa"

// RegisterFile describes the registers of a register machine. Its registers are renamed
// as the stack of a stack machine is: a frame's rename map has one position for each.
type RegisterFile struct {
	Size int // registers, 64 bits wide

	// Status are the registers that take second results: overflow, errors. Nearly every
	// instruction writes them, nearly always with zero.
	Status [2]Operand
	// Counter is the program counter. Micro-ops compute it where an instruction reads it;
	// its committed value is the system's.
	Counter Operand
	// Mode says which second results are no faults. Only serial instructions write it.
	Mode Operand
	// Result takes what a call returns, in the order of the sources of its Return; Kept are
	// the others that the caller sees as the callee left them.
	Result [2]Operand
	Kept   []Operand
}

// Space is the committed memory of a machine whose frames share one. Nothing is
// outside: what does not exist reads as zero and is not written.
type Space interface {
	Peek(offset uint64, into []byte)
	Poke(offset uint64, data []byte)
}

// RegisterSystem is the System of a register machine. Its frames' Contexts share one
// set of committed Registers.
type RegisterSystem interface {
	System
	// Query is word index of the transaction's tables, which selector chooses; zero
	// where there is none. Wrong paths call it with any index.
	Query(selector, index uint64) uint64
	// Check charges an instruction whose row is Dynamic, before its results and its
	// memory are written, and finds what is wrong with it. A Fault of FaultOutOfGas has
	// taken the gas that there was. refetch reports that the shape of memory has
	// changed under what has been loaded already.
	Check(c *Context, in *Inst) (cost uint64, refetch bool, f Fault)
	// Fail ends the transaction for a fault that the core has found itself: a second
	// result, or an instruction of constant cost that cannot be paid.
	Fail(c *Context, in *Inst, f Fault)
	// Touches lists the state that an instruction executed as a whole reads or writes, for
	// the time that it takes. It changes nothing.
	Touches(c *Context, in *Inst) []Touched
	// Amounts says which built-in an instruction executed as a whole amounts to, and with how
	// many bytes of input, for the time that it takes; 0 for none.
	Amounts(c *Context, in *Inst) (builtin int, length uint64)
	// Exists reports whether there is anything at a key of storage.
	Exists(owner, slot *isa.Word) bool
	// Execute makes the whole of an instruction: charge, registers, memory, effects.
	Execute(c *Context, in *Inst) Outcome
}

// Touched is a key of storage or, without a slot, an account.
type Touched struct {
	Owner, Slot isa.Word
	Account     bool
}

// Continuation says where a program goes on behind an instruction.
type Continuation uint8

// The ways on.
const (
	Continue   Continuation = iota // in the frame
	EnterFrame                     // in a frame of its own, from the beginning of Outcome.Prog
	LeaveFrame                     // in the caller's frame
	EndProgram                     // the outermost frame has ended, whatever frame runs
)

// Outcome is what Execute has done.
type Outcome struct {
	Fault        Fault
	Cost         uint64 // gas
	Continuation Continuation
	Changed      uint64        // registers with new values, a bit each
	Inst         isa.InstIndex // Continue: the next instruction; EnterFrame: that behind the call
	Prog         *Program      // Continue: the frame's code from now on, nil where it stays; EnterFrame: the callee's
	Gas          uint64        // EnterFrame, LeaveFrame: left to the frame that goes on
	Self         isa.Word      // EnterFrame: the callee's account
}
