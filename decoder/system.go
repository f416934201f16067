package decoder

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Fault says why an instruction, and with it its frame, failed.
type Fault uint8

// Faults. Their effect is the same: the frame's gas is gone, its effects undone.
const (
	NoFault Fault = iota
	FaultStackUnderflow
	FaultStackOverflow
	FaultInvalidOpcode
	FaultInvalidJump
	FaultOutOfGas
	FaultStatic       // a write in a static frame
	FaultReturnBounds // a copy of return data past its end
	FaultCode         // rejected code of a creation
	FaultOther
	FaultStatus // a second result that the mode register does not allow
)

// EnterKind says how a frame was entered.
type EnterKind uint8

// How frames are entered.
const (
	EnterCall EnterKind = iota
	EnterCallCode
	EnterDelegate
	EnterStatic
	EnterCreate
	EnterCreate2
	EnterRoot // the envelope pseudo-frame of a transaction
)

// Context is the committed, architectural side of one call frame. Only commit
// changes it.
type Context struct {
	Kind     EnterKind
	Static   bool
	Depth    int           // 0 for the envelope, 1 for the transaction's own frame
	Self     state.Address // whose storage and balance
	Caller   state.Address
	Value    isa.Word
	Prog     *Program
	Gas      uint64 // left
	Memory   []byte // paid for; a multiple of 32 bytes
	Returned uint64 // length of what the last call returned
	Snapshot int    // of the journal at entry

	// Of register machines.
	Registers []uint64
	Space     Space // in place of Memory
}

// Args are an instruction's stack operands at commit; 0 is the top.
type Args [7]isa.Word

// System is everything that the core asks of an instruction set's system
// architecture. No method is called for a plain micro-op: only for state, calls,
// and the commit of instructions whose row says Dynamic or Effect.
type System interface {
	// The speculative side. These are pure apart from counting reads outside the
	// bundle; wrong paths call them with any operand.

	// CodeOf is the program that entering the account runs now, in committed
	// state: its code (delegation resolved), a built-in, or the empty program. Never nil.
	CodeOf(account *isa.Word) *Program
	ReadStorage(space isa.Space, owner, slot *isa.Word) isa.Word
	ReadAccount(field isa.AccountField, account *isa.Word) isa.Word
	ForeignCode(account *isa.Word) []byte
	// Lookup is word index of an environment table (block hashes, blob hashes), zero outside.
	Lookup(table isa.LookupTable, index *isa.Word) isa.Word
	// Context gives the transaction's constant words, read through Context0+k.
	Context() []isa.Word
	// MemoryBound is the highest memory size in bytes that gas can pay for: host
	// safety on wrong paths, not accounting.
	MemoryBound(gas uint64) uint64

	// The commit side, in program order.

	// Charge gives the instruction's whole cost, constant part included, and the
	// memory size in bytes that the frame has afterwards (0: unchanged). It
	// journals what charging itself changes (warm sets, refunds). The caller
	// compares with the gas left, so cost may exceed it.
	Charge(c *Context, in *Inst, args *Args) (cost, memory uint64, f Fault)
	// Apply makes the instruction's architectural effect (storage, log).
	Apply(c *Context, in *Inst, args *Args)
	// Enter fills child from a call instruction whose cost, forwarded gas
	// included, has been taken from c. It moves the value and takes the snapshot.
	// entered is false when the call fails before it begins (depth, balance):
	// then the forwarded gas has been given back to c.
	Enter(c, child *Context, in *Inst, args *Args) (entered bool)
	// Create does the same for a creation; init is its initialization code. The
	// gas for it is taken here. The child's Prog is set.
	Create(c, child *Context, in *Inst, args *Args, init []byte) (entered bool)
	// Leave ends the frame: with success (f is NoFault and revert false), by
	// revert, or by a fault. data is what it returned; for a creation that
	// succeeded it is the code to deposit, which can fail. It undoes the journal
	// where the frame failed, gives gas back to parent, and returns the word
	// that the caller sees, and the data that the caller sees as returned.
	Leave(child, parent *Context, revert bool, f Fault, data []byte) (result isa.Word, returned []byte)
	// Destroy makes the effect of the instruction that ends a frame and its account.
	Destroy(c *Context, in *Inst, args *Args)
	// Builtin runs a built-in program. c.Gas is charged. ok false: the frame faults.
	Builtin(c *Context, input []byte) (output []byte, ok bool)

	// Transactions.

	// Begin prepares transaction i and returns its envelope; err when the
	// transaction is not valid in the present state (nothing has changed then).
	Begin(i int) (Envelope, error)
	// Start makes the committed effects of the beginning of the transaction (nonce,
	// upfront debit, access list, authorizations, value) and fills top for
	// its outermost frame. entered is false when there is no frame to run (a
	// creation that collides).
	Start(top *Context) (entered bool)
	// Finish makes the effects of the end (refund, fees) after the outermost
	// frame left, and closes the transaction.
	Finish(top *Context, result isa.Word)
}

// Trial is a System that can charge and apply instructions ahead of their commit
// and take it back.
type Trial interface {
	System
	// BeginTrial begins; Rollback, given what it returned, undoes every Charge and Apply
	// since. Between them there are no other calls, and no instruction that begins or ends a frame.
	BeginTrial() (mark int)
	Rollback(mark int)
}

// Upcoming is a System that can tell of transactions before they begin, as the block
// lists them: k is 1 for the one after the present. What they are checked against when
// they begin is not checked. context is what Context will be.
type Upcoming interface {
	Upcoming(k int) (env Envelope, context []isa.Word, ok bool)
}

// Envelope describes the fixed micro-ops around a transaction's own code.
type Envelope struct {
	Program *Program   // the pseudo-program: Touch micro-ops, the entry, Touch micro-ops, halt
	Words   []isa.Word // the accounts its Touch micro-ops name: Context0+k of the pseudo-program
	Target  isa.Word   // account whose code runs
	Create  bool       // the outermost frame is a creation
	Init    []byte     // its initialization code
	Input   []byte     // the outermost frame's input
	Value   isa.Word
	Self    isa.Word // the outermost frame's own account
	Caller  isa.Word
	Gas     uint64 // upper bound of the gas of any frame
	// Declared are the accounts (KeyCode) and slots that the transaction itself says it
	// will touch.
	Declared []state.Key
	// Serial: code may change when the transaction starts (authorizations, creation), so fetch waits for the start to commit.
	Serial bool

	// Of register machines, whose transactions succeed or fail as a whole: a fault in any frame ends them.
	Registers []uint64 // the outermost frame's
	Space     Space
}
