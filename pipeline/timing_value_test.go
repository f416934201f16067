package pipeline_test

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
)

// always predicts the same value, whatever it is.
type always isa.Word

func (a always) Predict(predictor.Ref) (isa.Word, bool) { return isa.Word(a), true }
func (always) Train(predictor.Ref, *isa.Word)           {}

func init() {
	predictor.ValuePredictors.Register(predictor.Maker[predictor.Values]{
		Name: "one", Doc: "one, for tests", New: func(predictor.Params) predictor.Values { return always{1} },
	})
}

func values(name string) func(*pipeline.Config) {
	return farWith(func(c *pipeline.Config) { c.Predictor.Value = name })
}

// Predicted state values: every slot is zero. What touches does at the beginning and
// the end of the envelope is told at far.
var valuePrograms = []program{
	{
		name: "far SLOAD whose value is known", code: "PUSH1 1 SLOAD PUSH1 1 ADD STOP", set: values("oracle"),
		want: `
			state.load  2 3 4 15 16
			add         2 3 4 5 16    as the load enters the window
			leave       2 3 4 5 16
		`,
		cycles: 17,
	},
	{
		name: "SLOAD of a key that depends on a predicted one", code: "PUSH1 1 SLOAD PUSH1 2 ADD SLOAD STOP", set: values("oracle"),
		want: `
			state.load  2 3 4 15 16
			add         2 3 4 5 16
			state.load  2 3 5 16 17   the misses overlap
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "wrong value", code: "PUSH1 1 SLOAD PUSH1 1 ADD STOP", set: values("one"),
		// At the end touch 17 18 19 20 21; the coinbase has been touched before.
		want: `
			state.load  2 3 4 15 16
			add         2 3 4 5 x15
			leave       2 3 4 5 x15
			add         16 17 18 19 20
			leave       16 17 18 19 20
		`,
		cycles: 21,
	},
	{
		name: "what is older than the first reader of a wrong value stays", code: "PUSH1 1 SLOAD PUSH1 2 PUSH1 3 MUL ADD STOP", set: values("one"),
		want: `
			state.load  2 3 4 15 16
			mul         2 3 4 7 16
			add         2 3 7 8 x15
			leave       2 3 4 5 x15
			add         16 17 18 19 20
			leave       16 17 18 19 20
		`,
		cycles: 21,
	},
	{
		name: "wrong value that nothing has read", code: "PUSH1 5 PUSH1 3 PUSH1 3 MULMOD PUSH1 1 SLOAD ADD STOP", set: values("one"),
		want: `
			mulmod      2 3 4 16 17
			state.load  2 3 4 15 17
			add         2 3 16 17 18   finds the real value in its register
			leave       2 3 4 5 18
		`,
		cycles: 18,
	},
}
