package fuzz

import (
	"hash/fnv"
	"math/rand/v2"
)

// dice make every choice of a case. They fall as the bytes of a fuzz input say, so
// that a fuzzer that changes a byte changes one choice; behind the input's end, and
// for numbered cases from the first, a generator seeded by it goes on.
type dice struct {
	input []byte
	rng   *rand.Rand
}

// numbered gives the dice of a numbered case.
func numbered(seed uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, 0xf022))}
}

// loaded gives dice that fall as the input says.
func loaded(input []byte) *dice {
	h := fnv.New64a()
	_, _ = h.Write(input) // never fails
	d := numbered(h.Sum64())
	d.input = input
	return d
}

// below gives a number in [0, n).
func (d *dice) below(n int) int {
	if len(d.input) == 0 {
		return d.rng.IntN(n)
	}
	v := 0
	for limit := 1; limit < n && len(d.input) > 0; limit <<= 8 {
		v = v<<8 | int(d.input[0])
		d.input = d.input[1:]
	}
	return v % n
}

// oneIn is true once in n times.
func (d *dice) oneIn(n int) bool { return d.below(n) == n-1 }

// upTo gives a number in [1, limit], evenly by magnitude.
func (d *dice) upTo(limit int) int {
	bits := 1
	for 1<<bits <= limit {
		bits++
	}
	return min(limit, 1+d.below(1<<d.below(bits)))
}

// pick chooses one of the values.
func pick[T any](d *dice, values ...T) T { return values[d.below(len(values))] }
