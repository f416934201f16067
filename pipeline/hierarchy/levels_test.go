package hierarchy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ooovm/ooovm/isa"
)

// naiveHierarchy keeps the buffer as a list, most recently used first.
type naiveHierarchy struct {
	cfg     Config
	buffer  []int32
	Touched map[int32]bool
	Arrives map[int32]isa.Cycle
	from    map[int32]Level // where the last miss was served
	misses  []isa.Cycle     // ends of all misses ever
	turns   []isa.Cycle     // beginnings of all far accesses ever
}

func (h *naiveHierarchy) outstanding(now isa.Cycle) (ends []isa.Cycle) {
	for _, end := range h.misses {
		if end > now {
			ends = append(ends, end)
		}
	}
	return ends
}

func (h *naiveHierarchy) Access(key int32, now isa.Cycle) (extra isa.Cycle, lv Level, ok bool) {
	Buffered := slices.Contains(h.buffer, key)
	switch {
	case h.Arrives[key] > now:
		extra, lv = h.Arrives[key]-now, h.from[key]
	case Buffered:
		lv = Hit
	default:
		extra, lv = isa.Cycle(h.cfg.Far), Far
		if h.Touched[key] {
			extra, lv = isa.Cycle(h.cfg.Near), Near
		}
		if extra > 0 {
			if len(h.outstanding(now)) >= h.cfg.Misses {
				return 0, lv, false
			}
			if n := len(h.turns); lv == Far {
				begins := now
				if n > 0 {
					begins = max(begins, h.turns[n-1]+isa.Cycle(h.cfg.Interval))
				}
				h.turns = append(h.turns, begins)
				extra += begins - now
			}
			h.misses = append(h.misses, now+extra)
		}
		h.Touched[key] = true
		h.Arrives[key], h.from[key] = now+extra, lv
	}
	h.buffer = slices.DeleteFunc(h.buffer, func(k int32) bool { return k == key })
	h.buffer = slices.Insert(h.buffer, 0, key)
	h.buffer = h.buffer[:min(len(h.buffer), h.cfg.Buffer)]
	return extra, lv, true
}

// TestHierarchy: exact LRU, misses that are shared while they are outstanding, and no
// more of them than there are registers.
func TestHierarchy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			Buffer: rapid.IntRange(0, 6).Draw(t, "buffer"), Misses: rapid.IntRange(1, 4).Draw(t, "misses"),
			Near: rapid.IntRange(0, 5).Draw(t, "near"), Far: rapid.IntRange(0, 20).Draw(t, "far"),
			Interval: rapid.IntRange(0, 8).Draw(t, "interval"),
		}
		var h Levels
		h.Reset(cfg)
		naive := naiveHierarchy{cfg: cfg, Touched: map[int32]bool{}, Arrives: map[int32]isa.Cycle{}, from: map[int32]Level{}}
		now := isa.Cycle(1)
		t.Repeat(map[string]func(*rapid.T){
			"access": func(t *rapid.T) {
				key := rapid.Int32Range(0, 12).Draw(t, "key")
				extra, lv, ok := h.Access(key, now)
				wantExtra, wantLevel, wantOK := naive.Access(key, now)
				if extra != wantExtra || lv != wantLevel || ok != wantOK {
					t.Fatalf("key %d in %d: %d cycles, Level %d, %t; want %d, %d, %t", key, now, extra, lv, ok, wantExtra, wantLevel, wantOK)
				}
				if !ok {
					if got, want := h.Retry(), slices.Min(naive.outstanding(now)); got != want {
						t.Fatalf("a miss register is free in %d, want %d", got, want)
					}
				}
			},
			"wait": func(t *rapid.T) { now += isa.Cycle(rapid.Uint64Range(1, 12).Draw(t, "cycles")) },
			"": func(t *rapid.T) {
				var order []int32
				for k := h.mru; k >= 0; k = h.lines[k].older {
					order = append(order, k)
				}
				if !slices.Equal(order, naive.buffer) || h.count != len(order) {
					t.Fatalf("the buffer holds %v (%d), want %v", order, h.count, naive.buffer)
				}
			},
		})
	})
}

// TestHierarchyReset: nothing of a block is left for the next one.
func TestHierarchyReset(t *testing.T) {
	var h Levels
	cfg := Config{Buffer: 4, Near: 10, Far: 100, Misses: 2}
	for range 2 {
		h.Reset(cfg)
		for key := range int32(2) {
			if extra, lv, ok := h.Access(key, 5); extra != 100 || lv != Far || !ok {
				t.Fatalf("key %d: %d cycles, Level %d, %t", key, extra, lv, ok)
			}
		}
	}
}
