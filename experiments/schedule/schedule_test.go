package schedule

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle"
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
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	golden, err := traces.Record(b)
	if err != nil {
		t.Fatal(err)
	}
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		t.Fatal(err)
	}
	out := &block{Bundle: b, golden: golden, oracle: golden.Oracle(), env: env, cache: evm.NewCache()}
	for i, tx := range b.Txs {
		converted, err := state.NewTx(tx, state.Address(b.Senders[i]), b.Header.BaseFee)
		if err != nil {
			t.Fatal(err)
		}
		out.txs = append(out.txs, converted)
	}
	return out
}

// watch records the times of the micro-ops that commit.
type watch struct {
	live     map[uint32]*seen
	done     []seen
	squashed int
}

type seen struct {
	Times
	op isa.Op
}

func (w *watch) Fetch(cycle, _ uint64, _ *decoder.Program, e *rob.Entry) {
	w.live[e.UID] = &seen{Times: Times{Fetch: cycle}, op: e.Op}
}

func (w *watch) Dispatch(cycle uint64, e *rob.Entry) {
	s := w.live[e.UID]
	s.Dispatch, s.Complete = cycle, cycle
}

func (w *watch) Issue(cycle uint64, e *rob.Entry, completes uint64) {
	s := w.live[e.UID]
	s.Issue, s.Complete = cycle, completes
}

func (w *watch) Squash(_ uint64, e *rob.Entry) { delete(w.live, e.UID); w.squashed++ }

func (w *watch) Commit(cycle uint64, e *rob.Entry) {
	s := w.live[e.UID]
	s.Commit = cycle
	w.done = append(w.done, *s)
	delete(w.live, e.UID)
}

// compare runs the block's transactions on the core and through the scheduler,
// each transaction on a machine of its own when fresh, and calls covered for those
// that the scheduler covers.
func (b *block) compare(cfg *pipeline.Config, fresh bool, covered func(i, uops int)) error {
	world := state.NewWorld(b.Prestate)
	sys := evm.NewSystem(world, b.env, b.txs, b.cache)
	if err := state.BeginBlock(world, b.env, b.Header); err != nil {
		return err
	}
	source := &Source{Golden: b.golden, Env: b.env}
	var core *pipeline.Core
	var scheduler *Scheduler
	for i := range b.txs {
		env, err := sys.Begin(i)
		if err != nil {
			return err
		}
		if fresh || core == nil {
			if core, err = pipeline.New(*cfg, sys, b.oracle); err != nil {
				return err
			}
			if scheduler, err = New(cfg); err != nil {
				return err
			}
		}
		stream, err := source.Build(i, &env, cfg.Core.Stack, cfg.Core.Decode)
		var not *NotCovered
		if err != nil && !(fresh && errors.As(err, &not)) {
			return err
		}
		w := &watch{live: map[uint32]*seen{}}
		core.SetProbe(w)
		if err := core.Run(&env, uint64(b.golden.TxStart[i])); err != nil {
			return err
		}
		if not != nil {
			continue
		}
		times, err := scheduler.Run(stream)
		if err != nil {
			return err
		}
		if err := differ(stream, times, w); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if core.Cycle() != scheduler.Cycle() {
			return fmt.Errorf("transaction %d: the core ends in cycle %d, the scheduler in %d", i, core.Cycle(), scheduler.Cycle())
		}
		covered(i, len(times))
	}
	return nil
}

func differ(stream *Stream, times []Times, w *watch) error {
	for k := range min(len(times), len(w.done)) {
		u := &stream.Uops[k]
		if got := w.done[k]; got.op != u.Op || got.Times != times[k] {
			return fmt.Errorf("micro-op %d, %s of %s: the core has %s at %+v, the scheduler %+v (%d squashed)", k, isa.Table[u.Op].Name, u.Inst, isa.Table[got.op].Name, got.Times, times[k], w.squashed)
		}
	}
	if len(times) != len(w.done) {
		return fmt.Errorf("the core commits %d micro-ops, the scheduler has %d", len(w.done), len(times))
	}
	return nil
}

// randomConfig draws a configuration that the scheduler covers. Sizes are drawn
// evenly on a logarithmic scale, so that tight ones are common.
func randomConfig(rng *rand.Rand) pipeline.Config {
	pick := func(lo, hi int) int {
		for hi-lo > 1 && rng.IntN(2) == 0 {
			hi = lo + (hi-lo+1)/2
		}
		return lo + rng.IntN(hi-lo+1)
	}
	n := Unlimited
	return pipeline.Config{
		Core: pipeline.CoreConfig{
			Stack: []string{"fold", "rename", "execute"}[rng.IntN(3)], Decode: pick(1, 32), Width: pick(1, 16), Issue: pick(1, 16), Commit: pick(1, 16),
			Taken: pick(1, 4), FrontEnd: pick(1, 20), ROB: pick(4, 512), IQ: pick(1, 512), LoadQ: pick(1, 128), StoreQ: pick(1, 128),
			StateQ: pick(1, 128), Regs: pick(1, 512), StackRegs: pick(32, 128), Fill: pick(0, 10),
			Gas: []string{"free", "serial"}[rng.IntN(2)], ClockMHz: 1000,
		},
		Units: pipeline.UnitConfig{
			ALU: pick(1, 16), Mul: pick(1, 4), Div: pick(1, 4), Hash: pick(1, 4), Load: pick(1, 8), Store: pick(1, 8), State: pick(1, 8), Branch: pick(1, 8),
		},
		Latency: pipeline.LatencyConfig{
			ALU: pick(1, 50), Shift: pick(1, 50), Mul: pick(1, 50), Div: pick(1, 50), MulMod: pick(1, 50), Exp: pick(0, 50), Hash: pick(1, 50),
			Load: pick(1, 50), Store: pick(1, 50), Copy: pick(0, 50), Branch: pick(1, 50), State: pick(1, 50), System: pick(1, 50),
		},
		State:     pipeline.StateConfig{Buffer: []int{0, n}[rng.IntN(2)], Near: pick(0, 50), Far: pick(0, 50), Misses: n},
		Predictor: pipeline.PredictorConfig{Branch: "oracle", Target: "oracle", Call: "oracle", Memory: "oracle", State: "oracle", BranchBits: 1, TargetBits: 1, ReturnStack: 1, DependBits: 1},
	}
}

func TestMainnet(t *testing.T) {
	paths, _ := filepath.Glob("../../../shared/mainnet/*[0-9].json.gz")
	if len(paths) == 0 {
		t.Skip("needs the blocks of ../shared/mainnet beside the repository")
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, path := range paths {
		b, err := traces.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.Header.GasUsed > 5_000_000 {
			continue
		}
		p := prepare(t, b)
		for range 5 {
			cfg := randomConfig(rng)
			n, uops := 0, 0
			err := p.compare(&cfg, true, func(_, k int) { n++; uops += k })
			if err != nil {
				t.Errorf("%s: %v\n%+v", b.Name, err, cfg)
				break
			}
			t.Logf("%s: %d of %d transactions, %d micro-ops", b.Name, n, len(b.Txs), uops)
		}
	}
}

func TestEmbeddedTmp(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t, b)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		cfg := randomConfig(rng)
		n, uops := 0, 0
		err := p.compare(&cfg, true, func(_, k int) { n++; uops += k })
		if err != nil {
			t.Errorf("%s: %v\n%+v", b.Name, err, cfg)
			break
		}
		t.Logf("%s: %d of %d transactions, %d micro-ops", b.Name, n, len(b.Txs), uops)
	}
}
