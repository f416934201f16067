package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/state"
)

// streamed is a block whose golden run executes beside each run.
func streamed(t testing.TB, path string) *run.Block {
	t.Helper()
	b, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Prepare(t.Context(), b, run.Streams)
	if err != nil {
		t.Fatal(err)
	}
	if p.Golden.Steps.Len() > 0 || p.Golden.Instructions() == 0 {
		t.Fatalf("%d of %d instructions are recorded", p.Golden.Steps.Len(), p.Golden.Instructions())
	}
	return p
}

// noneLeft fails where goroutines are left that were not there before.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before there were %d", runtime.NumGoroutine(), before)
}

// TestStreamsAreAsRecordings: a run has the same result, whatever it is compared with, on one
// core, under chaos, and on several under every policy; and leaves no goroutine.
func TestStreamsAreAsRecordings(t *testing.T) {
	for _, path := range runtest.SmallBlocks(t)[:3] {
		recorded, streams := runtest.Prepared(t, path), streamed(t, path)
		before := runtime.NumGoroutine()
		for _, s := range []run.Setup{
			runtest.Setup(t, "scalar"), runtest.Setup(t, "ooo-4"), runtest.Setup(t, "ooo-4", "core.transactions=4"), runtest.Chaotic(t, "ooo-4", 7),
		} {
			_, want := runtest.Right(t, recorded, s)
			_, got := runtest.Right(t, streams, s)
			if !reflect.DeepEqual(want, got) {
				t.Errorf("%s: %+v, recorded %+v", s.Preset, got, want)
			}
		}
		for _, s := range []run.Setup{runtest.Setup(t, "ooo-4"), runtest.Chaotic(t, "ooo-4", 7)} {
			ref := runtest.Reference(t, streams, s.Config, 0)
			runtest.EveryPolicy([]int{1, 4}, func(name string, mc machine.Config) {
				want := runtest.Policy(t, recorded, s.Config, mc, ref.Footprints)
				got := runtest.Policy(t, streams, s.Config, mc, ref.Footprints)
				if want.Checked != got.Checked || want.Repaired != got.Repaired || !reflect.DeepEqual(want.Stats, got.Stats) ||
					!reflect.DeepEqual(want.Results, got.Results) || run.StateDigest(want.World) != run.StateDigest(got.World) {
					t.Errorf("%s: %+v, recorded %+v", name, got.Stats, want.Stats)
				}
			})
		}
		noneLeft(t, before)
	}
}

// changes of an account of the pre-state that a transaction may meet; false where the account
// has nothing to be changed.
var changes = map[string]func(a *state.Account) bool{
	"balance": func(a *state.Account) bool {
		a.Balance.AddUint64(&a.Balance, 1)
		return true
	},
	"storage": func(a *state.Account) bool {
		a.Storage = maps.Clone(a.Storage)
		for slot, value := range a.Storage {
			value[0] ^= 1
			a.Storage[slot] = value
		}
		return len(a.Storage) > 0
	},
	"code": func(a *state.Account) bool {
		n := len(a.Code)
		if n > 0 {
			a.Code = slices.Delete(slices.Clone(a.Code), n/2, n/2+1)
		}
		return n > 0
	},
}

