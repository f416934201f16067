package predictor

import "github.com/ooovm/ooovm/isa"

// Values predicts what loads of state find, before their keys need to be known. The
// pipeline asks as a load enters its window, and tells the value when it has committed.
// Ref.Site names what the prediction is about: the instruction, or what else
// predictor.valueby says.
type Values interface {
	Predict(r Ref) (value isa.Word, ok bool)
	Train(r Ref, actual *isa.Word)
}

func init() {
	sizes := []string{"valueby", "valuebits", "confidence"}
	ValuePredictors.Register(Maker[Values]{Name: "none", Doc: "no prediction", New: func(Params) Values { return nil }})
	ValuePredictors.Register(Maker[Values]{Name: "last", Params: sizes, Doc: "the same value again (M. Lipasti, C. Wilkerson and J. Shen, Value Locality and Load Value Prediction, ASPLOS 1996)", New: func(p Params) Values {
		return &lastValue{newValueTable(p)}
	}})
	ValuePredictors.Register(Maker[Values]{Name: "stride", Params: sizes, Doc: "the last value and the difference seen twice in a row (R. Eickemeyer and S. Vassiliadis, IBM J. Research and Development 37(4), 1993; two deltas: Y. Sazeides and J. Smith, The Predictability of Data Values, MICRO 1997)", New: func(p Params) Values {
		return &strideValue{newValueTable(p)}
	}})
	ValuePredictors.Register(Maker[Values]{Name: "fcm", Params: sizes, Doc: "finite context: what followed the last three values the last time (Y. Sazeides and J. Smith, The Predictability of Data Values, MICRO 1997)", New: func(p Params) Values {
		return &contextValue{table: make([]contextEntry, 1<<p.TableBits), second: newValueTable(p)}
	}})
}

// valueEntry is one line of a table of values. Its tag is the whole site: a wrong value
// costs a squash, so that lines are not shared.
type valueEntry struct {
	site       uint64
	last       isa.Word
	stride     isa.Word // in use
	seen       isa.Word // the difference seen last
	confidence uint8
}

// valueTable is direct mapped. Confidence is a saturating counter that a wrong value
// sets to zero; a value is used from the threshold on (as in A. Perais and A. Seznec,
// Practical Data Value Speculation for Future High-end Processors, HPCA 2014, without
// their probabilities: transactions are too short for them).
type valueTable struct {
	entries   []valueEntry
	shift     uint
	threshold uint8
}

func newValueTable(p Params) valueTable {
	return valueTable{entries: make([]valueEntry, 1<<p.TableBits), shift: uint(64 - p.TableBits), threshold: uint8(p.Confidence)}
}

func (t *valueTable) at(site uint64) *valueEntry { return &t.entries[hashSite(site)>>t.shift] }

// find gives the line of a site, nil when it has none.
func (t *valueTable) find(site uint64) *valueEntry {
	if e := t.at(site); e.site == site {
		return e
	}
	return nil
}

// own gives the line of a site, which takes it from whoever has it.
func (t *valueTable) own(site uint64) (e *valueEntry, fresh bool) {
	if e = t.at(site); e.site == site {
		return e, false
	}
	*e = valueEntry{site: site}
	return e, true
}

func (t *valueTable) trusts(e *valueEntry) bool { return e != nil && e.confidence >= t.threshold }

// judge counts how often a line has been right in a row.
func (e *valueEntry) judge(right bool) {
	switch {
	case !right:
		e.confidence = 0
	case e.confidence < ^uint8(0):
		e.confidence++
	}
}

type lastValue struct{ valueTable }

func (p *lastValue) Predict(r Ref) (w isa.Word, ok bool) {
	if e := p.find(r.Site); p.trusts(e) {
		return e.last, true
	}
	return w, false
}

func (p *lastValue) Train(r Ref, actual *isa.Word) {
	e, fresh := p.own(r.Site)
	if !fresh {
		e.judge(e.last == *actual)
	}
	e.last = *actual
}

// strideValue takes a difference over when it has come twice (two-delta). It counts from
// the last value that has committed: of several loads in flight only the first is right.
type strideValue struct{ valueTable }

func (e *valueEntry) next() (w isa.Word) {
	w.Add(&e.last, &e.stride)
	return w
}

func (p *strideValue) Predict(r Ref) (w isa.Word, ok bool) {
	if e := p.find(r.Site); p.trusts(e) {
		return e.next(), true
	}
	return w, false
}

func (p *strideValue) Train(r Ref, actual *isa.Word) {
	e, fresh := p.own(r.Site)
	if !fresh {
		e.judge(e.next() == *actual)
		var delta isa.Word
		delta.Sub(actual, &e.last)
		if delta == e.seen {
			e.stride = delta
		}
		e.seen = delta
	}
	e.last = *actual
}

// contextDepth is the order of the finite context, in values.
const contextDepth = 3

// contextEntry is the history of one site: the values committed last, hashed.
type contextEntry struct {
	site   uint64
	values [contextDepth]uint64
	seen   uint8
}

// contextValue has two tables: from the site to its last values, and from those to what
// came next.
type contextValue struct {
	table  []contextEntry
	second valueTable
}

func (p *contextValue) history(site uint64) *contextEntry {
	return &p.table[hashSite(site)>>p.second.shift]
}

// context names the site with its last values; false until there are as many.
func (e *contextEntry) context(site uint64) (uint64, bool) {
	if e.site != site || e.seen < contextDepth {
		return 0, false
	}
	h := site
	for _, v := range e.values {
		h = hashSite(h^v) ^ h>>31
	}
	return h, true
}

func (p *contextValue) Predict(r Ref) (w isa.Word, ok bool) {
	if context, known := p.history(r.Site).context(r.Site); known {
		if e := p.second.find(context); p.second.trusts(e) {
			return e.last, true
		}
	}
	return w, false
}

func (p *contextValue) Train(r Ref, actual *isa.Word) {
	h := p.history(r.Site)
	if context, known := h.context(r.Site); known {
		e, fresh := p.second.own(context)
		if !fresh {
			e.judge(e.last == *actual)
		}
		e.last = *actual
	}
	if h.site != r.Site {
		*h = contextEntry{site: r.Site}
	}
	copy(h.values[:], h.values[1:])
	h.values[contextDepth-1] = hashSite(actual[0] ^ hashSite(actual[1]^hashSite(actual[2]^hashSite(actual[3]))))
	h.seen = min(h.seen+1, contextDepth)
}
