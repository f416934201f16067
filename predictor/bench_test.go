package predictor

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
)

// BenchmarkDirection is one branch: predicted, shifted into the history, trained.
func BenchmarkDirection(b *testing.B) {
	for _, name := range []string{"bimodal", "gshare"} {
		b.Run(name, func(b *testing.B) {
			d, err := Directions.New(name, Params{TableBits: 12, HistoryBits: 12})
			if err != nil {
				b.Fatal(err)
			}
			var n uint64
			for b.Loop() {
				n++
				r := Ref{Site: n % 97 << 20, Dynamic: n}
				checkpoint := d.Checkpoint()
				predicted, taken := d.Predict(r), n%3 == 0
				d.Shift(r, predicted)
				d.Train(r, checkpoint, predicted, taken)
			}
		})
	}
}

// BenchmarkTarget is one return: its call noted, predicted, trained.
func BenchmarkTarget(b *testing.B) {
	for _, name := range []string{"btb", "btb+ras"} {
		b.Run(name, func(b *testing.B) {
			t, err := Targets.New(name, Params{TableBits: 10, StackDepth: 32})
			if err != nil {
				b.Fatal(err)
			}
			var n uint64
			for b.Loop() {
				n++
				r := Ref{Site: n % 97 << 20, Dynamic: n}
				t.Call(r, isa.InstIndex(n&1023))
				checkpoint := t.Checkpoint()
				t.Predict(r)
				t.Train(r, checkpoint, isa.InstIndex(n&1023))
			}
		})
	}
}

// BenchmarkDependence is one bet of a load on a store.
func BenchmarkDependence(b *testing.B) {
	d, err := Dependences.New("store-sets", Params{TableBits: 10})
	if err != nil {
		b.Fatal(err)
	}
	var n uint64
	for b.Loop() {
		n++
		d.Bypass(Ref{Site: n % 97 << 20}, Ref{Site: n % 89 << 20})
	}
}
