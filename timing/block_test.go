package timing

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// block is a block that can be run any number of times.
type block struct {
	*traces.Bundle
	golden *traces.Golden
	oracle *traces.Oracle
	env    *state.BlockEnv
	txs    []*state.Tx
	cache  *decoder.Cache
}

func prepare(t testing.TB, b *traces.Bundle) *block {
	t.Helper()
	golden, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		t.Fatal(err)
	}
	out := &block{Bundle: b, golden: golden, oracle: golden.Oracle(), env: env, cache: evm.NewCache()}
	signer := types.MakeSigner(b.Config, b.Header.Number, b.Header.Time)
	for _, tx := range b.Txs {
		from, err := types.Sender(signer, tx)
		if err != nil {
			t.Fatal(err)
		}
		converted, err := state.NewTx(tx, state.Address(from), b.Header.BaseFee)
		if err != nil {
			t.Fatal(err)
		}
		out.txs = append(out.txs, converted)
	}
	return out
}

// tally counts what has been compared.
type tally struct{ txs, uncovered, uops int }

// compare runs the first n transactions on one core and through one scheduler and
// stops at the first difference. Behind a transaction that the scheduler does not
// cover both begin anew, as neither knows what the other's hierarchy holds.
func (b *block) compare(cfg *pipeline.Config, n int, sum *tally) error {
	world := state.NewWorld(b.Prestate)
	sys := evm.NewSystem(world, b.env, b.txs, b.cache)
	if err := state.BeginBlock(world, b.env, b.Header); err != nil {
		return err
	}
	source := &Source{Golden: b.golden, Env: b.env}
	var core *pipeline.Core
	var scheduler *Scheduler
	for i := range n {
		env, err := sys.Begin(i)
		if err != nil {
			return err
		}
		if core == nil {
			if core, err = pipeline.New(*cfg, sys, b.oracle); err != nil {
				return err
			}
			if scheduler, err = New(cfg); err != nil {
				return err
			}
		}
		w := &watch{first: ^uint32(0)}
		core.SetProbe(w, pipeline.AllTransactions)
		if err := core.Run(&env, uint64(b.golden.TxStart[i])); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		stream, err := source.Build(i, &env, cfg.Core.Stack, cfg.Core.Decode)
		if not := (*NotCovered)(nil); errors.As(err, &not) {
			sum.uncovered++
			core = nil
			continue
		}
		if err != nil {
			return err
		}
		times, err := scheduler.Run(stream)
		if err != nil {
			return err
		}
		if err := w.compare(stream, times); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if core.Cycle() != scheduler.Cycle() {
			return fmt.Errorf("transaction %d: the core ends in cycle %d, the scheduler in %d", i, core.Cycle(), scheduler.Cycle())
		}
		sum.txs++
		sum.uops += len(times)
	}
	return nil
}

// watch is a probe that records the times of every micro-op fetched.
type watch struct {
	seen  []seen
	first uint32 // unique number of seen[0]
}

type seen struct {
	Times
	op       isa.Op
	squashed bool
}

func (w *watch) at(e *rob.Entry) *seen { return &w.seen[e.UID-w.first] }

func (w *watch) Fetch(cycle isa.Cycle, _ rob.Seq, _ *decoder.Program, e *rob.Entry) {
	w.first = min(w.first, e.UID)
	w.seen = append(w.seen, seen{Times: Times{Fetch: cycle}, op: e.Op})
}

func (w *watch) Dispatch(cycle isa.Cycle, e *rob.Entry) {
	s := w.at(e)
	s.Dispatch, s.Complete = cycle, cycle
}

func (w *watch) Issue(cycle isa.Cycle, e *rob.Entry, completes isa.Cycle) {
	s := w.at(e)
	s.Issue, s.Complete = cycle, completes
}

func (w *watch) Commit(cycle isa.Cycle, e *rob.Entry) { w.at(e).Commit = cycle }
func (w *watch) Squash(_ isa.Cycle, e *rob.Entry)     { w.at(e).squashed = true }

// compare demands that the core has fetched the scheduler's micro-ops and no
// others, and passed each through every stage in the same cycle.
func (w *watch) compare(stream *Stream, times []Times) error {
	for k := range min(len(times), len(w.seen)) {
		u, core := &stream.Uops[k], &w.seen[k]
		switch {
		case core.squashed:
			return fmt.Errorf("micro-op %d, %s of %s, is squashed: an oracle was wrong", k, isa.Table[u.Op].Name, u.Inst)
		case core.op != u.Op:
			return fmt.Errorf("micro-op %d, of %s, is %s in the core and %s in the scheduler", k, u.Inst, isa.Table[core.op].Name, isa.Table[u.Op].Name)
		case core.Times != times[k]:
			return fmt.Errorf("micro-op %d, %s of %s: the core has %+v, the scheduler %+v", k, isa.Table[u.Op].Name, u.Inst, core.Times, times[k])
		}
	}
	if len(times) != len(w.seen) {
		return fmt.Errorf("the core fetches %d micro-ops, the scheduler has %d", len(w.seen), len(times))
	}
	return nil
}
