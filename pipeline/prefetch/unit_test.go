package prefetch

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/rob"
)

// still is a core in which nothing is in flight.
type still struct{ now isa.Cycle }

func (c *still) Now() isa.Cycle                             { return c.now }
func (c *still) Operands(rob.Seq, uint32) (*Operands, bool) { return nil, false }
func (c *still) Bounded(off, n *isa.Word) (uint64, uint64, bool) {
	return off.Uint64(), n.Uint64(), true
}

// TestAccounts: a first touch is covered by a miss that was started before the core asked for
// the key, and timely by one that was started a far latency before.
func TestAccounts(t *testing.T) {
	const far, never = 100, ^isa.Cycle(0)
	for _, test := range []struct {
		name             string
		issued, demanded isa.Cycle
		covered, timely  uint64
	}{
		{"not fetched ahead", never, 50, 0, 0},
		{"asked for before", 60, 50, 0, 0},
		{"on its way when asked for", 10, 50, 1, 0},
		{"there when asked for", 10, 10 + far, 1, 1},
		{"never asked for in the hierarchy", 10, never, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			core := &still{}
			var stats Stats
			var table hierarchy.Keys
			table.Reset()
			u := New(Config{Outstanding: 1, Far: far}, core, nil, rob.NewRegisters(), &table, new(hierarchy.Levels), nil, &stats)
			key := u.Key(&hierarchy.Key{Kind: hierarchy.Account})
			for core.now = 0; core.now <= 200; core.now++ {
				if core.now == test.issued {
					u.Runahead(key)
				}
				if core.now == test.demanded {
					u.Demand(key)
				}
			}
			for range 2 { // the second touch counts for nothing
				u.Touched(key, true, 0)
			}
			if stats.Loads != 1 || stats.LoadsCovered != test.covered || stats.LoadsTimely != test.timely {
				t.Errorf("%d loads, %d covered, %d timely, want 1, %d, %d", stats.Loads, stats.LoadsCovered, stats.LoadsTimely, test.covered, test.timely)
			}
			if stats.Useful != test.covered || stats.Late != test.covered-test.timely {
				t.Errorf("%d useful, %d late", stats.Useful, stats.Late)
			}
		})
	}
}

// TestSeen: a call is told apart by what earlier calls ran, its code and its selector.
func TestSeen(t *testing.T) {
	var stats Stats
	var table hierarchy.Keys
	table.Reset()
	u := New(Config{}, &still{}, nil, rob.NewRegisters(), &table, new(hierarchy.Levels), nil, &stats)
	for _, test := range []struct {
		code  uint64
		input string
		want  Seen
	}{
		{1, "aaaa", 0}, {1, "bbbb", seenCode}, {1, "aaaa and more", seenCode | seenCall}, {2, "aaaa", 0},
	} {
		if got := u.Entered(&Call{Code: test.code, Operands: Operands{Input: []byte(test.input)}}); got != test.want {
			t.Errorf("code %d with %q: %b, want %b", test.code, test.input, got, test.want)
		}
	}
}
