package pipeline

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/queue"
	"github.com/ooovm/ooovm/rob"
)

// window is the reorder buffer with the scheduler: what waits for operands, for a unit, or
// for the end of its execution. Dispatch and issue are its stages; dispatch takes the places
// in the memory and state queues, issue asks the executor for results.
//
// iq counts the entries that are dispatched and not issued, inflight the registers of
// producers that have not committed (verifyBuffer counts them again). An entry is in a ready
// queue when all its sources are ready, it is not parked and not issued.
type window struct {
	clock *clock
	cfg   *Config
	ren   *renamer
	regs  *rob.Registers
	exec  *executor
	mem   *memoryQueue
	state *stateQueue
	pred  *predictors
	val   *valuePrediction
	opt   *optional
	obs   *observers
	stats *Stats

	core       CoreConfig // as configured: here, reading it is one load
	buf        *rob.Buffer
	events     queue.Events
	ready      [unitPlaces]queue.Ready
	readyUnits uint16  // a bit for each unit whose queue is not empty
	iq         int     // entries waiting to issue
	inflight   int     // registers of uncommitted producers
	issueNext  rob.Seq // in-order issue: the entry whose turn it is
	units      [isa.NumUnits]int
	busy       [isa.NumUnits][]isa.Cycle // unpipelined units: busy until
	stalled    *uint64                   // counter of the full structure that dispatch met in this cycle, or nil
}

// unitPlaces is a power of two that holds every isa.Unit, so that a masked one needs no check.
const unitPlaces = 16

var _ [unitPlaces - isa.NumUnits]struct{}

func (win *window) init() {
	win.core, win.units = win.cfg.Core, win.cfg.units()
	for u := range win.busy {
		win.busy[u] = make([]isa.Cycle, 0, 4)
	}
}
