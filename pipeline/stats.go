package pipeline

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/prefetch"
)

// Cause says what a commit slot was spent on, or lost to. Every slot of every
// cycle goes to exactly one.
type Cause uint8

// The causes of the CPI stack. Those up to CauseChaos also name why entries were
// squashed or fetch was redirected; the slots that follow until the machine fills
// again are theirs.
const (
	CauseBase        Cause = iota // a micro-op committed
	CauseFrontEnd                 // fetch and decode: ramp, taken-jump limits, bubbles, spilled stack values
	CauseBranch                   // mispredicted direction
	CauseTarget                   // mispredicted or unpredicted jump target
	CauseCall                     // mispredicted or unpredicted call target
	CauseMemoryOrder              // a load went before an older store to the same bytes
	CauseStateOrder               // a state load went before an older store to the same key
	CauseFault                    // an exception, or a call that failed before it began
	CauseGas                      // a wrong guess of the gas left
	CauseValue                    // a state load found another value than predicted
	CauseChaos                    // a random squash
	CauseDrain                    // between transactions
	CauseSerial                   // waiting to be the oldest, or after an instruction that serializes
	CauseExecute                  // the oldest computes
	CauseBuiltin                  // the oldest is a built-in, which computes or waits for a unit
	CauseMemory                   // the oldest loads from or stores to memory
	CauseState                    // the oldest accesses state that is in the buffer or the queue
	CauseStateNear                // the oldest waits for near state
	CauseStateFar                 // the oldest waits for far state
	CauseIssue                    // the oldest waits for a unit or has just arrived
	CauseRunahead                 // what runahead execution did is done again
	NumCauses
)

// CauseNames are the names of the causes in reports.
var CauseNames = [NumCauses]string{
	"base", "frontend", "branch", "target", "call", "memoryOrder", "stateOrder", "fault", "gas", "value", "chaos",
	"drain", "serial", "execute", "builtin", "memory", "state", "stateNear", "stateFar", "issue", "runahead",
}

// DependenceStats counts what came of loads behind stores whose address was not known.
type DependenceStats struct{ Forwards, Waits, FalseWaits, Violations uint64 }

// Stats counts what a core did. All counts are integers and part of the digest.
type Stats struct {
	Width         uint64 // commit width: slots a cycle
	Instructions  uint64 // committed
	Uops          uint64 // committed
	Executed      uint64 // committed that took an execution unit
	ExecutedUops  uint64 // issued, wrong paths included
	FetchedUops   uint64
	SquashedUops  uint64
	WrongPathUops uint64 // executed and squashed
	Skipped       uint64 // cycles skipped, all idle
	Calls         uint64 // frames entered and committed
	Overlapped    uint64 // transactions fetched while an older one was in the window, again after a squash
	StaleReads    uint64 // squashes of what had read the state before its transaction's turn

	Slots    [NumCauses]uint64
	Serial   [isa.NumOps]uint64 // slots of CauseSerial, by the micro-op waited for
	Squashes [NumCauses]uint64

	Branches             uint64 // conditional, fetched
	CommittedBranches    uint64
	CommittedJumps       uint64 // with a target that is not beside them
	ConstantJumps        uint64 // of these, jumps whose target rename saw
	ReturnJumps          uint64 // of the others, jumps predicted by the return stack
	DirectionMispredicts uint64
	TargetMispredicts    uint64
	ReturnMispredicts    uint64 // of these, by the return stack
	CallMispredicts      uint64
	FrontEndRedirects    uint64 // wrong predictions repaired at rename

	MemoryForwards, MemoryWaits, MemoryViolations uint64
	MemoryFalseWaits                              uint64 // for an address that turned out to be elsewhere
	StateForwards, StateWaits, StateViolations    uint64
	StateFalseWaits                               uint64
	Transient                                     DependenceStats // of these, in transient storage
	StateHits, StateNear, StateFar, MissStalls    uint64
	TransferWaits                                 uint64
	Fused                                         uint64 // groups of instructions fetched as one micro-op
	StackFills                                    uint64
	GasAnswers                                    uint64 // reads of the gas left that were answered before their commit

	Prefetch prefetch.Stats
	Value    ValueStats

	FullROB, FullIQ, FullRegs, FullLoadQ, FullStoreQ, FullStateQ uint64
}
