package oracle_test

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	_ "github.com/ooovm/ooovm/predictor/oracle"
)

// golden is a golden run of which instruction 3 is known.
type golden struct{}

func (golden) Taken(n uint64) bool              { return n == 3 }
func (golden) NextPC(n uint64) (uint32, bool)   { return 30, n == 3 }
func (golden) Callee(n uint64) (isa.Word, bool) { return isa.Word{300}, n == 3 }
func (golden) Overlap(load, store uint64) bool  { return load == 3 && store == 1 }
func (golden) Faults(n uint64) bool             { return n == 3 }
func (golden) Value(n uint64) (isa.Word, bool)  { return isa.Word{7 * n}, n == 3 }
func (golden) Gas(uint64) (uint64, bool)        { return 0, false }

var (
	params  = predictor.Params{TableBits: 4, Golden: golden{}}
	known   = predictor.Ref{Site: 1, Dynamic: 3}
	unknown = predictor.Ref{Site: 1, Dynamic: 4}
)

func TestDirection(t *testing.T) {
	d, err := predictor.Directions.New("oracle", params)
	if err != nil {
		t.Fatal(err)
	}
	if !d.Predict(known) || d.Predict(unknown) {
		t.Error("not the golden direction")
	}
}

func TestFaults(t *testing.T) {
	d, err := predictor.Directions.New("oracle", params)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := d.(predictor.FaultOracle)
	if !ok || !f.Faults(known) || f.Faults(unknown) {
		t.Error("not the golden run's faults")
	}
}

func TestTarget(t *testing.T) {
	d, err := predictor.Targets.New("oracle", params)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Predict(known); got != predictor.CodePosition(30) {
		t.Errorf("got %d", got)
	}
	if got := d.Predict(unknown); got != -1 {
		t.Errorf("beyond the golden run: %d", got)
	}
}

func TestCall(t *testing.T) {
	d, err := predictor.CallTargets.New("oracle", params)
	if err != nil {
		t.Fatal(err)
	}
	if account, ok := d.Predict(known); !ok || account != (isa.Word{300}) {
		t.Errorf("got %v, %v", account, ok)
	}
	if _, ok := d.Predict(unknown); ok {
		t.Error("predicts beyond the golden run")
	}
}

func TestDependence(t *testing.T) {
	d, err := predictor.Dependences.New("oracle", params)
	if err != nil {
		t.Fatal(err)
	}
	store := predictor.Ref{Dynamic: 1}
	if d.Bypass(known, store) || !d.Bypass(unknown, store) {
		t.Error("does not wait for exactly the stores that are read")
	}
}
