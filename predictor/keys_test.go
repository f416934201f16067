package predictor_test

import (
	"testing"

	"github.com/ooovm/ooovm/predictor"
)

func newKeys(t *testing.T, name string, p predictor.Params) predictor.Keys {
	t.Helper()
	k, err := predictor.KeyPredictors.New(name, p)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// slots evaluates what a predictor says of a call.
func slots(t *testing.T, k predictor.Keys, c *predictor.Call) (list []uint64) {
	t.Helper()
	for _, r := range k.Predict(c) {
		w, ok := k.Graph().Eval(r.Slot, entry())
		if !ok {
			t.Fatal("not evaluated")
		}
		list = append(list, w.Uint64())
	}
	return list
}

func equal(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// touched is a call that has touched slots of account 5 whose recipes are constants.
func touched(k predictor.Keys, slots ...uint64) (list []predictor.Touched) {
	for _, s := range slots {
		x := predictor.Touched{Key: predictor.Key{Account: *word(5), Slot: *word(s), Storage: true}}
		x.How = predictor.Recipe{Account: k.Graph().Self(), Slot: k.Graph().Const(word(s)), Storage: true}
		list = append(list, x)
	}
	return list
}

func TestLastKeysAreBySite(t *testing.T) {
	k := newKeys(t, "last", params)
	here, there := &predictor.Call{Code: 1, Site: 10}, &predictor.Call{Code: 1, Site: 11}
	k.Train(here, touched(k, 4, 5))
	k.Train(there, touched(k, 6))
	k.Train(here, touched(k, 4, 7))
	if got := slots(t, k, here); !equal(got, []uint64{4, 7}) {
		t.Errorf("predicts %v", got)
	}
	if got := slots(t, k, there); !equal(got, []uint64{6}) {
		t.Errorf("predicts %v", got)
	}
	if got := slots(t, k, &predictor.Call{Code: 2, Site: 10}); got != nil {
		t.Errorf("of other code %v", got)
	}
}

// A recipe is used once it was seen, not after it has failed, and again when it has
// come back; a code and selector is known from any site.
func TestRecipeConfidence(t *testing.T) {
	k := newKeys(t, "recipe", params)
	call := &predictor.Call{Code: 1, Selector: 2, Site: 10}
	for i, step := range []struct{ train, want []uint64 }{
		{[]uint64{4, 5}, []uint64{4, 5}},
		{[]uint64{4}, []uint64{4}},
		{[]uint64{4, 5}, []uint64{4, 5}},
		{[]uint64{4}, []uint64{4}},
		{[]uint64{4, 5, 6}, []uint64{4, 5, 6}},
	} {
		k.Train(call, touched(k, step.train...))
		if got := slots(t, k, call); !equal(got, step.want) {
			t.Errorf("step %d: predicts %v, want %v", i, got, step.want)
		}
	}
	if got := slots(t, k, &predictor.Call{Code: 1, Selector: 2, Site: 77}); !equal(got, []uint64{4, 5, 6}) {
		t.Errorf("from another site %v", got)
	}
	if got := slots(t, k, &predictor.Call{Code: 1, Selector: 3, Site: 10}); got != nil {
		t.Errorf("under another selector %v", got)
	}
}

// What is opaque is not learned, nor a recipe whose guard is.
func TestOpaqueRecipesAreNotLearned(t *testing.T) {
	k := newKeys(t, "recipe", params)
	list := touched(k, 4, 5, 6)
	list[0].How.Slot = predictor.Opaque
	list[1].How.Code = 99
	call := &predictor.Call{Code: 1}
	k.Train(call, list)
	if got := slots(t, k, call); !equal(got, []uint64{6}) {
		t.Errorf("predicts %v", got)
	}
}

// The table has room for 2^bits calls and forgets the first that came. A call takes two
// places: one by its site and one without.
func TestKeyTableIsBounded(t *testing.T) {
	p := params
	p.TableBits = 2
	k := newKeys(t, "recipe", p)
	for code := range uint64(3) {
		k.Train(&predictor.Call{Code: code}, touched(k, code))
	}
	for code, want := range map[uint64]int{0: 0, 1: 1, 2: 1} {
		if got := len(k.Predict(&predictor.Call{Code: code})); got != want {
			t.Errorf("code %d: %d recipes, want %d", code, got, want)
		}
	}
}

func TestAccessListIsTheTransactionsOwn(t *testing.T) {
	k := newKeys(t, "accesslist", params)
	call := &predictor.Call{Declared: []predictor.Key{{Account: *word(5), Slot: *word(8), Storage: true}}}
	if got := slots(t, k, call); !equal(got, []uint64{8}) {
		t.Errorf("predicts %v", got)
	}
}

func TestForgetting(t *testing.T) {
	for _, name := range []string{"last", "recipe"} {
		k := newKeys(t, name, params)
		call := &predictor.Call{Code: 1}
		k.Train(call, touched(k, 4))
		k.Forget()
		if name == "recipe" && len(k.Predict(call)) != 0 {
			t.Errorf("%s: still knows recipes of a graph that is gone", name)
		}
		if name == "last" && !equal(slots(t, k, call), []uint64{4}) {
			t.Errorf("%s: has forgotten keys, which need no graph", name)
		}
	}
}
