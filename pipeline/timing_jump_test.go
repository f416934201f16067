package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

func branchPredictor(name string) func(*pipeline.Config) {
	return func(c *pipeline.Config) { c.Predictor.Branch = name }
}

// branch jumps over an ADD to 13 when the sum of its operand and 0 is not zero.
// The condition is a register: rename cannot see it.
func branch(condition string) string {
	return "PUSH1 " + condition + " PUSH1 0 ADD PUSH1 13 JUMPI PUSH1 2 PUSH1 2 ADD JUMPDEST STOP"
}

const computedJump = "PUSH1 7 PUSH1 0 ADD JUMP STOP JUMPDEST STOP"

// Jumps and branches.
var jumpPrograms = []program{
	{
		name: "taken branch", code: branch("1"), set: branchPredictor("taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7   ends the fetch of cycle 2
			leave   3 4 5 6 7
		`,
		cycles: 8, // touch 4 5 6 7 8
	},
	{
		name: "branch not taken", code: branch("0"), set: branchPredictor("not-taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7
			add     2 3 4 5 7
			leave   2 3 4 5 7
		`,
		cycles: 7,
	},
	{
		name: "branch mispredicted not taken", code: branch("1"), set: branchPredictor("not-taken"),
		// At the end, again, touch 8 9 10 11 12.
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7
			add     2 3 4 5 x6
			leave   2 3 4 5 x6
			leave   7 8 9 10 11   fetched in the cycle after
		`,
		cycles: 12,
	},
	{
		name: "branch mispredicted taken", code: branch("0"), set: branchPredictor("taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7
			leave   3 4 5 6 x6
			add     7 8 9 10 11
			leave   7 8 9 10 11
		`,
		cycles: 12,
	},
	{
		name: "branch resolved at rename", code: "PUSH1 1 PUSH1 6 JUMPI STOP JUMPDEST STOP",
		set: func(c *pipeline.Config) { c.Predictor.Branch, c.Core.FrontEnd = "not-taken", 3 },
		// The envelope: 1 4 5 6 7. At the end touch 6 9 10 11 12.
		want: `
			branch  2 5 6 7 8
			leave   5 8 9 10 11   a bubble of a front end's length, and no squash
		`,
		cycles: 12,
	},
	{
		name: "jump to a predicted target", code: computedJump,
		want: `
			add     2 3 4 5 6
			jump    2 3 5 6 7
			leave   3 4 5 6 7
		`,
		cycles: 8,
	},
	{
		name: "jump to a target that nobody predicts", code: computedJump, set: func(c *pipeline.Config) { c.Predictor.Target = "none" },
		want: `
			add     2 3 4 5 6
			jump    2 3 5 6 7
			leave   7 8 9 10 11   fetch has waited for the jump
		`,
		cycles: 12,
	},
}
