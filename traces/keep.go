package traces

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/state"
)

// What golden runs of blocks keep of their instructions: nothing (Execute), everything
// (Record), or what lockstep compares with (Comparable).

// Record runs the bundle's block on go-ethereum and keeps every instruction.
func Record(b *Bundle) (*Golden, error) { return RecordContext(context.Background(), b) }

// RecordContext is Record until the context ends.
func RecordContext(stop context.Context, b *Bundle) (*Golden, error) {
	r := newRecorder(&Golden{bundle: b, read: newTouched()})
	before := b.Memory.Left()
	g, err := r.block(stop)
	if r.full {
		err = tooLong(stop, b, err, r.g.Steps.Len(), before)
		b.Memory.Give(before - b.Memory.Left())
	}
	return g, err
}

// MostRecorded is how many instructions Comparable records at most: 288 MiB of them. A
// recording is made once and serves every run of the block; what it saves is a run of
// go-ethereum beside each, some hundredths of the simulator's time.
const MostRecorded = 1 << 22

// Comparable runs the bundle's block so that it can be compared instruction by instruction
// (Source): it records the steps alone where there are at most so many, a multiple of
// pieceSize, and there is memory for them; otherwise it counts them, and keeps what it takes
// to execute each transaction again.
func Comparable(stop context.Context, b *Bundle, most int) (*Golden, error) {
	if most > 0 {
		r := newRecorder(&Golden{bundle: b, read: newTouched()})
		r.lean, r.most = true, most
		g, err := r.block(stop)
		if !r.full && !errors.Is(err, errTooMany) {
			return g, err
		}
	}
	return count(stop, b)
}

// block records the block. Nothing of the budget is taken where it fails.
func (r *recorder) block(stop context.Context) (*Golden, error) {
	b := r.g.bundle
	before := b.Memory.Left()
	err := r.g.run(&Execution{Bundle: b, Hooks: r.hooks(), Before: r.beginTx, Stop: stop})
	if err != nil {
		b.Memory.Give(before - b.Memory.Left())
		return nil, err
	}
	r.g.TxStart = append(r.g.TxStart, r.g.Steps.Len())
	return r.g, nil
}

// tooLong says how much memory a recording would have needed that did not fit after so many
// steps, of so many bytes: it executes the block without recording it. A block without end is
// helped by no memory: it goes on until the context ends.
func tooLong(stop context.Context, b *Bundle, exceeded error, steps int, room int64) error {
	c := &counter{}
	if err := (&Golden{bundle: b}).run(&Execution{Bundle: b, Hooks: c.hooks(), Stop: stop}); err != nil {
		return err
	}
	var e *budget.Exceeded
	if steps == 0 || !errors.As(exceeded, &e) {
		return exceeded
	}
	need := float64(room) * float64(c.steps) / float64(steps)
	return fmt.Errorf("%s: %w", b.Name, &budget.Exceeded{
		What: fmt.Sprintf("the recording of %d instructions", c.steps), Need: e.Limit - room + int64(need), Limit: e.Limit,
	})
}

// counter counts steps as a recorder does.
type counter struct {
	steps  int
	system bool
	stored tracing.StorageChangeHook // as of a recorder, nil for none
}

func (c *counter) hooks() *tracing.Hooks {
	return &tracing.Hooks{
		OnOpcode: func(uint64, byte, uint64, uint64, tracing.OpContext, []byte, int, error) {
			if !c.system {
				c.steps++
			}
		},
		OnStorageChange:   c.stored,
		OnSystemCallStart: func() { c.system = true },
		OnSystemCallEnd:   func() { c.system = false },
	}
}

// count runs the block for streams of it.
func count(stop context.Context, b *Bundle) (*Golden, error) {
	shared, err := b.shared()
	if err != nil {
		return nil, err
	}
	g := &Golden{bundle: b, read: newTouched(), before: newHistory(&reader{b.Prestate, shared.hashes, nil})}
	c := &counter{stored: g.stored}
	w := &written{bundle: b}
	w.forget()
	before := b.Memory.Left()
	err = g.run(&Execution{
		Bundle: b, Hooks: c.hooks(), Stop: stop,
		wrap: func(db vm.StateDB) vm.StateDB { w.StateDB = db; return w },
		Before: func(tx int) {
			if tx == 0 {
				g.before.keep(w, 0, g.st)
			}
			g.TxStart = append(g.TxStart, c.steps)
		},
		After: func(tx int, st *gethstate.StateDB) { g.before.keep(w, tx+1, st) },
	})
	if err != nil {
		b.Memory.Give(before - b.Memory.Left())
		return nil, err
	}
	g.TxStart = append(g.TxStart, c.steps)
	return g, nil
}

// Source is what a core is compared with: the recorded steps, or a stream of the core's own,
// with memory of its run. It must be closed.
func (g *Golden) Source(memory *budget.Budget) (Source, error) {
	if g.before == nil {
		return g, nil
	}
	b := g.bundle
	s, err := newStream(memory)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	builtins := state.NewPrecompiles(b.Rules())
	s.first = func(tx int) (step int, some, ok bool) {
		if step, ok = g.Begin(tx); ok {
			some = g.TxStart[tx+1] > step
		}
		return step, some, ok
	}
	s.open = func(tx int) (*session, error) { return g.again(tx, builtins, memory) }
	return s, nil
}

// again is a golden run of one transaction, on the state before it.
func (g *Golden) again(tx int, builtins *state.Precompiles, memory *budget.Budget) (*session, error) {
	b := g.bundle
	shared, err := b.shared()
	if err != nil {
		return nil, err
	}
	own := &Golden{bundle: b}
	if own.st, err = gethstate.NewWithReader(types.EmptyRootHash, shared.db, &stateBefore{g.before, tx}); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	own.st.SetTxContext(b.Txs[tx].Hash(), tx)
	r := &recorder{g: own, lean: true, base: g.TxStart[tx]}
	hooks := r.hooks()
	gas := b.Txs[tx].Gas()
	db := gethstate.NewHookedState(own.st, hooks)
	evm := vm.NewEVM(b.blockContext(), db, b.Config, vm.Config{Tracer: watched(hooks, memory.Rest(), gas)})
	state.InstallBuiltins(evm, builtins)
	return &session{b.Name, own, r, func() error {
		result, err := core.ApplyMessage(evm, shared.messages[tx], new(core.GasPool).AddGas(gas))
		if err == nil {
			err = own.st.Error()
		}
		if err != nil {
			return fmt.Errorf("%s: transaction %d: %w", b.Name, tx, err)
		}
		if steps, used := g.TxStart[tx+1], g.Results[tx].GasUsed; r.steps() != steps || result.UsedGas != used {
			return invariant.Broken("%s: transaction %d, executed again, has %d instructions and uses %d gas, in its block it has %d and uses %d",
				b.Name, tx, r.steps()-g.TxStart[tx], result.UsedGas, steps-g.TxStart[tx], used)
		}
		return nil
	}}, nil
}
