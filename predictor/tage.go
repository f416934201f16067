package predictor

import "math/bits"

func init() {
	Directions.Register(Maker[Direction]{Name: "tage", Params: []string{"branchbits"}, Doc: "tagged tables of geometric history lengths over a bimodal base (A. Seznec and P. Michaud, A Case for (Partially) Tagged Geometric History Length Branch Prediction, JILP 2006)", New: newTAGE})
	Directions.Register(Maker[Direction]{Name: "tage+loop", Params: []string{"branchbits"}, Doc: "tage, with a loop predictor for branches of constant trip count (A. Seznec, The L-TAGE Branch Predictor, JILP 2007)", New: newLTAGE})
}

const (
	tageTables  = 7
	tageTagBits = 11
	// tageMaxTick is how many failed allocations more than successful ones it takes
	// to age all useful counters (A. Seznec, TAGE-SC-L, CBP-4 2014).
	tageMaxTick = 1024
)

// tageLengths are the history lengths of the tagged tables, in branches: geometric
// from 4 to 128, rounded.
var tageLengths = [tageTables]int{4, 7, 13, 23, 40, 72, 128}

// tageEntry is one entry of a tagged table. counter is signed: 0 and above say taken.
type tageEntry struct {
	tag     uint16
	counter int8  // -4..3
	useful  uint8 // 0..3
}

// folded is a history of some length folded to a few bits, kept up incrementally.
// Bit i of the history (0 is the youngest outcome) is at bit i mod width.
type folded uint32

// shift appends an outcome; out is the bit that leaves a history of the given length.
func (f folded) shift(in, out uint64, length, width int) folded {
	v := uint64(f)<<1 | uint64(f)>>(width-1)
	v ^= in ^ out<<(length%width)
	return folded(v & (1<<width - 1))
}

// tageHistory is the speculative state at one point of the branch history.
type tageHistory struct {
	index, tag1, tag2 [tageTables]folded
}

// tageGuess is what a prediction found, kept for training.
type tageGuess struct {
	site               uint64
	before             tageHistory
	index              [tageTables]uint32
	tag                [tageTables]uint16
	provider           int8 // table that predicts, -1 for the base
	taken, alternative bool // of the provider and of the next longer match
	newborn            bool // the provider has proved nothing yet
	tagged             bool // what the tables say, alternatives considered
	final              bool // with the loop predictor
	loop               bool // the loop predictor decided
}

// tage is speculative in its history only. A checkpoint is a position in the
// history: the number of branches fetched so far.
type tage struct {
	base      bimodal
	tables    [tageTables][]tageEntry
	indexBits int

	now     tageHistory
	at      uint64      // position
	trained uint64      // position of the last branch trained: older ones are settled
	bits    []uint64    // ring of outcomes, by position
	guesses []tageGuess // ring, by position

	useAlternative int8 // above -1: newborn providers are worse than their alternatives
	tick           int
	random         uint64
	loops          *loops // nil without
}

func newTAGE(p Params) Direction { return makeTAGE(p) }

func newLTAGE(p Params) Direction {
	t := makeTAGE(p)
	t.loops = newLoops(p)
	return t
}

func makeTAGE(p Params) *tage {
	t := &tage{
		base:      bimodal{table: newCounters(p.TableBits), shift: uint(64 - p.TableBits)},
		indexBits: max(p.TableBits-2, 1),
		bits:      make([]uint64, 32), // twice as many branches as guesses: room for the history of the oldest
		guesses:   make([]tageGuess, 1024),
		random:    0x2545f4914f6cdd1d,
	}
	for i := range t.tables {
		t.tables[i] = make([]tageEntry, 1<<t.indexBits)
		for j := range t.tables[i] {
			t.tables[i][j].tag = 1 << tageTagBits // matches nothing
		}
	}
	return t
}

// outcome is the bit at a position, 0 before the first branch.
func (t *tage) outcome(position uint64) uint64 {
	return t.bits[position>>6&uint64(len(t.bits)-1)] >> (position & 63) & 1
}

func (t *tage) setOutcome(position, bit uint64) {
	w := &t.bits[position>>6&uint64(len(t.bits)-1)]
	*w = *w&^(1<<(position&63)) | bit<<(position&63)
}

func (t *tage) guess(position uint64) *tageGuess {
	return &t.guesses[position&uint64(len(t.guesses)-1)]
}

// reserve makes room for the branches in flight and the longest history.
func (t *tage) reserve() {
	if t.at-t.trained < uint64(len(t.guesses)) {
		return
	}
	// The oldest branch in flight is trained or later; nobody asks for older guesses.
	more := make([]tageGuess, 2*len(t.guesses))
	for p := t.at - uint64(len(t.guesses)); p != t.at; p++ {
		more[p&uint64(len(more)-1)] = *t.guess(p)
	}
	bits := make([]uint64, 2*len(t.bits))
	for w := (t.at >> 6) - uint64(len(t.bits)) + 1; w != t.at>>6+1; w++ {
		bits[w&uint64(len(bits)-1)] = t.bits[w&uint64(len(t.bits)-1)]
	}
	t.guesses, t.bits = more, bits
}

