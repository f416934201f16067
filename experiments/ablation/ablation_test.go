package ablation

import (
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
)

// TestAblation: the ladder has its steps in order, each row is the same block, and
// totals are sums of cycles.
func TestAblation(t *testing.T) {
	study := &Study{Base: config.Source{Set: []string{"preset=ooo-4"}}}
	if err := study.Prepare(); err != nil {
		t.Fatal(err)
	}
	var total Result
	var one *Result
	if err := study.Run([]string{"", ""}, func(r Report) error {
		if r.Err != nil {
			return r.Err
		}
		one = r.Result
		total.Add(r.Result)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(one.Steps) != len(ladder()) || total.Blocks != 2 || total.Instructions != 2*one.Instructions {
		t.Fatalf("%d steps, %d blocks, %d instructions", len(one.Steps), total.Blocks, total.Instructions)
	}
	for i, s := range one.Steps {
		if s.Step != ladder()[i].name || total.Steps[i].Cycles != 2*s.Cycles || *total.Steps[i].IPC != *s.IPC {
			t.Errorf("step %q: %d cycles, %d in total", s.Step, s.Cycles, total.Steps[i].Cycles)
		}
		if s.Oracle != (s.Step == "+ perfect prediction" || s.Step == "+ unbounded machine") {
			t.Errorf("step %q: oracle is %v", s.Step, s.Oracle)
		}
	}
	first, last := one.Steps[0].Cycles, one.Steps[len(one.Steps)-1].Cycles
	if last == 0 || first < 5*last {
		t.Errorf("%d cycles in order, %d at the dataflow limit", first, last)
	}
}

func TestAblationNeedsABase(t *testing.T) {
	study := &Study{Base: config.Source{Set: []string{"preset=nosuch"}}}
	if err := study.Prepare(); err == nil {
		t.Error("no error")
	}
}
