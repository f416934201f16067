package predictor_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/predictor"
)

func TestBackwardTaken(t *testing.T) {
	d := newDirection(t, "backward", params)
	if d.Predict(at(1)) || !d.Predict(predictor.Ref{Site: 1, Backward: true}) {
		t.Error("not by the direction of the jump")
	}
}

// learned is how many of the last rounds of a pattern are mispredicted after many.
func learned(t *testing.T, name, pattern string, rounds int) int {
	t.Helper()
	d := newDirection(t, name, params)
	mispredicted(d, periodic(5, pattern, 400*len(pattern)))
	return mispredicted(d, periodic(5, pattern, rounds*len(pattern)))
}

// Histories of 128 branches tell the positions of long patterns apart, where eight
// do not.
func TestTAGELearnsLongPeriods(t *testing.T) {
	for _, pattern := range []string{
		"TN", "TTTTTTTN", strings.Repeat("T", 30) + "N", strings.Repeat("T", 60) + "NN", strings.Repeat("TN", 20) + strings.Repeat("N", 25),
	} {
		if got := learned(t, "tage", pattern, 100); got > 2 {
			t.Errorf("%s: %d of 100 rounds mispredicted", pattern, got)
		}
	}
	if long := strings.Repeat("T", 30) + "N"; learned(t, "gshare", long, 100) < 100 {
		t.Error("gshare with 8 branches of history cannot know this pattern")
	}
}

// A branch that repeats what another did 20 branches ago.
func TestTAGELearnsDistantCorrelation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var stream []branch
	for range 6000 {
		outcome := rng.IntN(2) == 0
		stream = append(stream, branch{1, outcome})
		for i := range 19 {
			stream = append(stream, branch{uint64(10 + i), i%3 == 0})
		}
		stream = append(stream, branch{2, outcome})
	}
	d := newDirection(t, "tage", params)
	mispredicted(d, stream[:len(stream)/2])
	wrong := 0
	for i, b := range stream[len(stream)/2:] {
		n := mispredicted(d, stream[len(stream)/2+i:][:1])
		if b.site == 2 {
			wrong += n
		}
	}
	if wrong > 60 {
		t.Errorf("%d of 3000 mispredicted", wrong)
	}
}

// The state after a squash is that of a run without the wrong path.
func TestTAGERestores(t *testing.T) {
	for _, name := range []string{"tage", "tage+loop"} {
		rng := rand.New(rand.NewPCG(3, 4))
		straight, squashed := newDirection(t, name, params), newDirection(t, name, params)
		for i := range 20_000 {
			site := uint64(rng.IntN(40))
			taken := (i/3+int(site))%5 < 2
			a, b := straight.Checkpoint(), squashed.Checkpoint()
			guess, same := straight.Predict(at(site)), squashed.Predict(at(site))
			if guess != same {
				t.Fatalf("%s, branch %d: predictions differ", name, i)
			}
			squashed.Shift(at(site), guess)
			for range rng.IntN(300) { // a wrong path
				w := at(uint64(rng.IntN(60)))
				squashed.Shift(w, squashed.Predict(w))
			}
			straight.Shift(at(site), taken)
			squashed.Restore(b)
			squashed.Shift(at(site), taken)
			straight.Train(at(site), a, guess, taken)
			squashed.Train(at(site), b, guess, taken)
		}
	}
}

// Any number of branches may be in flight.
func TestTAGEWithManyBranchesInFlight(t *testing.T) {
	d := newDirection(t, "tage+loop", params)
	start := d.Checkpoint()
	for i := range uint64(10_000) {
		d.Shift(at(i%7), d.Predict(at(i%7)))
	}
	for i := range uint64(10_000) {
		d.Train(at(i%7), start+i, false, i%7 == 3)
	}
	d.Restore(d.Checkpoint())
	wrong := 0
	for i := range uint64(7) {
		if d.Predict(at(i)) != (i == 3) {
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of 7 wrong", wrong)
	}
}

// A loop of 300 iterations is beyond every history.
func TestLoopPredictor(t *testing.T) {
	pattern := strings.Repeat("T", 300) + "N"
	if got := learned(t, "tage+loop", pattern, 20); got != 0 {
		t.Errorf("%d mispredicted", got)
	}
	if got := learned(t, "tage", pattern, 20); got < 20 {
		t.Errorf("tables alone: %d mispredicted in 20 rounds, there must be one each", got)
	}
	if got := learned(t, "tage+loop", strings.Repeat("N", 300)+"T", 20); got != 0 {
		t.Errorf("the other way round: %d mispredicted", got)
	}
}

// Perceptrons learn what is linearly separable in the history: parity is not.
func TestPerceptron(t *testing.T) {
	if got := learned(t, "perceptron", "TTNTNNNT", 100); got != 0 {
		t.Errorf("%d mispredicted", got)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	copies, parity := []branch{}, []branch{}
	for range 3000 {
		a, b := rng.IntN(2) == 0, rng.IntN(2) == 0
		copies = append(copies, branch{1, a}, branch{2, b}, branch{3, a})
		parity = append(parity, branch{1, a}, branch{2, b}, branch{3, a != b})
	}
	// Sites 1 and 2 are random in both: half of them are wrong. Site 3 makes the difference.
	for _, test := range []struct {
		name   string
		stream []branch
		low    int
		high   int
	}{
		{"a copy of the branch before the last", copies, 2800, 3200},
		{"the parity of two branches", parity, 3900, 5000},
	} {
		d := newDirection(t, "perceptron", params)
		if got := mispredicted(d, test.stream); got < test.low || got > test.high {
			t.Errorf("%s: %d mispredicted, want %d to %d", test.name, got, test.low, test.high)
		}
	}
}

// The tournament is as good as the better of its two on each kind of branch.
func TestTournament(t *testing.T) {
	if got := learned(t, "tournament", "TTNTNNNT", 100); got != 0 {
		t.Errorf("a pattern: %d mispredicted", got)
	}
	rng := rand.New(rand.NewPCG(7, 8))
	var stream []branch // site 1 leans to taken; 2 and 3 make the history noise
	for range 4000 {
		stream = append(stream, branch{1, true}, branch{2, rng.IntN(2) == 0}, branch{3, rng.IntN(2) == 0})
	}
	small := params
	small.TableBits = 5
	count := func(name string) int { return mispredicted(newDirection(t, name, small), stream) }
	if tournament, gshare := count("tournament"), count("gshare"); tournament >= gshare {
		t.Errorf("noisy history: %d mispredicted, gshare alone %d", tournament, gshare)
	}
}
