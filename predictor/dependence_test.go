package predictor_test

import "testing"

func TestFixedBets(t *testing.T) {
	for name, want := range map[string]bool{"wait": false, "blind": true} {
		d := newDependence(t, name, params)
		for range 3 {
			if got := d.Bypass(at(1), at(2)); got != want {
				t.Errorf("%s: bypass %v", name, got)
			}
			d.Violation(at(1), at(2))
		}
	}
}

// A bet is an assertion about one load and one store.
type bet struct {
	load, store uint64
	bypass      bool
}

func TestStoreSets(t *testing.T) {
	type pair struct{ load, store uint64 }
	const l1, l2, s1, s2, s3 = 101, 102, 201, 202, 203
	for _, test := range []struct {
		name       string
		violations []pair
		want       []bet
	}{
		{"knows nothing", nil, []bet{{l1, s1, true}, {l2, s2, true}}},
		{
			"learns from one violation",
			[]pair{{l1, s1}},
			[]bet{{l1, s1, false}, {l1, s2, true}, {l2, s1, true}},
		},
		{
			"a load gathers stores",
			[]pair{{l1, s1}, {l1, s2}},
			[]bet{{l1, s1, false}, {l1, s2, false}, {l1, s3, true}},
		},
		{
			"a store has many loads",
			[]pair{{l1, s1}, {l2, s1}},
			[]bet{{l1, s1, false}, {l2, s1, false}, {l2, s2, true}},
		},
		{
			"two sets stay apart",
			[]pair{{l1, s1}, {l2, s2}},
			[]bet{{l1, s1, false}, {l2, s2, false}, {l1, s2, true}, {l2, s1, true}},
		},
		{
			// The smaller set wins: s2 leaves the set of l2 for that of l1.
			"sets merge towards the smaller",
			[]pair{{l1, s1}, {l2, s2}, {l1, s2}},
			[]bet{{l1, s1, false}, {l1, s2, false}, {l2, s2, true}},
		},
		{
			"and the rest follows",
			[]pair{{l1, s1}, {l2, s2}, {l1, s2}, {l2, s2}},
			[]bet{{l1, s1, false}, {l1, s2, false}, {l2, s1, false}, {l2, s2, false}},
		},
	} {
		d := newDependence(t, "store-sets", params)
		for _, v := range test.violations {
			d.Violation(at(v.load), at(v.store))
		}
		for _, b := range test.want {
			if got := d.Bypass(at(b.load), at(b.store)); got != b.bypass {
				t.Errorf("%s: load %d past store %d: %v", test.name, b.load, b.store, got)
			}
		}
	}
}

// Old sets die: the table is cleared from time to time.
func TestStoreSetsForget(t *testing.T) {
	d := newDependence(t, "store-sets", params)
	d.Violation(at(1), at(2))
	for range 1 << 20 {
		if d.Bypass(at(1), at(2)) {
			return
		}
	}
	t.Error("a set lives for a million questions")
}
