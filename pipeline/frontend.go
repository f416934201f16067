package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// frontEnd is the first part of a core: it decodes along the predicted path and renames
// what it decodes. It owns the position of fetch and the reason why fetch rests, and it is
// the only one that appends entries. It works with the renamer and the predictors; of the
// window it uses the end of the ring alone.
//
// Between two stages: the micro-ops from run on, of the frame that fetch stands in, are
// renamed and carried by no entry yet; height is that of the frame's stack before them.
// Who squashes (squash.go) or lets fetch go on (commit) calls steer, refill or resumes it.
type frontEnd struct {
	clock *clock
	cfg   *Config
	sys   decoder.System
	ren   *renamer
	regs  *rob.Registers
	maps  *rob.Maps
	win   *window
	buf   *rob.Buffer
	pred  *predictors
	tx    *transactions
	opt   *optional
	obs   *observers
	stats *Stats

	core   CoreConfig // as configured: here, reading it is one load
	policy stackPolicy
	fuses  bool // instructions before a jump are fused into it

	state      fetchState
	room       fetchRoom // what is left of this cycle
	frame      rob.FrameID
	inst       isa.InstIndex
	uop        int           // next micro-op of the instruction
	resume     isa.Cycle     // fetch rests until this cycle
	dynamic    uint64        // instructions fetched along the path, of the block
	run        isa.InstIndex // first folded instruction not yet carried by an entry
	runGas     uint32
	height     int     // of the frame's stack before the run
	waitFor    rob.Seq // fetchTarget: the entry
	serial     isa.Op  // what fetch stopped after last
	cause      Cause   // what emptied the machine last
	since      rob.Seq // the first entry fetched after that
	redirected bool    // the jump just fetched was taken
	tested     bool    // a test for zero goes with the branch that comes next
	pair       wordPair
	callee     isa.Word // account of the call being fetched: kept here, it needs no allocation
}

// stackPolicy is CoreConfig.Stack decoded.
type stackPolicy uint8

const (
	stackExecute stackPolicy = iota
	stackRename
	stackFold
)

var stackPolicies = map[string]stackPolicy{"execute": stackExecute, "rename": stackRename, "fold": stackFold}

// fetchState says whether fetch goes on, and if not what it waits for.
type fetchState uint8

const (
	fetchRuns    fetchState = iota
	fetchTarget             // for a jump or call whose target is not predicted, to execute
	fetchSerial             // for a serializing instruction to commit
	fetchAtFault            // after what an oracle says faults, until the machine is empty: then the oracle was wrong
	fetchDead               // after a fault or the end of the transaction: only a squash revives it
)

func (fe *frontEnd) init(policy stackPolicy) {
	fe.core, fe.policy = fe.cfg.Core, policy
	fe.fuses = fe.cfg.Fusion.Jump || fe.cfg.Fusion.Test
}
