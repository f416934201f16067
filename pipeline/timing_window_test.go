package pipeline_test

import (
	"strings"

	"github.com/ooovm/ooovm/pipeline"
)

// Structures that are full.
var windowPrograms = []program{
	{
		name: "front end of three cycles", code: add + "STOP", set: func(c *pipeline.Config) { c.Core.FrontEnd = 3 },
		// The envelope: 1 4 5 6 7. At the end touch 3 6 7 8 9.
		want: `
			add    2 5 6 7 8
			leave  2 5 6 7 8
		`,
		cycles: 9,
	},
	{
		name: "full reorder buffer", code: div + strings.Repeat(add, 4) + "STOP", set: func(c *pipeline.Config) { c.Core.ROB = 4 },
		// The envelope fills the four places until it commits in 5. In 2 fetch fills
		// six of the front end's eight places and stops at the leave, in 3 the two
		// touches take the others, and in 5 dispatch has made room for the nop.
		// In 17 the fourth ADD, the leave and the touches are dispatched; they commit
		// in 20 and let the nop in: nop 5 20 - 20 21.
		want: `
			div    2 5 6 16 17
			add    2 5 6 7 17
			add    2 5 6 7 17
			add    2 5 6 7 17
			add    2 17 18 19 20   commit has freed the places by then
			leave  2 17 18 19 20
		`,
		cycles: 21,
	},
	{
		name: "full issue queue", code: div + "PUSH1 1 ADD " + add + add + "STOP", set: func(c *pipeline.Config) { c.Core.IQ = 2 },
		// Of the envelope the touches are dispatched in 2; they issue in 3 and make
		// room for target and enter, which do so in 4. At the end touch 3 8 9 10 17,
		// touch 3 9 10 11 17; the nop needs no place and goes along: nop 3 9 - 9 17.
		want: `
			div    2 4 5 15 16
			add    2 4 15 16 17   keeps a place until 15
			add    2 5 6 7 17     into the place that the DIV left in 5
			add    2 6 7 8 17
			leave  2 7 8 9 17
		`,
		cycles: 17,
	},
	{
		name: "no free physical register", code: strings.Repeat(add, 4) + "STOP", set: func(c *pipeline.Config) { c.Core.Regs = 2 },
		// The envelope's micro-ops so far have no result. touch 3 9 10 11 12.
		want: `
			add    2 3 4 5 6
			add    2 3 4 5 6
			add    2 6 7 8 9     the first two have committed
			add    2 6 7 8 9
			leave  2 9 10 11 12  its result is the success word
		`,
		cycles: 12,
	},
	{
		name: "full load queue", code: "PUSH1 0 MLOAD PUSH1 32 MLOAD STOP", set: func(c *pipeline.Config) { c.Core.LoadQ = 1 },
		want: `
			load   2 3 4 6 7
			load   2 7 8 10 11
			leave  2 7 8 9 11
		`,
		cycles: 11, // touch 3 7 8 9 11
	},
	{
		name: "full store queue", code: strings.Repeat("PUSH1 1 PUSH1 0 MSTORE ", 2) + "STOP", set: func(c *pipeline.Config) { c.Core.StoreQ = 1 },
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			store.addr  2 6 7 8 9
			store.data  2 6 7 8 9
			leave       2 9 10 11 12  may write what it returns
		`,
		cycles: 12, // touch 3 9 10 11 12
	},
	{
		name: "full state queue", code: "PUSH1 1 SLOAD STOP", set: func(c *pipeline.Config) { c.Core.StateQ = 1 },
		// The envelope: touch 1 2 3 4 5, and behind it touch, target, enter
		// 1 5 6 7 8. At the end touch 3 11 12 13 14, touch 3 14 15 16 17, nop 17.
		want: `
			state.load  2 8 9 10 11
			leave       2 8 9 10 11
		`,
		cycles: 17,
	},
	{
		name: "one load port", code: "PUSH1 0 MLOAD PUSH1 32 MLOAD STOP", set: func(c *pipeline.Config) { c.Units.Load = 1 },
		want: `
			load   2 3 4 6 7
			load   2 3 5 7 8
			leave  2 3 4 5 8
		`,
		cycles: 8,
	},
	{
		name: "commit two a cycle", code: div + add + add + "STOP", set: func(c *pipeline.Config) { c.Core.Commit = 2 },
		// The envelope commits in 5 and 6, before anything here is done. At the end
		// touch 3 4 5 6 17, touch 3 4 5 6 17, nop 3 4 - 4 18.
		want: `
			div    2 3 4 14 15
			add    2 3 4 5 15
			add    2 3 4 5 16
			leave  2 3 4 5 16
		`,
		cycles: 18,
	},
}
