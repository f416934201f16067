package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

// fused fuses whatever can be, with a static branch predictor.
func fused(branch string) func(*pipeline.Config) {
	return func(c *pipeline.Config) {
		c.Fusion = pipeline.FusionConfig{Jump: true, Test: true, Pair: true}
		c.Predictor.Branch = branch
	}
}

// branchIfZero jumps over an ADD to 14 when the sum of its operand and 0 is zero.
func branchIfZero(condition string) string {
	return "PUSH1 " + condition + " PUSH1 0 ADD ISZERO PUSH1 14 JUMPI PUSH1 2 PUSH1 2 ADD JUMPDEST STOP"
}

const hashOfPair = "PUSH1 8 PUSH1 32 MSTORE PUSH1 64 PUSH1 0 KECCAK256 STOP"

// Fused instructions.
var fusionPrograms = []program{
	{
		name: "test for zero in the branch, not taken", code: branchIfZero("1"), set: fused("not-taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7   with the test
			add     2 3 4 5 7
			leave   2 3 4 5 7
		`,
		cycles: 7,
	},
	{
		name: "test for zero in the branch, taken", code: branchIfZero("0"), set: fused("taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7
			leave   3 4 5 6 7
		`,
		cycles: 8,
	},
	{
		name: "test for zero in a branch mispredicted", code: branchIfZero("0"), set: fused("not-taken"),
		want: `
			add     2 3 4 5 6
			branch  2 3 5 6 7
			add     2 3 4 5 x6
			leave   2 3 4 5 x6
			leave   7 8 9 10 11
		`,
		cycles: 12,
	},
	{
		name: "test for zero in a branch resolved at rename", code: "PUSH1 0 ISZERO PUSH1 7 JUMPI STOP JUMPDEST STOP", set: fused("taken"),
		want: `
			branch  2 3 4 5 6
			leave   3 4 5 6 7   no bubble: it is known to jump
		`,
		cycles: 8,
	},
	{
		name: "constant in the jump to it", code: "PUSH1 4 JUMP STOP JUMPDEST STOP",
		set: func(c *pipeline.Config) { fused("taken")(c); c.Core.Stack = "rename" },
		want: `
			jump    2 3 4 5 6
			nop     3 4 - 4 6   the label
			leave   3 4 5 6 7
		`,
		cycles: 8,
	},
	{
		name: "hash of two words", code: "PUSH1 7 PUSH1 0 MSTORE " + hashOfPair, set: fused("taken"),
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			hash.pair   2 3 4 10 11   does not wait for the stores
			leave       2 3 4 5 11
		`,
		cycles: 11,
	},
	{
		name: "jump between the stores of a hash of two words", code: "PUSH1 8 JUMP PUSH1 7 PUSH1 0 MSTORE JUMPDEST " + hashOfPair, set: fused("taken"),
		want: `
			jump        2 3 4 5 6
			store.addr  3 4 5 6 7
			store.data  3 4 5 6 7
			hash        3 4 6 12 13   reads memory
			leave       3 4 5 6 13
		`,
		cycles: 13,
	},
}
