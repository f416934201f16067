package limits

// resource bounds how many instructions are under way and how many start at once.
type resource struct {
	left []uint64 // ring over the window: when each instruction may leave, in program order
	next int
	last uint64 // when the youngest instruction leaves
	// begun[c] is how many start in cycle c; free[c] is a cycle from c on with room, found
	// through path compression.
	begun []uint32
	free  []uint32
}

func (r *resource) reset() {
	clear(r.left)
	r.next, r.last = 0, 0
	r.begun, r.free = r.begun[:0], r.free[:0]
}

// start finds the first cycle from ready on in which an instruction can start.
func (r *resource) start(ready, latency uint64, window, width int) uint64 {
	if window > 0 {
		if len(r.left) != window {
			r.left = make([]uint64, window)
		}
		ready = max(ready, r.left[r.next])
	}
	if width > 0 {
		ready = r.slot(ready, uint32(width))
	}
	if window > 0 {
		r.last = max(r.last, ready+latency)
		r.left[r.next] = r.last
		if r.next++; r.next == window {
			r.next = 0
		}
	}
	return ready
}

// slot takes a place in the first cycle from c on that has one.
func (r *resource) slot(c uint64, width uint32) uint64 {
	c = r.find(c)
	r.begun[c]++
	if r.begun[c] == width {
		r.free[c] = uint32(c) + 1
	}
	return c
}

func (r *resource) find(c uint64) uint64 {
	root := c
	for {
		for uint64(len(r.free)) <= root {
			r.free = append(r.free, uint32(len(r.free)))
			r.begun = append(r.begun, 0)
		}
		if uint64(r.free[root]) == root {
			break
		}
		root = uint64(r.free[root])
	}
	for c != root {
		c, r.free[c] = uint64(r.free[c]), uint32(root)
	}
	return root
}
