package predictor

func init() {
	Directions.Register(Maker[Direction]{Name: "taken", Doc: "every branch is taken", New: func(Params) Direction { return static(true) }})
	Directions.Register(Maker[Direction]{Name: "not-taken", Doc: "no branch is taken", New: func(Params) Direction { return static(false) }})
	Directions.Register(Maker[Direction]{Name: "backward", Doc: "branches that jump back are taken, others are not (J. E. Smith, A Study of Branch Prediction Strategies, ISCA 1981)", New: func(Params) Direction { return backward{} }})
	Directions.Register(Maker[Direction]{Name: "bimodal", Params: []string{"branchbits"}, Doc: "a two-bit counter a branch (J. E. Smith, A Study of Branch Prediction Strategies, ISCA 1981)", New: newBimodal})
	Directions.Register(Maker[Direction]{Name: "gshare", Params: []string{"branchbits", "historybits"}, Doc: "two-bit counters indexed by address xor global history (S. McFarling, Combining Branch Predictors, WRL TN-36, 1993)", New: newGshare})
}

// static always says the same.
type static bool

func (s static) Predict(Ref) bool            { return bool(s) }
func (static) Shift(Ref, bool)               {}
func (static) Checkpoint() uint64            { return 0 }
func (static) Restore(uint64)                {}
func (static) Train(Ref, uint64, bool, bool) {}

// backward goes by the direction of the jump.
type backward struct{ static }

func (backward) Predict(r Ref) bool { return r.Backward }

// counter is a saturating two-bit counter; 2 and 3 say taken.
type counter uint8

func (c counter) taken() bool { return c >= 2 }

func (c *counter) train(taken bool) {
	switch {
	case taken && *c < 3:
		*c++
	case !taken && *c > 0:
		*c--
	}
}

// hashSite spreads a site over the bits of a table index (Fibonacci hashing).
func hashSite(site uint64) uint64 { return site * 0x9e3779b97f4a7c15 }

// newCounters makes a table of weakly-taken counters: most branches of contracts jump
// over the revert that an unmet requirement ends in.
func newCounters(bits int) []counter {
	t := make([]counter, 1<<bits)
	for i := range t {
		t[i] = 2
	}
	return t
}

// bimodal has one counter a branch, without tags.
type bimodal struct {
	table []counter
	shift uint
}

func newBimodal(p Params) Direction {
	return &bimodal{table: newCounters(p.TableBits), shift: uint(64 - p.TableBits)}
}

func (b *bimodal) at(r Ref) *counter                    { return &b.table[hashSite(r.Site)>>b.shift] }
func (b *bimodal) Predict(r Ref) bool                   { return b.at(r).taken() }
func (*bimodal) Shift(Ref, bool)                        {}
func (*bimodal) Checkpoint() uint64                     { return 0 }
func (*bimodal) Restore(uint64)                         {}
func (b *bimodal) Train(r Ref, _ uint64, _, taken bool) { b.at(r).train(taken) }

// gshare indexes its counters by site xor history; the history is speculative
// and is its own checkpoint.
type gshare struct {
	table   []counter
	shift   uint
	mask    uint64
	history uint64
}

func newGshare(p Params) Direction {
	return &gshare{table: newCounters(p.TableBits), shift: uint(64 - p.TableBits), mask: 1<<p.HistoryBits - 1}
}

func (g *gshare) at(r Ref, history uint64) *counter {
	return &g.table[(hashSite(r.Site)>>g.shift)^(history&g.mask&(uint64(len(g.table))-1))]
}

func (g *gshare) Predict(r Ref) bool { return g.at(r, g.history).taken() }

func (g *gshare) Shift(_ Ref, taken bool) {
	g.history <<= 1
	if taken {
		g.history |= 1
	}
}

func (g *gshare) Checkpoint() uint64                            { return g.history }
func (g *gshare) Restore(c uint64)                              { g.history = c }
func (g *gshare) Train(r Ref, checkpoint uint64, _, taken bool) { g.at(r, checkpoint).train(taken) }
