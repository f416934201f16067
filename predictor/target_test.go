package predictor_test

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

func TestNoTarget(t *testing.T) {
	d := newTarget(t, "none", params)
	d.Call(at(1), 10)
	d.Train(at(2), 0, 20)
	if got := d.Predict(at(2)); got != -1 {
		t.Errorf("predicts %d", got)
	}
}

func TestBTBRemembersTheLastTarget(t *testing.T) {
	d := newTarget(t, "btb", params)
	for _, step := range []struct {
		train uint64 // site; 0 for none
		to    isa.InstIndex
		ask   uint64
		want  isa.InstIndex
	}{
		{0, 0, 7, -1},
		{7, 100, 7, 100},
		{7, 200, 7, 200},
		{8, 300, 7, 200},
		{0, 0, 9, -1},
	} {
		if step.train != 0 {
			d.Train(at(step.train), 0, step.to)
		}
		if got := d.Predict(at(step.ask)); got != step.want {
			t.Errorf("%+v: got %d", step, got)
		}
	}
}

// Two sites that share an entry evict each other; the tag keeps them from
// predicting each other's target.
func TestBTBTagsSites(t *testing.T) {
	p := params
	p.TableBits = 1
	d := newTarget(t, "btb", p)
	for site := range uint64(16) {
		d.Train(at(site), 0, isa.InstIndex(100+site))
	}
	known := 0
	for site := range uint64(16) {
		switch got := d.Predict(at(site)); got {
		case isa.InstIndex(100 + site):
			known++
		case -1:
		default:
			t.Errorf("site %d predicts %d", site, got)
		}
	}
	if known != 2 {
		t.Errorf("%d sites known to a table of 2", known)
	}
}

// pops asks for n returns.
func pops(d predictor.Target, n int) []isa.InstIndex {
	got := make([]isa.InstIndex, n)
	for i := range got {
		got[i] = d.Predict(at(99))
	}
	return got
}

func expect(t *testing.T, what string, got []isa.InstIndex, want ...isa.InstIndex) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: returns to %v, want %v", what, got, want)
			return
		}
	}
}

func TestReturnStackNests(t *testing.T) {
	d := newTarget(t, "btb+ras", params)
	d.Call(at(1), 10)
	d.Call(at(2), 20)
	expect(t, "inner", pops(d, 1), 20)
	d.Call(at(3), 30)
	d.Call(at(4), 40)
	expect(t, "all", pops(d, 3), 40, 30, 10)
}

// One routine called from many places: the stack is right where the BTB, with its
// last target, is always wrong.
func TestReturnStackBeatsBTBOnASharedRoutine(t *testing.T) {
	wrong := map[string]int{}
	for _, name := range []string{"btb", "btb+ras"} {
		d := newTarget(t, name, params)
		for i := range isa.InstIndex(100) {
			d.Call(at(uint64(i%3)), 10+i%3)
			history := d.Checkpoint()
			if d.Predict(at(99)) != 10+i%3 {
				wrong[name]++
			}
			d.Train(at(99), history, 10+i%3)
		}
	}
	if wrong["btb"] != 100 || wrong["btb+ras"] != 0 {
		t.Errorf("wrong of 100: %v", wrong)
	}
}

// Beyond its depth the oldest return points are lost, the newest stay.
func TestReturnStackOverflows(t *testing.T) {
	d := newTarget(t, "btb+ras", params)
	for i := range isa.InstIndex(10) { // StackDepth is 8
		d.Call(at(1), i)
	}
	expect(t, "overflow", pops(d, 8), 9, 8, 7, 6, 5, 4, 3, 2)
}

// An empty stack leaves the prediction to the BTB.
func TestReturnStackFallsBack(t *testing.T) {
	d := newTarget(t, "btb+ras", params)
	if got := d.Predict(at(7)); got != -1 {
		t.Errorf("empty: %d", got)
	}
	d.Train(at(7), 0, 70)
	if got := d.Predict(at(7)); got != 70 {
		t.Errorf("trained: %d", got)
	}
}

// Wrong paths that push, pop, or pop and push are undone by restoring position and
// top. What lies below the top is not saved: the last case is the known limit.
func TestReturnStackRestores(t *testing.T) {
	for _, test := range []struct {
		name  string
		wrong func(predictor.Target)
		want  []isa.InstIndex
	}{
		{"push", func(d predictor.Target) { d.Call(at(5), 50); d.Call(at(6), 60) }, []isa.InstIndex{30, 20, 10}},
		{"pop", func(d predictor.Target) { pops(d, 1) }, []isa.InstIndex{30, 20, 10}},
		{"pop all", func(d predictor.Target) { pops(d, 3) }, []isa.InstIndex{30, 20, 10}},
		{"pop, push", func(d predictor.Target) { pops(d, 1); d.Call(at(5), 50) }, []isa.InstIndex{30, 20, 10}},
		{"pop twice, push", func(d predictor.Target) { pops(d, 2); d.Call(at(5), 50) }, []isa.InstIndex{30, 50, 10}},
	} {
		d := newTarget(t, "btb+ras", params)
		d.Call(at(1), 10)
		d.Call(at(2), 20)
		d.Call(at(3), 30)
		saved := d.Checkpoint()
		test.wrong(d)
		d.Restore(saved)
		expect(t, test.name, pops(d, 3), test.want...)
	}
}

func TestLastCall(t *testing.T) {
	d, err := predictor.CallTargets.New("last", params)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Predict(at(1)); ok {
		t.Error("predicts before it has seen a call")
	}
	a, b := isa.Word{1}, isa.Word{2, 0, 3}
	d.Train(at(1), &a)
	d.Train(at(2), &b)
	for site, want := range map[uint64]isa.Word{1: a, 2: b} {
		if got, ok := d.Predict(at(site)); !ok || got != want {
			t.Errorf("site %d: %v, %v", site, got, ok)
		}
	}
	d.Train(at(1), &b)
	if got, ok := d.Predict(at(1)); !ok || got != b {
		t.Errorf("after another callee: %v, %v", got, ok)
	}
}

func TestNoCall(t *testing.T) {
	d, err := predictor.CallTargets.New("none", params)
	if err != nil {
		t.Fatal(err)
	}
	d.Train(at(1), &isa.Word{1})
	if _, ok := d.Predict(at(1)); ok {
		t.Error("predicts")
	}
}
