package run_test

import (
	"strings"
	"testing"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/traces"
)

// TestWindowIsBounded: a window without a bound ends with its memory, on one core and on
// several, and the block can be run again.
func TestWindowIsBounded(t *testing.T) {
	p := runtest.Embedded(t)
	b := *p
	b.Bundle = p.Bundle.Again()
	if err := b.Bundle.Check(); err != nil {
		t.Fatal(err)
	}
	setup := runtest.Setup(t, "limit")
	for _, c := range []struct {
		memory int64
		fits   bool
	}{{256 << 10, false}, {256 << 20, true}} {
		b.Bundle.Memory = budget.New(c.memory)
		_, one := b.Run(&setup.Config.Config, run.Options{})
		mc, err := setup.Config.Machine.Config()
		if err != nil {
			t.Fatal(err)
		}
		mc.Policy, mc.Cores = "block-stm", 2
		_, several := b.Parallel(&setup.Config.Config, mc, run.Options{})
		for name, err := range map[string]error{"one core": one, "two cores": several} {
			if budget.Exceeds(err) == c.fits || (err == nil) != c.fits {
				t.Errorf("%s, %s: %v", name, budget.Size(c.memory), err)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "a window with a queue of")) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if left := b.Bundle.Memory.Left(); left != c.memory {
			t.Errorf("the runs have kept %d bytes of the block's", c.memory-left)
		}
	}
}

// TestLogIsBounded: the log of what transactions have done, which a repair reads, ends the run
// with its memory.
func TestLogIsBounded(t *testing.T) {
	p := runtest.Embedded(t)
	b := *p
	b.Bundle = p.Bundle.Again()
	if err := b.Bundle.Check(); err != nil {
		t.Fatal(err)
	}
	setup := runtest.Setup(t, "ooo-4")
	mc, err := setup.Config.Machine.Config()
	if err != nil {
		t.Fatal(err)
	}
	mc.Cores = 2
	for policy, mapping := range map[string]string{"repair": "", "frame": "schedule"} {
		mc.Policy, mc.Mapping = policy, mapping
		for _, memory := range []int64{1 << 20, 64 << 20} {
			b.Bundle.Memory = budget.New(memory)
			_, err := b.Parallel(&setup.Config.Config, mc, run.Options{})
			if memory > 1<<20 && err != nil || memory == 1<<20 && (!budget.Exceeds(err) || !strings.Contains(err.Error(), "the log of a transaction's operations")) {
				t.Errorf("%s, %s: %v", policy, budget.Size(memory), err)
			}
		}
	}
}

// TestPrepareWithin: a recording that does not fit is no difference of the block, says what
// it would take, and leaves the budget as it was.
func TestPrepareWithin(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	b.Memory = budget.New(1 << 20)
	_, err = run.Prepare(t.Context(), b, run.Recording)
	if !budget.Exceeds(err) || run.FaultOf(err) != run.NoFault || !strings.Contains(err.Error(), "the recording of 121676 instructions would not fit") {
		t.Errorf("%v", err)
	}
	if b.Memory.Left() != 1<<20 {
		t.Errorf("%d bytes left", b.Memory.Left())
	}
	if _, err := run.Prepare(t.Context(), b, run.Results); err != nil {
		t.Errorf("without a recording: %v", err)
	}
}
