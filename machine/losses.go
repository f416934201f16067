package machine

import "github.com/ooovm/ooovm/invariant"

// Loss says what a core's cycle was spent on, or lost to. The losses of a run add up
// to cores times cycles: a speedup stack (Eyerman, Du Bois and Eeckhout, ISPASS 2012).
type Loss uint8

// The parts of the stack.
const (
	LossBase        Loss = iota // executing what is committed, in the time of the reference run
	LossState                   // and what that took longer here: state and predictors that are cold on this core
	LossReexecution             // executing what is not committed
	LossConflict                // waiting for a transaction that writes what is needed
	LossOrder                   // waiting for the turn to commit
	LossSchedule                // taking tasks and validating
	LossImbalance               // nothing left to begin
	NumLosses
)

// LossNames are the names of the parts in reports.
var LossNames = [NumLosses]string{"base", "stateLatency", "reexecution", "conflicts", "commitOrder", "scheduling", "imbalance"}

// Stats is what a run of a block on several cores took.
type Stats struct {
	Cores         int
	Cycles        uint64
	Transactions  int
	Incarnations  uint64 // that executed anything
	Invalid       uint64 // not even valid in the state that they saw
	Stopped       uint64 // given up when they needed what was about to be written, before or after their begin
	Validations   uint64
	Instructions  uint64 // of all incarnations
	Committed     uint64 // of those that were committed
	WastedCycles  uint64 // on incarnations that were not committed
	ReadsOutside  uint64
	Guards        [NumGuards]uint64 // repairs by their outcome
	RepairedUops  uint64            // executed again for them
	Losses        [NumLosses]uint64
	CommittedWork uint64 // cycles of the incarnations that were committed, without waits
}

// Reexecutions is how many incarnations were begun in vain.
func (s *Stats) Reexecutions() uint64 { return s.Incarnations - uint64(s.Transactions) }

// settle splits the time of committed work by what it takes in block order on one
// core, and checks the sum. reference is 0 when that is not known.
func (s *Stats) settle(reference uint64) error {
	s.Losses[LossBase] = s.CommittedWork
	if reference > 0 && s.CommittedWork > reference {
		s.Losses[LossBase], s.Losses[LossState] = reference, s.CommittedWork-reference
	}
	var sum uint64
	for _, n := range s.Losses {
		sum += n
	}
	if want := uint64(s.Cores) * s.Cycles; sum != want {
		return invariant.Broken("%d core cycles have a cause, there were %d", sum, want)
	}
	return nil
}
