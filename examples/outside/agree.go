package main

import "github.com/ooovm/ooovm/predictor"

func init() {
	predictor.Directions.Register(predictor.Maker[predictor.Direction]{
		Name: "agree", Params: []string{"branchbits"},
		Doc: "does a branch agree with its bias? (E. Sprangle et al., The Agree Predictor, ISCA 1997), bias by first outcome",
		New: newAgree,
	})
}

// agree predicts whether a branch goes as it went the first time. Branches that share a counter rarely disturb each
// other, because most agree with their bias.
type agree struct {
	bias    map[uint64]bool // first outcome of a site; a machine would keep it beside the code
	counter []int8          // 0..3, two or more: agrees
	mask    uint64
	history uint64
}

func newAgree(p predictor.Params) predictor.Direction {
	a := &agree{bias: map[uint64]bool{}, counter: make([]int8, 1<<p.TableBits), mask: 1<<p.TableBits - 1}
	for i := range a.counter {
		a.counter[i] = 2
	}
	return a
}

func (a *agree) at(r predictor.Ref, history uint64) *int8 {
	return &a.counter[(r.Site*0x9e3779b97f4a7c15>>32^history)&a.mask]
}

func (a *agree) Predict(r predictor.Ref) bool {
	bias, seen := a.bias[r.Site]
	return (bias || !seen) == (*a.at(r, a.history) >= 2)
}

func (a *agree) Shift(_ predictor.Ref, taken bool) {
	a.history <<= 1
	if taken {
		a.history |= 1
	}
}

func (a *agree) Checkpoint() uint64        { return a.history }
func (a *agree) Restore(checkpoint uint64) { a.history = checkpoint }

func (a *agree) Train(r predictor.Ref, checkpoint uint64, _, taken bool) {
	bias, seen := a.bias[r.Site]
	if !seen {
		bias = taken
		a.bias[r.Site] = taken
	}
	switch c := a.at(r, checkpoint); {
	case taken == bias && *c < 3:
		*c++
	case taken != bias && *c > 0:
		*c--
	}
}
