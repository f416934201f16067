package selftest

import (
	"context"
	"errors"
	"fmt"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/crossvm"
	fuelrun "github.com/ooovm/ooovm/experiments/fuel"
	"github.com/ooovm/ooovm/experiments/fuzz"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	_ "github.com/ooovm/ooovm/predictor/oracle" // its predictors are named by presets
	"github.com/ooovm/ooovm/traces"
)

// check is one kind of proof. An error of run ends the campaign: it is that of the context, or
// nothing of the kind can be tried at all.
type check struct {
	name, what string
	once       bool // no seed changes what it does
	starts     bool // it starts this program
	run        func(*round) error
}

// How much of each kind a round tries: together about a minute on one core.
const (
	machinesARound = 20
	programsARound = 1000
	blocksARound   = 200
)

// maxCycles gives up what would never end: nothing that is tried needs as many.
const maxCycles = 200_000_000

var checks = []check{
	{name: "presets", what: "the embedded block, lockstep", once: true, run: presets},
	{name: "chaos", what: "the embedded block, every guess at random", run: chaos},
	{name: "policies", what: "the embedded block under a policy on several cores", run: policies},
	{name: "machines", what: "the embedded block on a machine drawn at random", run: machines},
	{name: "programs", what: "a program drawn at random, against go-ethereum", run: programs},
	{name: "blocks", what: "a block drawn at random, on one and on several cores", run: blocks},
	{name: "fuelvm", what: "a FuelVM program, against the golden interpreter", run: fuelPrograms},
	{name: "kills", what: "a sweep killed and taken up again", starts: true, run: kills},
	{name: "shards", what: "eight processes in one new directory", starts: true, run: shards},
}

// prepareEmbedded prepares the block that the program has in itself.
func prepareEmbedded(stop context.Context) (*run.Block, error) {
	b, err := traces.Embedded()
	if err != nil {
		return nil, err
	}
	return run.Prepare(stop, b, run.Recording)
}

// right simulates a block in lockstep: all of it has to be compared, and equal.
func (r *round) right(p *run.Block, cfg *pipeline.Config) (instructions uint64, err error) {
	out, err := p.Run(cfg, run.Options{Lockstep: true, Stop: r.Stop, MaxCycles: maxCycles})
	switch {
	case err != nil:
		return 0, err
	case out.Difference != nil:
		return 0, out.Difference
	case out.Checked != uint64(p.Golden.Instructions()):
		return 0, fmt.Errorf("%d of %d instructions were compared", out.Checked, p.Golden.Instructions())
	}
	return out.Checked, nil
}

func presets(r *round) error { return r.everyPreset(func(*pipeline.Config) {}) }

func chaos(r *round) error {
	return r.everyPreset(func(cfg *pipeline.Config) { config.Chaos(cfg, r.seed) })
}

// everyPreset runs the embedded block under every preset, changed.
func (r *round) everyPreset(change func(*pipeline.Config)) error {
	p, err := r.embedded()
	if err != nil {
		return err
	}
	for _, preset := range config.Presets() {
		cfg := preset.Config.Config
		change(&cfg)
		if err := r.try(preset.Name, func() (uint64, error) { return r.right(p, &cfg) }); err != nil {
			return err
		}
	}
	return nil
}

// coresOf are the cores on a block, a round each.
var coresOf = []int{4, 16, 2, 3, 7}

// policies runs the embedded block under every policy and mapping, in every other round with
// guesses at random.
func policies(r *round) error {
	p, err := r.embedded()
	if err != nil {
		return err
	}
	cfg, err := config.Baseline("execute")
	if err != nil {
		return err
	}
	if r.number%2 == 1 {
		config.Chaos(&cfg.Config, r.seed)
	}
	opt := run.Options{Lockstep: true, Stop: r.Stop, MaxCycles: maxCycles}
	ref, err := p.Reference(cfg, opt)
	if err != nil {
		return err
	}
	cores := coresOf[r.number%len(coresOf)]
	for _, info := range machine.Policies() {
		for _, mapping := range info.Mappings {
			mc, err := cfg.Machine.Config()
			if err != nil {
				return err
			}
			mc.Policy, mc.Mapping, mc.Cores, mc.Oracle = info.Name, mapping, cores, ref.Footprints
			if info.Name == machine.SequentialPolicy {
				mc.Cores, mc.Oracle = 1, nil
			}
			if err := r.try(fmt.Sprintf("%s (%s) on %d cores", info.Name, mapping, mc.Cores), func() (uint64, error) {
				out, err := p.Parallel(&cfg.Config, mc, opt)
				switch {
				case err != nil:
					return 0, err
				case out.Difference != nil:
					return 0, out.Difference
				case !out.Verdict.OK:
					return 0, errors.New("the block does not come out as its header says")
				}
				return out.Checked, nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func machines(r *round) error {
	p, err := r.embedded()
	if err != nil {
		return err
	}
	for i := range uint64(machinesARound) {
		seed := r.seed*machinesARound + i
		if err := r.try(fmt.Sprint("machine ", seed), func() (uint64, error) { return r.right(p, fuzz.DrawMachine(seed)) }); err != nil {
			return err
		}
	}
	return nil
}

func programs(r *round) error {
	for i := range uint64(programsARound) {
		c := fuzz.Draw(r.seed*programsARound + i)
		if err := r.try(c.Name, func() (uint64, error) {
			out, err := c.Run()
			return out.Instructions, err
		}); err != nil {
			return err
		}
	}
	return nil
}

func blocks(r *round) error {
	for i := range uint64(blocksARound) {
		b := fuzz.DrawBlock(r.seed*blocksARound + i)
		if err := r.try(b.Name, func() (uint64, error) {
			out, err := b.Run()
			return out.Instructions, err
		}); err != nil {
			return err
		}
	}
	return nil
}

// fuelPrograms runs the workloads of run --compare, after the first round with guesses at
// random.
func fuelPrograms(r *round) error {
	for _, preset := range config.Presets() {
		cfg := preset.Config
		if r.number > 0 {
			config.Chaos(&cfg.Config, r.seed)
		}
		setup := run.Setup{Preset: preset.Name, Config: &cfg}
		for _, name := range crossvm.Workloads() {
			if err := r.try(name+" under "+preset.Name, func() (uint64, error) {
				p, err := fuelrun.Workload(name, 4)
				if err != nil {
					return 0, err
				}
				out, err := run.Program(p, setup, run.Options{Lockstep: true, Stop: r.Stop, MaxCycles: maxCycles}, false)
				if err != nil {
					return 0, err
				}
				if !out.Valid.OK {
					return 0, errors.New(out.Valid.Difference)
				}
				return out.Counts.Instructions, nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
