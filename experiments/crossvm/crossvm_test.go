package crossvm

import (
	"slices"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// TestCompare: the workloads that are written by hand run the instructions that a reader
// counts in their code, and every workload runs right on both machines.
func TestCompare(t *testing.T) {
	r, err := Compare(Workloads(), runtest.Setup(t, "ooo-4"), runtest.Setup(t, "limit"), run.Options{Lockstep: true})
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]uint64{
		"loop": comparedTransactions * (2 + 1000*14 + 6),
		"hash": comparedTransactions * (1 + 64*12 + 1),
	}
	var got []string
	for _, row := range r.Rows {
		got = append(got, row.Workload+" "+row.Machine)
		if !row.OK {
			t.Errorf("%s on %s is wrong", row.Workload, row.Machine)
		}
		if row.Transactions != comparedTransactions {
			t.Errorf("%s on %s: %d transactions", row.Workload, row.Machine, row.Transactions)
		}
		if row.LimitCycles > row.Cycles {
			t.Errorf("%s on %s: %d cycles, %d at the limit", row.Workload, row.Machine, row.Cycles, row.LimitCycles)
		}
		if want := counted[row.Workload]; row.Machine == machineEVM && want > 0 && row.Instructions != want {
			t.Errorf("%s: %d instructions, want %d", row.Workload, row.Instructions, want)
		}
	}
	var want []string
	for _, w := range Workloads() {
		want = append(want, w+" "+machineEVM, w+" "+machineFuel)
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}

// TestCompareSome: only what is named runs, in the order of the list.
func TestCompareSome(t *testing.T) {
	r, err := Compare([]string{"hash", "loop"}, runtest.Setup(t, "scalar"), runtest.Setup(t, "limit"), run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 4 || r.Rows[0].Workload != "loop" || r.Rows[2].Workload != "hash" {
		t.Errorf("%+v", r.Rows)
	}
}
