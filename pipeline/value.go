package pipeline

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
)

// A load of state whose value is predicted hands it to its consumers as it enters the
// window, and goes on as any other. When the real value is there it is compared: where
// it differs, it replaces the predicted one and everything is squashed from the first
// instruction on that has read that. The load itself cannot commit before.

// ValueStats counts what became of predictions of state values.
type ValueStats struct {
	Loads     uint64 // committed loads that could have been predicted
	Predicted uint64 // of these, predicted
	Right     uint64 // of these, rightly
	Wrong     uint64 // found wrong, on wrong paths too
	Unread    uint64 // of these, before anything had read the value
}

// valuePrediction asks the predictor of values and teaches it. It keeps nothing of its own
// but the choice of what a prediction is about; what it has predicted is in the state queue.
type valuePrediction struct {
	ren   *renamer
	regs  *rob.Registers
	state *stateQueue
	pred  *predictors
	stats *Stats

	by valueBy // what predictions are about
}

// predictable reports whether a state load's only result is a word that goes to the
// stack.
func predictable(e *rob.Entry) bool {
	return e.Flags&rob.Last != 0 && e.Dst != rob.NoReg && e.Dst2 == rob.NoReg &&
		(e.Op == isa.AccountLoad || e.Op == isa.StateLoad && isa.Space(e.Imm) == isa.Persistent)
}

// predictValue asks about a load that enters the state queue.
func (vp *valuePrediction) predictValue(e *rob.Entry, o *stateOp) {
	if !predictable(e) {
		return
	}
	site, ok := vp.valueSite(e)
	if !ok {
		return
	}
	o.about = site
	w, ok := vp.pred.values.Predict(predictor.Ref{Site: site, Dynamic: o.ref.Dynamic})
	if !ok {
		return
	}
	o.predicted = true
	*vp.regs.Value(e.Dst) = w
	vp.regs.SetReady(e.Dst) // nobody waits for it yet: its readers are younger
}

// valueSite is what a prediction is about; false when that is not known yet.
func (vp *valuePrediction) valueSite(e *rob.Entry) (site uint64, ok bool) {
	site = siteOf(&vp.ren.frames[e.Frame], e.Inst)
	sources := 0
	switch vp.by {
	case byAccount:
		sources = 1
	case byKey:
		site, sources = uint64(e.Op)<<8|uint64(e.Imm), int(facts[e.Op].sources)
	}
	for _, r := range e.Src[:sources] {
		if r == rob.NoReg {
			continue
		}
		if !vp.regs.Ready(r) {
			return 0, false
		}
		w := vp.regs.Value(r)
		site = mix(mix(site^w[0], w[1]), w[2]^w[3])
	}
	return site | 1, true // zero is no site
}

// valueBy says what predictions of values are about.
type valueBy uint8

const (
	bySite    valueBy = iota // the instruction
	byAccount                // the instruction and the account
	byKey                    // the account and the slot
)

var valueKinds = map[string]valueBy{"site": bySite, "account": byAccount, "key": byKey}

// verifyValue compares a predicted value with the real one, which is there.
func (c *Core) verifyValue(e *rob.Entry, seq rob.Seq) {
	o := c.state.at(e.Queue)
	w := c.ren.regs.Value(e.Dst)
	if *w == o.actual {
		return
	}
	o.wrong = true
	*w = o.actual
	c.Stats.Value.Wrong++
	for s := seq + 1; s < c.win.buf.Dispatch; s++ {
		x := c.win.buf.At(s)
		if x.Flags&rob.Issued == 0 {
			continue
		}
		for i, r := range x.Src[:facts[x.Op].sources] {
			if r == e.Dst && !readAtCommit(x.Op, i) {
				c.squashInstruction(s, CauseValue)
				return
			}
		}
	}
	c.Stats.Value.Unread++
}

// trainValue teaches the predictor a load that commits.
func (vp *valuePrediction) trainValue(e *rob.Entry) {
	if !predictable(e) {
		return
	}
	o := vp.state.at(e.Queue)
	vp.stats.Value.Loads++
	if o.predicted {
		vp.stats.Value.Predicted++
		if !o.wrong {
			vp.stats.Value.Right++
		}
	}
	if o.about != 0 {
		vp.pred.values.Train(predictor.Ref{Site: o.about, Dynamic: e.Dynamic}, vp.regs.Value(e.Dst))
	}
}
