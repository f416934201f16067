package campaign

import "github.com/ooovm/ooovm/experiments/run"

// Totals sums results of several blocks. Its ratios are ratios of totals: blocks
// weigh as much as they take.
type Totals struct {
	Blocks, Right        int
	Transactions         int
	Instructions, Cycles uint64
	scalar, folded       uint64
	baselines            int
}

// Add adds one block.
func (t *Totals) Add(r *run.Result) {
	t.Blocks++
	if r.Valid.OK {
		t.Right++
	}
	t.Transactions += r.Trace.Transactions
	t.Instructions += r.Counts.Instructions
	t.Cycles += r.Counts.Cycles
	if r.Baseline != nil && r.Folded != nil {
		t.baselines++
		t.scalar += r.Baseline.Cycles
		t.folded += r.Folded.Cycles
	}
}

// IPC is total instructions over total cycles.
func (t *Totals) IPC() *float64 { return run.Ratio(t.Instructions, t.Cycles) }

// Speedup is total cycles of the scalar core over total cycles.
func (t *Totals) Speedup() *float64 { return t.over(t.scalar) }

// FoldedSpeedup is Speedup over the scalar core with folding.
func (t *Totals) FoldedSpeedup() *float64 { return t.over(t.folded) }

func (t *Totals) over(baseline uint64) *float64 {
	if t.baselines != t.Blocks {
		return nil
	}
	return run.Ratio(baseline, t.Cycles)
}
