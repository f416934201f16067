package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

// far makes the first access to a key cost 10 cycles more.
//
// The envelope is slower then: its touches and its target, which shares the miss
// of the touch of the same account, issue in 3 and complete in 14, so that the
// envelope commits in 15. At its end, issued in 5, the touch of the sender shares
// what is left of that miss and completes in 14; that of the coinbase is a miss of
// its own and completes in 16, to commit in 17.
func far(c *pipeline.Config) { c.State.Far = 10 }

func farWith(set func(*pipeline.Config)) func(*pipeline.Config) {
	return func(c *pipeline.Config) { far(c); set(c) }
}

const sameSlot, otherSlot = "PUSH1 7 PUSH1 1 SSTORE PUSH1 1 SLOAD STOP", "PUSH1 7 PUSH1 1 SSTORE PUSH1 2 SLOAD STOP"

// State: storage, accounts, the hierarchy behind them.
var statePrograms = []program{
	{
		name: "SLOAD in the buffer", code: "PUSH1 1 SLOAD STOP",
		want: `
			state.load  2 3 4 5 6
			leave       2 3 4 5 6
		`,
		cycles: 7,
	},
	{
		name: "far SLOAD", code: "PUSH1 1 SLOAD PUSH1 1 ADD STOP", set: far,
		want: `
			state.load  2 3 4 15 16   1 and 10
			add         2 3 15 16 17
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "SLOAD after SSTORE of the same slot", code: sameSlot, set: far,
		want: `
			state.key   2 3 4 15 16   the key is known in 5, the old value in 15
			state.data  2 3 4 5 16
			state.load  2 3 5 6 16    forwarded
			leave       2 3 4 5 16
		`,
		cycles: 17,
	},
	{
		name: "SLOAD after SSTORE of another slot", code: otherSlot, set: far,
		want: `
			state.key   2 3 4 15 16
			state.data  2 3 4 5 16
			state.load  2 3 4 15 16   at once: the oracle knows
			leave       2 3 4 5 16
		`,
		cycles: 17,
	},
	{
		name: "SLOAD that waits for the key of another slot", code: otherSlot, set: farWith(func(c *pipeline.Config) { c.Predictor.State = "wait" }),
		want: `
			state.key   2 3 4 15 16
			state.data  2 3 4 5 16
			state.load  2 3 5 16 17   the store's key is known in 5
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "state-order violation", code: "PUSH1 7 PUSH1 3 PUSH1 3 DIV SSTORE PUSH1 1 SLOAD STOP",
		set: farWith(func(c *pipeline.Config) { c.Predictor.State = "blind" }),
		// The load's miss brings the slot in 15, so the key part hits when it issues
		// in 14. In 15 it finds the load. The load issues again in 18, when the store
		// has committed: it hits the buffer. At the end touch 17 18 19 20 21; the
		// coinbase has been touched on the wrong path.
		want: `
			div         2 3 4 14 15
			state.key   2 3 14 15 16
			state.data  2 3 4 5 16
			state.load  2 3 4 15 x15
			leave       2 3 4 5 x15
			state.load  16 17 18 19 20
			leave       16 17 18 19 20
		`,
		cycles: 21,
	},
	{
		name: "near SLOAD", code: "PUSH1 2 SLOAD PUSH1 3 ADD SLOAD PUSH1 2 ADD SLOAD STOP",
		set: farWith(func(c *pipeline.Config) { c.State.Buffer, c.State.Near = 1, 4 }),
		// Slots 2, 3 and 2 again, each address from the value (0) before. The buffer
		// holds one key.
		want: `
			state.load  2 3 4 15 16
			add         2 3 15 16 17
			state.load  2 3 16 27 28
			add         2 3 27 28 29
			state.load  2 3 28 33 34   1 and 4: slot 3 has displaced it
			leave       2 3 4 5 34
		`,
		cycles: 34,
	},
	{
		name: "two far SLOADs overlap", code: "PUSH1 1 SLOAD PUSH1 2 SLOAD STOP", set: far,
		want: `
			state.load  2 3 4 15 16
			state.load  2 3 4 15 16
			leave       2 3 4 5 16
		`,
		cycles: 17,
	},
	{
		name: "two far SLOADs with one miss register", code: "PUSH1 1 SLOAD PUSH1 2 SLOAD STOP",
		set: farWith(func(c *pipeline.Config) { c.State.Misses = 1 }),
		// Misses follow one another, each when the register is free as the state
		// queue's own cycle ends: the sender's issued in 3 ends in 14, the target's
		// (13, 24; the target micro-op shares it) in 24, and so on. The envelope
		// commits in 25. At the end the coinbase's: touch 3 4 43 54 55.
		want: `
			state.load  2 3 23 34 35
			state.load  2 3 33 44 45
			leave       2 3 4 5 45
		`,
		cycles: 55,
	},
	{
		name: "SLOAD of a key that the oracle prefetches", code: "PUSH1 1 SLOAD PUSH1 1 ADD STOP",
		set: farWith(func(c *pipeline.Config) { c.Predictor.Keys = "oracle" }),
		// The transaction's call is asked about as it begins; in 1 the miss starts, and
		// brings the slot in 11. The load's lookup ends in 5, and 6 are left. All commit in
		// 15, with the envelope.
		want: `
			state.load  2 3 4 11 15
			add         2 3 11 12 15
			leave       2 3 4 5 15
		`,
		cycles: 17,
	},
	{
		name: "SLOADs of one slot share a miss", code: "PUSH1 1 SLOAD PUSH1 0 PUSH1 1 ADD SLOAD STOP", set: far,
		want: `
			state.load  2 3 4 15 16   arrives in 15
			add         2 3 4 5 16
			state.load  2 3 5 15 16   1, and 9 of the 10
			leave       2 3 4 5 16
		`,
		cycles: 17,
	},
	{
		name: "balance waits for an older transfer", code: "SELFBALANCE STOP",
		want: `
			account.load  2 3 5 6 7   the envelope moves the value as it commits in 5
			leave         2 3 4 5 7
		`,
		cycles: 7,
	},
}
