// Package campaign runs any number of blocks, or programs of the FuelVM, under one
// configuration: commands run and validate.
package campaign

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
	fueltrace "github.com/ooovm/ooovm/traces/fuel"
)

// Campaign is many runs under one configuration.
type Campaign struct {
	Setup    run.Setup
	Options  run.Options // of every run
	Baseline bool        // also run the in-order core, with and without folding
	batch.Host
	// Carry lets predictors keep what they have learned from one block to the next, in the
	// order of the paths; then blocks run one at a time.
	Carry bool
	// Watch is the transaction that the options' probe sees.
	Watch TxRef

	last    *pipeline.Core // of the block before, when carrying
	learned string         // digest of the block before, which covers all before it
}

// Report is one block's result, or why there is none.
type Report struct {
	batch.Report[*run.Result]
	Program bool // it is about a program of the other instruction set
}

// Run simulates the blocks and hands over the reports in the order of the paths. An empty
// path is the embedded block. A file of programs of the other instruction set has a report
// for each of them; a probe watches one only.
func (c *Campaign) Run(paths []string, emit func(Report) error) error {
	host := c.Host
	if c.Carry {
		host.Jobs = 1
	}
	list := works(paths)
	if c.Options.Probe != nil && len(list) > 1 {
		return run.Input(fmt.Errorf("%s: it has %d programs, of which one can be watched", paths[0], len(list)))
	}
	return batch.Ordered(host, list, c.one, emit)
}

// work is what one report is about: a block, a program of a file, or a file that
// could not be read.
type work struct {
	path    string
	program *fueltrace.Program
	err     error
}

// works opens the files of programs among the paths.
func works(paths []string) (list []work) {
	for _, path := range paths {
		if path == "" || !fueltrace.IsProgramFile(path) {
			list = append(list, work{path: path})
			continue
		}
		programs, err := fueltrace.Load(path)
		if err != nil {
			list = append(list, work{path: path, err: run.Input(err)})
		}
		for _, p := range programs {
			list = append(list, work{path: path, program: p})
		}
	}
	return list
}

func (c *Campaign) one(w work) (r Report) {
	stop := c.Options.Stop
	if w.program == nil && w.err == nil {
		r.Report = batch.Block(w.path, stop, c.block)
		return r
	}
	r.Path, r.Program = w.path, true
	r.Err = batch.Guard(w.path, stop, func() (err error) {
		if w.err != nil {
			return w.err
		}
		r.Result, err = c.program(w.program)
		return err
	})
	return r
}

// block simulates a block that has been loaded.
func (c *Campaign) block(b *traces.Bundle) (*run.Result, error) {
	p, err := run.Prepare(c.Options.Stop, b, run.NeedOf(c.Options.Lockstep, &c.Setup.Config.Config))
	if err != nil {
		return nil, err
	}
	opt, setup := c.Options, c.Setup
	if opt.Probe != nil {
		if opt.ProbeTx, err = c.Watch.find("the block", len(b.Txs), func(i int) common.Hash { return b.Txs[i].Hash() }); err != nil {
			return nil, err
		}
	}
	if c.Carry {
		setup.Carry, setup.Learned, opt.Inherit = true, c.learned, c.last
	}
	var baselines func() (run.Baselines, error)
	if c.Baseline {
		baselines = func() (run.Baselines, error) { return p.Baselines(c.Options) }
	}
	r, out, err := p.Result(setup, opt, baselines)
	if err == nil && c.Carry {
		c.last, c.learned = out.Core, r.Digest
	}
	return r, err
}

func (c *Campaign) program(p *fueltrace.Program) (*run.Result, error) {
	opt := c.Options
	if opt.Probe != nil {
		var err error
		id := func(i int) common.Hash { return common.Hash(p.Transactions[i].TransactionID(p.Params.ChainID)) }
		if opt.ProbeTx, err = c.Watch.find(p.Name, len(p.Transactions), id); err != nil {
			return nil, err
		}
	}
	return run.Program(p, c.Setup, opt, c.Baseline)
}
