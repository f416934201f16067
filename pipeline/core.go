// Package pipeline simulates one out-of-order core that executes while it
// executes: a micro-op reads renamed registers when it issues and computes a real
// value, wrong paths included. Commit, in program order, is the only place that
// changes architectural state.
//
// A cycle walks the stages from commit back to fetch, so nothing passes two
// stages in one cycle: commit, write-back, issue, dispatch, fetch. Fetch decodes
// and renames functionally; what it made reaches dispatch FrontEnd cycles later.
package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// A bank of constants for each transaction in flight: words of its context, then of its
// envelope.
const (
	contextWords  = 24
	envelopeWords = 8
)

// stackPolicy is CoreConfig.Stack decoded.
type stackPolicy uint8

const (
	stackExecute stackPolicy = iota
	stackRename
	stackFold
)

// fetchState says whether fetch goes on, and if not what it waits for.
type fetchState uint8

const (
	fetchRuns     fetchState = iota
	fetchTarget              // for a jump or call whose target is not predicted, to execute
	fetchSerial              // for a serialising instruction to commit
	fetchForeseen            // behind what an oracle says faults, until the machine is empty: then the oracle was wrong
	fetchDead                // behind a fault or the end of the transaction: only a squash revives it
)

// ErrMaxCycles says that a run has reached its limit of cycles.
var ErrMaxCycles = errors.New("the limit of cycles was reached")

// stopInterval is how many simulated steps pass between two looks at Stop.
const stopInterval = 4096

// Core is one simulated core. It is not safe for concurrent use.
type Core struct {
	cfg     Config
	policy  stackPolicy
	latency [isa.NumLatencies]uint32
	units   [isa.NumUnits]int
	fuses   bool       // instructions before a jump are fused into it
	freeGas bool       // GAS answered by the golden run
	prefix  *prefixGas // nil unless GAS is answered ahead of its commit

	predictStatus bool // status registers are taken to be zero

	sys     decoder.System
	files   decoder.RegisterSystem // sys, where it is one
	checker decoder.Checker
	ledger  Ledger // nil: slots are only counted
	probe   Probe
	probed  int // the transaction that the probe watches
	golden  predictor.Golden

	regs   *rob.Registers
	maps   *rob.Maps
	buf    *rob.Buffer
	frames []frame

	freeFrames []int32
	programs   map[int32]constants // by Program.ID
	rowTables  map[*decoder.RowTable]*rowTable

	cycle  uint64
	events eventQueue

	// Fetch.
	fetch struct {
		state   fetchState
		frame   int32
		inst    int32
		uop     int    // next micro-op of the instruction
		resume  uint64 // fetch rests until this cycle
		dynamic uint64 // instructions fetched along the path, of the block
		run     int32  // first folded instruction not yet carried by an entry
		runGas  uint32
		height  int    // of the frame's stack before the run
		waitFor uint64 // fetchTarget: the entry
		serial  isa.Op // what fetch stopped behind last
		cause   Cause  // what emptied the machine last
		since   uint64 // the first entry fetched after that
		tested  bool   // a test for zero goes with the branch that comes next
		pair    wordPair
	}
	redirected bool    // the jump just fetched was taken
	temp       rob.Reg // result of an earlier micro-op of the instruction being fetched
	stackLow   int     // lowest stack position (over all frames) held in registers

	dirCP, tgtCP uint64 // predictors' present checkpoints

	// Issue.
	ready      [isa.NumUnits]readyQueue
	readyUnits uint16 // a bit for each unit whose queue is not empty
	iq         int    // entries waiting to issue
	inflight   int    // registers of uncommitted producers
	issueNext  uint64
	busy       [isa.NumUnits][]uint64 // unpipelined units: busy until

	mem     memoryQueue
	state   stateQueue
	window  window
	valueBy valueBy

	// Predictors.
	predictors
	foresees predictor.FaultOracle // direction, where it is one
	returns  predictor.StackUser   // target, where it is one
	chaos    *chaosSquash
	prefetch *prefetcher // nil without
	runahead *runahead   // nil without

	// Commit.
	args        decoder.Args
	argsFaulty  bool
	result      isa.Word // of the outermost frame
	left        isa.Word // what the frame that ended last gave its caller
	callee      isa.Word // account of the call being fetched or committed: kept here, it needs no allocation
	finished    bool
	retiredTo   uint64 // undo log position that is final
	gasBound    uint64 // no frame of the transactions in flight has more
	memoryBound uint64 // no memory of them is larger, in bytes
	retired     decoder.Retirement
	charged     uint64 // cost of the instruction of a register machine being committed
	reshaped    bool   // it has changed the shape of memory
	touches     touches

	// VerifyEvery calls Verify after every so many simulated steps, 0 for never.
	VerifyEvery uint64
	// MaxCycles ends a run with ErrMaxCycles, 0 for no limit. Stop ends it with its
	// own error once it is done.
	MaxCycles uint64
	Stop      context.Context

	watchdog   uint64 // longest time without a commit, in cycles
	lastCommit uint64
	steps      uint64 // of the present transaction
	moved      bool   // a stage moved in the last one
	root       int32  // its envelope's frame
	entry      entry  // what its outermost frame begins with
	outside    outside
	oplog      *OpLog // of what commits; nil: not wanted

	err     error
	blame   Cause   // present cause of lost slots
	stalled *uint64 // counter of the full structure that dispatch met in this cycle, or nil
	Stats   Stats
	hasher  streamHash
	scratch []byte
	peeked  []byte
	keccak  keccakState
	sum     [32]byte
}

