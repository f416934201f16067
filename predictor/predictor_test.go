package predictor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
)

// params are tables large enough that the few sites of a test do not collide.
var params = predictor.Params{TableBits: 10, HistoryBits: 8, StackDepth: 8, Seed: 1}

func newDirection(t *testing.T, name string, p predictor.Params) predictor.Direction {
	t.Helper()
	d, err := predictor.Directions.New(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newTarget(t *testing.T, name string, p predictor.Params) predictor.Target {
	t.Helper()
	d, err := predictor.Targets.New(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newDependence(t *testing.T, name string, p predictor.Params) predictor.Dependence {
	t.Helper()
	d, err := predictor.Dependences.New(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(site uint64) predictor.Ref { return predictor.Ref{Site: site} }

func TestNamesAreSorted(t *testing.T) {
	for _, names := range [][]string{
		predictor.Directions.Names(), predictor.Targets.Names(), predictor.CallTargets.Names(), predictor.Dependences.Names(),
	} {
		if len(names) == 0 || !slices.IsSorted(names) {
			t.Errorf("%v", names)
		}
	}
}

func TestUnknownNameListsTheKnownOnes(t *testing.T) {
	_, err := predictor.Directions.New("nosuch", params)
	if err == nil || !strings.Contains(err.Error(), `no branch direction predictor "nosuch"; there are: backward, bimodal, chaos, gshare`) {
		t.Error(err)
	}
}

func TestNameRegisteredTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	r := predictor.Registry[int]{Kind: "test"}
	r.Register(predictor.Maker[int]{Name: "a"})
	r.Register(predictor.Maker[int]{Name: "a"})
}

func TestOracleNeedsAGoldenRun(t *testing.T) {
	r := predictor.Registry[int]{Kind: "test"}
	r.Register(predictor.Maker[int]{Name: "all-knowing", Oracle: true, New: func(predictor.Params) int { return 1 }})
	if _, err := r.New("all-knowing", params); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Error(err)
	}
}

func TestCodePositionRoundTrips(t *testing.T) {
	for _, pc := range []uint32{0, 1, 24575, 1 << 20} {
		got, ok := predictor.IsCodePosition(predictor.CodePosition(pc))
		if !ok || got != pc {
			t.Errorf("%d came back as %d, %v", pc, got, ok)
		}
	}
	for _, target := range []isa.InstIndex{-1, 0, 7} { // no prediction and instruction indexes
		if _, ok := predictor.IsCodePosition(target); ok {
			t.Errorf("%d is taken for a code position", target)
		}
	}
}
