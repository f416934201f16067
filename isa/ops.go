package isa

// Cycle is a point of simulated time, or a time, in cycles.
type Cycle uint64

// InstIndex numbers the instructions of a program from 0; below zero there is none.
type InstIndex int32

// Op names a micro-operation. The order is that of the table below.
type Op uint8

// The micro-operations. Operand numbers in the comments are source positions.
const (
	Nop Op = iota // carries a run of folded instructions, computes nothing

	// Arithmetic and logic: results are pure functions of the sources (Exec).
	Add
	Mul
	Sub
	Div
	SDiv
	Mod
	SMod
	AddMod
	MulMod
	Exp
	SignExtend
	Lt
	Gt
	SLt
	SGt
	Eq
	IsZero
	And
	Or
	Xor
	Not
	Byte
	Shl
	Shr
	Sar
	CountLeadingZeros
	Move    // result = source 0
	Account // result = low 160 bits of source 0

	// Memory. A frame's memory is one address space.
	Load         // 32 bytes at source 0
	LoadInput    // 32 bytes at source 0 of the frame's input range (source 1 offset, source 2 length), zero past its end
	Hash         // digest of [source 0, +source 1); Imm says which (Digest)
	StoreAddr    // address part of a 32-byte store: source 0
	StoreData    // data part of a 32-byte store: source 0
	StoreData1   // data part of a one-byte store: source 0, low byte
	StoreAddr1   // address part of a one-byte store: source 0
	CopyAddr     // destination of a block copy: source 0 offset, source 1 length
	CopyData     // data of a block copy: source 0 offset in the source range, source 1 length, source 2 and 3 the range; Imm says which (CopySource)
	RangeAddress // a memory range that commit alone reads: source 0 offset, source 1 length (logs, inputs and outputs of calls)

	// State.
	StateLoad   // source 0 owner, source 1 slot; Imm is the Space
	StateKey    // key part of a state store: source 0 owner, source 1 slot; Imm is the Space
	StateData   // data part of a state store: source 0
	AccountLoad // source 0 account; Imm is the AccountField
	Lookup      // source 0 index; Imm is the LookupTable

	// Control.
	Jump     // source 0 target
	Branch   // source 0 target, source 1 condition; Imm says when it is taken (BranchSense)
	Target   // source 0: account whose code is entered next
	Enter    // the call itself: the next instruction comes from the callee
	Leave    // end of a frame with success: source 0 offset, source 1 length of the returned range
	Abort    // end of a frame that undoes it: source 0 offset, source 1 length of the returned range
	Fault    // an instruction that cannot execute; raised at commit
	Create   // enters a new account's initialization code; at the head only
	Destroy  // ends a frame and destroys its account: source 0 is the beneficiary
	Builtin  // the whole body of a built-in program: source 0 offset, source 1 length of its input
	Counter  // gas left or memory size, by Imm (CounterKind); its result is made by its commit
	Argument // holds up to three operands that commit alone reads
	HashPair // Keccak-256 of the words in sources 2 and 3, which stand in memory at source 0 and are source 1 bytes
	Touch    // envelope: reads the account of source 0 through the state queue; Imm says whether it also writes (TouchAccess)

	// What only programs of register machines have. Their words are 64 bits wide.

	// Arithmetic with a second result: of Add64 to Narrow how far the first overflows,
	// of Div64 to Root64 whether it is undefined (ExecFlagged).
	Add64
	Sub64
	Mul64
	MulDiv64 // source 0 times source 1 by source 2; by 2^64 when that is 0
	Exp64
	Narrow // arithmetic on fewer bits: Imm is a NarrowOp
	Div64
	Mod64
	Log64  // of source 0 to the base source 1
	Root64 // of source 0, source 1 is the degree
	Wide   // arithmetic on 128 or 256 bits; Imm is a WideOp

	Not64
	Shl64     // source 0 by source 1 bits
	Shr64     // likewise
	Index     // source 1 plus four times source 0, not cut to 64 bits
	IndexDown // source 1 less four times source 0, likewise

	LoadBytes    // Imm bytes, the highest first, at source 0 plus source 1
	StoreAddrN   // address part of a store of Imm bytes: source 0 plus source 1
	StoreDataN   // its data part: the low bytes of source 0, the highest first
	LoadRange    // names the content of [source 0, +source 1): equal words are equal contents
	CompareRange // whether source 2 is that name of [source 0, +source 1)
	Query        // source 0 index, source 1 selector of the transaction's tables

	Return // end of a call: sources are what the caller sees
	System // an instruction that the system executes as a whole, as the oldest

	NumOps
)

// FirstRegisterOp is the first of the micro-operations that only programs of register machines have.
const FirstRegisterOp = Add64

