// Package hierarchy is the timing of the state of a chain: which of its keys are on the chip,
// and how long the others take. It holds no values. Keys have small numbers, in order of
// their first touch.
package hierarchy

import "github.com/ooovm/ooovm/isa"

// Config describes a hierarchy: keys in the on-chip buffer, the cycles that near and far
// keys add, the cycles between the beginnings of two far accesses, outstanding misses.
type Config struct{ Buffer, Near, Far, Interval, Misses int }

// Levels is the state hierarchy's timing: an on-chip buffer of the most
// recently used keys (exact LRU), near for keys it lost, far for keys that the
// block has not touched before. Its contents survive squashes and reverts, and
// wrong paths fill it. A miss that is already outstanding is shared. Far accesses
// begin one every so many cycles; one that waits for its turn has its miss register.
type Levels struct {
	cfg   Config
	lines []Line // by key number
	mru   int32  // -1 when empty
	lru   int32
	count int
	fills []isa.Cycle // ends of outstanding misses, unordered
	turn  isa.Cycle   // first cycle in which another far access can begin
}

// Line is what the hierarchy knows of one key.
type Line struct {
	newer, older int32
	Buffered     bool
	Touched      bool
	Arrives      isa.Cycle // outstanding miss
	from         Level     // where it is served
}

// Level is where an access was served.
type Level uint8

// The levels, nearest first.
const (
	Hit Level = iota
	Near
	Far
)

// Reset empties the hierarchy.
func (h *Levels) Reset(cfg Config) {
	*h = Levels{cfg: cfg, lines: h.lines[:0], mru: -1, lru: -1, fills: h.fills[:0]}
}

// At is what is known of a key.
func (h *Levels) At(key int32) *Line {
	for int(key) >= len(h.lines) {
		h.lines = append(h.lines, Line{newer: -1, older: -1})
	}
	return &h.lines[key]
}

// Access starts an access and returns the cycles it adds. ok is false when every
// miss register is taken; Retry tells when one becomes free.
func (h *Levels) Access(key int32, now isa.Cycle) (extra isa.Cycle, lv Level, ok bool) {
	l := h.At(key)
	if l.Arrives > now { // merges with the outstanding miss
		h.use(key)
		return l.Arrives - now, l.from, true
	}
	if l.Buffered {
		h.use(key)
		return 0, Hit, true
	}
	extra, lv = isa.Cycle(h.cfg.Far), Far
	if l.Touched {
		extra, lv = isa.Cycle(h.cfg.Near), Near
	}
	if extra > 0 {
		kept := h.fills[:0]
		for _, f := range h.fills {
			if f > now {
				kept = append(kept, f)
			}
		}
		h.fills = kept
		if len(h.fills) >= h.cfg.Misses {
			return 0, lv, false
		}
		if lv == Far && h.cfg.Interval > 0 {
			begins := max(h.turn, now)
			h.turn = begins + isa.Cycle(h.cfg.Interval)
			extra += begins - now
		}
		h.fills = append(h.fills, now+extra)
	}
	l.Touched = true
	l.Arrives, l.from = now+extra, lv
	h.use(key)
	return extra, lv, true
}

// Retry is the first cycle in which a miss register is free.
func (h *Levels) Retry() isa.Cycle {
	first := h.fills[0]
	for _, f := range h.fills {
		first = min(first, f)
	}
	return first
}

// use makes a key the most recently used, evicting the least recently used one.
func (h *Levels) use(key int32) {
	if h.cfg.Buffer == 0 {
		return
	}
	l := &h.lines[key]
	if l.Buffered {
		if h.mru == key {
			return
		}
		h.unlink(key)
	} else {
		l.Buffered = true
		h.count++
	}
	l.newer, l.older = -1, h.mru
	if h.mru >= 0 {
		h.lines[h.mru].newer = key
	}
	h.mru = key
	if h.lru < 0 {
		h.lru = key
	}
	if h.count > h.cfg.Buffer {
		victim := h.lru
		h.unlink(victim)
		h.lines[victim].Buffered = false
		h.count--
	}
}

func (h *Levels) unlink(key int32) {
	l := &h.lines[key]
	if l.newer >= 0 {
		h.lines[l.newer].older = l.older
	} else {
		h.mru = l.older
	}
	if l.older >= 0 {
		h.lines[l.older].newer = l.newer
	} else {
		h.lru = l.newer
	}
}
