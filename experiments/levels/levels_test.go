package levels

import (
	"fmt"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/machine"
)

func share(x float64) *float64 { return &x }

// TestTotals: ratios of totals are as if the blocks came one after the other.
func TestTotals(t *testing.T) {
	var sum Totals
	sum.Add(&Result{
		Trace: run.TraceInfo{Transactions: 2, GasUsed: 10}, BaselineCycles: 100, T1OverTinf: share(2),
		IndependentShare: map[string]*float64{"key": share(0.5)},
		Rows:             []Row{{Policy: "block-stm", Cores: 4, Cycles: 50, Reexecutions: 1, Valid: true, Lost: map[string]uint64{"base": 100, "order": 20}}},
	})
	sum.Add(&Result{ // no transaction: nothing is independent or not
		BaselineCycles: 0, IndependentShare: map[string]*float64{"key": nil},
		Rows: []Row{{Policy: "block-stm", Cores: 4, Valid: true, Lost: map[string]uint64{}}},
	})
	sum.Add(&Result{
		Trace: run.TraceInfo{Transactions: 6, GasUsed: 30}, BaselineCycles: 300, T1OverTinf: share(3),
		IndependentShare: map[string]*float64{"key": share(1)},
		Rows:             []Row{{Policy: "block-stm", Cores: 4, Cycles: 150, Reexecutions: 2, Valid: false, Lost: map[string]uint64{"base": 300, "conflict": 5}}},
	})
	r := sum.Result()
	row := r.Rows[0]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"blocks", r.Trace.Name, "3 blocks"},
		{"transactions", r.Trace.Transactions, 8},
		{"gas", r.Trace.GasUsed, uint64(40)},
		{"independent", *r.IndependentShare["key"], 0.875},          // 1 of 2, and 6 of 6
		{"T1 over T infinity", *r.T1OverTinf, 2.66666667},           // 400 of 50 + 100
		{"speedup", *row.Speedup, 2.0},                              // 400 of 200
		{"cycles", row.Cycles, uint64(200)},                         // 50 and 150
		{"reexecutions", row.Reexecutions, uint64(3)},               // 1 and 2
		{"valid", row.Valid, false},                                 // one of them is not
		{"base", row.Lost["base"], uint64(400)},                     // 100 and 300
		{"order", row.Lost["order"], uint64(20)},                    // only in the first
		{"conflict", row.Lost["conflict"], uint64(5)},               // only in the last
		{"rows", len(r.Rows), 1},                                    // one a policy
		{"policy", fmt.Sprint(row.Policy, row.Cores), "block-stm4"}, // of which
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}

// TestTotalsKeepTheirBlocks: adding up changes no block.
func TestTotalsKeepTheirBlocks(t *testing.T) {
	first := Result{Rows: []Row{{Cycles: 1, Lost: map[string]uint64{"base": 1}, Repairs: map[string]uint64{"held": 1}}}}
	var sum Totals
	sum.Add(&first)
	sum.Add(&Result{Rows: []Row{{Cycles: 2, Lost: map[string]uint64{"base": 2}, Repairs: map[string]uint64{"held": 2}}}})
	if row := first.Rows[0]; row.Cycles != 1 || row.Lost["base"] != 1 || row.Repairs["held"] != 1 {
		t.Errorf("the first block is now %+v", row)
	}
}

// TestStudy: every policy and mapping has a row on every number of cores, is right, and its
// lost cycles are those of all its cores.
func TestStudy(t *testing.T) {
	p := runtest.Embedded(t)
	l := Study{Core: runtest.Setup(t, "scalar"), Cores: []int{2, 4}, Options: run.Options{Lockstep: true}}
	r, difference, err := l.Of(p)
	if err != nil || difference != nil {
		t.Fatal(err, difference)
	}
	rows := map[string]int{}
	for i := range r.Rows {
		row := &r.Rows[i]
		name := fmt.Sprintf("%s (%s) on %d", row.Policy, row.Mapping, row.Cores)
		rows[name]++
		if !row.Valid {
			t.Errorf("%s is not valid", name)
		}
		var lost uint64
		for _, n := range row.Lost {
			lost += n
		}
		if row.Lost != nil && row.Bounds == "" && lost%row.Cycles != 0 {
			t.Errorf("%s: %d core cycles are no multiple of %d", name, lost, row.Cycles)
		}
	}
	for _, info := range machine.Policies() {
		for _, mapping := range info.Mappings {
			for _, n := range l.Cores {
				want := 1
				if info.Level == "none" {
					want = 0 // the reference is no row
				}
				if name := fmt.Sprintf("%s (%s) on %d", info.Name, mapping, n); rows[name] != want {
					t.Errorf("%s has %d rows, want %d", name, rows[name], want)
				}
			}
		}
	}
}

// TestShared: the one row of a configuration is the row of the study.
func TestShared(t *testing.T) {
	p := runtest.Embedded(t)
	setup := runtest.Setup(t, "scalar", "machine.policy=block-stm", "machine.cores=4")
	one, difference, err := Shared(p, setup, run.Options{})
	if err != nil || difference != nil {
		t.Fatal(err, difference)
	}
	l := Study{Core: setup, Cores: []int{4}, Only: []string{"block-stm"}}
	all, difference, err := l.Of(p)
	if err != nil || difference != nil {
		t.Fatal(err, difference)
	}
	for i := range all.Rows {
		if row := &all.Rows[i]; row.Mapping == one.Rows[0].Mapping {
			if fmt.Sprintf("%+v", *row.Speedup) != fmt.Sprintf("%+v", *one.Rows[0].Speedup) || row.Cycles != one.Rows[0].Cycles {
				t.Errorf("alone %+v\nin the study %+v", one.Rows[0], *row)
			}
			return
		}
	}
	t.Error("the study has no such row")
}
