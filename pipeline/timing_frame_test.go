package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

// call calls 0xbbbb with memory [0, 32) as its input and [0, 32) for its output.
const call = "PUSH1 32 PUSH1 0 PUSH1 32 PUSH1 0 PUSH1 0 PUSH2 0xbbbb PUSH2 0xffff CALL "

// Frames: calls, what they share memory with, how they end.
var framePrograms = []program{
	{
		name: "callee reads its argument from the caller's memory", code: div + "PUSH1 0 MSTORE " + call + "STOP",
		callee: "PUSH1 0 CALLDATALOAD PUSH1 1 ADD STOP",
		// The two leaves end the fetch of cycles 3 and 4. At the end touch 5 6 7 8 19.
		want: `
			div         2 3 4 14 15
			store.addr  2 3 4 5 15
			store.data  2 3 14 15 16
			account     2 3 4 5 16
			target      2 3 5 6 16
			range       2 3 4 5 16
			range       2 3 4 5 16
			enter       2 3 4 5 16   nothing to wait for
			load.input  3 4 15 17 18
			add         3 4 17 18 19
			leave       3 4 5 6 19
			leave       4 5 6 7 19
		`,
		cycles: 19,
	},
	{
		name: "caller reads what the callee returned", code: call + "PUSH1 0 MLOAD STOP",
		callee: div + "PUSH1 0 MSTORE PUSH1 32 PUSH1 0 RETURN",
		want: `
			account     2 3 4 5 6
			target      2 3 5 6 7
			range       2 3 4 5 7
			range       2 3 4 5 7
			enter       2 3 4 5 7
			div         3 4 5 15 16
			store.addr  3 4 5 6 16
			store.data  3 4 15 16 17
			leave       3 4 5 6 17    its range is known in 6; the bytes stay the callee's
			load        4 5 16 18 19  when the callee's store has its data
			leave       4 5 6 7 19
		`,
		cycles: 19,
	},
	{
		name: "call whose target nobody predicts", code: call + "STOP", callee: "STOP", set: func(c *pipeline.Config) { c.Predictor.Call = "none" },
		// At the end touch 9 10 11 12 13.
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			leave    7 8 9 10 11   fetch has waited for the target
			leave    8 9 10 11 12
		`,
		cycles: 13,
	},
	{
		name: "fault resumes in the caller", code: call + "PUSH1 1 ADD STOP", callee: "INVALID",
		// The fault is raised as it commits in 7, and the caller goes on in 8 with a
		// zero that needs no register. At the end touch 9 10 11 12 13.
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			fault    3 4 - 4 7
			add      8 9 10 11 12
			leave    8 9 10 11 12
		`,
		cycles: 13,
	},
	{
		name: "REVERT resumes in the caller", code: call + "PUSH1 1 ADD STOP", callee: "PUSH1 0 PUSH1 0 REVERT",
		// Fetch waits for the REVERT to commit.
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			abort    3 4 5 6 7
			add      8 9 10 11 12
			leave    8 9 10 11 12
		`,
		cycles: 13,
	},
	{
		name: "built-in runs ahead",
		code: "PUSH1 0 PUSH1 0 PUSH1 0 PUSH1 0 PUSH1 0 PUSH1 4 PUSH2 0xffff CALL STOP",
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 10 11
			leave    4 5 6 7 11
		`,
		cycles: 11,
	},
	{
		name: "creation serializes", code: "PUSH1 0 PUSH1 0 PUSH1 0 CREATE STOP",
		// Initialization code of no bytes is a leave. Fetch waits for the creation to
		// commit, and for the leave. At the end touch 19 20 21 22 23.
		want: `
			range   2 3 4 5 6
			create  2 3 6 11 12
			leave   13 14 15 16 17
			leave   18 19 20 21 22
		`,
		cycles: 23,
	},
}
