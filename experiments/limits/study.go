package limits

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Schema names the form of a Result.
const Schema = "ooovm.limits/1"

// Result is the dataflow limit of one block.
type Result struct {
	Schema       string        `json:"schema"`
	Trace        run.TraceInfo `json:"trace"`
	Scope        string        `json:"scope"`   // tx or block
	Latency      string        `json:"latency"` // unit or model
	Window       int           `json:"window"`  // executed instructions under way, 0 for any number
	Width        int           `json:"width"`   // executed instructions started in a cycle, 0 for any number
	Instructions uint64        `json:"instructions"`
	Executed     uint64        `json:"executed"`
	CriticalPath uint64        `json:"criticalPath"` // cycles
	ILP          *float64      `json:"ilp"`          // instructions / criticalPath, null when that is 0
	UILP         *float64      `json:"uilp"`         // executed / criticalPath
}

// Settle computes the ratios.
func (r *Result) Settle() {
	r.ILP, r.UILP = run.Ratio(r.Instructions, r.CriticalPath), run.Ratio(r.Executed, r.CriticalPath)
}

// Study computes dataflow limits of blocks from their golden runs.
type Study struct {
	Options Options
	Stop    context.Context
	batch.Host
}

// Report is one block's limit, or why there is none.
type Report = batch.Report[*Result]

// Run hands over the limits in the order of the paths.
func (s *Study) Run(paths []string, emit func(Report) error) error {
	return batch.Blocks(s.Host, s.Stop, paths, s.of, emit)
}

// of computes a block's limit. A block whose golden run contradicts its header has
// none.
func (s *Study) of(b *traces.Bundle) (*Result, error) {
	p, err := run.Prepare(s.Stop, b, run.Recording)
	if err != nil {
		return nil, err
	}
	if err := p.Reproduces(); err != nil {
		return nil, err
	}
	trace, err := p.TraceInfo(p.Golden.GasUsed)
	if err != nil {
		return nil, err
	}
	l, err := OfBlock(p, s.Options)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Schema: Schema, Trace: trace, Scope: "tx", Latency: "unit", Window: s.Options.Window, Width: s.Options.Width,
		Instructions: l.Instructions, Executed: l.Executed, CriticalPath: l.CriticalPath,
	}
	if s.Options.Block {
		r.Scope = "block"
	}
	if s.Options.Model != nil {
		r.Latency = "model"
	}
	r.Settle()
	return r, nil
}

// OfBlock computes the limit of a block whose stream was recorded.
func OfBlock(p *run.Block, opt Options) (Limit, error) {
	b := p.Bundle
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		return Limit{}, fmt.Errorf("%s: %w", b.Name, err)
	}
	return Of(p.Golden, env, opt), nil
}
