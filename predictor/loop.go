package predictor

// loops predicts branches that go one way a constant number of times and then once
// the other way. It speaks only when it is sure.
type loops struct {
	table []loopEntry
	bits  uint
	// undo[settled:] holds what the speculative counts were, by history position.
	undo    []loopUndo
	settled int
}

// loopEntry follows one branch. An iteration is one outcome in the loop's direction.
type loopEntry struct {
	site       uint64
	direction  bool
	limit      uint16 // iterations of the last complete round
	seen       uint16 // iterations committed in this round
	fetched    uint16 // iterations fetched in this round
	confidence uint8  // complete rounds of the same length in a row, up to loopSure
	age        uint8  // 0: free for another branch
	valid      bool
}

type loopUndo struct {
	position uint64
	entry    uint32
	fetched  uint16
}

const (
	loopSure     = 3 // rounds before it speaks (L-TAGE)
	loopMaxAge   = 31
	loopMaxTrips = 1<<14 - 1
)

func newLoops(p Params) *loops {
	bits := max(p.TableBits-6, 1)
	return &loops{table: make([]loopEntry, 1<<bits), bits: uint(bits)}
}

func (l *loops) slot(site uint64) uint32 { return uint32(hashSite(site) >> (64 - l.bits)) }

func (l *loops) find(site uint64) *loopEntry {
	if e := &l.table[l.slot(site)]; e.valid && e.site == site {
		return e
	}
	return nil
}

// predict says what the branch does next, ok only when it is sure.
func (l *loops) predict(site uint64) (taken, ok bool) {
	e := l.find(site)
	if e == nil || e.confidence < loopSure {
		return false, false
	}
	if e.fetched == e.limit {
		return !e.direction, true
	}
	return e.direction, true
}

// shift counts an iteration that has been fetched.
func (l *loops) shift(site uint64, taken bool, position uint64) {
	e := l.find(site)
	if e == nil {
		return
	}
	l.undo = append(l.undo, loopUndo{position, l.slot(site), e.fetched})
	if taken == e.direction {
		e.fetched = min(e.fetched+1, loopMaxTrips)
	} else {
		e.fetched = 0
	}
}

// restore takes back what was fetched from a position on.
func (l *loops) restore(position uint64) {
	for n := len(l.undo); n > l.settled && l.undo[n-1].position >= position; n-- {
		u := &l.undo[n-1]
		l.table[u.entry].fetched = u.fetched
		l.undo = l.undo[:n-1]
	}
}

// train follows committed outcomes. tagged is what the tables said, spoke that the
// loop predictor decided, for final.
func (l *loops) train(site uint64, taken, tagged, spoke, final bool, position uint64) {
	l.settle(position)
	e := l.find(site)
	if e == nil {
		if tagged != taken {
			l.replace(site, taken)
		}
		return
	}
	if spoke && final != taken {
		*e = loopEntry{} // not a loop of constant length after all
		return
	}
	if spoke && final != tagged {
		e.age = min(e.age+1, loopMaxAge)
	}
	switch {
	case taken == e.direction:
		if e.seen++; e.seen > loopMaxTrips || e.confidence > 0 && e.seen > e.limit {
			e.confidence, e.limit = 0, 0
		}
	case e.seen == 0 && e.limit == 0:
		e.direction = taken // two exits in a row: it is the other way round
		e.seen = 1
	default:
		if e.seen == e.limit {
			e.confidence = min(e.confidence+1, loopSure)
		} else {
			e.limit, e.confidence = e.seen, 0
		}
		e.seen = 0
	}
}

// settle forgets what cannot be taken back any more.
func (l *loops) settle(position uint64) {
	for l.settled < len(l.undo) && l.undo[l.settled].position <= position {
		l.settled++
	}
	if l.settled > 4096 || l.settled == len(l.undo) {
		l.undo = append(l.undo[:0], l.undo[l.settled:]...)
		l.settled = 0
	}
}

// replace gives a slot to a branch that the tables mispredict.
func (l *loops) replace(site uint64, taken bool) {
	e := &l.table[l.slot(site)]
	if e.age > 0 {
		e.age--
		return
	}
	*e = loopEntry{site: site, valid: true, direction: !taken, age: loopMaxAge}
}
