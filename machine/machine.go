// Package machine runs a block's transactions on simulated cores. A Policy decides which core
// runs which transaction when; Machine keeps the time and carries it out. Neither knows an
// instruction set.
package machine

import (
	"fmt"
	"math"
	"sync"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// System is the System of a core that runs single transactions over a view.
type System interface {
	decoder.System
	// Open begins an incarnation: nothing is left of the one before.
	Open(base state.Base)
	// Close ends it and gives its writes and, if the transaction has finished, its result.
	Close() (writes []state.Write, result any)
	ReadsOutside() uint64
}

// Observer compares what a core commits with what is expected. It stops nothing: an
// incarnation that goes wrong may be one that is thrown away.
type Observer interface {
	Begin(tx int)
	End(tx int) Finding
}

// Finding is what an Observer has found in one incarnation.
type Finding struct {
	Difference error
	Checked    uint64 // instructions found equal
}

// Block is what a Machine runs.
type Block struct {
	Transactions int
	Origin       state.Origin
	// NewCore makes core number i with a System of its own; the observer may be nil.
	NewCore func(i int) (*pipeline.Core, System, Observer, error)
	// First is the number of the block's instruction that a transaction starts with, for
	// predictors that read the golden run.
	First func(tx int) uint64
	// Gas is what a transaction may use, and GasLimit what all of them together may.
	Gas      func(tx int) uint64
	GasLimit uint64
	// Class names the kind of a transaction, by the code and the entry that it calls, for
	// predictors across transactions.
	Class func(tx int) uint64
}

// Machine is several cores on one block. Use it for one run.
type Machine struct {
	Stats Stats

	cfg       Config
	block     Block
	policy    Policy
	store     *state.Versions
	uniform   Uniform // the policy, if it is one
	now       isa.Cycle
	units     []unit
	latest    []*Incarnation // of every transaction
	begun     []int          // incarnations of every transaction
	hidden    set            // transactions whose writes are not published, or expected to change
	runner    []int          // core that executes it, or none
	changed   bool           // something has ended or begun in this cycle
	line      line
	err       error
	announces bool               // the policy says what will be written again
	conflicts *conflictPredictor // nil: none is predicted
	logs      bool               // incarnations are logged
	model     bool               // and their timelines kept, for schedule models
	reference Stats              // of the run that they rearrange
}

// activity is what a unit does.
type activity uint8

const (
	idle activity = iota
	scheduling
	executing
	validating
)

// unit is one core with what it does at present.
type unit struct {
	core     *pipeline.Core // made when it is used first
	sys      System
	observer Observer

	doing activity
	task  Task
	until isa.Cycle // end of scheduling or validating
	since isa.Cycle // begin of what it does, unless it is idle
	ahead
	x       *Incarnation
	live    bool // the incarnation is on the core
	waiting bool // for another transaction, since from
	from    isa.Cycle
	before  uint64 // instructions committed before the incarnation
}

const never = math.MaxUint64

// New prepares a run.
func New(cfg Config, block Block) (*Machine, error) {
	info, mapping, err := FindPolicy(cfg.Policy, cfg.Mapping)
	if err != nil {
		return nil, err
	}
	if info.OneCore {
		return nil, fmt.Errorf("policy %s is of one core: it needs no machine", cfg.Policy)
	}
	if info.Oracle && len(cfg.Oracle) != block.Transactions {
		return nil, fmt.Errorf("policy %s reads the access sets of %d transactions, there are %d", cfg.Policy, len(cfg.Oracle), block.Transactions)
	}
	if cfg.Cores == 0 {
		cfg.Cores = max(1, block.Transactions)
	}
	n := block.Transactions
	m := &Machine{
		cfg: cfg, block: block, store: state.NewVersions(block.Origin, n),
		latest: make([]*Incarnation, n), begun: make([]int, n), runner: make([]int, n), hidden: fullSet(n),
		units: make([]unit, cfg.Cores), line: newLine(cfg.Cores),
	}
	for i := range m.runner {
		m.runner[i] = none
	}
	m.logs = info.Log
	if info.Model != nil {
		m.model, m.policy = true, newSequential(m, mapping)
	} else {
		m.policy = info.Make(m, mapping)
	}
	m.uniform, _ = m.policy.(Uniform)
	return m, nil
}

// Run runs the block to its end. The error is one of the simulation: of a core, or of
// a transaction that is not valid in the block.
func (m *Machine) Run() error {
	defer m.stopCores()
	m.settle()
	for !m.policy.Done() && m.err == nil {
		next := m.line.agenda.next()
		if next == never {
			return invariant.Broken("no core can ever go on")
		}
		m.cycle(next)
	}
	if m.err != nil {
		return m.err
	}
	return m.finish()
}

// executed takes over a finished incarnation.
func (m *Machine) executed(i int, u *unit) {
	x := u.x
	if err := u.core.End(); err != nil {
		m.err = fmt.Errorf("transaction %d: %w", x.Tx, err)
		return
	}
	if err := u.core.Drained(); err != nil {
		m.err = fmt.Errorf("transaction %d: %w", x.Tx, err)
		return
	}
	if u.observer != nil {
		x.Finding = u.observer.End(x.Tx)
	}
	x.Writes, x.Result = u.sys.Close()
	if m.model {
		x.profile = profileOf(x.log, x.view.began, u.core)
		x.dropLog()
	}
	m.ended(i, u, x)
	m.tell(i, "end", x)
	m.policy.Executed(i, x)
}

// stop gives an incarnation up that needs what another transaction is about to write.
func (m *Machine) stop(i int, u *unit, on int) {
	x := u.x
	m.Stats.Stopped++
	if u.live {
		u.core.Abort(m.now)
		if err := u.core.Drained(); err != nil {
			m.err = fmt.Errorf("transaction %d: given up: %w", x.Tx, err)
			return
		}
		if u.observer != nil {
			u.observer.End(x.Tx)
		}
	}
	m.ended(i, u, x)
	m.tell(i, "stop", x)
	m.Discard(x)
	m.policy.Stopped(i, x, on)
}

// logs are those that nobody needs any more. A log grows to megabytes, and the runs of a study
// come one after the other.
var logs = sync.Pool{New: func() any { return new(pipeline.OpLog) }}

func newLog() *pipeline.OpLog { return logs.Get().(*pipeline.OpLog) }

// dropLog gives an incarnation's log to others, and what it took of the run's memory back: it
// has been read for the last time.
func (x *Incarnation) dropLog() {
	if x.log != nil {
		x.log.Release()
		logs.Put(x.log)
		x.log = nil
	}
}

// Publish makes an incarnation's writes visible. What waits looks again. It reports
// whether a key was written that the incarnation before had not written.
func (m *Machine) Publish(x *Incarnation) (widened bool) {
	widened = m.store.Publish(x.version(), x.Writes)
	m.hidden.remove(x.Tx)
	m.wake()
	return widened
}

// Transactions is how many the block has.
func (m *Machine) Transactions() int { return m.block.Transactions }

// expect marks the writes of a transaction as about to be replaced.
func (m *Machine) expect(tx int) {
	m.store.Expect(tx)
	m.hidden.add(tx)
	m.wake()
}

// wake lets the cores with accesses that wait for other transactions look again.
func (m *Machine) wake() {
	parked := &m.line.parked
	for i := parked.next(0); i != none; i = parked.next(i + 1) {
		u := &m.units[i]
		u.core.Wake(m.now)
		if m.follow(i, u); u.waiting {
			m.line.look.add(i)
		}
	}
}

// Discard counts an incarnation that will not be committed.
func (m *Machine) Discard(x *Incarnation) {
	m.Stats.WastedCycles += uint64(x.Cycles)
	m.Stats.Losses[LossReexecution] += uint64(x.Cycles - x.Waited)
	m.Stats.Losses[LossConflict] += uint64(x.Waited)
}

// finish closes the books and checks that what is committed is consistent.
func (m *Machine) finish() error {
	s := &m.Stats
	s.Cores, s.Cycles, s.Transactions = m.cfg.Cores, uint64(m.now), m.block.Transactions
	m.chargeIdle()
	for i := range m.units {
		u := &m.units[i]
		switch u.doing {
		case idle:
		case executing: // of nothing that is needed
			return invariant.Broken("transaction %d still runs at the end of the block", u.x.Tx)
		default:
			s.Losses[LossSchedule] += u.become(idle, m.now)
		}
		if u.sys != nil {
			s.ReadsOutside += u.sys.ReadsOutside()
		}
	}
	for tx, x := range m.latest {
		if x.Err != nil {
			return x.Err
		}
		if !x.Unchanged() {
			return invariant.Broken("transaction %d was committed on state that changed", tx)
		}
		s.Committed += x.Instructions
		s.CommittedWork += uint64(x.Cycles - x.Waited)
		s.Losses[LossConflict] += uint64(x.Waited)
	}
	if err := s.settle(oracle.Work(m.cfg.Oracle)); err != nil || !m.model {
		return err
	}
	m.reference = *s
	return m.Rearrange(m.cfg.Policy, m.cfg.Mapping, m.cfg.Cores)
}

// Rearrange sets Stats to those of a schedule model, after a run under one.
func (m *Machine) Rearrange(policy, mapping string, cores int) error {
	info, mapping, err := FindPolicy(policy, mapping)
	if err != nil {
		return err
	}
	if info.Model == nil || !m.model {
		return fmt.Errorf("policy %s is no schedule model", policy)
	}
	if cores == 0 {
		cores = max(1, m.block.Transactions)
	}
	m.cfg.Policy, m.cfg.Mapping, m.cfg.Cores = policy, mapping, cores
	if m.Stats = m.reference; m.block.Transactions == 0 {
		return nil
	}
	if m.Stats = info.Model(m, mapping); m.Stats.Losses[LossImbalance] > uint64(m.Stats.Cores)*m.Stats.Cycles {
		return invariant.Broken("policy %s schedules more than %d cores can do in %d cycles", policy, cores, m.Stats.Cycles)
	}
	return nil
}

// Incarnations are those that were committed, in block order.
func (m *Machine) Incarnations() []*Incarnation { return m.latest }

// Cores are the cores that were used, in order.
func (m *Machine) Cores() (cores []*pipeline.Core) {
	for i := range m.units {
		if core := m.units[i].core; core != nil {
			cores = append(cores, core)
		}
	}
	return cores
}

// tell reports an event to whoever watches.
func (m *Machine) tell(core int, what string, x *Incarnation) {
	if m.cfg.Watch != nil {
		m.cfg.Watch(Event{Cycle: m.now, Core: core, What: what, Tx: x.Tx, Incarnation: x.Number})
	}
}

// Footprints describe the block for the oracle, after a run in block order.
func (m *Machine) Footprints() []oracle.Footprint {
	list := make([]oracle.Footprint, len(m.latest))
	for i, x := range m.latest {
		list[i] = x.footprint(m.block.Origin)
	}
	return list
}
