package predictor

import "github.com/ooovm/ooovm/isa"

func init() {
	Targets.Register(Maker[Target]{Name: "none", Doc: "no prediction: fetch waits for the jump", New: func(Params) Target { return noTarget{} }})
	Targets.Register(Maker[Target]{Name: "btb", Doc: "last target of the same jump (J. Lee and A. J. Smith, Branch Prediction Strategies and Branch Target Buffer Design, IEEE Computer 1984)", New: newBTB})
	Targets.Register(Maker[Target]{Name: "btb+ras", Doc: "return stack for subroutine-like jumps (D. R. Kaeli and P. G. Emma, ISCA 1991), top-of-stack repaired after squashes (K. Skadron et al., MICRO 1998); else btb", New: newReturnStack})
	CallTargets.Register(Maker[CallTarget]{Name: "none", Doc: "no prediction: fetch waits for the call's target", New: func(Params) CallTarget { return noCall{} }})
	CallTargets.Register(Maker[CallTarget]{Name: "last", Doc: "last account called from the same site", New: newLastCall})
}

type noTarget struct{}

func (noTarget) Predict(Ref) int32        { return -1 }
func (noTarget) Call(Ref, int32)          {}
func (noTarget) Checkpoint() uint64       { return 0 }
func (noTarget) Restore(uint64)           {}
func (noTarget) Train(Ref, uint64, int32) {}

type btbEntry struct {
	site   uint64
	target int32
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

func (b *btb) Predict(r Ref) int32 {
	if e := &b.table[hashSite(r.Site)>>b.shift]; e.valid && e.site == r.Site {
		return e.target
	}
	return -1
}

func (*btb) Call(Ref, int32)    {}
func (*btb) Checkpoint() uint64 { return 0 }
func (*btb) Restore(uint64)     {}

func (b *btb) Train(r Ref, _ uint64, target int32) {
	b.table[hashSite(r.Site)>>b.shift] = btbEntry{site: r.Site, target: target, valid: true}
}

// returnStack is a circular stack of return points. Its checkpoint is the
// position and the entry on top: what lies below can still be overwritten by a
// wrong path, as in hardware.
type returnStack struct {
	btb
	entries []int32
	top     uint32
}

func newReturnStack(p Params) Target {
	return &returnStack{btb: makeBTB(p), entries: make([]int32, p.StackDepth)}
}

func (s *returnStack) slot() *int32 { return &s.entries[s.top%uint32(len(s.entries))] }

// Predict pops: a jump whose target is not beside it is taken for a return.
func (s *returnStack) Predict(r Ref) int32 {
	if s.top == 0 {
		return s.btb.Predict(r)
	}
	t := *s.slot()
	s.top--
	return t
}

func (s *returnStack) Call(_ Ref, returnTo int32) {
	s.top++
	*s.slot() = returnTo
}

func (s *returnStack) Checkpoint() uint64 { return uint64(s.top)<<32 | uint64(uint32(*s.slot())) }

func (s *returnStack) Restore(c uint64) {
	s.top = uint32(c >> 32)
	*s.slot() = int32(uint32(c))
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

func newLastCall(p Params) CallTarget {
	return &lastCall{table: make([]callEntry, 1<<p.TableBits), shift: uint(64 - p.TableBits)}
}

func (l *lastCall) Predict(r Ref) (isa.Word, bool) {
	e := &l.table[hashSite(r.Site)>>l.shift]
	return e.account, e.valid && e.site == r.Site
}

func (l *lastCall) Train(r Ref, account *isa.Word) {
	l.table[hashSite(r.Site)>>l.shift] = callEntry{site: r.Site, account: *account, valid: true}
}
