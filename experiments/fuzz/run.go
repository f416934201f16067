package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// maxCycles bounds a run: what was committed until then has been compared.
const maxCycles = 4_000_000

// Outcome of a case in which no difference was found.
type Outcome struct {
	Instructions uint64 // committed
	Cycles       uint64
	Squashes     uint64
	Depth        int       // of the deepest frame
	Executed     [256]bool // opcodes
	Transactions int       // that ran
	Succeeded    int       // of these
	Rejected     bool      // the last one was, by both sides
	Cut          bool      // at the limit of cycles
}

// Run executes the case on go-ethereum and on the core and compares them. The error
// is the first difference, or how the simulator failed.
func (c *Case) Run() (out Outcome, err error) {
	_, out, err = c.run()
	return out, err
}

// guarded turns a panic of the simulator into an error that says where it was.
func guarded(do func() error) error {
	err := invariant.Guard("", do)
	if broken := (*invariant.Error)(nil); errors.As(err, &broken) && broken.Stack != nil {
		return fmt.Errorf("%w\n%s", err, broken.Stack)
	}
	return err
}

func (c *Case) run() (r *run, out Outcome, err error) {
	err = guarded(func() error {
		r, out, err = c.unguarded()
		return err
	})
	return r, out, err
}

func (c *Case) unguarded() (r *run, out Outcome, err error) {
	env, err := blockAt(c.Fork, c.Coinbase)
	if err != nil {
		return r, out, err
	}
	r = &run{Case: c, env: env, world: state.NewWorld(c.prestate()), current: -1}
	r.sys = evm.NewSystem(r.world, env, make([]*state.Tx, len(c.Transactions)), evm.NewCache())
	if err := r.prepare(0); err != nil {
		return r, out, err
	}
	if r.core, err = pipeline.New(*c.Machine, r.sys, r.oracle()); err != nil {
		return r, out, err
	}
	r.core.MaxCycles, r.core.VerifyEvery = maxCycles, c.VerifyEvery
	err = r.judge(machine.Sequential(r.core, r.sys, len(c.Transactions), r))
	r.out.Instructions, r.out.Cycles, r.out.Transactions = r.core.Stats.Instructions, uint64(r.core.Cycle()), len(r.sys.Results)
	for _, n := range r.core.Stats.Squashes {
		r.out.Squashes += n
	}
	return r, r.out, err
}

// run is a case while it runs: machine.Watcher of its core. It does not use experiments/run:
// a case has no golden run of the whole, and may end in the middle. go-ethereum runs each
// transaction on the world that the core has left, once that has been compared.
type run struct {
	*Case
	env     *state.BlockEnv
	world   *state.World
	sys     *evm.System
	core    *pipeline.Core
	answers answers // for oracle predictors

	current int            // transaction that the core has begun last
	golden  *traces.Golden // of that transaction, or of the next one when it is over
	refused error          // why go-ethereum rejects it
	check   *lockstep.EVM  // nil when instructions are not compared
	out     Outcome
}

// prepare makes a transaction and its golden run.
func (r *run) prepare(i int) (err error) {
	pre := state.Prestate{}
	for _, a := range r.world.Accounts() {
		if acct, exists := r.world.Dump(a); exists {
			pre[a] = &acct
		}
	}
	call := r.Transactions[i].message(r.world.Nonce(state.Address(r.Transactions[i].From)))
	if r.sys.Txs[i], err = state.NewMessageTx(call); err != nil {
		return err
	}
	message := &traces.Message{Name: r.Name, Ground: traces.NewGround(pre), Env: r.env, Call: call}
	r.golden, r.refused = traces.RecordMessage(message)
	if r.refused != nil && !traces.Rejected(r.refused) {
		return r.refused
	}
	r.answers.golden = r.golden.Oracle()
	for k := range r.golden.Steps.Len() {
		s := r.golden.Steps.At(k)
		r.out.Depth = max(r.out.Depth, int(s.Depth))
		r.out.Executed[s.Op] = true
	}
	return nil
}

func (r *run) BeginTx(i int) {
	r.current = i
	r.answers.base = r.core.Stats.Instructions
	if !r.Lockstep || r.refused != nil {
		return
	}
	r.check = lockstep.NewEVM(r.golden, r.sys)
	r.core.SetChecker(r.check)
	r.check.BeginTx(0)
}

// EndTx compares what the transaction has left.
func (r *run) EndTx(i int) error {
	if r.refused != nil {
		return fmt.Errorf("transaction %d: not rejected, which go-ethereum does: %w", i, r.refused)
	}
	if r.check != nil {
		r.check.EndTx(0)
		if err := r.check.Err(); err != nil {
			return err
		}
	}
	got, want := &r.sys.Results[i], &r.golden.Results[0]
	if got.Success {
		r.out.Succeeded++
	}
	if n := r.core.Stats.Instructions - r.answers.base; n != uint64(r.golden.Steps.Len()) {
		return fmt.Errorf("transaction %d: %d instructions committed, go-ethereum has %d", i, n, r.golden.Steps.Len())
	}
	if got.GasUsed != want.GasUsed || got.Success != want.Success {
		return fmt.Errorf("transaction %d: gas used %d, success %v, go-ethereum has %d, %v", i, got.GasUsed, got.Success, want.GasUsed, want.Success)
	}
	if !sameLogs(got.Logs, want.Logs) {
		return fmt.Errorf("transaction %d: logs %v, go-ethereum has %v", i, got.Logs, want.Logs)
	}
	if err := traces.ComparePostState(r.world, r.golden); err != nil {
		return fmt.Errorf("transaction %d: %w", i, err)
	}
	if i+1 < len(r.Transactions) {
		return r.prepare(i + 1)
	}
	return nil
}

// judge says what the end of the simulation means: a transaction that go-ethereum
// rejects too ends a case, and so does the limit of cycles.
func (r *run) judge(err error) error {
	next := len(r.sys.Results)
	switch {
	case err == nil:
		return nil
	case r.check != nil && r.check.Err() != nil:
		return r.check.Err()
	case errors.Is(err, pipeline.ErrMaxCycles):
		r.out.Cut = true
		return nil
	case r.current < next && r.refused != nil: // it never began
		r.out.Rejected = true
		return nil
	case r.current < next && next < len(r.Transactions):
		return fmt.Errorf("transaction %d: rejected, which go-ethereum does not: %w", next, err)
	}
	return err
}

func sameLogs(a, b []state.Log) bool {
	return slices.EqualFunc(a, b, func(x, y state.Log) bool {
		return x.Address == y.Address && slices.Equal(x.Topics, y.Topics) && bytes.Equal(x.Data, y.Data)
	})
}
