package decoder

import "github.com/ooovm/ooovm/isa"

// Retirement is one committed instruction as a checker sees it: the state before
// its cost is taken, and its effects already made.
type Retirement struct {
	Context  *Context
	Inst     *Inst
	Row      *Row
	Constant *isa.Word // KindPush
	Result   *isa.Word // what it pushed, where it pushed a computed word
	Args     *Args     // of rows that are Dynamic or Effect
	Cost     uint64
	Fault    bool
	Wrote    bool   // a memory range
	Offset   uint64 // of the range
	Data     []byte // its bytes, read back after the write
}

// Checker compares a committed stream with an expected one. A core calls it in
// program order and stops when Err is not nil.
type Checker interface {
	// Enter follows a call's retirement when the callee begins.
	Enter(depth int)
	Retire(r *Retirement)
	// Leave follows the end of a frame: the caller sees result, and data in the
	// memory range where it wanted the output.
	Leave(result *isa.Word, offset uint64, data []byte)
	// CallFailed is Leave for a call that never began.
	CallFailed(result *isa.Word, offset uint64, data []byte)
	Err() error
}
