package predictor

import (
	"math/rand/v2"

	"github.com/ooovm/ooovm/isa"
)

// The chaos predictors guess at random from a seed. They must commit exactly what
// perfect ones commit, which makes them the strongest test of recovery.
func init() {
	const doc = "random, seeded: for tests"
	Directions.Register(Maker[Direction]{Name: "chaos", Doc: doc, New: func(p Params) Direction { return &chaos{rng: newRand(p.Seed, 1)} }})
	Targets.Register(Maker[Target]{Name: "chaos", Doc: doc, New: func(p Params) Target { return &chaosTarget{rng: newRand(p.Seed, 2)} }})
	CallTargets.Register(Maker[CallTarget]{Name: "chaos", Doc: doc, New: func(p Params) CallTarget { return &chaosCall{rng: newRand(p.Seed, 3)} }})
	Dependences.Register(Maker[Dependence]{Name: "chaos", Doc: doc, New: func(p Params) Dependence { return &chaos{rng: newRand(p.Seed, 4)} }})
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
	seen [64]int32
}

func (c *chaosTarget) Predict(Ref) int32 {
	x := c.rng.Uint64()
	switch x & 3 {
	case 0:
		return -1
	case 1:
		return int32(x >> 40)
	default:
		return c.seen[x>>32&63]
	}
}

func (*chaosTarget) Call(Ref, int32)    {}
func (*chaosTarget) Checkpoint() uint64 { return 0 }
func (*chaosTarget) Restore(uint64)     {}

func (c *chaosTarget) Train(_ Ref, _ uint64, target int32) { c.seen[c.rng.Uint64()&63] = target }

type chaosCall struct {
	rng  *rand.PCG
	seen [16]isa.Word
}

func (c *chaosCall) Predict(Ref) (isa.Word, bool) {
	x := c.rng.Uint64()
	return c.seen[x>>32&15], x&3 != 0
}

func (c *chaosCall) Train(_ Ref, account *isa.Word) { c.seen[c.rng.Uint64()&15] = *account }
