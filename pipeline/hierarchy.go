package pipeline

// hierarchy is the state hierarchy's timing: an on-chip buffer of the most
// recently used keys (exact LRU), near for keys it lost, far for keys that the
// block has not touched before. Its contents survive squashes and reverts, and
// wrong paths fill it. A miss that is already outstanding is shared. Far accesses
// begin one every so many cycles; one that waits for its turn has its miss register.
type hierarchy struct {
	cfg   StateConfig
	lines []line // by key number
	mru   int32  // -1 when empty
	lru   int32
	count int
	fills []uint64 // ends of outstanding misses, unordered
	turn  uint64   // first cycle in which another far access can begin
}

// line is what the hierarchy knows of one key.
type line struct {
	newer, older int32
	buffered     bool
	touched      bool
	arrives      uint64 // outstanding miss
	from         level  // where it is served
}

// level is where an access was served.
type level uint8

const (
	levelHit level = iota
	levelNear
	levelFar
)

func (h *hierarchy) reset(cfg StateConfig) {
	*h = hierarchy{cfg: cfg, lines: h.lines[:0], mru: -1, lru: -1, fills: h.fills[:0]}
}

// at is what is known of a key.
func (h *hierarchy) at(key int32) *line {
	for int(key) >= len(h.lines) {
		h.lines = append(h.lines, line{newer: -1, older: -1})
	}
	return &h.lines[key]
}

// access starts an access and gives the cycles it adds. ok is false when every
// miss register is taken; retry tells when one becomes free.
func (h *hierarchy) access(key int32, now uint64) (extra uint64, lv level, ok bool) {
	l := h.at(key)
	if l.arrives > now { // merges with the outstanding miss
		h.use(key)
		return l.arrives - now, l.from, true
	}
	if l.buffered {
		h.use(key)
		return 0, levelHit, true
	}
	extra, lv = uint64(h.cfg.Far), levelFar
	if l.touched {
		extra, lv = uint64(h.cfg.Near), levelNear
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
		if lv == levelFar && h.cfg.Interval > 0 {
			begins := max(h.turn, now)
			h.turn = begins + uint64(h.cfg.Interval)
			extra += begins - now
		}
		h.fills = append(h.fills, now+extra)
	}
	l.touched = true
	l.arrives, l.from = now+extra, lv
	h.use(key)
	return extra, lv, true
}

// retry is the first cycle in which a miss register is free.
func (h *hierarchy) retry() uint64 {
	first := h.fills[0]
	for _, f := range h.fills {
		first = min(first, f)
	}
	return first
}

// use makes a key the most recently used, evicting the least recently used one.
func (h *hierarchy) use(key int32) {
	if h.cfg.Buffer == 0 {
		return
	}
	l := &h.lines[key]
	if l.buffered {
		if h.mru == key {
			return
		}
		h.unlink(key)
	} else {
		l.buffered = true
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
		h.lines[victim].buffered = false
		h.count--
	}
}

func (h *hierarchy) unlink(key int32) {
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
