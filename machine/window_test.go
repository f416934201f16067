package machine_test

import (
	"testing"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// across runs the block on one core whose window holds so many transactions.
func (s *block) across(t *testing.T, transactions int, set func(*pipeline.Config)) (*pipeline.Core, *state.World) {
	t.Helper()
	pre, env, txs := s.build(t)
	world := state.NewWorld(pre)
	sys := evm.NewSystem(world, env, txs, evm.NewCache())
	cfg := handCore()
	cfg.Core.Transactions = transactions
	if set != nil {
		set(&cfg)
	}
	core, err := pipeline.New(cfg, sys, nil)
	if err != nil {
		t.Fatal(err)
	}
	core.VerifyEvery, core.MaxCycles = 1, 100_000
	if err := machine.Sequential(core, sys, len(txs), nil); err != nil {
		t.Fatal(err)
	}
	if len(sys.Results) != len(txs) {
		t.Fatalf("%d results of %d transactions", len(sys.Results), len(txs))
	}
	return core, world
}

// A plain transfer drains in 16 cycles: it is fetched in 1 to 8, and commits its last
// micro-op in 16. Behind it in the window, the next one is fetched in 9 to 16, and so on, 8
// cycles each. Room for two is enough: when the third's turn comes in 17, the first has gone.
//
// A counter drains in 24. Of its 12 micro-ops the last takes no unit; the others issue in 3
// to 7 and, when the load has completed, 12 to 17. The one behind it issues from 18 on,
// its load takes what the store in the queue will write, and its addition waits as long:
// 15 cycles each.
func TestWindowAcrossTransactions(t *testing.T) {
	two := block{to: []byte{1, 2}, value: []uint64{5, 5}}
	for _, x := range []struct {
		name         string
		block        block
		transactions int
		cycles       isa.Cycle
		slot         uint64
	}{
		{"one at a time drains", two, 1, 32, 0},
		{"two transfers", two, 2, 24, 0},
		{"four transfers, two at a time", apart, 2, 40, 0},
		{"four transfers", apart, 4, 40, 0},
		{"counters, drained", counter, 1, 72, 3},
		{"counters", counter, 3, 54, 3},
	} {
		core, world := x.block.across(t, x.transactions, nil)
		slot := word(0)
		if got := world.PeekStorage(at(0xc0), &slot); core.Cycle() != x.cycles || got != word(x.slot) {
			t.Errorf("%s: %d cycles, slot %s, %d overlapped; want %d cycles, slot %d", x.name, core.Cycle(), got.Dec(), core.Stats.Overlapped, x.cycles, x.slot)
		}
	}
}

// A load that bets against the uncommitted store of the transaction before it is wrong,
// and found out: by the store's key, or in its transaction's turn.
func TestWindowFindsStaleReads(t *testing.T) {
	for _, dependence := range []string{"wait", "blind", "store-sets", "chaos"} {
		core, world := counter.across(t, 3, func(cfg *pipeline.Config) {
			cfg.Core.InOrder, cfg.Core.Issue, cfg.Predictor.State = false, 4, dependence
		})
		slot := word(0)
		if got := world.PeekStorage(at(0xc0), &slot); got != word(3) || core.Stats.Overlapped == 0 {
			t.Errorf("%s: slot is %s after three increments, %d overlapped", dependence, got.Dec(), core.Stats.Overlapped)
		}
	}
}

// Transient storage begins empty in every transaction, though the store of the one before
// is still in the state queue: each adds 1 to what it reads and keeps it.
func TestWindowKeepsTransientStorageApart(t *testing.T) {
	b := block{code: []string{"PUSH1 0 TLOAD PUSH1 1 ADD DUP1 PUSH1 0 TSTORE PUSH1 0 SLOAD ADD PUSH1 0 SSTORE"}, to: []byte{0xc0, 0xc0, 0xc0}}
	core, world := b.across(t, 3, nil)
	slot := word(0)
	if got := world.PeekStorage(at(0xc0), &slot); got != word(3) || core.Stats.Overlapped != 2 {
		t.Errorf("slot is %s, want 3; %d overlapped", got.Dec(), core.Stats.Overlapped)
	}
}
