package blocktest

import (
	"errors"
	"fmt"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/chain"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// trial is one run of a test.
type trial struct {
	*Tests
	test   *fixtures.BlockTest
	result *Result
	chain  *chain.Chain
	last   *pipeline.Core // of the block before, with Carry
}

// run gives the chain one block after the other, and compares what it has come to.
func (x *trial) run() (err error) {
	defer budget.Recover(x.test.ID(), &err)
	if x.chain, err = chain.New(x.test); err != nil {
		return run.Difference(err)
	}
	x.chain.Stop = x.Options.Stop
	for i := range x.test.Items {
		item := &x.test.Items[i]
		if err := x.block(item); err != nil {
			return fmt.Errorf("%s: %w", item.Field, err)
		}
	}
	if err := x.chain.Finish(); err != nil {
		return run.Difference(err)
	}
	return nil
}

// block gives the chain a block, which it accepts or refuses as the test says.
func (x *trial) block(item *fixtures.Item) error {
	b, refusal, err := x.chain.Propose(item)
	var broken *invariant.Error
	switch {
	case errors.As(err, &broken):
		return err
	case err != nil: // the test contradicts itself
		return run.Difference(err)
	}
	var post state.Prestate
	if refusal == nil {
		if post, refusal, err = x.execute(b); err != nil {
			return err
		}
	}
	switch {
	case refusal != nil && !item.Invalid:
		return run.Difference(refusal)
	case refusal != nil:
		err := refusal.Meets(item)
		if stop := x.Options.Stop; stop != nil && stop.Err() != nil {
			return stop.Err()
		}
		if err != nil {
			return run.Difference(err)
		}
		x.result.Refused++
		return nil
	case item.Invalid:
		return differ("accepted, but it has to be refused: %s", item.Exception)
	}
	x.result.Blocks++
	x.result.Transactions += len(b.Txs)
	if err := x.chain.Accept(b, post); err != nil {
		return run.Difference(err)
	}
	return nil
}

// execute runs a block on go-ethereum and on the machine. It gives the state that the block
// leaves, or why it is not valid.
func (x *trial) execute(b *traces.Bundle) (post state.Prestate, refusal *chain.Refusal, err error) {
	p, err := run.Prepare(x.Options.Stop, b, run.NeedOf(x.Options.Lockstep, &x.Setup.Config.Config))
	switch {
	case err != nil && run.FaultOf(err) != run.Different:
		return nil, nil, err
	case err != nil:
		refusal, err = x.refused(b, err)
		return nil, refusal, err
	}
	out, err := x.simulate(p)
	if err != nil {
		if invalid(err) {
			err = differ("not valid, which go-ethereum does not say: %w", err)
		}
		return nil, nil, err
	}
	v := &out.Verdict
	switch {
	case v.OK:
	case wrong(v.Lockstep), wrong(v.PostState): // the header is the only thing that may be wrong
		return nil, nil, run.Difference(out.Difference)
	default:
		return nil, contradiction(v, out.Difference), nil
	}
	return p.Golden.Post(), nil, nil
}

func wrong(check *bool) bool { return check != nil && !*check }

// contradiction refuses a block whose header says otherwise than what came out.
func contradiction(v *traces.Verdict, found error) *chain.Refusal {
	var reasons []error
	for _, c := range []struct {
		same   *bool
		reason error
	}{
		{v.GasUsed, chain.ErrGasUsed},
		{v.LogsBloom, chain.ErrLogsBloom},
		{v.ReceiptsRoot, chain.ErrReceiptsRoot},
		{v.Requests, chain.ErrRequests},
		{v.StateRoot, chain.ErrStateRoot},
	} {
		if wrong(c.same) {
			reasons = append(reasons, c.reason)
		}
	}
	return chain.NewRefusal(fmt.Errorf("%w: %w", errors.Join(reasons...), found))
}

// refused asks the machine about a block that go-ethereum refuses: it has to refuse it, too.
func (x *trial) refused(b *traces.Bundle, why error) (*chain.Refusal, error) {
	refusal := chain.NewRefusal(why)
	if x.Setup.Config.ReadsGolden() {
		x.result.Unsimulated++
		return refusal, nil
	}
	p, err := run.Unproved(b)
	if err == nil {
		_, err = x.simulate(p)
	}
	switch {
	case err == nil:
		return nil, differ("valid, which go-ethereum does not say: %w", why)
	case !invalid(err):
		return nil, err
	}
	return refusal, nil
}

// invalid reports whether a run says of its block that it is not valid.
func invalid(err error) bool {
	var tx *state.InvalidError
	return errors.As(err, &tx) || errors.Is(err, state.ErrSystemCall) || errors.Is(err, state.ErrNoSystemContract) || errors.Is(err, state.ErrDepositLayout)
}

// simulate runs a block on the machine: one core, or those of the policy.
func (x *trial) simulate(p *run.Block) (out *run.Outcome, err error) {
	cfg, opt := x.Setup.Config, x.Options
	opt.Lockstep = opt.Lockstep && p.Golden != nil
	if x.Parallel() {
		return x.share(p, opt)
	}
	if x.Carry {
		opt.Inherit = x.last
	}
	if out, err = p.Run(&cfg.Config, opt); err != nil {
		return nil, err
	}
	x.last = out.Core
	x.result.Incarnations += uint64(len(out.Results))
	x.count(out, uint64(out.Core.Cycle()), out.Core.Stats.Instructions)
	return out, nil
}

// share runs a block on several cores. What a policy reads of the block's access sets is found
// by a run in order before.
func (x *trial) share(p *run.Block, opt run.Options) (*run.Outcome, error) {
	settings := &x.Setup.Config.Machine
	info, _, err := machine.FindPolicy(settings.Policy, "")
	if err != nil {
		return nil, err
	}
	mc, err := settings.Config()
	if err != nil {
		return nil, err
	}
	if info.Oracle || info.Model != nil {
		in, err := p.Reference(x.Setup.Config, opt)
		if err != nil {
			return nil, err
		}
		mc.Oracle = in.Footprints
	}
	out, err := p.Parallel(&x.Setup.Config.Config, mc, opt)
	if err != nil {
		return nil, err
	}
	x.result.Incarnations += out.Stats.Incarnations
	x.count(&out.Outcome, out.Stats.Cycles, out.Stats.Committed)
	return &out.Outcome, nil
}

func (x *trial) count(out *run.Outcome, cycles, instructions uint64) {
	x.result.Cycles += cycles
	x.result.Instructions += instructions
	x.result.Checked += out.Checked
}
