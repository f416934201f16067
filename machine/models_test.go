package machine

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
)

// twice makes a machine that has run two transactions alike. A transaction takes 100
// cycles; its frame is there from 10 to 90, and has called another one from 20 to 60.
func twice(cores int, change func(first, second *profile)) *Machine {
	made := func() *profile {
		callee := &span{begin: 20, end: 60}
		top := &span{begin: 10, end: 90, calls: []call{{site: 2, callee: callee}}}
		return &profile{cycles: 100, root: &span{envelope: true, end: 100, calls: []call{{site: 1, callee: top}}}}
	}
	a, b := made(), made()
	if change != nil {
		change(a, b)
	}
	m := &Machine{cfg: Config{Cores: cores, Schedule: 5}, latest: []*Incarnation{{Tx: 0, profile: a}, {Tx: 1, profile: b}}}
	m.reference = Stats{Transactions: 2, Incarnations: 2}
	return m
}

// The second transaction calls in 120. Its rest is ready in 125 on the other core and
// takes 30 cycles, the callee ends in 160, and the envelope ends 10 later.
func TestFrames(t *testing.T) {
	inner := func(p *profile) *span { return p.root.calls[0].callee.calls[0].callee }
	conflict := func(at isa.Cycle) func(_, b *profile) {
		return func(_, b *profile) {
			key := cell{slot: isa.Word{7}}
			inner(b).accesses = []access{{at: 50, cell: key, write: true}}
			b.root.calls[0].callee.accesses = []access{{at: at, cell: key}}
		}
	}
	other := func(_, b *profile) { inner(b).outcome.returned = 1 }
	for _, x := range []struct {
		name, mapping string
		cores         int
		change        func(a, b *profile)
		cycles        uint64
		again, wasted uint64
	}{
		{"one core", "schedule", 1, nil, 200, 0, 0},
		{"the rest of the caller runs beside the callee", "schedule", 2, nil, 170, 0, 0},
		{"the callee returns something else", "schedule", 2, other, 200, 1, 35},
		{"an oracle knows what", "schedule-oracle", 2, other, 170, 0, 0},
		// The callee writes in 150; the rest reads in 127, or in 153.
		{"a key is read too early", "schedule", 2, conflict(62), 200, 1, 35},
		{"a key is read after it was written", "schedule", 2, conflict(88), 170, 0, 0},
		{"a short callee is not left alone", "schedule", 2, func(a, _ *profile) {
			c := inner(a)
			c.begin, c.end = 20, 25
		}, 200, 0, 0},
	} {
		s := scheduleFrames(twice(x.cores, x.change), x.mapping)
		if s.Cycles != x.cycles || s.Reexecutions() != x.again || s.WastedCycles != x.wasted {
			t.Errorf("%s: %d cycles, %d again, %d wasted; want %d, %d, %d", x.name, s.Cycles, s.Reexecutions(), s.WastedCycles, x.cycles, x.again, x.wasted)
		}
	}
}

// TestBoundsAreStated: a row that reads as a bound says on what, and what passes it.
func TestBoundsAreStated(t *testing.T) {
	for _, p := range Policies() {
		if (p.Level == LevelBound || p.Name == "dag-oracle") != (p.Bounds != "" && p.PassedBy != "") {
			t.Errorf("%s, of level %s, bounds %q and is passed by %q", p.Name, p.Level, p.Bounds, p.PassedBy)
		}
	}
}
