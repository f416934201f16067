package pipeline

import (
	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/rob"
)

// renamer owns the physical registers, the rename map and the undo log (package rob), the
// call frames in flight with the constants of their programs, and the stack's spill
// pointer. Fetch renames through it; commit retires the undo log and ends frames; a squash
// walks the log back.
//
// Every register that a frame, a map, an entry or the log names has a reference for it
// (verifyRegisters counts them), and a frame lives until its last reference is dropped.
type renamer struct {
	sys decoder.System
	obs *observers

	regs       *rob.Registers
	maps       *rob.Maps
	frames     []frame
	freeFrames []rob.FrameID
	programs   map[int32]constants // by Program.ID
	rowTables  map[*decoder.RowTable]*rowTable
	banks      []rob.Reg // free banks of constants, one a transaction in flight
	temp       rob.Reg   // result of an earlier micro-op of the instruction being fetched
	stackLow   int       // lowest stack position (over all frames) held in registers
	retiredTo  uint64    // undo log position that is final

	predictStatus bool           // status registers are taken to be zero
	memory        *budget.Budget // of the memories of frames
}

func (rn *renamer) init(predictStatus bool) {
	rn.programs, rn.rowTables = map[int32]constants{}, map[*decoder.RowTable]*rowTable{}
	rn.temp = rob.ZeroReg
	rn.maps.Undone, rn.maps.Dropped = rn.dropFrame, rn.dropFrame
	rn.predictStatus = predictStatus
}
