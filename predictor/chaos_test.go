package predictor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

// guesses writes down what the four chaos predictors say for a seed.
func guesses(t *testing.T, seed uint64) string {
	t.Helper()
	p := params
	p.Seed = seed
	direction, target, dependence := newDirection(t, "chaos", p), newTarget(t, "chaos", p), newDependence(t, "chaos", p)
	call, err := predictor.CallTargets.New("chaos", p)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range uint64(200) {
		account, ok := call.Predict(at(i))
		fmt.Fprintln(&b, direction.Predict(at(i)), target.Predict(at(i)), dependence.Bypass(at(i), at(i)), account, ok)
		target.Train(at(i), 0, isa.InstIndex(i))
		call.Train(at(i), &isa.Word{i})
	}
	return b.String()
}

func TestChaosIsItsSeed(t *testing.T) {
	first := guesses(t, 1)
	if again := guesses(t, 1); again != first {
		t.Error("one seed, two streams")
	}
	if first == guesses(t, 2) {
		t.Error("two seeds, one stream")
	}
}

// Chaos says both things often enough to test both.
func TestChaosIsBalanced(t *testing.T) {
	d := newDirection(t, "chaos", params)
	taken := 0
	for range 10000 {
		if d.Predict(at(1)) {
			taken++
		}
	}
	if taken < 4700 || taken > 5300 { // six standard deviations
		t.Errorf("%d of 10000 taken", taken)
	}
}

// Chaos targets are of every kind: none, nonsense, and ones that were right once.
func TestChaosTargetsMix(t *testing.T) {
	d := newTarget(t, "chaos", params)
	var none, seen, other int
	for range 4000 {
		d.Train(at(1), 0, 7777)
		switch d.Predict(at(1)) {
		case -1:
			none++
		case 7777:
			seen++
		default:
			other++
		}
	}
	if none < 500 || seen < 500 || other < 500 {
		t.Errorf("none %d, seen %d, other %d", none, seen, other)
	}
}
