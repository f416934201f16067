package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// embedded sets the embedded block up on a core.
func embedded(t *testing.T) (*pipeline.Core, *evm.System) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := traces.Embedded()
	must(err)
	must(b.Check())
	var txs []*state.Tx
	for i, tx := range b.Txs {
		x, err := state.NewTx(tx, state.Address(b.Senders[i]), b.Header.BaseFee)
		must(err)
		txs = append(txs, x)
	}
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	must(err)
	world := state.NewWorld(b.Prestate)
	sys := evm.NewSystem(world, env, txs, evm.NewCache())
	eff, err := config.Load(config.Source{})
	must(err)
	core, err := pipeline.New(eff.Config.Config, sys, nil)
	must(err)
	must(state.BeginBlock(world, env, b.Header))
	return core, sys
}

// diary notes what a watcher is told, and stops at a transaction.
type diary struct {
	core   *pipeline.Core
	notes  []string
	cycles []uint64 // at the end of every transaction
	stop   int
}

var errEnough = errors.New("enough")

func (d *diary) BeginTx(i int) { d.notes = append(d.notes, fmt.Sprintf("begin %d", i)) }

func (d *diary) EndTx(i int) error {
	d.notes = append(d.notes, fmt.Sprintf("end %d", i))
	d.cycles = append(d.cycles, uint64(d.core.Cycle()))
	if i == d.stop {
		return errEnough
	}
	return nil
}

// TestSequentialOrder: every transaction begins and ends once, one after the other,
// and takes time.
func TestSequentialOrder(t *testing.T) {
	core, sys := embedded(t)
	d := &diary{core: core, stop: -1}
	n := len(sys.Txs)
	if err := machine.Sequential(core, sys, n, d); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("begin %d", i), fmt.Sprintf("end %d", i))
	}
	if !slices.Equal(d.notes, want) {
		t.Errorf("told %v", d.notes)
	}
	if len(sys.Results) != n {
		t.Errorf("%d results of %d transactions", len(sys.Results), n)
	}
	if !slices.IsSorted(d.cycles) || len(slices.Compact(slices.Clone(d.cycles))) != n {
		t.Error("a transaction took no time")
	}
}

// TestWatcherStops: what a watcher finds ends the block there.
func TestWatcherStops(t *testing.T) {
	core, sys := embedded(t)
	d := &diary{core: core, stop: 3}
	if err := machine.Sequential(core, sys, len(sys.Txs), d); !errors.Is(err, errEnough) {
		t.Errorf("error %v", err)
	}
	if len(sys.Results) != 4 || len(d.notes) != 8 {
		t.Errorf("%d results, told %v", len(sys.Results), d.notes)
	}
}

// TestNoWatcher: nobody has to watch.
func TestNoWatcher(t *testing.T) {
	core, sys := embedded(t)
	if err := machine.Sequential(core, sys, 2, nil); err != nil || len(sys.Results) != 2 {
		t.Errorf("%d results, error %v", len(sys.Results), err)
	}
}

// TestInvalidTransaction: a transaction that cannot be in the block stops it, named,
// and nobody is told that it began.
func TestInvalidTransaction(t *testing.T) {
	core, sys := embedded(t)
	wrong := *sys.Txs[1]
	wrong.Nonce += 100
	sys.Txs[1] = &wrong
	d := &diary{core: core, stop: -1}
	err := machine.Sequential(core, sys, len(sys.Txs), d)
	if err == nil || !strings.Contains(err.Error(), "transaction 1: nonce") {
		t.Errorf("error %v", err)
	}
	if want := []string{"begin 0", "end 0"}; !slices.Equal(d.notes, want) {
		t.Errorf("told %v, want %v", d.notes, want)
	}
}

// TestCycleLimit: a run that takes too long ends within a transaction, which is named.
func TestCycleLimit(t *testing.T) {
	core, sys := embedded(t)
	core.MaxCycles = 2000
	err := machine.Sequential(core, sys, len(sys.Txs), nil)
	if !errors.Is(err, pipeline.ErrMaxCycles) || !strings.HasPrefix(err.Error(), "transaction ") {
		t.Errorf("error %v", err)
	}
	if core.Cycle() > 2500 { // idle cycles are skipped in one step
		t.Errorf("ended after %d cycles", core.Cycle())
	}
}
