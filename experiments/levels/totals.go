package levels

import (
	"fmt"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine/oracle"
)

// Definitions names the definitions of IndependentShare, finest first.
func Definitions() []string {
	names := make([]string, len(oracle.Definitions))
	for i := range oracle.Definitions {
		names[i] = oracle.Definitions[i].Name
	}
	return names
}

// Totals adds up the levels of several blocks: its ratios are ratios of totals,
// as if the blocks came one after the other.
type Totals struct {
	Blocks int
	sum    Result
	shares map[string]float64 // transactions
	tinf   float64
}

// Add adds one block.
func (t *Totals) Add(r *Result) {
	if t.Blocks == 0 {
		t.shares = map[string]float64{}
		t.sum.Schema = r.Schema
	}
	t.Blocks++
	s := &t.sum
	s.Trace.Transactions += r.Trace.Transactions
	s.Trace.GasUsed += r.Trace.GasUsed
	s.BaselineCycles += r.BaselineCycles
	if r.T1OverTinf != nil {
		t.tinf += float64(r.BaselineCycles) / *r.T1OverTinf
	}
	for name, share := range r.IndependentShare {
		if share != nil {
			t.shares[name] += *share * float64(r.Trace.Transactions)
		}
	}
	for i := range r.Rows {
		if len(s.Rows) <= i {
			row := r.Rows[i]
			row.Cycles, row.Reexecutions, row.WastedCycles, row.Instructions, row.Committed = 0, 0, 0, 0, 0
			row.Valid = true
			if row.Lost != nil {
				row.Lost = map[string]uint64{}
			}
			row.Repairs, row.RepairedUops = nil, 0
			s.Rows = append(s.Rows, row)
		}
		to, from := &s.Rows[i], &r.Rows[i]
		to.Cycles += from.Cycles
		to.Reexecutions += from.Reexecutions
		to.WastedCycles += from.WastedCycles
		to.Instructions += from.Instructions
		to.Committed += from.Committed
		to.Valid = to.Valid && from.Valid
		for name, n := range from.Lost {
			to.Lost[name] += n
		}
		to.RepairedUops += from.RepairedUops
		for name, n := range from.Repairs {
			if to.Repairs == nil {
				to.Repairs = map[string]uint64{}
			}
			to.Repairs[name] += n
		}
	}
}

// Result gives the totals in the form of one block.
func (t *Totals) Result() *Result {
	r := t.sum
	r.Trace.Name = fmt.Sprintf("%d blocks", t.Blocks)
	r.IndependentShare = map[string]*float64{}
	if r.Trace.Transactions > 0 {
		for name, n := range t.shares {
			r.IndependentShare[name] = run.Rounded(n / float64(r.Trace.Transactions))
		}
	}
	if t.tinf > 0 {
		r.T1OverTinf = run.Rounded(float64(r.BaselineCycles) / t.tinf)
	}
	for i := range r.Rows {
		r.Rows[i].Speedup = run.Ratio(r.BaselineCycles, r.Rows[i].Cycles)
	}
	return &r
}