// New makes a core. golden may be nil unless the configuration reads it.
func New(cfg Config, sys decoder.System, golden predictor.Golden) (*Core, error) {
	c := &Core{cfg: cfg, latency: cfg.Latencies(), units: cfg.units(), sys: sys, golden: golden, programs: map[int32]constants{}, rowTables: map[*decoder.RowTable]*rowTable{}}
	switch cfg.Core.Stack {
	case "execute":
		c.policy = stackExecute
	case "rename":
		c.policy = stackRename
	case "fold":
		c.policy = stackFold
	default:
		return nil, fmt.Errorf("core.stack: %q is not execute, rename or fold", cfg.Core.Stack)
	}
	if cfg.Core.Gas == "free" {
		if golden == nil {
			return nil, fmt.Errorf("core.gas: free reads the golden run, and there is none")
		}
		c.freeGas = true
	}
	p := cfg.Predictor
	var err error
	if c.predictors, err = newPredictors(&p, golden); err != nil {
		return nil, err
	}
	c.attach()
	if cfg.Chaos.Squash > 0 {
		c.chaos = newChaosSquash(cfg.Chaos.Squash, p.Seed)
	}
	c.valueBy = valueKinds[p.ValueBy]
	c.fuses = cfg.Fusion.Jump || cfg.Fusion.Test
	c.regs = rob.NewRegisters()
	c.temp = rob.ZeroReg
	c.maps = rob.NewMaps(c.regs)
	c.maps.Undone = c.dropFrame
	c.maps.Dropped = c.dropFrame
	c.buf = rob.NewBuffer()
	c.mem.init()
	c.state.init(cfg.State)
	for u := range c.busy {
		c.busy[u] = make([]uint64, 0, 4)
	}
	c.keccak = newKeccak()
	c.Stats.Width = uint64(cfg.Core.Commit)
	c.watchdog = uint64(cfg.Core.Watchdog)
	c.outside.view, _ = sys.(decoder.View)
	c.files, _ = sys.(decoder.RegisterSystem)
	if cfg.Core.Transactions > 1 && c.files == nil && c.outside.view == nil {
		c.window.upcoming, _ = sys.(decoder.Upcoming)
	}
	if r, ok := sys.(decoder.Rehearsal); ok && cfg.Core.Gas == "prefix" && c.outside.view == nil {
		c.prefix = &prefixGas{system: r}
	}
	c.predictStatus = cfg.Core.Status != "rename"
	return c, nil
}

