package pipeline

import (
	"fmt"

	"github.com/ooovm/ooovm/predictor"
)

// predictors are the parts of a core that learn.
type predictors struct {
	direction  predictor.Direction
	target     predictor.Target
	callTarget predictor.CallTarget
	memOrder   predictor.Dependence
	stateOrder predictor.Dependence
	keys       predictor.Keys   // nil without prediction
	values     predictor.Values // nil without prediction

	faults  predictor.FaultOracle // direction, where it is one
	returns predictor.StackUser   // target, where it is one
	// The histories that direction and target have now: what an entry fetched next restores
	// when it is squashed.
	dirCP, tgtCP uint64
}

// PredictorKind is one kind of predictor: which key of the section predictor names it,
// which registry the name is from, what sizes it, and its place in a core.
type PredictorKind struct {
	Key string
	predictor.Catalog

	name func(*PredictorConfig) string
	make func(*predictors, *PredictorConfig, predictor.Params) error
	take func(to, from *predictors)
}

// predictorKinds is the table of all kinds. What reads the golden run, what misbehaves,
// how a core's predictors are made and what is carried from block to block follow from it.
var predictorKinds = []PredictorKind{
	kindOf("branch", &predictor.Directions,
		func(p *PredictorConfig) (string, int) { return p.Branch, p.BranchBits },
		func(s *predictors) *predictor.Direction { return &s.direction }),
	kindOf("target", &predictor.Targets,
		func(p *PredictorConfig) (string, int) { return p.Target, p.TargetBits },
		func(s *predictors) *predictor.Target { return &s.target }),
	kindOf("call", &predictor.CallTargets,
		func(p *PredictorConfig) (string, int) { return p.Call, p.TargetBits },
		func(s *predictors) *predictor.CallTarget { return &s.callTarget }),
	kindOf("memory", &predictor.Dependences,
		func(p *PredictorConfig) (string, int) { return p.Memory, p.DependBits },
		func(s *predictors) *predictor.Dependence { return &s.memOrder }),
	kindOf("state", &predictor.Dependences,
		func(p *PredictorConfig) (string, int) { return p.State, p.DependBits },
		func(s *predictors) *predictor.Dependence { return &s.stateOrder }),
	kindOf("keys", &predictor.KeyPredictors,
		func(p *PredictorConfig) (string, int) { return p.Keys, p.KeyBits },
		func(s *predictors) *predictor.Keys { return &s.keys }),
	kindOf("value", &predictor.ValuePredictors,
		func(p *PredictorConfig) (string, int) { return p.Value, p.ValueBits },
		func(s *predictors) *predictor.Values { return &s.values }),
}

// PredictorKinds lists the kinds of predictors in the order of their keys.
func PredictorKinds() []PredictorKind { return append([]PredictorKind(nil), predictorKinds...) }

// kindOf makes a row: chosen returns the name and the log2 of the main table's entries.
func kindOf[T any](key string, registry *predictor.Registry[T], chosen func(*PredictorConfig) (string, int), place func(*predictors) *T) PredictorKind {
	return PredictorKind{
		Key: key, Catalog: registry,
		name: func(p *PredictorConfig) string { name, _ := chosen(p); return name },
		make: func(s *predictors, p *PredictorConfig, params predictor.Params) (err error) {
			var name string
			name, params.TableBits = chosen(p)
			*place(s), err = registry.New(name, params)
			return err
		},
		take: func(to, from *predictors) { *place(to) = *place(from) },
	}
}

func newPredictors(p *PredictorConfig, golden predictor.Golden) (s predictors, err error) {
	params := predictor.Params{HistoryBits: p.HistoryBits, StackDepth: p.ReturnStack, Confidence: p.Confidence, Seed: p.Seed, Golden: golden}
	for i := range predictorKinds {
		if err := predictorKinds[i].make(&s, p, params); err != nil {
			return s, fmt.Errorf("predictor.%s: %w", predictorKinds[i].Key, err)
		}
	}
	return s, nil
}

// readsGolden reports whether any predictor is an oracle.
func (p *PredictorConfig) readsGolden() bool {
	for i := range predictorKinds {
		k := &predictorKinds[i]
		if info, err := k.Info(k.name(p)); err == nil && info.Oracle {
			return true
		}
	}
	return false
}

// misbehaves reports whether any predictor guesses at random.
func (p *PredictorConfig) misbehaves() bool {
	for i := range predictorKinds {
		if predictorKinds[i].name(p) == "chaos" {
			return true
		}
	}
	return false
}

// inherit replaces each predictor that learns by its forerunner of the same name. An
// oracle stays: it reads the golden run of its own block.
func (s *predictors) inherit(from *predictors, p *PredictorConfig) {
	for i := range predictorKinds {
		k := &predictorKinds[i]
		if info, err := k.Info(k.name(p)); err == nil && !info.Oracle {
			k.take(s, from)
		}
	}
}

// Inherit hands over what the predictors of a drained core have learned to a core that
// has not run yet and has the same configuration; the former must not be used again.
func (c *Core) Inherit(from *Core) error {
	if c.cfg != from.cfg {
		return fmt.Errorf("predictors cannot be carried over to another configuration")
	}
	c.pred.inherit(&from.pred, &c.cfg.Predictor)
	c.attach()
	return nil
}

// restore goes back to the histories from before an entry was fetched.
func (s *predictors) restore(dirCP, tgtCP uint64) {
	s.direction.Restore(dirCP)
	s.target.Restore(tgtCP)
	s.dirCP, s.tgtCP = dirCP, tgtCP
}

// attach connects the core to its predictors.
func (c *Core) attach() {
	c.pred.faults, _ = c.pred.direction.(predictor.FaultOracle)
	c.pred.returns, _ = c.pred.target.(predictor.StackUser)
	c.pred.dirCP, c.pred.tgtCP = c.pred.direction.Checkpoint(), c.pred.target.Checkpoint()
	c.opt.prefetch, c.opt.runahead = nil, nil
	if c.cfg.Prefetches() {
		c.opt.prefetch = newPrefetching(c)
	}
	if c.cfg.Predictor.Runahead {
		c.opt.runahead = &runahead{buf: c.win.buf, stats: &c.Stats}
	}
}
