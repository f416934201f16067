package predictor

func init() {
	Dependences.Register(Maker[Dependence]{Name: "wait", Doc: "a load waits for the address of every older store", New: func(Params) Dependence { return fixedBet(false) }})
	Dependences.Register(Maker[Dependence]{Name: "blind", Doc: "a load never waits for an unknown address", New: func(Params) Dependence { return fixedBet(true) }})
	Dependences.Register(Maker[Dependence]{Name: "store-sets", Params: []string{"dependbits"}, Doc: "a load waits for unknown stores of its store set (G. Chrysos and J. Emer, Memory Dependence Prediction using Store Sets, ISCA 1998)", New: newStoreSets})
}

type fixedBet bool

func (b fixedBet) Bypass(_, _ Ref) bool { return bool(b) }
func (fixedBet) Violation(_, _ Ref)     {}

// storeSets is the store-set identifier table (SSIT) of the paper, with its
// merging rule: the smaller identifier wins. The last-fetched-store table is not
// needed: the load asks about each unknown store in turn. The table is cleared
// every clearAfter questions, the paper's cyclic clearing, so that old sets die.
type storeSets struct {
	table []uint32 // 0 is no set
	shift uint
	next  uint32
	asked uint64
}

// clearAfter is of the order of the paper's interval of a million cycles.
const clearAfter = 1 << 18

func newStoreSets(p Params) Dependence {
	return &storeSets{table: make([]uint32, 1<<p.TableBits), shift: uint(64 - p.TableBits), next: 1}
}

func (s *storeSets) at(r Ref) *uint32 { return &s.table[hashSite(r.Site)>>s.shift] }

func (s *storeSets) Bypass(load, store Ref) bool {
	s.asked++
	if s.asked%clearAfter == 0 {
		clear(s.table)
	}
	set := *s.at(load)
	return set == 0 || set != *s.at(store)
}

func (s *storeSets) Violation(load, store Ref) {
	l, t := s.at(load), s.at(store)
	switch {
	case *l == 0 && *t == 0:
		*l, *t = s.next, s.next
		s.next++
	case *l == 0:
		*l = *t
	case *t == 0:
		*t = *l
	default:
		m := min(*l, *t)
		*l, *t = m, m
	}
}