// SetChecker compares every committed instruction; nil turns checking off.
func (c *Core) SetChecker(k decoder.Checker) { c.checker = k }

// AllTransactions lets a probe see the entries of every transaction.
const AllTransactions = -1

// SetProbe watches the entries of one of the transactions that the core runs, counted from
// 0, or of all; nil turns it off.
func (c *Core) SetProbe(p Probe, tx int) { c.probe, c.probed = p, tx }

// watched reports whether the probe sees an entry. Fetch may be transactions ahead of commit.
func (c *Core) watched(e *rob.Entry) bool {
	return c.probe != nil && (c.probed == AllTransactions || int(c.frames[e.Frame].tx) == c.probed+1)
}

// Cycle is the number of cycles simulated so far.
func (c *Core) Cycle() uint64 { return c.cycle }

// StreamDigest sums up everything committed so far.
func (c *Core) StreamDigest() uint64 { return uint64(c.hasher) }

// Config is the core's configuration.
func (c *Core) Config() *Config { return &c.cfg }

// Run executes one transaction from drained to drained. dynamic is the number of
// the block's instruction that the transaction starts with. The error is a
// difference found by the checker, or a fault of the simulator itself.
func (c *Core) Run(env *decoder.Envelope, dynamic uint64) error {
	c.Begin(env, dynamic, c.cycle)
	for c.Running() {
		next, ok := c.Next()
		if !ok {
			c.err = c.deadlock()
			break
		}
		c.Step(next)
	}
	return c.End()
}

// guard ends a transaction that exceeds a limit or breaks an invariant.
func (c *Core) guard() {
	switch {
	case c.watchdog > 0 && c.cycle-c.lastCommit > c.watchdog && !c.finished:
		c.err = c.stuck()
	case c.VerifyEvery > 0 && c.steps%c.VerifyEvery == 0 && c.Running():
		c.err = c.Verify()
	case c.MaxCycles > 0 && c.cycle > c.MaxCycles:
		c.err = ErrMaxCycles
	case c.Stop != nil && c.steps%stopInterval == 0 && c.Stop.Err() != nil:
		c.err = c.Stop.Err()
	}
}

// begin sets fetch on the envelope of a transaction and returns its frame.
func (c *Core) begin(env *decoder.Envelope, dynamic uint64) (root int32) {
	c.gasBound, c.memoryBound = 0, 0
	c.window.tx++
	root = c.open(env, c.sys.Context(), c.window.tx)
	c.entry = entry{env.Registers, env.Space}
	c.finished = false
	c.fetch.dynamic = dynamic
	if c.prefetch != nil {
		c.prefetch.begin(c, env, dynamic)
	}
	c.stackLow = 0
	c.steer(root, 0, c.cycle+1, CauseDrain)
	return root
}

// open makes the envelope's frame of a transaction, with a bank of constants of its own.
func (c *Core) open(env *decoder.Envelope, context []isa.Word, tx uint32) (root int32) {
	bank := c.window.bank(c.regs)
	for i := range context {
		c.regs.SetConst(bank+rob.Reg(i), &context[i])
	}
	for i := range env.Words {
		c.regs.SetConst(bank+contextWords+rob.Reg(i), &env.Words[i])
	}
	c.gasBound = max(c.gasBound, env.Gas)
	c.memoryBound = max(c.memoryBound, c.sys.MemoryBound(env.Gas))
	root = c.newFrame()
	f := &c.frames[root]
	*f = frame{parent: -1, refs: 1, outOff: rob.ZeroReg, outLen: rob.ZeroReg, account: rob.ZeroReg, context: bank + contextWords, bank: bank, tx: tx, ctx: decoder.Context{
		Kind: decoder.EnterRoot, Prog: env.Program, Memory: append(f.ctx.Memory[:0], env.Input...),
	}}
	f.space = root
	c.setProgram(f, env.Program)
	c.maps.InitFrame(root, [rob.NumEnv]rob.Reg{
		rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg,
	})
	return root
}

