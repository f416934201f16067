package fuel

import (
	"strings"
	"testing"

	machine "github.com/ooovm/ooovm/state/fuel"
	golden "github.com/ooovm/ooovm/traces/fuel"
)

// cycles simulates a script on ooo-4 and gives its cycles and what they were lost to.
func cycles(t *testing.T, text string, set ...string) uint64 {
	t.Helper()
	p := script(t, text)
	cfg := preset(t, "ooo-4", append(set, "state.far=0", "state.near=0")...) // else all of it hides behind the first access
	right(t, []*golden.Program{p}, cfg)
	out, err := Run(p, cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := out.Block.Results[0].Ending.Panic; p != machine.NoPanic {
		t.Fatal(p)
	}
	return uint64(out.Core.Cycle())
}

// repeated gives n copies of some lines.
func repeated(n int, lines string) string { return strings.Repeat(lines+"\n", n) }

// TestTiming has what 40 more copies of some lines cost on ooo-4 (width and commit 4,
// four ALUs, two load ports, one divider of 30 cycles, loads of 4 cycles). The schedule
// of one copy is behind it; start and end of the script are the same in both runs.
func TestTiming(t *testing.T) {
	const copies, more = 40, 40
	for _, c := range []struct {
		name, before, lines string
		set                 []string
		want                uint64 // cycles for 40 more copies
	}{
		// 1 cycle each: the sum is ready for the next one a cycle later.
		{name: "a chain of sums", lines: "add $r16 $r16 $one", want: more},
		// Four of them fill one cycle of the four ALUs.
		{name: "sums that know nothing of each other", lines: "add $r16 $one $one\nadd $r17 $one $one\nadd $r18 $one $one\nadd $r19 $one $one", want: more},
		// A move is renamed away: the chain is as long as without it.
		{name: "moves are no link of a chain", lines: "add $r16 $r16 $one\nmove $r17 $r16\nmove $r16 $r17", want: more},
		// Executed, each move is a link of 1 cycle.
		{name: "executed moves are", lines: "add $r16 $r16 $one\nmove $r17 $r16\nmove $r16 $r17", set: []string{"core.stack=execute"}, want: 3 * more},
		// $of is known to be zero at rename: nobody waits for the product (5 cycles).
		{name: "$of of a product is no dependence", lines: "mul $r16 $one $one\nadd $r17 $r17 $of", want: more},
		// As a result like any other it comes with the product, but only once for
		// each: products follow each other every cycle, and so do the sums.
		{name: "nor is it a chain when it is renamed", lines: "mul $r16 $one $one\nadd $r17 $r17 $of", set: []string{"core.status=rename"}, want: more},
		// mul, then add of its $of: 5 + 1 cycles, and the next mul takes the sum.
		{name: "unless the next product takes it", lines: "mul $r16 $r17 $one\nadd $r17 $of $one", set: []string{"core.status=rename"}, want: 6 * more},
		// With $of zero at rename the sum waits for nothing; the products every cycle.
		{name: "which prediction cuts", lines: "mul $r16 $r17 $one\nadd $r17 $of $one", want: more},
		// The divider is busy for 30 cycles.
		{name: "quotients", lines: "div $r16 $one $one", want: 30 * more},
		// Each load takes the address from the one before: 4 cycles.
		{name: "a chain of loads", before: "cfei 8\nmove $r16 $ssp", lines: "lw $r16 $r16 0\nor $r16 $r16 $ssp", want: 5 * more},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(n int) uint64 { return cycles(t, c.before+"\n"+repeated(n, c.lines)+"ret $one", c.set...) }
			if got := run(copies+more) - run(copies); got != c.want {
				t.Errorf("%d cycles where %d are expected", got, c.want)
			}
		})
	}
}

// TestBuiltins: instructions that do what a precompiled contract does take its price, in place
// of the 20 cycles that all of them take when built-ins have none.
func TestBuiltins(t *testing.T) {
	for _, c := range []struct {
		line string
		want uint64 // cycles of software at 195 a microsecond, rounded down
	}{
		{"eck1 $r16 $r16 $r16", 9145},
		{"ecr1 $r16 $r16 $r16", 14_625},
		{"ed19 $r16 $r16 $r16 $zero", 9145},
		{"ecop $r16 $zero $zero $r16", 741},
		{"ecop $r16 $zero $one $r16", 11_700},
		{"epar $r17 $zero $one $r16", 204_165},
		{"s256 $r16 $r16 $r18", 89}, // 64 bytes and padding: two blocks
	} {
		t.Run(c.line, func(t *testing.T) {
			run := func(set string) uint64 {
				return cycles(t, "cfei 512\nsubi $r16 $sp 512\nmovi $r18 64\n"+c.line+"\nret $one", "latency.builtins="+set)
			}
			if got := run("software") - run("flat"); got != c.want-20 {
				t.Errorf("%d cycles more than 20 where %d are expected", got, c.want-20)
			}
		})
	}
}
