package predictor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ooovm/ooovm/predictor"
)

// branch is one dynamic branch of a synthetic stream.
type branch struct {
	site  uint64
	taken bool
}

// mispredicted runs a stream as the pipeline does: the history is speculative, it
// is repaired after a misprediction, and training follows at once.
func mispredicted(d predictor.Direction, stream []branch) (n int) {
	for _, b := range stream {
		history := d.Checkpoint()
		guess := d.Predict(at(b.site))
		d.Shift(at(b.site), guess)
		if guess != b.taken {
			n++
			d.Restore(history)
			d.Shift(at(b.site), b.taken)
		}
		d.Train(at(b.site), history, guess, b.taken)
	}
	return n
}

// periodic repeats a pattern of T and N at one site.
func periodic(site uint64, pattern string, n int) []branch {
	stream := make([]branch, n)
	for i := range stream {
		stream[i] = branch{site, pattern[i%len(pattern)] == 'T'}
	}
	return stream
}

func TestStaticDirections(t *testing.T) {
	for name, want := range map[string]int{"taken": 300, "not-taken": 100} {
		d := newDirection(t, name, params)
		if got := mispredicted(d, periodic(1, "TNNN", 400)); got != want {
			t.Errorf("%s: %d mispredicted of 400, want %d", name, got, want)
		}
	}
}

// Two-bit counters start weakly taken: one branch that is not turns them, and from
// either end it takes two contrary outcomes.
func TestBimodalSaturates(t *testing.T) {
	for _, test := range []struct {
		train string // outcomes, then the prediction
		want  bool
	}{
		{"", true},
		{"N", false},
		{"NT", true},
		{"TN", true},
		{"TTTTTTTT", true},
		{"TTTTTTTTN", true},
		{"TTTTTTTTNN", false},
		{"NNNNNNNN", false},
		{"NNNNNNNNT", false},
		{"NNNNNNNNTT", true},
	} {
		d := newDirection(t, "bimodal", params)
		mispredicted(d, periodic(5, test.train, len(test.train)))
		if got := d.Predict(at(5)); got != test.want {
			t.Errorf("after %q: %v, want %v", test.train, got, test.want)
		}
	}
}

// On a loop that leaves once in eight, a two-bit counter errs once a round.
func TestBimodalOnALoop(t *testing.T) {
	d := newDirection(t, "bimodal", params)
	if got := mispredicted(d, periodic(5, "TTTTTTTN", 800)); got != 100 {
		t.Errorf("%d mispredicted, want 100", got)
	}
}

func TestBimodalKeepsSitesApart(t *testing.T) {
	d := newDirection(t, "bimodal", params)
	var stream []branch
	for range 100 {
		stream = append(stream, branch{1, true}, branch{2, false}, branch{3, true})
	}
	if got := mispredicted(d, stream); got != 1 { // the first of site 2
		t.Errorf("%d mispredicted, want 1", got)
	}
}

// A pattern is learned as soon as the history tells its positions apart.
func TestGshareLearnsPeriods(t *testing.T) {
	for _, test := range []struct {
		pattern string
		history int
		errors  int // in 100 rounds, after 100 rounds of learning
	}{
		{"TN", 1, 0},
		{"TTN", 2, 0},
		{"TTTTTTTN", 7, 0},
		{"TTTTTTTN", 8, 0},
		{"TTTTTTTN", 4, 100}, // the history before the exit is that of the branch before
		{"TTNTNNNT", 8, 0},
	} {
		p := params
		p.HistoryBits = test.history
		d := newDirection(t, "gshare", p)
		stream := periodic(5, test.pattern, 100*len(test.pattern))
		mispredicted(d, stream)
		if got := mispredicted(d, stream); got != test.errors {
			t.Errorf("%s with %d branches of history: %d mispredicted, want %d", test.pattern, test.history, got, test.errors)
		}
	}
}

// A branch that repeats what another has just done is predictable even when that
// one is random: the history carries it. Bimodal cannot do that.
func TestGshareCorrelates(t *testing.T) {
	rng := rand.NewPCG(1, 1)
	coin := make([]bool, 4000)
	for i := range coin {
		coin[i] = rng.Uint64()&1 == 1
	}
	wrong := map[string]int{}
	for _, name := range []string{"gshare", "bimodal"} {
		p := params
		p.HistoryBits = 1
		d := newDirection(t, name, p)
		for i, c := range coin {
			mispredicted(d, []branch{{1, c}})
			if n := mispredicted(d, []branch{{2, c}}); i >= 100 {
				wrong[name] += n
			}
		}
	}
	if wrong["gshare"] != 0 || wrong["bimodal"] < 1500 {
		t.Errorf("mispredicted of 3900: %v", wrong)
	}
}

// A wrong path leaves no trace in the history once it is restored.
func TestGshareRestoresItsHistory(t *testing.T) {
	stream := periodic(5, "TTNTNNNT", 80)
	clean, squashed := newDirection(t, "gshare", params), newDirection(t, "gshare", params)
	mispredicted(clean, stream)
	mispredicted(squashed, stream)
	history := squashed.Checkpoint()
	for i := range 20 {
		squashed.Predict(at(uint64(i)))
		squashed.Shift(at(uint64(i)), i%3 == 0)
	}
	squashed.Restore(history)
	if a, b := mispredicted(clean, stream), mispredicted(squashed, stream); a != b || clean.Checkpoint() != squashed.Checkpoint() {
		t.Errorf("%d mispredicted without a wrong path, %d after one", a, b)
	}
}

// A branch that commits late trains the counter it was predicted with.
func TestGshareTrainsTheHistoryOfThePrediction(t *testing.T) {
	d := newDirection(t, "gshare", params)
	history := d.Checkpoint()
	d.Shift(at(1), true)
	d.Train(at(5), history, true, false)
	d.Restore(history)
	if d.Predict(at(5)) {
		t.Error("the counter of the old history did not learn")
	}
	d.Shift(at(1), true)
	if !d.Predict(at(5)) {
		t.Error("the counter of the new history learned")
	}
}
