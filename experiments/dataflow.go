package experiments

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/experiments/limits"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// LimitSchema names the form of a LimitResult.
const LimitSchema = "ooovm.limits/1"

// LimitResult is the dataflow limit of one block.
type LimitResult struct {
	Schema       string    `json:"schema"`
	Trace        TraceInfo `json:"trace"`
	Scope        string    `json:"scope"`   // tx or block
	Latency      string    `json:"latency"` // unit or model
	Window       int       `json:"window"`  // executed instructions under way, 0 for any number
	Width        int       `json:"width"`   // executed instructions started in a cycle, 0 for any number
	Instructions uint64    `json:"instructions"`
	Executed     uint64    `json:"executed"`
	CriticalPath uint64    `json:"criticalPath"` // cycles
	ILP          *float64  `json:"ilp"`          // instructions / criticalPath, null when that is 0
	UILP         *float64  `json:"uilp"`         // executed / criticalPath
}

// Settle computes the ratios.
func (r *LimitResult) Settle() {
	r.ILP, r.UILP = ratio(r.Instructions, r.CriticalPath), ratio(r.Executed, r.CriticalPath)
}

// LimitStudy computes dataflow limits of blocks from their golden runs.
type LimitStudy struct {
	Options limits.Options
	Jobs    int // blocks at once, 0 for all host cores
	Stop    context.Context

	Progress Progress
}

// LimitReport is one block's limit, or why there is none.
type LimitReport = BlockReport[*LimitResult]

// Run hands over the limits in the order of the paths.
func (s *LimitStudy) Run(paths []string, emit func(LimitReport) error) error {
	return EachBlock(paths, s.Jobs, s.Stop, s.Progress, s.Of, emit)
}

// Of computes a block's limit. A block whose golden run contradicts its header has
// none.
func (s *LimitStudy) Of(b *traces.Bundle) (*LimitResult, error) {
	p, err := Prepare(b, true)
	if err != nil {
		return nil, &DifferenceError{err}
	}
	if verdict, err := b.Verify(p.Golden.Results); err != nil || !verdict.OK {
		return nil, &DifferenceError{fmt.Errorf("%s: the golden run differs from the header", b.Name)}
	}
	trace, err := p.traceInfo(p.Golden.GasUsed)
	if err != nil {
		return nil, err
	}
	l, err := p.limit(s.Options)
	if err != nil {
		return nil, err
	}
	r := &LimitResult{
		Schema: LimitSchema, Trace: trace, Scope: "tx", Latency: "unit", Window: s.Options.Window, Width: s.Options.Width,
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

// limit computes the dataflow limit of the recorded stream.
func (p *Block) limit(opt limits.Options) (limits.Limit, error) {
	b := p.Bundle
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		return limits.Limit{}, fmt.Errorf("%s: %w", b.Name, err)
	}
	return limits.Of(p.Golden, env, opt), nil
}