// Class groups micro-operations by how the core handles them.
type Class uint8

// The classes. ClassALU is executed by Exec, ClassFlagged by ExecFlagged.
const (
	ClassNone Class = iota // no execution: complete at dispatch
	ClassALU
	ClassLoad
	ClassStoreAddr
	ClassStoreData
	ClassStateLoad
	ClassStateKey
	ClassStateData
	ClassBranch
	ClassControl // frames begin and end, and what commit completes
	ClassHead    // executes only as the oldest of the machine
	ClassFlagged // executed by ExecFlagged: a second result may go to a status register
	ClassHash    // digests registers
	ClassQuery   // asks the system for a constant of the transaction
)

// Unit names the kind of port a micro-operation issues to.
type Unit uint8

// The units; the configuration gives the number of each.
const (
	UnitNone Unit = iota
	UnitALU
	UnitMul
	UnitDiv
	UnitHash
	UnitLoad
	UnitStore
	UnitState
	UnitBranch
	UnitCrypto // built-ins
	NumUnits
)

// Latency names a configured latency.
type Latency uint8

// The latency classes, in cycles from issue to the result's availability.
const (
	LatALU Latency = iota
	LatShift
	LatMul
	LatDiv
	LatMulMod
	LatExp  // per significant byte of the exponent, plus LatMul
	LatHash // per 136-byte block of input
	LatLoad
	LatStore
	LatCopy // per 32 bytes
	LatBranch
	LatState  // the state queue's own lookup; the hierarchy's latency is added
	LatSystem // what the system executes as a whole
	NumLatencies
)

// Info is a micro-operation's table row.
type Info struct {
	Name    string
	Class   Class
	Unit    Unit
	Latency Latency
	Sources uint8 // how many sources it reads at most
	Result  bool  // writes a destination register
}

