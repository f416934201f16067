package pipeline_test

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// software prices built-ins with so many cycles a microsecond, on so many units.
func software(perMicrosecond, units int) func(*pipeline.Config) {
	return func(c *pipeline.Config) {
		c.Latency.Builtins, c.Latency.Microsecond, c.Units.Crypto = "software", perMicrosecond, units
	}
}

// builtin calls a built-in with memory [0, length) and no room for its output.
func builtin(number, length string) string {
	return "PUSH1 0 PUSH1 0 PUSH1 " + length + " PUSH1 0 PUSH1 0 PUSH1 " + number + " PUSH2 0xffff CALL "
}

// Built-ins: what they take, and the units that they wait for.
var builtinPrograms = []program{
	{
		name: "a recovery takes 46.9 us of software", code: builtin("1", "0") + "STOP", set: software(195, 1),
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 9150 9151   9145.5 cycles, rounded down
			leave    4 5 6 7 9151
		`,
		cycles: 9151,
	},
	{
		name: "two digests on one unit", code: builtin("2", "0") + builtin("2", "0") + "STOP", set: software(100, 1),
		// An empty input is one block of 230 ns.
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 28 29
			account  4 5 6 7 29
			target   4 5 7 8 29
			range    4 5 6 7 29
			range    4 5 6 7 29
			enter    4 5 6 7 29
			builtin  5 6 28 51 52   the unit is busy until 28
			leave    6 7 8 9 52
		`,
		cycles: 52,
	},
	{
		name: "two digests on two units", code: builtin("2", "0") + builtin("2", "0") + "STOP", set: software(100, 2),
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 28 29
			account  4 5 6 7 29
			target   4 5 7 8 29
			range    4 5 6 7 29
			range    4 5 6 7 29
			enter    4 5 6 7 29
			builtin  5 6 7 30 31
			leave    6 7 8 9 31
		`,
		cycles: 31,
	},
	{
		name: "flat built-ins wait for no unit", code: builtin("2", "0") + builtin("2", "0") + "STOP",
		set: func(c *pipeline.Config) { c.Units.Crypto = 1 },
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 10 11
			account  4 5 6 7 11
			target   4 5 7 8 11
			range    4 5 6 7 11
			range    4 5 6 7 11
			enter    4 5 6 7 11
			builtin  5 6 7 12 13
			leave    6 7 8 9 13
		`,
		cycles: 13,
	},
	{
		name: "an exponentiation of nothing", code: builtin("5", "0") + "STOP", set: software(1000, 1),
		want: `
			account  2 3 4 5 6
			target   2 3 5 6 7
			range    2 3 4 5 7
			range    2 3 4 5 7
			enter    2 3 4 5 7
			builtin  3 4 5 6167 6168   6.162 us
			leave    4 5 6 7 6168
		`,
		cycles: 6168,
	},
	{
		name: "an exponentiation of 1024 bytes", code: "PUSH2 1024 PUSH1 0 MSTORE " + builtin("5", "32") + "STOP", set: software(1000, 1),
		// 128 words: 6.162 us and 128 x 128 x 0.818 ns.
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			account     2 3 4 5 6
			target      2 3 5 6 7
			range       2 3 4 5 7
			range       2 3 4 5 7
			enter       2 3 4 5 7
			builtin     3 4 5 19569 19570
			leave       4 5 6 7 19570
		`,
		cycles: 19570,
	},
	{
		name: "what gas does not pay for does not run", code: "PUSH1 255 PUSH1 0 MSTORE8 PUSH1 255 PUSH1 32 MSTORE8 " + builtin("5", "33") + "STOP", set: software(1000, 1),
		gas: 100_000,
		want: `
			store1.addr  2 3 4 5 6
			store1.data  2 3 4 5 6
			store1.addr  2 3 4 5 6
			store1.data  2 3 4 5 6
			account      2 3 4 5 6
			target       2 3 5 6 7
			range        2 3 4 5 7
			range        2 3 4 5 7
			enter        3 4 5 6 7
			builtin      4 5 6 7 8    a length of 2^255
			leave        9 10 11 12 13
		`,
		cycles: 14,
	},
	{
		name: "a wrong path gives its unit back", code: "PUSH1 9 PUSH1 3 DIV PUSH1 25 JUMPI " + builtin("1", "0") + "STOP JUMPDEST " + builtin("1", "0") + "STOP",
		set: func(c *pipeline.Config) {
			software(195, 1)(c)
			c.Predictor.Branch = "bimodal"
		},
		// The branch is taken to be taken. The oracle knows no callee of a wrong path: its
		// built-in is fetched when the target has completed. The branch completes in 15, and
		// the path behind it is fetched from 16 on.
		want: `
			div      2 3 4 14 15
			branch   2 3 14 15 16
			account  3 4 5 6 x15
			target   3 4 6 7 x15
			range    3 4 5 6 x15
			range    3 4 5 6 x15
			enter    3 4 5 6 x15
			builtin  8 9 10 9155 x15
			leave    9 10 11 12 x15
			account  16 17 18 19 20
			target   16 17 19 20 21
			range    16 17 18 19 21
			range    16 17 18 19 21
			enter    16 17 18 19 21
			builtin  17 18 19 9164 9165   the unit is free
			leave    18 19 20 21 9165
		`,
		cycles: 9165,
	},
}

// The slots of a built-in that is the oldest are its own, whether it computes or waits.
func TestBuiltinSlots(t *testing.T) {
	for _, units := range []int{1, 2} {
		p := program{name: "slots", code: builtin("2", "0") + builtin("1", "0") + "STOP"}
		cfg := *real()
		software(195, units)(&cfg)
		core := p.simulate(t, &cfg)
		lost := core.Stats.Slots[pipeline.CauseBuiltin] / core.Stats.Width
		if all := uint64(core.Cycle()); lost < all-20 || isa.Cycle(lost) >= core.Cycle() {
			t.Errorf("%d units: %d of %d cycles", units, lost, all)
		}
	}
}

// A built-in of any length is no reason to give a run up: its input says how long it takes.
func TestBuiltinOutlastsTheWatchdog(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		cfg := *real()
		software(195, 1)(&cfg)
		cfg.Core.InOrder, cfg.Core.Watchdog = inOrder, 1000
		p := program{name: "long", code: builtin("1", "0") + builtin("1", "0") + "STOP"}
		if core := p.simulate(t, &cfg); core.Cycle() < 2*9145 {
			t.Errorf("in order %v: two recoveries in %d cycles", inOrder, core.Cycle())
		}
	}
}
