package machine

import "math/bits"

// set is a set of the numbers below a bound: cores, or transactions. It gives its members in
// order, and finds the next one without looking at those that are not in it: a bit of full
// stands for a word of bits.
type set struct {
	bits []uint64
	full []uint64 // words of bits that are not empty
	n    int      // members
}

func newSet(bound int) set {
	words := (bound + 63) / 64
	return set{bits: make([]uint64, words), full: make([]uint64, (words+63)/64)}
}

// fullSet has every number below the bound.
func fullSet(bound int) set {
	s := newSet(bound)
	for i := range bound {
		s.add(i)
	}
	return s
}

func (s *set) has(i int) bool { return s.bits[i>>6]&(1<<(i&63)) != 0 }

func (s *set) add(i int) {
	w := i >> 6
	if bit := uint64(1) << (i & 63); s.bits[w]&bit == 0 {
		s.bits[w] |= bit
		s.full[w>>6] |= 1 << (w & 63)
		s.n++
	}
}

func (s *set) remove(i int) {
	w := i >> 6
	if bit := uint64(1) << (i & 63); s.bits[w]&bit != 0 {
		if s.bits[w] &^= bit; s.bits[w] == 0 {
			s.full[w>>6] &^= 1 << (w & 63)
		}
		s.n--
	}
}

// put adds a number or removes it.
func (s *set) put(i int, in bool) {
	if in {
		s.add(i)
	} else {
		s.remove(i)
	}
}

// next is the first member that is not below a number, or none.
func (s *set) next(from int) int {
	w := from >> 6
	if w >= len(s.bits) {
		return none
	}
	if rest := s.bits[w] >> (from & 63); rest != 0 {
		return from + bits.TrailingZeros64(rest)
	}
	w++
	f := w >> 6
	if f >= len(s.full) {
		return none
	}
	words := s.full[f] &^ (1<<(w&63) - 1)
	for words == 0 {
		if f++; f == len(s.full) {
			return none
		}
		words = s.full[f]
	}
	w = f<<6 | bits.TrailingZeros64(words)
	return w<<6 | bits.TrailingZeros64(s.bits[w])
}

// last is the last member that is not above a number, or none.
func (s *set) last(from int) int {
	if from < 0 {
		return none
	}
	w := from >> 6
	if rest := s.bits[w] << (63 - from&63); rest != 0 {
		return from - bits.LeadingZeros64(rest)
	}
	f := w >> 6
	words := s.full[f] & (1<<(w&63) - 1)
	for words == 0 {
		if f--; f < 0 {
			return none
		}
		words = s.full[f]
	}
	w = f<<6 | (63 - bits.LeadingZeros64(words))
	return w<<6 | (63 - bits.LeadingZeros64(s.bits[w]))
}

// within counts the members from one number up to another, which is left out.
func (s *set) within(from, to int) (n int) {
	if from >= to {
		return 0
	}
	first, last := from>>6, (to-1)>>6
	for w := first; w <= last; w++ {
		word := s.bits[w]
		if w == first {
			word &^= 1<<(from&63) - 1
		}
		if w == last {
			word &= ^uint64(0) >> (63 - (to-1)&63)
		}
		n += bits.OnesCount64(word)
	}
	return n
}