// Table has a row for every micro-operation, indexed by Op.
var Table = [NumOps]Info{
	Nop:               {"nop", ClassNone, UnitNone, LatALU, 0, false},
	Add:               {"add", ClassALU, UnitALU, LatALU, 2, true},
	Mul:               {"mul", ClassALU, UnitMul, LatMul, 2, true},
	Sub:               {"sub", ClassALU, UnitALU, LatALU, 2, true},
	Div:               {"div", ClassALU, UnitDiv, LatDiv, 2, true},
	SDiv:              {"sdiv", ClassALU, UnitDiv, LatDiv, 2, true},
	Mod:               {"mod", ClassALU, UnitDiv, LatDiv, 2, true},
	SMod:              {"smod", ClassALU, UnitDiv, LatDiv, 2, true},
	AddMod:            {"addmod", ClassALU, UnitDiv, LatMulMod, 3, true},
	MulMod:            {"mulmod", ClassALU, UnitDiv, LatMulMod, 3, true},
	Exp:               {"exp", ClassALU, UnitMul, LatExp, 2, true},
	SignExtend:        {"signextend", ClassALU, UnitALU, LatALU, 2, true},
	Lt:                {"lt", ClassALU, UnitALU, LatALU, 2, true},
	Gt:                {"gt", ClassALU, UnitALU, LatALU, 2, true},
	SLt:               {"slt", ClassALU, UnitALU, LatALU, 2, true},
	SGt:               {"sgt", ClassALU, UnitALU, LatALU, 2, true},
	Eq:                {"eq", ClassALU, UnitALU, LatALU, 2, true},
	IsZero:            {"iszero", ClassALU, UnitALU, LatALU, 1, true},
	And:               {"and", ClassALU, UnitALU, LatALU, 2, true},
	Or:                {"or", ClassALU, UnitALU, LatALU, 2, true},
	Xor:               {"xor", ClassALU, UnitALU, LatALU, 2, true},
	Not:               {"not", ClassALU, UnitALU, LatALU, 1, true},
	Byte:              {"byte", ClassALU, UnitALU, LatALU, 2, true},
	Shl:               {"shl", ClassALU, UnitALU, LatShift, 2, true},
	Shr:               {"shr", ClassALU, UnitALU, LatShift, 2, true},
	Sar:               {"sar", ClassALU, UnitALU, LatShift, 2, true},
	CountLeadingZeros: {"clz", ClassALU, UnitALU, LatALU, 1, true},
	Move:              {"move", ClassALU, UnitALU, LatALU, 1, true},
	Account:           {"account", ClassALU, UnitALU, LatALU, 1, true},
	Load:              {"load", ClassLoad, UnitLoad, LatLoad, 1, true},
	LoadInput:         {"load.input", ClassLoad, UnitLoad, LatLoad, 3, true},
	Hash:              {"hash", ClassLoad, UnitHash, LatHash, 2, true},
	StoreAddr:         {"store.addr", ClassStoreAddr, UnitStore, LatStore, 1, false},
	StoreData:         {"store.data", ClassStoreData, UnitStore, LatStore, 1, false},
	StoreAddr1:        {"store1.addr", ClassStoreAddr, UnitStore, LatStore, 1, false},
	StoreData1:        {"store1.data", ClassStoreData, UnitStore, LatStore, 1, false},
	CopyAddr:          {"copy.addr", ClassStoreAddr, UnitStore, LatStore, 2, false},
	CopyData:          {"copy.data", ClassStoreData, UnitLoad, LatCopy, 4, false},
	RangeAddress:      {"range", ClassALU, UnitALU, LatALU, 2, false},
	StateLoad:         {"state.load", ClassStateLoad, UnitState, LatState, 2, true},
	StateKey:          {"state.key", ClassStateKey, UnitState, LatState, 2, false},
	StateData:         {"state.data", ClassStateData, UnitState, LatState, 1, false},
	AccountLoad:       {"account.load", ClassStateLoad, UnitState, LatState, 1, true},
	Lookup:            {"lookup", ClassStateLoad, UnitState, LatState, 1, true},
	Jump:              {"jump", ClassBranch, UnitBranch, LatBranch, 1, false},
	Branch:            {"branch", ClassBranch, UnitBranch, LatBranch, 2, false},
	Target:            {"target", ClassControl, UnitState, LatState, 1, false},
	Enter:             {"enter", ClassControl, UnitBranch, LatBranch, 2, false},
	Leave:             {"leave", ClassControl, UnitBranch, LatBranch, 2, true},
	Abort:             {"abort", ClassControl, UnitBranch, LatBranch, 2, true},
	Fault:             {"fault", ClassNone, UnitNone, LatALU, 0, false},
	Create:            {"create", ClassHead, UnitState, LatSystem, 2, false},
	Destroy:           {"destroy", ClassControl, UnitState, LatState, 1, true},
	Builtin:           {"builtin", ClassControl, UnitCrypto, LatSystem, 2, true},
	Counter:           {"counter", ClassControl, UnitALU, LatALU, 0, true},
	Argument:          {"argument", ClassALU, UnitALU, LatALU, 3, false},
	HashPair:          {"hash.pair", ClassHash, UnitHash, LatHash, 4, true},
	Touch:             {"touch", ClassStateLoad, UnitState, LatState, 1, false},

	Add64:        {"add64", ClassFlagged, UnitALU, LatALU, 2, true},
	Sub64:        {"sub64", ClassFlagged, UnitALU, LatALU, 2, true},
	Mul64:        {"mul64", ClassFlagged, UnitMul, LatMul, 2, true},
	MulDiv64:     {"muldiv64", ClassFlagged, UnitDiv, LatMulMod, 3, true},
	Exp64:        {"exp64", ClassFlagged, UnitMul, LatExp, 2, true},
	Narrow:       {"narrow", ClassFlagged, UnitMul, LatMul, 2, true},
	Div64:        {"div64", ClassFlagged, UnitDiv, LatDiv, 2, true},
	Mod64:        {"mod64", ClassFlagged, UnitDiv, LatDiv, 2, true},
	Log64:        {"log64", ClassFlagged, UnitDiv, LatDiv, 2, true},
	Root64:       {"root64", ClassFlagged, UnitDiv, LatDiv, 2, true},
	Wide:         {"wide", ClassFlagged, UnitMul, LatALU, 3, true},
	Not64:        {"not64", ClassALU, UnitALU, LatALU, 1, true},
	Shl64:        {"shl64", ClassALU, UnitALU, LatShift, 2, true},
	Shr64:        {"shr64", ClassALU, UnitALU, LatShift, 2, true},
	Index:        {"index", ClassALU, UnitALU, LatALU, 2, true},
	IndexDown:    {"index.down", ClassALU, UnitALU, LatALU, 2, true},
	LoadBytes:    {"load.bytes", ClassLoad, UnitLoad, LatLoad, 2, true},
	StoreAddrN:   {"storen.addr", ClassStoreAddr, UnitStore, LatStore, 2, false},
	StoreDataN:   {"storen.data", ClassStoreData, UnitStore, LatStore, 1, false},
	LoadRange:    {"load.range", ClassLoad, UnitLoad, LatLoad, 2, true},
	CompareRange: {"compare.range", ClassLoad, UnitLoad, LatLoad, 3, true},
	Query:        {"query", ClassQuery, UnitLoad, LatLoad, 2, true},
	Return:       {"return", ClassControl, UnitBranch, LatBranch, 2, false},
	System:       {"system", ClassHead, UnitState, LatSystem, 0, false},
}