// TestStreamsFindWhatRecordingsFind: of a core that runs on another state, the same
// difference is found at the same instruction, in the same words.
func TestStreamsFindWhatRecordingsFind(t *testing.T) {
	recorded, streams := *runtest.Embedded(t), *streamed(t, "")
	original := recorded.Bundle
	before := runtime.NumGoroutine()
	s := runtest.Setup(t, "ooo-4")
	mc, err := s.Config.Machine.Config()
	if err != nil {
		t.Fatal(err)
	}
	mc.Policy, mc.Cores = "block-stm", 3
	opt := run.Options{Lockstep: true, MaxCycles: 10_000_000}
	found := 0
	compare := func(name string, simulate func(p *run.Block) (*run.Outcome, error)) {
		want, wantErr := simulate(&recorded)
		got, gotErr := simulate(&streams)
		switch {
		case text(wantErr) != text(gotErr):
			t.Errorf("%s: %v, recorded %v", name, gotErr, wantErr)
		case wantErr == nil && (text(want.Difference) != text(got.Difference) || want.Checked != got.Checked):
			t.Errorf("%s: %d checked, %v; recorded: %d, %v", name, got.Checked, got.Difference, want.Checked, want.Difference)
		case wantErr == nil && want.Difference != nil:
			found++
		}
	}
	for i, address := range slices.SortedFunc(maps.Keys(original.Prestate), func(a, b state.Address) int { return bytes.Compare(a[:], b[:]) }) {
		for name, change := range changes {
			changed := *original.Prestate[address]
			if i%3 != 0 || !change(&changed) || name == "balance" && i%9 != 0 {
				continue
			}
			bad := original.Again()
			bad.Prestate, bad.Senders = maps.Clone(original.Prestate), original.Senders
			bad.Prestate[address] = &changed
			recorded.Bundle, streams.Bundle = bad, bad
			name = fmt.Sprintf("%s of %x", name, address)
			compare(name, func(p *run.Block) (*run.Outcome, error) { return p.Run(&s.Config.Config, opt) })
			compare(name+" on several cores", func(p *run.Block) (*run.Outcome, error) {
				out, err := p.Parallel(&s.Config.Config, mc, opt)
				if err != nil {
					return nil, err
				}
				return &out.Outcome, nil
			})
		}
	}
	if found < 10 {
		t.Errorf("%d differences", found)
	}
	noneLeft(t, before)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestStreamsEnd: a run that is cut short, by its context, its cycles or its memory, leaves
// no golden run behind.
func TestStreamsEnd(t *testing.T) {
	p := streamed(t, "")
	s := runtest.Setup(t, "ooo-4")
	mc, err := s.Config.Machine.Config()
	if err != nil {
		t.Fatal(err)
	}
	mc.Policy, mc.Cores = "block-stm", 4
	before := runtime.NumGoroutine()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		opt    run.Options
		memory int64
		right  func(error) bool
	}{
		"context": {run.Options{Stop: canceled}, 1 << 30, func(err error) bool { return errors.Is(err, context.Canceled) }},
		"cycles":  {run.Options{MaxCycles: 3000}, 1 << 30, func(err error) bool { return err != nil }},
		"memory":  {run.Options{}, 1 << 19, budget.Exceeds},
	} {
		c.opt.Lockstep = true
		cut := *p
		bundle := p.Bundle.Again()
		bundle.Senders, bundle.Memory = p.Bundle.Senders, budget.New(c.memory)
		cut.Bundle = bundle
		_, one := cut.Run(&s.Config.Config, c.opt)
		_, several := cut.Parallel(&s.Config.Config, mc, c.opt)
		if !c.right(one) || !c.right(several) {
			t.Errorf("%s: %v; on several cores %v", name, one, several)
		}
		noneLeft(t, before)
	}
}

// TestLongBlocksAreStreamed: above a number of instructions, or where there is no memory for
// them, nothing is recorded for lockstep, and nothing of the attempt is kept.
func TestLongBlocksAreStreamed(t *testing.T) {
	b, err := run.Open("")
	if err != nil {
		t.Fatal(err)
	}
	b.Memory = budget.New(8 << 20) // its steps take more
	p, err := run.Prepare(t.Context(), b, run.Steps)
	if err != nil {
		t.Fatal(err)
	}
	if p.Golden.Steps.Len() > 0 {
		t.Errorf("%d steps are recorded", p.Golden.Steps.Len())
	}
	if left := b.Memory.Left(); left < 6<<20 {
		t.Errorf("%d bytes are left", left)
	}
	if p, err = run.Prepare(t.Context(), runtest.Embedded(t).Bundle, run.Steps); err != nil || p.Golden.Steps.Len() != p.Golden.Instructions() {
		t.Errorf("a short block is not recorded: %v", err)
	}
	if p.Golden.Accesses.Len() > 0 {
		t.Error("accesses are recorded that lockstep does not read")
	}
}
