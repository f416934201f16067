package predictor

import "github.com/ooovm/ooovm/isa"

func init() {
	Targets.Register(Maker[Target]{Name: "none", Doc: "no prediction: fetch waits for the jump", New: func(Params) Target { return noTarget{} }})
	Targets.Register(Maker[Target]{Name: "btb", Params: []string{"targetbits"}, Doc: "last target of the same jump (J. Lee and A. J. Smith, Branch Prediction Strategies and Branch Target Buffer Design, IEEE Computer 1984)", New: newBTB})
	Targets.Register(Maker[Target]{Name: "btb+ras", Params: []string{"targetbits", "returnstack"}, Doc: "return stack for subroutine-like jumps (D. R. Kaeli and P. G. Emma, ISCA 1991), top-of-stack repaired after squashes (K. Skadron et al., MICRO 1998); else btb", New: newReturnStack})
	CallTargets.Register(Maker[CallTarget]{Name: "none", Doc: "no prediction: fetch waits for the call's target", New: func(Params) CallTarget { return noCall{} }})
	CallTargets.Register(Maker[CallTarget]{Name: "last", Params: []string{"targetbits"}, Doc: "last account called from the same site", New: newLastCall})
	CallTargets.Register(Maker[CallTarget]{Name: "path", Params: []string{"targetbits"}, Doc: "last account called from the same site by the same chain of calls and accounts, which tells proxies of one code apart (the path history of R. Nair, MICRO 1995); else last", New: newPathCall})
}

type noTarget struct{}

func (noTarget) Predict(Ref) isa.InstIndex        { return -1 }
func (noTarget) Call(Ref, isa.InstIndex)          {}
func (noTarget) Shift(Ref, isa.InstIndex)         {}
func (noTarget) Checkpoint() uint64               { return 0 }
func (noTarget) Restore(uint64)                   {}
func (noTarget) Train(Ref, uint64, isa.InstIndex) {}

type btbEntry struct {
	site   uint64
	target isa.InstIndex
	valid  bool
}

// btb is direct-mapped and tagged with the whole site.
type btb struct {
	table []btbEntry
	shift uint
}

func makeBTB(p Params) btb {
	return btb{table: make([]btbEntry, 1<<p.TableBits), shift: uint(64 - p.TableBits)}
}

func newBTB(p Params) Target { b := makeBTB(p); return &b }

func (b *btb) Predict(r Ref) isa.InstIndex {
	if e := &b.table[hashSite(r.Site)>>b.shift]; e.valid && e.site == r.Site {
		return e.target
	}
	return -1
}

func (*btb) Call(Ref, isa.InstIndex)  {}
func (*btb) Shift(Ref, isa.InstIndex) {}
func (*btb) Checkpoint() uint64       { return 0 }
func (*btb) Restore(uint64)           {}

func (b *btb) Train(r Ref, _ uint64, target isa.InstIndex) {
	b.table[hashSite(r.Site)>>b.shift] = btbEntry{site: r.Site, target: target, valid: true}
}

// returnStack is a circular stack of return points. Its checkpoint is the
// position and the entry on top: what lies below can still be overwritten by a
// wrong path, as in hardware.
type returnStack struct {
	btb
	entries []isa.InstIndex
	top     uint32
	popped  bool // by the last prediction
}

func newReturnStack(p Params) Target {
	return &returnStack{btb: makeBTB(p), entries: make([]isa.InstIndex, p.StackDepth)}
}

func (s *returnStack) slot() *isa.InstIndex { return &s.entries[s.top%uint32(len(s.entries))] }

// Predict pops: a jump whose target is not beside it is taken for a return.
func (s *returnStack) Predict(r Ref) isa.InstIndex {
	if s.popped = s.top > 0; !s.popped {
		return s.btb.Predict(r)
	}
	t := *s.slot()
	s.top--
	return t
}

// FromStack tells whether the last prediction was a return point.
func (s *returnStack) FromStack() bool { return s.popped }

func (s *returnStack) Call(_ Ref, returnTo isa.InstIndex) {
	s.top++
	*s.slot() = returnTo
}

func (s *returnStack) Checkpoint() uint64 { return uint64(s.top)<<32 | uint64(uint32(*s.slot())) }

func (s *returnStack) Restore(c uint64) {
	s.top = uint32(c >> 32)
	*s.slot() = isa.InstIndex(uint32(c))
}

type noCall struct{}

func (noCall) Predict(Ref) (isa.Word, bool) { return isa.Word{}, false }
func (noCall) Train(Ref, *isa.Word)         {}

type callEntry struct {
	site    uint64
	account isa.Word
	valid   bool
}

// lastCall is direct-mapped and tagged, like the BTB.
type lastCall struct {
	table []callEntry
	shift uint
}

func newLastCall(p Params) CallTarget { return makeLastCall(p) }

func makeLastCall(p Params) *lastCall {
	return &lastCall{table: make([]callEntry, 1<<p.TableBits), shift: uint(64 - p.TableBits)}
}

func (l *lastCall) Predict(r Ref) (isa.Word, bool) {
	e := &l.table[hashSite(r.Site)>>l.shift]
	return e.account, e.valid && e.site == r.Site
}

func (l *lastCall) Train(r Ref, account *isa.Word) {
	l.table[hashSite(r.Site)>>l.shift] = callEntry{site: r.Site, account: *account, valid: true}
}

// pathCall indexes a second table with the chain of calls as well.
type pathCall struct {
	site, path *lastCall
}

func newPathCall(p Params) CallTarget {
	return &pathCall{site: makeLastCall(p), path: makeLastCall(p)}
}

func onPath(r Ref) Ref { return Ref{Site: hashSite(r.Site) ^ r.Path} }

func (l *pathCall) Predict(r Ref) (isa.Word, bool) {
	if account, ok := l.path.Predict(onPath(r)); ok {
		return account, true
	}
	return l.site.Predict(r)
}

func (l *pathCall) Train(r Ref, account *isa.Word) {
	l.path.Train(onPath(r), account)
	l.site.Train(r, account)
}
