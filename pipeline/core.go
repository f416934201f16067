// Package pipeline simulates one execute-in-execute core: a micro-op reads renamed
// registers when it issues and computes a real value, on wrong paths too. Commit, in
// program order, is the only place that changes architectural state.
//
// A cycle walks the stages from commit back to fetch, so nothing passes two
// stages in one cycle: commit, write-back, issue, dispatch, fetch. Fetch decodes
// and renames at once; its micro-ops reach dispatch core.frontend cycles later. The parts are
// listed at Core, the stages in stages.go.
package pipeline

import (
	"fmt"
	"math"

	"github.com/ooovm/ooovm/budget"
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

// Core is one simulated core: its configuration, the system whose instructions it runs,
// and its parts. A part owns its state and holds, as fields, the other parts that it works
// with; what it does not hold it cannot touch. What is left to Core itself has to see all of
// them: commit, which alone changes architectural state, write-back and the squashes that
// undo what was guessed wrong, and the checks. It is not safe for concurrent use.
type Core struct {
	Limits
	cfg       Config
	sys       decoder.System
	registers decoder.RegisterSystem // sys, where it is one
	golden    predictor.Golden
	clock     clock
	stages    []func(*Core) bool // of a cycle; nil: those that every core has

	front frontEnd
	ren   renamer
	win   window
	exec  executor
	mem   memoryQueue
	state stateQueue
	ret   retirement
	pred  predictors
	val   valuePrediction
	tx    transactions
	opt   optional
	obs   observers

	outside outside
	run     runControl
	err     error
	Stats   Stats
}

// clock is the time of a core, in cycles.
type clock struct{ now isa.Cycle }

// optional are the mechanisms that a configuration may leave out; each is nil then.
type optional struct {
	prefix   *prefixGas // GAS is answered ahead of its commit
	chaos    *chaosSquash
	prefetch *prefetching
	runahead *runahead
}

// New makes a core. golden may be nil unless the configuration reads it.
func New(cfg Config, sys decoder.System, golden predictor.Golden) (*Core, error) {
	c := &Core{cfg: cfg, sys: sys, golden: golden}
	c.registers, _ = sys.(decoder.RegisterSystem)
	policy, ok := stackPolicies[cfg.Core.Stack]
	if !ok {
		return nil, fmt.Errorf("core.stack: %q is not execute, rename or fold", cfg.Core.Stack)
	}
	if cfg.Core.Gas == "free" && golden == nil {
		return nil, fmt.Errorf("core.gas: free reads the golden run, and there is none")
	}
	p := &c.cfg.Predictor
	var err error
	if c.pred, err = newPredictors(p, golden); err != nil {
		return nil, err
	}
	c.connect()
	if c.exec.prices, err = cfg.Prices(); err != nil {
		return nil, err
	}
	c.front.init(policy)
	c.ren.init(cfg.Core.Status != "rename")
	c.win.init()
	c.exec.init()
	c.mem.init()
	c.state.init(cfg.State)
	c.val.by = valueKinds[p.ValueBy]
	c.outside.view, _ = sys.(decoder.View)
	c.Stats.Width = uint64(cfg.Core.Commit)
	c.run.watchdog = isa.Cycle(cfg.Core.Watchdog)
	if c.run.watchdog == 0 {
		c.run.watchdog = math.MaxUint64 // longer than any run
	}
	c.attach()
	if cfg.Chaos.Squash > 0 {
		c.opt.chaos = newChaosSquash(cfg.Chaos.Squash, p.Seed)
	}
	if cfg.Core.Transactions > 1 && c.registers == nil && c.outside.view == nil {
		c.tx.upcoming, _ = sys.(decoder.Upcoming)
	}
	if r, ok := sys.(decoder.Trial); ok && cfg.Core.Gas == "prefix" && c.outside.view == nil {
		c.opt.prefix = &prefixGas{system: r, ren: &c.ren, regs: c.ren.regs, buf: c.win.buf, win: &c.win, ret: &c.ret, stats: &c.Stats}
	}
	c.stages = stagesOf(c)
	return c, nil
}

// connect gives each part the parts that it works with.
func (c *Core) connect() {
	regs := rob.NewRegisters()
	maps := rob.NewMaps(regs)
	buf := rob.NewBuffer()
	stats := &c.Stats
	c.front = frontEnd{
		clock: &c.clock, cfg: &c.cfg, sys: c.sys, ren: &c.ren, regs: regs, maps: maps, win: &c.win, buf: buf,
		pred: &c.pred, tx: &c.tx, opt: &c.opt, obs: &c.obs, stats: stats,
	}
	c.ren = renamer{regs: regs, maps: maps, sys: c.sys, obs: &c.obs}
	c.win = window{
		clock: &c.clock, cfg: &c.cfg, buf: buf, ren: &c.ren, regs: regs, exec: &c.exec, mem: &c.mem, state: &c.state,
		pred: &c.pred, val: &c.val, opt: &c.opt, obs: &c.obs, stats: stats,
	}
	c.exec = executor{
		clock: &c.clock, latency: c.cfg.Latencies(), freeGas: c.cfg.Core.Gas == "free", sys: c.sys, registers: c.registers,
		golden: c.golden, ren: &c.ren, regs: regs, win: &c.win, buf: buf, mem: &c.mem, state: &c.state, tx: &c.tx,
		pred: &c.pred, opt: &c.opt, outside: &c.outside, stats: stats,
	}
	c.mem = memoryQueue{ren: &c.ren, regs: regs, win: &c.win, buf: buf, pred: &c.pred, stats: stats}
	c.state = stateQueue{ren: &c.ren, win: &c.win, buf: buf, pred: &c.pred, stats: stats}
	c.val = valuePrediction{ren: &c.ren, regs: regs, state: &c.state, pred: &c.pred, stats: stats}
	c.tx = transactions{sys: c.sys, ren: &c.ren, regs: regs}
	c.obs = observers{clock: &c.clock, ren: &c.ren, regs: regs, mem: &c.mem, tx: &c.tx, ret: &c.ret}
	c.outside = outside{ren: &c.ren, regs: regs}
}

// SetChecker compares every committed instruction; nil turns checking off.
func (c *Core) SetChecker(k decoder.Checker) { c.obs.checker = k }

// AllTransactions lets a probe see the entries of every transaction.
const AllTransactions = -1

// SetProbe watches the entries of one of the transactions that the core runs, counted from
// 0, or of all; nil turns it off.
func (c *Core) SetProbe(p Probe, tx int) { c.obs.probe, c.obs.probed = p, tx }

// SetMemory bounds what windows and memories of programs take. What does not fit panics
// with an *budget.Exceeded, which ends the core's life: whoever began the run recovers it.
func (c *Core) SetMemory(b *budget.Budget) {
	c.win.buf.Within(b)
	c.ren.maps.Within(b)
	c.mem.stores.Within(b, 0)
	c.mem.loads.Within(b, 0)
	c.state.ops.Within(b, 0)
	c.ren.memory, c.exec.memory = b, b
}

// Cycle is the number of cycles simulated so far.
func (c *Core) Cycle() isa.Cycle { return c.clock.now }

// StreamDigest sums up everything committed so far.
func (c *Core) StreamDigest() uint64 { return uint64(c.obs.stream) }

// Config is the core's configuration.
func (c *Core) Config() *Config { return &c.cfg }

// Run executes one transaction from drained to drained. dynamic is the number of
// the block's instruction that the transaction starts with. The error is a
// difference found by the checker, or a fault of the simulator itself.
func (c *Core) Run(env *decoder.Envelope, dynamic uint64) error {
	c.Begin(env, dynamic, c.clock.now)
	for c.Running() {
		next, ok := c.clock.now+1, true
		if !c.run.moved { // nearly always it has: a call less a cycle
			if next, ok = c.Next(); !ok {
				c.err = c.deadlock()
				break
			}
		}
		c.Step(next)
	}
	return c.End()
}

// begin sets fetch on the envelope of a transaction and returns its frame.
func (c *Core) begin(env *decoder.Envelope, dynamic uint64) (root rob.FrameID) {
	c.tx.gasBound, c.tx.memoryBound = 0, 0
	c.tx.number++
	root = c.tx.open(env, c.sys.Context(), c.tx.number)
	c.tx.entry = entry{env.Registers, env.Space}
	c.tx.finished = false
	c.front.dynamic = dynamic
	if c.opt.prefetch != nil {
		c.opt.prefetch.Begin(env, dynamic)
	}
	c.ren.stackLow = 0
	c.front.steer(root, 0, c.clock.now+1, CauseDrain)
	return root
}

// open makes the envelope's frame of a transaction, with a bank of constants of its own.
func (t *transactions) open(env *decoder.Envelope, context []isa.Word, tx uint32) (root rob.FrameID) {
	bank := t.ren.bank()
	for i := range context {
		t.regs.SetConst(bank+rob.Reg(i), &context[i])
	}
	for i := range env.Words {
		t.regs.SetConst(bank+contextWords+rob.Reg(i), &env.Words[i])
	}
	t.gasBound = max(t.gasBound, env.Gas)
	t.memoryBound = max(t.memoryBound, t.sys.MemoryBound(env.Gas))
	root = t.ren.newFrame()
	f := &t.ren.frames[root]
	*f = frame{parent: -1, refs: 1, outOff: rob.ZeroReg, outLen: rob.ZeroReg, account: rob.ZeroReg, context: bank + contextWords, bank: bank, tx: tx, ctx: decoder.Context{
		Kind: decoder.EnterRoot, Prog: env.Program, Memory: append(f.ctx.Memory[:0], env.Input...),
	}}
	f.space = root
	t.ren.setProgram(f, env.Program)
	t.ren.maps.InitFrame(root, [rob.NumEnv]rob.Reg{
		rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg, rob.ZeroReg,
	})
	return root
}

// steer points fetch at an instruction from a cycle on.
func (fe *frontEnd) steer(frame rob.FrameID, inst isa.InstIndex, cycle isa.Cycle, cause Cause) {
	fe.state = fetchRuns
	fe.frame, fe.inst, fe.uop = frame, inst, 0
	fe.tested, fe.pair.count = false, 0
	fe.resume = cycle
	fe.refill(cause)
	fe.ren.dropStack(frame)
	fe.startRun()
}

// refill says what the slots belong to that are lost until the first entry that
// fetch makes from now on arrives.
func (fe *frontEnd) refill(cause Cause) { fe.cause, fe.since = cause, fe.buf.Tail }

// startRun begins a new run of folded instructions at the fetch position.
func (fe *frontEnd) startRun() {
	fe.run = fe.inst
	fe.runGas = 0
	fe.height = fe.maps.Map[fe.frame].Height
}

// ref names an entry's instruction to the predictors. What is not in the trace
// counts as part of the instruction before it: a built-in as its call.
func (rn *renamer) ref(e *rob.Entry) predictor.Ref {
	f := &rn.frames[e.Frame]
	r := predictor.Ref{Site: siteOf(f, e.Inst), Dynamic: e.Dynamic, Path: f.path}
	if f.site == 0 {
		r.Dynamic--
	}
	return r
}

func siteOf(f *frame, inst isa.InstIndex) uint64 { return f.site ^ uint64(uint32(inst))<<20 }
