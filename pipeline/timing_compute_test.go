package pipeline_test

import (
	"strings"

	"github.com/ooovm/ooovm/pipeline"
)

// width makes the machine n wide from fetch to commit.
func width(n int) func(*pipeline.Config) {
	return func(c *pipeline.Config) { c.Core.Width, c.Core.Issue, c.Core.Commit = n, n, n }
}

const (
	add    = "PUSH1 1 PUSH1 2 ADD "
	div    = "PUSH1 3 PUSH1 9 DIV "
	divMul = "PUSH1 3 PUSH1 9 DIV PUSH1 3 PUSH1 9 MUL "
)

// Computation: dependences, widths, units, stack policies.
var computePrograms = []program{
	{
		name: "chain of dependent ADDs", code: add + "PUSH1 3 ADD PUSH1 4 ADD STOP",
		envelope: true,
		want: `
			touch   1 2 3 4 5   the sender
			touch   1 2 3 4 5   the target
			target  1 2 3 4 5
			enter   1 2 3 4 5   fetch follows one taken jump, call or return a cycle
			add     2 3 4 5 6
			add     2 3 5 6 7   its operand is there in 5
			add     2 3 6 7 8
			leave   2 3 4 5 8   commits in order
			touch   3 4 5 6 8   the sender
			touch   3 4 5 6 8   the coinbase
			nop     3 4 - 4 8   the halt
		`,
		cycles: 8,
	},
	{
		name: "four independent ADDs at width 1", code: strings.Repeat(add, 4) + "STOP", set: width(1),
		// The envelope's four are fetched in 1 to 4. At its end touch 10 11 12 13 14,
		// touch 11 12 13 14 15, nop 12 13 - 13 16.
		want: `
			add    5 6 7 8 9
			add    6 7 8 9 10
			add    7 8 9 10 11
			add    8 9 10 11 12
			leave  9 10 11 12 13
		`,
		cycles: 16,
	},
	{
		name: "four independent ADDs at width 2", code: strings.Repeat(add, 4) + "STOP", set: width(2),
		// The envelope's four are fetched in 1 and 2. The leave ends the fetch of
		// cycle 5. At the end touch 6 7 8 9 10, touch 6 7 8 9 10, nop 7 8 - 8 11.
		want: `
			add    3 4 5 6 7
			add    3 4 5 6 7
			add    4 5 6 7 8
			add    4 5 6 7 8
			leave  5 6 7 8 9
		`,
		cycles: 11,
	},
	{
		name: "four independent ADDs at width 4", code: strings.Repeat(add, 4) + "STOP", set: width(4),
		// At the end touch 4 5 6 7 8, touch 4 5 6 7 8, nop 4 5 - 5 8.
		want: `
			add    2 3 4 5 6
			add    2 3 4 5 6
			add    2 3 4 5 6
			add    2 3 4 5 6
			leave  3 4 5 6 7
		`,
		cycles: 8,
	},
	{
		name: "two integer units", code: strings.Repeat(add, 3) + "STOP", set: func(c *pipeline.Config) { c.Units.ALU = 2 },
		want: `
			add    2 3 4 5 6
			add    2 3 4 5 6
			add    2 3 5 6 7   the oldest two have the units
			leave  2 3 4 5 7   a branch unit
		`,
		cycles: 7,
	},
	{
		name: "ADDs in the shadow of a DIV", code: div + add + "PUSH1 3 ADD STOP",
		want: `
			div    2 3 4 14 15
			add    2 3 4 5 15
			add    2 3 5 6 15
			leave  2 3 4 5 15
		`,
		cycles: 15, // with the last two touches and the nop: 7 of 8 slots
	},
	{
		name: "DIV in the shadow of ADDs", code: div + strings.Repeat("PUSH1 3 ADD ", 4) + div + "STOP",
		want: `
			div    2 3 4 14 15
			add    2 3 14 15 16
			add    2 3 15 16 17
			add    2 3 16 17 18
			add    2 3 17 18 19
			div    2 3 4 14 19   beside the first: there are eight dividers
			leave  2 3 4 5 19
		`,
		cycles: 19,
	},
	{
		name: "dividers are not pipelined, multipliers are", code: divMul + divMul + "STOP",
		set: func(c *pipeline.Config) { c.Units.Div, c.Units.Mul = 1, 1 },
		want: `
			div    2 3 4 14 15
			mul    2 3 4 7 15
			div    2 3 14 24 25   the divider is busy until 14
			mul    2 3 5 8 25
			leave  2 3 4 5 25
		`,
		cycles: 25,
	},
	{
		name: "EXP by bytes of the exponent", code: "PUSH2 256 PUSH1 2 EXP STOP",
		want: `
			exp    2 3 4 11 12   3 and 2 for each of 2 bytes
			leave  2 3 4 5 12
		`,
		cycles: 12,
	},
	{
		name: "stack instructions fold", code: add + "STOP",
		want: `
			add    2 3 4 5 6
			leave  2 3 4 5 6
		`,
		cycles: 7, // touch 3 4 5 6 7
	},
	{
		name: "stack instructions are renamed", code: add + "STOP", set: func(c *pipeline.Config) { c.Core.Stack = "rename" },
		want: `
			nop    2 3 - 3 5   behind the envelope's four, in the same cycle
			nop    2 3 - 3 5
			add    2 3 4 5 6
			leave  2 3 4 5 6
		`,
		cycles: 7,
	},
	{
		name: "stack instructions execute", code: add + "STOP", set: func(c *pipeline.Config) { c.Core.Stack = "execute" },
		want: `
			move   2 3 4 5 6
			move   2 3 4 5 6
			add    2 3 5 6 7
			leave  2 3 4 5 7
		`,
		cycles: 7,
	},
	{
		name: "decode width bounds a folded run", code: "PUSH1 1 PUSH1 2 PUSH1 3 ADD ADD STOP", set: func(c *pipeline.Config) { c.Core.Decode = 3 },
		// The envelope's four are three instructions: tx.begin, tx.enter, and they
		// fit. Three pushes fill cycle 2 and make a micro-op that carries them. The
		// leave ends the fetch of cycle 3; tx.end and tx.halt follow in 4: touch
		// 4 5 6 7 8, touch 4 5 6 7 8, nop 4 5 - 5 8.
		want: `
			nop    2 3 - 3 5
			add    3 4 5 6 7
			add    3 4 6 7 8
			leave  3 4 5 6 8
		`,
		cycles: 8,
	},
	{
		name: "in order, stalling on use", code: div + "PUSH1 1 ADD " + add + "STOP", set: func(c *pipeline.Config) { c.Core.InOrder = true },
		want: `
			div    2 3 4 14 15
			add    2 3 14 15 16   uses the quotient
			add    2 3 14 15 16   waits behind it
			leave  2 3 14 15 16
		`,
		cycles: 16, // touch 3 4 14 15 16
	},
	{
		name: "in order, past what it does not use", code: div + add + "STOP", set: func(c *pipeline.Config) { c.Core.InOrder = true },
		want: `
			div    2 3 4 14 15
			add    2 3 4 5 15
			leave  2 3 4 5 15
		`,
		cycles: 15,
	},
	{
		name: "GAS is read by its commit", code: div + "GAS ISZERO STOP",
		want: `
			div      2 3 4 14 15
			counter  2 3 4 5 15
			iszero   2 3 15 16 17   its operand is there in 15
			leave    2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "GAS for free", code: div + "GAS STOP", set: func(c *pipeline.Config) { c.Core.Gas = "free" },
		want: `
			div      2 3 4 14 15
			counter  2 3 4 5 15
			leave    2 3 4 5 15
		`,
		cycles: 15,
	},
	{
		name: "spilled stack values are filled", set: func(c *pipeline.Config) { c.Core.StackRegs, c.Core.Fill = 32, 3 },
		code: strings.Repeat("PUSH0 ", 40) + strings.Repeat("POP ", 31) + "ADD STOP",
		// Of 40 values the top 32 are resident: the first POP finds 40 and one to
		// come, so positions below 9 are spilled. The ADD reads positions 8 and 7:
		// two fills of 3 cycles from cycle 2 on. At the end touch 9 10 11 12 13.
		want: `
			add    8 9 10 11 12
			leave  8 9 10 11 12
		`,
		cycles: 13,
	},
}