// Predict looks all tables up at once; the longest match provides.
func (t *tage) Predict(r Ref) bool {
	t.reserve()
	g := t.guess(t.at)
	*g = tageGuess{site: r.Site, before: t.now, provider: -1}
	h := hashSite(r.Site)
	base := t.base.Predict(r)
	g.taken, g.alternative = base, base
	for i := range tageTables {
		pc := h >> (17 + i)
		g.index[i] = uint32(pc^pc>>t.indexBits^uint64(t.now.index[i])) & (1<<t.indexBits - 1)
		g.tag[i] = uint16(h>>3^uint64(t.now.tag1[i])^uint64(t.now.tag2[i])<<1) & (1<<tageTagBits - 1)
	}
	for i := tageTables - 1; i >= 0; i-- {
		e := &t.tables[i][g.index[i]]
		if e.tag != g.tag[i] {
			continue
		}
		if g.provider < 0 {
			g.provider = int8(i)
			g.taken = e.counter >= 0
			g.newborn = e.useful == 0 && (e.counter == 0 || e.counter == -1)
			continue
		}
		g.alternative = e.counter >= 0
		break
	}
	g.tagged = g.taken
	if g.newborn && t.useAlternative >= 0 {
		g.tagged = g.alternative
	}
	g.final = g.tagged
	if t.loops != nil {
		if taken, ok := t.loops.predict(r.Site); ok {
			g.final, g.loop = taken, true
		}
	}
	return g.final
}

// Shift appends an outcome to every folded history.
func (t *tage) Shift(r Ref, taken bool) {
	in := uint64(0)
	if taken {
		in = 1
	}
	if t.loops != nil {
		t.loops.shift(r.Site, taken, t.at)
	}
	for i, length := range tageLengths {
		out := uint64(0)
		if t.at >= uint64(length) {
			out = t.outcome(t.at - uint64(length))
		}
		t.now.index[i] = t.now.index[i].shift(in, out, length, t.indexBits)
		t.now.tag1[i] = t.now.tag1[i].shift(in, out, length, tageTagBits)
		t.now.tag2[i] = t.now.tag2[i].shift(in, out, length, tageTagBits-1)
	}
	t.setOutcome(t.at, in)
	t.at++
}

func (t *tage) Checkpoint() uint64 { return t.at }

func (t *tage) Restore(position uint64) {
	if position == t.at {
		return
	}
	t.now = t.guess(position).before
	t.at = position
	if t.loops != nil {
		t.loops.restore(position)
	}
}

// Train updates provider, useful counter and base, and allocates after a
// misprediction.
func (t *tage) Train(r Ref, position uint64, _, taken bool) {
	g := t.guess(position)
	t.trained = position
	if t.loops != nil {
		t.loops.train(r.Site, taken, g.tagged, g.loop, g.final, position)
	}
	if g.tagged != taken && int(g.provider) < tageTables-1 {
		t.allocate(g, taken)
	}
	if g.provider < 0 {
		t.base.Train(r, 0, false, taken)
		return
	}
	e := &t.tables[g.provider][g.index[g.provider]]
	if g.taken != g.alternative {
		if g.newborn {
			t.useAlternative = saturate(t.useAlternative, g.alternative == taken, 7)
		}
		switch {
		case g.taken == taken && e.useful < 3:
			e.useful++
		case g.taken != taken && e.useful > 0:
			e.useful--
		}
	}
	e.counter = saturate(e.counter, taken, 3)
	if e.useful == 0 && g.newborn {
		t.base.Train(r, 0, false, taken) // the alternative goes on learning
	}
}

// saturate moves a counter within -most-1..most.
func saturate(c int8, up bool, most int8) int8 {
	switch {
	case up && c < most:
		return c + 1
	case !up && c > -most-1:
		return c - 1
	}
	return c
}

// allocate takes one entry that is of no use in a table of longer history; of
// several tables the shorter is twice as likely. Where there is none, the others
// lose use.
func (t *tage) allocate(g *tageGuess, taken bool) {
	first := int(g.provider) + 1
	t.random ^= t.random << 13 // xorshift64 (G. Marsaglia, 2003)
	t.random ^= t.random >> 7
	t.random ^= t.random << 17
	first = min(first+bits.TrailingZeros64(t.random|4), tageTables-1)
	for i := first; i < tageTables; i++ {
		e := &t.tables[i][g.index[i]]
		if e.useful > 0 {
			continue
		}
		*e = tageEntry{tag: g.tag[i], counter: -1}
		if taken {
			e.counter = 0
		}
		t.tick = max(t.tick-1, 0)
		return
	}
	if t.tick++; t.tick < tageMaxTick {
		return
	}
	t.tick = 0
	for i := range t.tables {
		for j := range t.tables[i] {
			t.tables[i][j].useful >>= 1
		}
	}
}