// steer points fetch at an instruction from a cycle on.
func (c *Core) steer(frame, inst int32, cycle uint64, cause Cause) {
	c.fetch.state = fetchRuns
	c.fetch.frame, c.fetch.inst, c.fetch.uop = frame, inst, 0
	c.fetch.tested, c.fetch.pair.count = false, 0
	c.fetch.resume = cycle
	c.refill(cause)
	c.dropStack(frame)
	c.startRun()
}

// refill says what the slots belong to that are lost until the first entry that
// fetch makes from now on arrives.
func (c *Core) refill(cause Cause) { c.fetch.cause, c.fetch.since = cause, c.buf.Tail }

// startRun begins a new run of folded instructions at the fetch position.
func (c *Core) startRun() {
	c.fetch.run = c.fetch.inst
	c.fetch.runGas = 0
	c.fetch.height = c.maps.Map[c.fetch.frame].Height
}

// tick simulates one cycle and reports whether any stage moved.
func (c *Core) tick() (moved bool) {
	c.cycle++
	moved = c.commit()
	if c.finished || c.err != nil {
		return moved
	}
	moved = c.writeBack() || moved
	if c.prefix != nil {
		moved = c.prefix.step(c) || moved
	}
	if c.runahead != nil {
		c.runahead.end(c)
	}
	if c.chaos != nil {
		c.chaosStep()
	}
	moved = c.issue() || moved
	moved = c.dispatch() || moved
	moved = c.fetchCycle() || moved
	if c.prefetch != nil {
		moved = c.prefetch.step(c) || moved
	}
	return moved
}

// nextEvent is the next cycle in which something happens by itself, when no stage
// could move in the present one.
func (c *Core) nextEvent() (next uint64, ok bool) {
	next, ok = c.events.next()
	if b := c.buf; b.Dispatch < b.Tail {
		if r := b.At(b.Dispatch).Ready; r > c.cycle && (!ok || r < next) {
			next, ok = r, true
		}
	}
	if p := c.prefetch; p != nil && len(p.queue) > 0 && (!ok || p.soonest < next) {
		next, ok = max(p.soonest, c.cycle+1), true
	}
	if c.fetch.state == fetchRuns && c.fetch.resume > c.cycle && (!ok || c.fetch.resume < next) {
		next, ok = c.fetch.resume, true
	}
	for u := range c.busy {
		if len(c.ready[u]) == 0 && !c.cfg.Core.InOrder {
			continue
		}
		for _, until := range c.busy[u] {
			if until > c.cycle && (!ok || until < next) {
				next, ok = until, true
			}
		}
	}
	return next, ok
}

// idle moves time to a cycle in which nothing happens, and gives the lost slots to
// the cause that holds the machine now.
func (c *Core) idle(to uint64) {
	if to <= c.cycle {
		return
	}
	idle := to - c.cycle
	c.cycle = to
	c.lose(idle * c.Stats.Width)
	c.Stats.Skipped += idle
	if c.stalled != nil {
		*c.stalled += idle
	}
}

// ref names an entry's instruction to the predictors. What is not in the trace
// counts as part of the instruction before it: a built-in as its call.
func (c *Core) ref(e *rob.Entry) predictor.Ref {
	f := &c.frames[e.Frame]
	r := predictor.Ref{Site: siteOf(f, e.Inst), Dynamic: e.Dynamic, Path: f.path}
	if f.site == 0 {
		r.Dynamic--
	}
	return r
}

func siteOf(f *frame, inst int32) uint64 { return f.site ^ uint64(uint32(inst))<<20 }
