package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
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
	Rejected     bool      // the transaction, by both sides
	Cut          bool      // at the limit of cycles
	Success      bool
}

// Run executes the case on go-ethereum and on the core and compares them. The error
// is the first difference, or how the simulator failed.
func (c *Case) Run() (out Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("simulator error: %v\n%s", p, debug.Stack())
		}
	}()
	env, err := blockAt(c.Fork, c.Coinbase)
	if err != nil {
		return out, err
	}
	pre, call := c.prestate(), c.message()
	golden, refused := traces.RecordMessage(&traces.Message{Name: c.Name, Ground: traces.NewGround(pre), Env: env, Call: call})
	if refused != nil && !traces.Rejected(refused) {
		return out, refused
	}
	tx, err := state.NewMessageTx(call)
	if err != nil {
		return out, err
	}
	world := state.NewWorld(pre)
	sys := evm.NewSystem(world, env, []*state.Tx{tx}, evm.NewCache())
	core, err := pipeline.New(*c.Machine, sys, c.oracle(golden))
	if err != nil {
		return out, err
	}
	core.MaxCycles, core.VerifyEvery = maxCycles, c.VerifyEvery
	w := &watcher{core: core}
	if c.Lockstep {
		w.check = evm.NewLockstep(golden, sys)
		core.SetChecker(w.check)
	}
	err = machine.Sequential(core, sys, 1, w)
	out.Instructions, out.Cycles = core.Stats.Instructions, core.Cycle()
	for _, n := range core.Stats.Squashes {
		out.Squashes += n
	}
	for i := range golden.Steps {
		s := &golden.Steps[i]
		out.Depth = max(out.Depth, int(s.Depth))
		out.Executed[s.Op] = true
	}
	if !w.began {
		out.Rejected = true
		if refused == nil {
			return out, fmt.Errorf("rejected, which go-ethereum does not: %w", err)
		}
		return out, nil
	}
	if refused != nil {
		return out, fmt.Errorf("not rejected, which go-ethereum does: %w", refused)
	}
	if w.check != nil {
		if diff := w.check.Err(); diff != nil {
			return out, diff
		}
	}
	if errors.Is(err, pipeline.ErrMaxCycles) {
		out.Cut = true
		return out, nil
	}
	if err != nil {
		return out, err
	}
	got, want := &sys.Results[0], &golden.Results[0]
	out.Success = got.Success
	switch {
	case out.Instructions != uint64(len(golden.Steps)):
		return out, fmt.Errorf("%d instructions committed, go-ethereum has %d", out.Instructions, len(golden.Steps))
	case got.GasUsed != want.GasUsed || got.Success != want.Success:
		return out, fmt.Errorf("gas used %d, success %v, go-ethereum has %d, %v", got.GasUsed, got.Success, want.GasUsed, want.Success)
	case !sameLogs(got.Logs, want.Logs):
		return out, fmt.Errorf("logs %v, go-ethereum has %v", got.Logs, want.Logs)
	}
	return out, traces.ComparePostState(world, golden)
}

func sameLogs(a, b []state.Log) bool {
	return slices.EqualFunc(a, b, func(x, y state.Log) bool {
		return x.Address == y.Address && slices.Equal(x.Topics, y.Topics) && bytes.Equal(x.Data, y.Data)
	})
}

// oracle is what oracle predictors ask: nil unless the machine has one.
func (c *Case) oracle(golden *traces.Golden) predictor.Golden {
	if !c.Machine.ReadsGolden() {
		return nil
	}
	if c.Lies > 0 {
		return newLiar(golden.Oracle(), c.Lies)
	}
	return golden.Oracle()
}

// watcher tells the lockstep check of the transaction's bounds.
type watcher struct {
	core  *pipeline.Core
	check *evm.Lockstep // nil when not compared
	began bool
}

func (w *watcher) BeginTx(i int) {
	w.began = true
	if w.check != nil && !w.check.BeginTx(i) {
		w.core.SetChecker(nil)
	}
}

func (w *watcher) EndTx(i int) error {
	if w.check != nil {
		w.check.EndTx(i)
		return w.check.Err()
	}
	return nil
}
