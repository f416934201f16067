// Package decoder turns a blob of code into its micro-op form, once, and keeps
// it. A Program is immutable: fetch walks its instructions, and every
// instruction names a row of the instruction set's table, where its micro-ops
// stand as a template over operand positions. Subpackages hold the tables of
// the instruction sets.
package decoder

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Kind says what the front end does with an instruction.
type Kind uint8

// Kinds. Up to KindNop they only rearrange the operand stack (or do nothing)
// and can be folded away.
const (
	KindPush    Kind = iota // push constant Aux
	KindDup                 // push a copy of operand N (1 is the top)
	KindSwap                // exchange the top with operand N+1
	KindPop                 // drop the top
	KindNop                 // a label
	KindExec                // micro-ops, then the next instruction
	KindJump                // unconditional jump
	KindBranch              // conditional jump
	KindCall                // enters another program, comes back behind itself
	KindCreate              // the same with code made at run time
	KindLeave               // ends the frame with success
	KindAbort               // ends the frame and undoes it
	KindDestroy             // ends the frame with success and destroys its account
	KindBuiltin             // a built-in's whole body, ends the frame
	KindInvalid             // always faults
	KindHalt                // end of the transaction's envelope

	// Of register machines.
	KindMove   // a register takes a constant or the value of another one: can be folded away
	KindReturn // ends the frame of a call; the caller goes on with the registers that it had, but for some
)

// Foldable reports whether the instruction is only a rearrangement.
func (k Kind) Foldable() bool { return k <= KindNop || k == KindMove }

// Operand says where a micro-op's source comes from: 0..15 is the instruction's
// stack operand of that number (0 is the top of the stack before the
// instruction), the others name a register of the frame or of the transaction.
type Operand uint8

// StackOperands is how many operands name stack slots.
const StackOperands = 16

// Operands that are not on the stack.
const (
	None         Operand = 0xff
	FrameSelf    Operand = 0x40 // address of the running account
	FrameCaller  Operand = 0x41
	FrameValue   Operand = 0x42
	InputOffset  Operand = 0x43 // the frame's input range in its caller's memory
	InputLength  Operand = 0x44
	ReturnOffset Operand = 0x45 // what the last call returned
	ReturnLength Operand = 0x46
	CodeLength   Operand = 0x47 // of the running program
	InstAddress  Operand = 0x48 // the instruction's own pc
	Zero         Operand = 0x49
	Temp         Operand = 0x50 // the result of an earlier micro-op of the same instruction
	Constant     Operand = 0x51 // constant Uop.K of the program
	Context0     Operand = 0x60 // Context0+k is word k of the transaction's context (System.Context)
	Register0    Operand = 0x80 // Register0+k is register k of a register machine
)

// Uop is one micro-op of an instruction's template.
type Uop struct {
	Op  isa.Op
	Imm uint8
	Src [4]Operand // unused ones are None

	// Of register machines: see File.
	Dst     Operand // register of the result, 0 for none
	Status  Operand // status register of the second result, 0 for none
	Lenient uint8   // bits of the mode register under which a second result is no fault
	K       int32   // of Constant
}

// Always is an Uop.Lenient of a second result that is one like any other.
const Always = 0xff

// Flags of a row.
type Flags uint16

// Row flags.
const (
	// Dynamic: System.Charge computes the cost at commit (GasConst is not used then).
	Dynamic Flags = 1 << iota
	// Effect: System.Apply runs at commit, after charge and memory growth.
	Effect
	// NoStatic: faults in a static frame (checked at fetch; a call's value is checked by Charge).
	NoStatic
	// Serial: fetch stops behind the instruction until it has committed.
	Serial
	// Transfer: may move value; balance reads wait until it has committed.
	Transfer
	// Uncounted: a pseudo-instruction (built-in body, envelope): no program counter, not an instruction of the trace.
	Uncounted
	// Memory: Charge may grow the frame's memory.
	Memory
	// ReadsBalance: waits for older transfers.
	ReadsBalance
	// ClearsStatus: the status registers that its micro-ops do not name become zero.
	ClearsStatus
)

