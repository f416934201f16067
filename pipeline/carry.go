package pipeline

import (
	"fmt"

	"github.com/ooovm/ooovm/predictor"
)

// predictors are the parts of a core that learn, in the order of their keys in
// PredictorConfig.
type predictors struct {
	direction  predictor.Direction
	target     predictor.Target
	callTarget predictor.CallTarget
	memOrder   predictor.Dependence
	stateOrder predictor.Dependence
	keys       predictor.Keys   // nil without prediction
	values     predictor.Values // nil without prediction
}

func newPredictors(p *PredictorConfig, golden predictor.Golden) (s predictors, err error) {
	params := predictor.Params{TableBits: p.BranchBits, HistoryBits: p.HistoryBits, StackDepth: p.ReturnStack, Seed: p.Seed, Golden: golden}
	if s.direction, err = predictor.Directions.New(p.Branch, params); err != nil {
		return s, fmt.Errorf("predictor.branch: %w", err)
	}
	params.TableBits = p.TargetBits
	if s.target, err = predictor.Targets.New(p.Target, params); err != nil {
		return s, fmt.Errorf("predictor.target: %w", err)
	}
	if s.callTarget, err = predictor.CallTargets.New(p.Call, params); err != nil {
		return s, fmt.Errorf("predictor.call: %w", err)
	}
	params.TableBits = p.DependBits
	if s.memOrder, err = predictor.Dependences.New(p.Memory, params); err != nil {
		return s, fmt.Errorf("predictor.memory: %w", err)
	}
	if s.stateOrder, err = predictor.Dependences.New(p.State, params); err != nil {
		return s, fmt.Errorf("predictor.state: %w", err)
	}
	params.TableBits = p.KeyBits
	if s.keys, err = predictor.KeyPredictors.New(p.Keys, params); err != nil {
		return s, fmt.Errorf("predictor.keys: %w", err)
	}
	params.TableBits, params.Confidence = p.ValueBits, p.Confidence
	if s.values, err = predictor.ValuePredictors.New(p.Value, params); err != nil {
		return s, fmt.Errorf("predictor.value: %w", err)
	}
	return s, nil
}

// learnt replaces each predictor that learns by its forerunner of the same name. An
// oracle stays: it reads the golden run of its own block.
func (s *predictors) learnt(from *predictors, p *PredictorConfig) {
	take(&s.direction, from.direction, &predictor.Directions, p.Branch)
	take(&s.target, from.target, &predictor.Targets, p.Target)
	take(&s.callTarget, from.callTarget, &predictor.CallTargets, p.Call)
	take(&s.memOrder, from.memOrder, &predictor.Dependences, p.Memory)
	take(&s.stateOrder, from.stateOrder, &predictor.Dependences, p.State)
	take(&s.keys, from.keys, &predictor.KeyPredictors, p.Keys)
	take(&s.values, from.values, &predictor.ValuePredictors, p.Value)
}

func take[T any](to *T, from T, kind *predictor.Registry[T], name string) {
	if m, err := kind.Lookup(name); err == nil && !m.Oracle {
		*to = from
	}
}

// Inherit hands over what the predictors of a drained core have learnt to a core that
// has not run yet and has the same configuration; the former must not be used again.
func (c *Core) Inherit(from *Core) error {
	if c.cfg != from.cfg {
		return fmt.Errorf("predictors cannot be carried over to another configuration")
	}
	c.learnt(&from.predictors, &c.cfg.Predictor)
	c.attach()
	return nil
}

// attach connects the core to its predictors.
func (c *Core) attach() {
	c.foresees, _ = c.direction.(predictor.FaultOracle)
	c.returns, _ = c.target.(predictor.StackUser)
	c.dirCP, c.tgtCP = c.direction.Checkpoint(), c.target.Checkpoint()
	c.prefetch, c.runahead = nil, nil
	if c.cfg.Prefetches() {
		c.prefetch = newPrefetcher(c.keys, c.sys, c.cfg.Predictor.Ahead)
	}
	if c.cfg.Predictor.Runahead {
		c.runahead = &runahead{}
	}
}
