// Package oracle is the only reader of the golden run while simulating. Its
// predictors are right as long as fetch is on the right path; results that used
// one of them say so.
package oracle

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

func init() {
	predictor.Directions.Register(predictor.Maker[predictor.Direction]{
		Name: "oracle", Doc: "the golden run's direction", Oracle: true,
		New: func(p predictor.Params) predictor.Direction { return direction{p.Golden} },
	})
	predictor.Targets.Register(predictor.Maker[predictor.Target]{
		Name: "oracle", Doc: "the golden run's target", Oracle: true,
		New: func(p predictor.Params) predictor.Target { return target{p.Golden} },
	})
	predictor.CallTargets.Register(predictor.Maker[predictor.CallTarget]{
		Name: "oracle", Doc: "the golden run's callee", Oracle: true,
		New: func(p predictor.Params) predictor.CallTarget { return call{p.Golden} },
	})
	predictor.Dependences.Register(predictor.Maker[predictor.Dependence]{
		Name: "oracle", Doc: "waits only for stores that the golden run says it reads", Oracle: true,
		New: func(p predictor.Params) predictor.Dependence { return dependence{p.Golden} },
	})
	predictor.ValuePredictors.Register(predictor.Maker[predictor.Values]{
		Name: "oracle", Doc: "the golden run's value", Oracle: true,
		New: func(p predictor.Params) predictor.Values { return value{p.Golden} },
	})
}

type direction struct{ golden predictor.Golden }

func (d direction) Predict(r predictor.Ref) bool          { return d.golden.Taken(r.Dynamic) }
func (d direction) Faults(r predictor.Ref) bool           { return d.golden.Faults(r.Dynamic) }
func (direction) Shift(predictor.Ref, bool)               {}
func (direction) Checkpoint() uint64                      { return 0 }
func (direction) Restore(uint64)                          {}
func (direction) Train(predictor.Ref, uint64, bool, bool) {}

type target struct{ golden predictor.Golden }

// Predict gives the code position; the pipeline maps it to an instruction.
func (t target) Predict(r predictor.Ref) isa.InstIndex {
	if pc, ok := t.golden.NextPC(r.Dynamic); ok {
		return predictor.CodePosition(pc)
	}
	return -1
}

func (target) Call(predictor.Ref, isa.InstIndex)          {}
func (target) Shift(predictor.Ref, isa.InstIndex)         {}
func (target) Checkpoint() uint64                         { return 0 }
func (target) Restore(uint64)                             {}
func (target) Train(predictor.Ref, uint64, isa.InstIndex) {}

type call struct{ golden predictor.Golden }

func (c call) Predict(r predictor.Ref) (isa.Word, bool) { return c.golden.Callee(r.Dynamic) }
func (call) Train(predictor.Ref, *isa.Word)             {}

type dependence struct{ golden predictor.Golden }

func (d dependence) Bypass(load, store predictor.Ref) bool {
	return !d.golden.Overlap(load.Dynamic, store.Dynamic)
}
func (dependence) Violation(_, _ predictor.Ref) {}

type value struct{ golden predictor.Golden }

func (v value) Predict(r predictor.Ref) (isa.Word, bool) { return v.golden.Value(r.Dynamic) }
func (value) Train(predictor.Ref, *isa.Word)             {}
