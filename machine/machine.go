// Package machine runs a block's transactions on simulated cores. A Policy decides which core
// runs which transaction when; Machine keeps the time and carries it out. Neither knows an
// instruction set.
package machine

import (
	"fmt"
	"math"

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
	now       isa.Cycle
	units     []*unit
	latest    []*Incarnation // of every transaction
	begun     []int          // incarnations of every transaction
	visible   []bool         // its writes are published, and not expected to change
	runner    []int          // core that executes it, or none
	changed   bool           // something has ended or begun in this cycle
	err       error
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

	doing   activity
	task    Task
	until   isa.Cycle // end of scheduling or validating
	since   isa.Cycle // begin of what it does
	why     Loss      // idle
	x       *Incarnation
	live    bool // the incarnation is on the core
	waiting bool // for another transaction, since waitFrom
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
		latest: make([]*Incarnation, n), begun: make([]int, n), runner: make([]int, n), visible: make([]bool, n),
	}
	for i := range m.runner {
		m.runner[i] = none
	}
	for range cfg.Cores {
		m.units = append(m.units, &unit{why: LossImbalance})
	}
	m.logs = info.Log
	if info.Model != nil {
		m.model, m.policy = true, newSequential(m, mapping)
		return m, nil
	}
	m.policy = info.Make(m, mapping)
	return m, nil
}