// Row is everything the core needs to know of one opcode at one fork.
type Row struct {
	Name     string
	Kind     Kind
	N        uint8  // KindDup, KindSwap: distance
	Pops     uint8  // stack operands read and removed
	Pushes   uint8  // results
	MinStack uint16 // stack height below which it underflows
	MaxStack uint16 // stack height above which it overflows
	Gas      uint32 // constant cost; for Dynamic rows the constant part, which Charge includes in its result
	Flags    Flags
	Uops     []Uop      // in program order; none for foldable kinds
	Call     *CallShape // KindCall only
}

// CallShape says which operands of a call instruction play which part. The
// callee's frame registers are renamed to them.
type CallShape struct {
	Kind                       EnterKind
	Account                    Operand // whose code runs
	Self                       Operand // FrameSelf of the callee; Temp where it is the called account
	Caller                     Operand
	Value                      Operand
	InputOffset, InputLength   Operand
	OutputOffset, OutputLength Operand
	Static                     bool // the callee and all below are static
}

// RowTable is an instruction set's table at one fork, indexed by opcode.
type RowTable [256]Row

// Inst is one decoded instruction.
type Inst struct {
	PC uint32
	// Aux of a KindPush and of what reads InstAddress is an index into
	// Program.Consts; of a jump or branch the target instruction when the push
	// before it says so, else -1.
	Aux  int32
	Code uint8 // opcode
	Kind Kind  // copy of the row's
	N    uint8 // copy of the row's; KindJump: 1 when it looks like a subroutine's call
	Size uint8 // bytes, immediates included
}

// Program is the decoded form of one code blob at one fork. The last
// instruction is always an implicit stop behind the code.
type Program struct {
	Hash   state.Hash // of the code; zero for pseudo-programs
	Code   []byte
	Insts  []Inst
	Consts []isa.Word
	Rows   *RowTable
	// Label[pc] is the instruction index of a valid jump target at pc, else -1.
	Label []isa.InstIndex
	// Builtin is not zero for a built-in program: its number for System.Builtin.
	Builtin int
	// ID is unique among the programs of one process; cores key per-program tables by it.
	ID int32

	// Of register machines: their operands are fields of the instruction word, so each
	// instruction has micro-ops of its own in place of its row's template, those of
	// instruction i from First[i] to First[i+1]. The last instruction stands for
	// everything that is not in the program; jumps to no instruction go there.
	RegisterFile *RegisterFile
	Uops         []Uop
	First        []int32
}

// Numbers of built-ins (Program.Builtin) that instructions of register machines amount to, too:
// the addresses of the precompiled contracts.
const (
	BuiltinRecover = 0x1   // secp256k1: a key from a signature
	BuiltinSHA256  = 0x2   // a digest
	BuiltinAdd     = 0x6   // alt_bn128
	BuiltinMul     = 0x7   // alt_bn128
	BuiltinPairing = 0x8   // alt_bn128, pairs of 192 bytes
	BuiltinP256    = 0x100 // secp256r1: a signature is verified
)

// Template gives the micro-ops of an instruction of a register machine.
func (p *Program) Template(inst isa.InstIndex) []Uop { return p.Uops[p.First[inst]:p.First[inst+1]] }

// Target gives the instruction index of the jump target named by a word, or -1; in
// programs of register machines the last instruction in place of that.
func (p *Program) Target(w *isa.Word) isa.InstIndex {
	if w.IsUint64() && w.Uint64() < uint64(len(p.Label)) {
		if t := p.Label[w.Uint64()]; t >= 0 || p.RegisterFile == nil {
			return t
		}
	}
	if p.RegisterFile == nil {
		return -1
	}
	return isa.InstIndex(len(p.Insts) - 1)
}
