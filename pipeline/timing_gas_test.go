package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

func prefix(c *pipeline.Config) { c.Core.Gas = "prefix" }

// Answers to GAS. Each program adds one to the gas left.
var gasPrograms = []program{
	{
		name: "GAS answered by its commit", code: "PUSH1 3 PUSH1 3 DIV POP GAS PUSH1 1 ADD STOP",
		want: `
			div      2 3 4 14 15
			counter  2 3 4 5 15
			add      2 3 15 16 17
			leave    2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "GAS answered once all before it has executed", code: "PUSH1 3 PUSH1 3 DIV POP GAS PUSH1 1 ADD STOP", set: prefix,
		want: `
			div      2 3 4 14 15
			counter  2 3 4 5 15
			add      2 3 14 15 16
			leave    2 3 4 5 16
		`,
		cycles: 16,
	},
	{
		name: "GAS behind a cold slot and memory that grows", set: farWith(prefix),
		code: "PUSH1 1 SLOAD POP PUSH1 7 PUSH2 1000 MSTORE GAS PUSH1 1 ADD STOP",
		// The envelope commits in 15, so that the program's frame is there; the answer is
		// right: nothing is squashed.
		want: `
			state.load  2 3 4 15 16
			store.addr  2 3 4 5 16
			store.data  2 3 4 5 16
			counter     2 3 4 5 16
			add         2 3 15 16 17
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "GAS behind two writes of a slot, one of them cold", set: farWith(prefix),
		code: "PUSH1 7 PUSH1 1 SSTORE PUSH1 8 PUSH1 1 SSTORE GAS PUSH1 1 ADD STOP",
		// The second write shares the miss of the first.
		want: `
			state.key   2 3 4 15 16
			state.data  2 3 4 5 16
			state.key   2 3 4 15 16
			state.data  2 3 4 5 16
			counter     2 3 4 5 16
			add         2 3 15 16 17
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "GAS behind a call in flight", set: prefix, callee: "PUSH1 3 PUSH1 3 DIV STOP",
		code: "PUSH0 PUSH0 PUSH0 PUSH0 PUSH2 0xbbbb PUSH2 50000 STATICCALL POP GAS PUSH1 1 ADD STOP",
		// The callee's end commits in 16, together with the counter: until then what the
		// callee gives back is not known.
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			div      3 4 5 15 16
			leave    3 4 5 6 16
			counter  4 5 6 7 16
			add      4 5 16 17 18
			leave    4 5 6 7 18
		`,
		cycles: 18,
	},
}
