package run

import (
	"fmt"
	"hash/fnv"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// ParallelOutcome is one run of one block on several cores.
type ParallelOutcome struct {
	Outcome    // Core is the first core, nil when none was needed
	Stats      machine.Stats
	Footprints []oracle.Footprint // of a run in block order

	machine *machine.Machine
}

// Rearranged gives the counts of another schedule model, or of another number of cores,
// after a run under one.
func (o *ParallelOutcome) Rearranged(mc machine.Config) (*ParallelOutcome, error) {
	if err := o.machine.Rearrange(mc.Policy, mc.Mapping, mc.Cores); err != nil {
		return nil, err
	}
	other := *o
	other.Stats = o.machine.Stats
	return &other, nil
}

// comparison checks the incarnations that one core executes.
type comparison struct {
	lockstep *lockstep.EVM
	source   traces.Source
	core     *pipeline.Core
	before   uint64
}

func (c *comparison) Begin(tx int) {
	c.lockstep.Forgive()
	c.before = c.lockstep.Checked()
	if c.lockstep.BeginTx(tx) {
		c.core.SetChecker(lockstep.Observer{Checker: c.lockstep, Core: c.core})
	}
}

func (c *comparison) End(tx int) machine.Finding {
	c.lockstep.EndTx(tx)
	c.core.SetChecker(nil)
	_ = c.source.Close() // of an incarnation that is given up; what broke is asked for in the end
	return machine.Finding{Difference: c.lockstep.Err(), Checked: c.lockstep.Checked() - c.before}
}

// Parallel simulates the block on several cores that share it under a policy. Cores
// have their own predictors and buffers; chaos has a seed for each.
func (p *Block) Parallel(cfg *pipeline.Config, mc machine.Config, opt Options) (out *ParallelOutcome, err error) {
	if mc.Policy == machine.Window {
		return p.across(cfg, opt)
	}
	b := p.Bundle
	defer budget.Recover(b.Name, &err)
	memory := b.Memory.Rest() // of all cores
	env, err := state.NewBlockEnv(b.Header, b.Config, b.BlockHashes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	world := state.NewWorld(b.Prestate)
	if err := state.BeginBlock(world, env, b.Header); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	golden, err := p.golden(cfg)
	if err != nil {
		return nil, err
	}
	var sources []traces.Source
	defer func() {
		for _, s := range sources {
			s.Close()
		}
	}()
	block := machine.Block{
		Transactions: len(p.txs),
		Origin:       world,
		First: func(tx int) uint64 {
			if p.Golden != nil && tx < len(p.Golden.TxStart) {
				return uint64(p.Golden.TxStart[tx])
			}
			return 0
		},
		Gas:      func(tx int) uint64 { return p.txs[tx].Gas },
		GasLimit: env.GasLimit,
		Class: func(tx int) uint64 {
			h := fnv.New64a()
			t := p.txs[tx]
			if t.To != nil {
				_, _ = h.Write(t.To[:])
			}
			_, _ = h.Write(t.Data[:min(4, len(t.Data))])
			return h.Sum64()
		},
		NewCore: func(i int) (*pipeline.Core, machine.System, machine.Observer, error) {
			sys := evm.NewSpeculative(env, p.txs, p.Cache, mc.Crediting)
			own := *cfg
			own.Predictor.Seed += uint64(i)
			core, err := pipeline.New(own, sys, golden)
			if err != nil {
				return nil, nil, nil, err
			}
			opt.Bound(core, memory)
			if !opt.Lockstep {
				return core, sys, nil, nil
			}
			source, err := p.Golden.Source(memory)
			if err != nil {
				return nil, nil, nil, err
			}
			sources = append(sources, source)
			return core, sys, &comparison{lockstep: lockstep.NewEVM(source, sys.System), source: source, core: core}, nil
		},
	}
	m, err := machine.New(mc, block)
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", b.Name, mc.Policy, err)
	}
	for _, s := range sources {
		if broken := s.Close(); broken != nil {
			return nil, broken
		}
	}
	out = &ParallelOutcome{Stats: m.Stats, machine: m}
	if mc.Policy == machine.SequentialPolicy {
		out.Footprints = m.Footprints()
	}
	out.World = world
	if cores := m.Cores(); len(cores) > 0 { // a block without transactions needs none
		out.Core = cores[0]
	}
	if err := p.commit(out, m, env.GasLimit); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", b.Name, mc.Policy, err)
	}
	if out.Requests, err = state.EndBlock(world, env, b.Ending(out.Results)); err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	p.Judge(&out.Outcome, opt.Lockstep)
	return out, nil
}

// Reference runs the block in order on one core, over the same view of the state as
// every policy: it takes the cycles of a sequential run, and finds what each
// transaction reads and writes.
func (p *Block) Reference(cfg *config.Config, opt Options) (*ParallelOutcome, error) {
	settings := cfg.Machine.Alone()
	mc, err := settings.Config()
	if err != nil {
		return nil, err
	}
	return p.Parallel(&cfg.Config, mc, opt)
}

// anyNumber of transactions fits the window.
const anyNumber = 1 << 20

// across simulates the block on one core whose window reaches across transactions: as
// many as core.transactions says, or any number where that is 1.
func (p *Block) across(cfg *pipeline.Config, opt Options) (*ParallelOutcome, error) {
	own := *cfg
	if own.Core.Transactions < 2 {
		own.Core.Transactions = anyNumber
	}
	run, err := p.Run(&own, opt)
	if err != nil {
		return nil, err
	}
	n, cycles, instructions := len(p.txs), uint64(run.Core.Cycle()), run.Core.Stats.Instructions
	out := &ParallelOutcome{Outcome: *run, Stats: machine.Stats{
		Cores: 1, Cycles: cycles, Transactions: n, Incarnations: uint64(n), CommittedWork: cycles,
		Instructions: instructions, Committed: instructions,
	}}
	out.Stats.Losses[machine.LossBase] = cycles
	return out, nil
}

// commit makes the incarnations that were committed final, in block order. The first
// of their differences is the block's.
func (p *Block) commit(out *ParallelOutcome, m *machine.Machine, gasLimit uint64) error {
	var used uint64
	for tx, x := range m.Incarnations() {
		result, ok := x.Result.(state.TxResult)
		if !ok {
			return invariant.Broken("transaction %d has no result", tx)
		}
		if used+p.txs[tx].Gas > gasLimit {
			return &state.InvalidError{Tx: tx, Err: fmt.Errorf("gas limit above what is left of the block's: %d > %d", p.txs[tx].Gas, gasLimit-used)}
		}
		used += result.GasUsed
		out.Results = append(out.Results, result)
		out.World.Apply(x.Writes)
		if p.receiptsHaveRoots() {
			if err := out.root(); err != nil {
				return err
			}
		}
		if out.Checked += x.Finding.Checked; x.Repaired() {
			out.Repaired += x.Instructions
		}
		if out.Difference == nil {
			out.Difference = x.Finding.Difference
		}
	}
	return nil
}