// Run runs the block to its end. The error is one of the simulation: of a core, or of
// a transaction that is not valid in the block.
func (m *Machine) Run() error {
	m.settle()
	for !m.policy.Done() && m.err == nil {
		next := m.next()
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

// next is the first cycle in which a core does something.
func (m *Machine) next() isa.Cycle {
	first := isa.Cycle(never)
	for _, u := range m.units {
		first = min(first, u.next())
	}
	return first
}

func (u *unit) next() isa.Cycle {
	switch u.doing {
	case scheduling, validating:
		return u.until
	case executing:
		if cycle, ok := u.core.Next(); ok {
			return cycle
		}
	}
	return never
}

// cycle simulates one cycle: first what cores do, then what the end of it brings.
func (m *Machine) cycle(now isa.Cycle) {
	m.now = now
	for _, u := range m.units {
		if u.doing != executing {
			continue
		}
		if cycle, ok := u.core.Next(); ok && cycle <= now {
			u.core.Step(now)
		}
	}
	m.settle()
}

// settle does what the end of a cycle brings, until nothing changes any more: what
// has ended is taken over, and idle cores get tasks.
func (m *Machine) settle() {
	for m.changed = true; m.changed && m.err == nil; {
		m.changed = false
		for i, u := range m.units {
			if u.doing == executing {
				m.look(i, u)
			}
		}
		m.assign()
	}
}

// look acts on what an executing core has come to.
func (m *Machine) look(i int, u *unit) {
	x := u.x
	switch {
	case x.view.blocked != none:
		m.stop(i, u, x.view.blocked)
	case u.live && !u.core.Running():
		m.executed(i, u)
	case u.core.Waits():
		if !u.waiting {
			u.waiting, u.from = true, m.now
			m.tell(i, "wait", x)
		}
		// Nobody else need run what this core waits for: then it does so itself.
		if on := x.view.pending; m.cfg.Restart || m.runner[on] == none {
			m.stop(i, u, on)
		}
	case u.waiting:
		u.stopWaiting(m.now)
	}
}

func (u *unit) stopWaiting(now isa.Cycle) {
	if u.waiting {
		u.waiting = false
		u.x.Waited += now - u.from
	}
}

// assign ends the tasks that end in this cycle and gives idle cores new ones. As long
// as no task has ended, a policy has no other answer than before.
func (m *Machine) assign() {
	for i, u := range m.units {
		switch {
		case u.doing == validating && u.until == m.now:
			loss := LossSchedule
			if u.task.Kind == Redo {
				loss = LossReexecution
			}
			m.Stats.Losses[loss] += u.become(idle, m.now)
			u.why = LossImbalance
			m.changed = true
			m.policy.Validated(i, u.x)
		case u.doing == scheduling && u.until == m.now:
			m.Stats.Losses[LossSchedule] += u.become(idle, m.now)
			m.changed = true
			m.begin(i, u)
		}
		if m.err != nil {
			return
		}
	}
	if !m.changed && m.now > 0 {
		return
	}
	for i, u := range m.units {
		if u.doing != idle || m.policy.Done() {
			continue
		}
		t, why, ok := m.policy.Next(i)
		m.Stats.Losses[u.why] += u.become(idle, m.now)
		if u.why = why; ok {
			m.changed = true
			m.take(i, u, t)
		}
	}
}

// become changes what a unit does and gives the time that it did the last thing.
func (u *unit) become(a activity, now isa.Cycle) (spent uint64) {
	spent = uint64(now - u.since)
	u.doing, u.since = a, now
	return spent
}

// take starts a task.
func (m *Machine) take(i int, u *unit, t Task) {
	u.task = t
	cost := m.cfg.Schedule
	if t.Free {
		cost = 0
	}
	u.until = m.now + cost
	if t.Kind == Execute {
		m.runner[t.Tx] = i
		u.become(scheduling, m.now)
		return
	}
	u.x = m.latest[t.Tx]
	if t.Kind == Redo {
		m.tell(i, "redo", u.x)
		u.until += m.redo(u.x, m.Cores()[0].Config())
		u.become(validating, m.now)
		return
	}
	m.Stats.Validations++
	m.tell(i, "validate", u.x)
	u.until += m.cfg.Check * isa.Cycle(u.x.Reads())
	u.become(validating, m.now)
}

// begin opens an incarnation on a core.
func (m *Machine) begin(i int, u *unit) {
	if u.core == nil {
		if u.core, u.sys, u.observer, m.err = m.block.NewCore(i); m.err != nil {
			return
		}
	}
	tx := u.task.Tx
	x := &Incarnation{Tx: tx, Number: m.begun[tx], view: newView(m.store, tx, &m.now)}
	x.view.conflicts = m.conflicts
	m.begun[tx]++
	if old := m.latest[tx]; old != nil {
		old.forgetLog()
	}
	m.latest[tx], u.x = x, x
	u.sys.Open(&x.view)
	env, err := u.sys.Begin(tx)
	u.become(executing, m.now)
	u.before = u.core.Stats.Instructions
	switch {
	case x.view.blocked != none:
		m.stop(i, u, x.view.blocked)
	case err != nil:
		x.Err = err
		m.Stats.Invalid++
		m.ended(u, x)
		m.tell(i, "invalid", x)
		m.policy.Executed(i, x)
	default:
		if u.observer != nil {
			u.observer.Begin(tx)
		}
		if m.logs {
			x.log = new(pipeline.OpLog)
			u.core.Record(x.log)
		}
		u.live = true
		m.Stats.Incarnations++
		m.tell(i, "begin", x)
		u.core.Begin(&env, m.block.First(tx), m.now)
	}
}

// ended closes the books of an incarnation that leaves its core.
func (m *Machine) ended(u *unit, x *Incarnation) {
	u.stopWaiting(m.now)
	x.Cycles = isa.Cycle(u.become(idle, m.now))
	x.Instructions = u.core.Stats.Instructions - u.before
	m.Stats.Instructions += x.Instructions
	m.runner[x.Tx] = none
	m.changed = true
	u.live = false
	u.why = LossImbalance
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
		x.forgetLog()
	}
	m.ended(u, x)
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
	m.ended(u, x)
	m.tell(i, "stop", x)
	m.Discard(x)
	m.policy.Stopped(i, x, on)
}

// Publish makes an incarnation's writes visible. What waits looks again. It reports
// whether a key was written that the incarnation before had not written.
func (m *Machine) Publish(x *Incarnation) (widened bool) {
	widened = m.store.Publish(x.version(), x.Writes)
	m.visible[x.Tx] = true
	m.wake()
	return widened
}

// Transactions is how many the block has.
func (m *Machine) Transactions() int { return m.block.Transactions }

// expect marks the writes of a transaction as about to be replaced.
func (m *Machine) expect(tx int) {
	m.store.Expect(tx)
	m.visible[tx] = false
	m.wake()
}

func (m *Machine) wake() {
	for _, u := range m.units {
		if u.live {
			u.core.Wake(m.now)
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
	for _, u := range m.units {
		switch u.doing {
		case idle:
			s.Losses[u.why] += u.become(idle, m.now)
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
	for _, u := range m.units {
		if u.core != nil {
			cores = append(cores, u.core)
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
