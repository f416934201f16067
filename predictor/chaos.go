package predictor

import (
	"math/rand/v2"

	"github.com/ooovm/ooovm/isa"
)

// The chaos predictors guess at random from a seed. They must commit exactly what
// perfect ones commit, which makes them the strongest test of recovery.
func init() {
	const doc = "random, seeded: for tests"
	Directions.Register(Maker[Direction]{Name: "chaos", Params: []string{"seed"}, Doc: doc, New: func(p Params) Direction { return &chaos{rng: newRand(p.Seed, 1)} }})
	Targets.Register(Maker[Target]{Name: "chaos", Params: []string{"seed"}, Doc: doc, New: func(p Params) Target { return &chaosTarget{rng: newRand(p.Seed, 2)} }})
	CallTargets.Register(Maker[CallTarget]{Name: "chaos", Params: []string{"seed"}, Doc: doc, New: func(p Params) CallTarget { return &chaosCall{rng: newRand(p.Seed, 3)} }})
	Dependences.Register(Maker[Dependence]{Name: "chaos", Params: []string{"seed"}, Doc: doc, New: func(p Params) Dependence { return &chaos{rng: newRand(p.Seed, 4)} }})
	KeyPredictors.Register(Maker[Keys]{Name: "chaos", Params: []string{"seed", "prefetches"}, Doc: doc, New: func(p Params) Keys { return &chaosKeys{Constants: NewConstants(), rng: newRand(p.Seed, 5)} }})
	ValuePredictors.Register(Maker[Values]{Name: "chaos", Params: []string{"seed"}, Doc: doc, New: func(p Params) Values { return &chaosValue{rng: newRand(p.Seed, 6)} }})
}

func newRand(seed, stream uint64) *rand.PCG { return rand.NewPCG(seed, stream) }

type chaos struct{ rng *rand.PCG }

func (c *chaos) Predict(Ref) bool            { return c.rng.Uint64()&1 == 1 }
func (*chaos) Shift(Ref, bool)               {}
func (*chaos) Checkpoint() uint64            { return 0 }
func (*chaos) Restore(uint64)                {}
func (*chaos) Train(Ref, uint64, bool, bool) {}
func (c *chaos) Bypass(_, _ Ref) bool        { return c.rng.Uint64()&1 == 1 }
func (*chaos) Violation(_, _ Ref)            {}

// chaosTarget mixes targets it has seen, nonsense, and no prediction.
type chaosTarget struct {
	rng  *rand.PCG
	seen [64]isa.InstIndex
}

func (c *chaosTarget) Predict(Ref) isa.InstIndex {
	x := c.rng.Uint64()
	switch x & 3 {
	case 0:
		return -1
	case 1:
		return isa.InstIndex(x >> 40)
	default:
		return c.seen[x>>32&63]
	}
}

func (*chaosTarget) Call(Ref, isa.InstIndex)  {}
func (*chaosTarget) Shift(Ref, isa.InstIndex) {}
func (*chaosTarget) Checkpoint() uint64       { return 0 }
func (*chaosTarget) Restore(uint64)           {}

func (c *chaosTarget) Train(_ Ref, _ uint64, target isa.InstIndex) {
	c.seen[c.rng.Uint64()&63] = target
}

type chaosCall struct {
	rng  *rand.PCG
	seen [16]isa.Word
}

func (c *chaosCall) Predict(Ref) (isa.Word, bool) {
	x := c.rng.Uint64()
	return c.seen[x>>32&15], x&3 != 0
}

func (c *chaosCall) Train(_ Ref, account *isa.Word) { c.seen[c.rng.Uint64()&15] = *account }

// chaosKeys prefetches keys it has seen, mixed up, and nonsense.
type chaosKeys struct {
	Constants
	rng  *rand.PCG
	seen [64]Key
}

func (*chaosKeys) Block() []Key     { return nil }
func (*chaosKeys) Learns() Learning { return LearnsKeys }

func (c *chaosKeys) Predict(*Call) []Recipe {
	var keys [8]Key
	for i := range keys {
		x := c.rng.Uint64()
		keys[i] = c.seen[x>>32&63]
		if x&3 == 0 {
			keys[i].Account = isa.Word{x, c.rng.Uint64(), x >> 40}
		}
		if x&12 == 0 {
			keys[i].Slot = isa.Word{c.rng.Uint64() & 15}
		}
		keys[i].Storage = x&16 == 0
	}
	return c.Of(keys[:c.rng.Uint64()&7])
}

func (c *chaosKeys) Train(_ *Call, touched []Touched) {
	for i := range touched {
		c.seen[c.rng.Uint64()&63] = touched[i].Key
	}
}

// chaosValue mixes values it has seen, nonsense, and no prediction.
type chaosValue struct {
	rng  *rand.PCG
	seen [16]isa.Word
}

func (c *chaosValue) Predict(Ref) (isa.Word, bool) {
	x := c.rng.Uint64()
	if x&7 == 0 {
		return isa.Word{x, c.rng.Uint64()}, true
	}
	return c.seen[x>>32&15], x&3 != 0
}

func (c *chaosValue) Train(_ Ref, actual *isa.Word) { c.seen[c.rng.Uint64()&15] = *actual }
