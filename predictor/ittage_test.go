package predictor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

// jumps runs a target predictor over a stream of (site, target) and counts what it got
// wrong in the second half.
func jumps(d predictor.Target, stream []jump) (wrong int) {
	for i, j := range stream {
		saved := d.Checkpoint()
		if d.Predict(at(j.site)) != j.to && i >= len(stream)/2 {
			wrong++
		}
		d.Restore(saved)
		d.Shift(at(j.site), j.to)
		d.Train(at(j.site), saved, j.to)
	}
	return wrong
}

type jump struct {
	site uint64
	to   isa.InstIndex
}

// A dispatcher whose target is decided by where an earlier jump went: the last target
// is wrong whenever it changes, the history of targets knows.
func TestITTAGELearnsCorrelatedTargets(t *testing.T) {
	for _, distance := range []int{1, 2, 4, 8} {
		rng := rand.New(rand.NewPCG(1, 2))
		var stream []jump
		for range 2000 {
			k := isa.InstIndex(rng.IntN(3))
			stream = append(stream, jump{1, 10 + k})
			for i := range distance - 1 {
				stream = append(stream, jump{uint64(50 + i), 7})
			}
			stream = append(stream, jump{2, 100 + k})
		}
		// Of the 2000 jumps counted, 1000 are random in a third of the cases at best.
		ittage, last := jumps(newTarget(t, "ittage", params), stream), jumps(newTarget(t, "btb", params), stream)
		random := 1000 * 2 / 3
		if dependent := ittage - random; dependent > 120 {
			t.Errorf("distance %d: about %d of 1000 dependent jumps mispredicted", distance, dependent)
		}
		if last < 2*random-150 {
			t.Errorf("distance %d: the last target is wrong only %d times", distance, last)
		}
	}
}

// One target is learned at once.
func TestITTAGEOfOneTarget(t *testing.T) {
	var stream []jump
	for range 10 {
		stream = append(stream, jump{3, 30}, jump{4, 40})
	}
	if wrong := jumps(newTarget(t, "ittage", params), stream); wrong != 0 {
		t.Errorf("%d wrong", wrong)
	}
}

// The state after a squash is that of a run without the wrong path, the return stack
// included as far as its top is saved.
func TestITTAGERestores(t *testing.T) {
	for _, name := range []string{"ittage", "ittage+ras"} {
		rng := rand.New(rand.NewPCG(3, 4))
		straight, squashed := newTarget(t, name, params), newTarget(t, name, params)
		for i := range 5000 {
			j := jump{uint64(rng.IntN(20)), isa.InstIndex(rng.IntN(4))}
			if rng.IntN(3) == 0 {
				straight.Call(at(90), j.to)
				squashed.Call(at(90), j.to)
			}
			a, b := straight.Checkpoint(), squashed.Checkpoint()
			for range rng.IntN(20) { // a wrong path
				squashed.Shift(at(uint64(rng.IntN(60))), isa.InstIndex(rng.IntN(9)))
			}
			if name == "ittage+ras" && rng.IntN(2) == 0 {
				squashed.Predict(at(91)) // pops once
			}
			squashed.Restore(b)
			if x, y := straight.Predict(at(j.site)), squashed.Predict(at(j.site)); x != y {
				t.Fatalf("%s, jump %d: predictions %d and %d", name, i, x, y)
			}
			straight.Shift(at(j.site), j.to)
			squashed.Shift(at(j.site), j.to)
			straight.Train(at(j.site), a, j.to)
			squashed.Train(at(j.site), b, j.to)
		}
	}
}

func TestITTAGEUsesTheReturnStackFirst(t *testing.T) {
	d := newTarget(t, "ittage+ras", params)
	d.Train(at(9), d.Checkpoint(), 77)
	d.Call(at(1), 10)
	if got := d.Predict(at(9)); got != 10 || !d.(predictor.StackUser).FromStack() {
		t.Errorf("predicts %d", got)
	}
	if got := d.Predict(at(9)); got != 77 || d.(predictor.StackUser).FromStack() {
		t.Errorf("with an empty stack %d", got)
	}
}

// A checkpoint older than the ring of states costs predictions, nothing else.
func TestITTAGEForgetsOldCheckpoints(t *testing.T) {
	d := newTarget(t, "ittage+ras", params)
	saved := d.Checkpoint()
	for i := range isa.InstIndex(10_000) {
		d.Shift(at(1), i)
	}
	d.Restore(saved)
	if got := d.Predict(at(1)); got != -1 {
		t.Errorf("predicts %d", got)
	}
}

// Two proxies run the same code: only the chain of calls tells their implementations
// apart.
func TestPathTellsProxiesApart(t *testing.T) {
	right := map[string]int{}
	for _, name := range []string{"last", "path"} {
		d, err := predictor.CallTargets.New(name, params)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(100) {
			proxy := i % 2
			r := predictor.Ref{Site: 5, Path: 1000 + proxy}
			want := isa.Word{900 + proxy}
			if got, ok := d.Predict(r); ok && got == want {
				right[name]++
			}
			d.Train(r, &want)
		}
	}
	if right["last"] != 0 || right["path"] != 98 {
		t.Errorf("right of 100: %v", right)
	}
}

// A path that was never taken falls back on the site.
func TestPathFallsBackOnTheSite(t *testing.T) {
	d, err := predictor.CallTargets.New("path", params)
	if err != nil {
		t.Fatal(err)
	}
	d.Train(predictor.Ref{Site: 5, Path: 1}, &isa.Word{42})
	if got, ok := d.Predict(predictor.Ref{Site: 5, Path: 2}); !ok || got != (isa.Word{42}) {
		t.Errorf("%v, %v", got, ok)
	}
}
