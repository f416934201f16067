package run

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/decoder/fuel"
	fuelrun "github.com/ooovm/ooovm/experiments/fuel"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
	fueltrace "github.com/ooovm/ooovm/traces/fuel"
)

// Program runs a program of the FuelVM and describes the run, as Block.Result does with a
// block; baseline also runs the in-order cores.
func Program(p *fueltrace.Program, setup Setup, opt Options, baseline bool) (*Result, error) {
	stop := orForever(opt.Stop)
	golden, err := fueltrace.RunContext(stop, p, nil)
	switch {
	case stop.Err() != nil:
		return nil, stop.Err()
	case budget.Exceeds(err):
		return nil, err
	case err != nil:
		return nil, Difference(err)
	}
	own := fuelrun.Options{
		Lockstep: opt.Lockstep, VerifyEvery: opt.VerifyEvery, MaxCycles: opt.MaxCycles, Stop: opt.Stop,
		Cache: fuel.NewCache(), Probe: opt.Probe, ProbeTx: opt.ProbeTx,
	}
	out, err := fuelrun.Run(p, &setup.Config.Config, own)
	if err != nil {
		return nil, err
	}
	verdict := judgeProgram(p, golden, out, opt.Lockstep)
	var base Baselines
	if baseline && verdict.OK { // what is wrong has no speedup
		own.Lockstep, own.VerifyEvery, own.Probe = false, 0, nil
		if base, err = baselines(p.Name, func(cfg *pipeline.Config) (*pipeline.Core, error, error) {
			out, err := fuelrun.Run(p, cfg, own)
			if err != nil {
				return nil, nil, err
			}
			return out.Core, out.Difference, nil
		}); err != nil {
			return nil, err
		}
	}
	trace := TraceInfo{
		Name: p.Name, Hash: p.Hash(), Number: uint64(p.Block.Height), Fork: fmt.Sprintf("fuel-v%d", p.Params.Gas.Version),
		Transactions: len(p.Transactions), GasUsed: programGas(out.Block),
	}
	r := describe(setup, trace, out.Core, base)
	r.Valid = validity(verdict, out.Checked, out.Difference)
	r.Valid.Difference = strings.TrimPrefix(r.Valid.Difference, p.Name+": ") // the trace has the name
	r.Digest = programDigest(setup.Hash, trace.Hash, out)
	return r, nil
}

// judgeProgram compares what a run came to with the golden run and with what the program
// expects; the latter counts as part of the receipts. The first difference is noted in out.
func judgeProgram(p *fueltrace.Program, golden *fueltrace.Block, out *fuelrun.Outcome, lockstep bool) (v traces.Verdict) {
	note := func(err error) *bool {
		ok := err == nil
		if !ok && out.Difference == nil {
			out.Difference = err
		}
		return &ok
	}
	expected := out.Difference
	if lockstep {
		v.Lockstep = note(out.Stream)
	}
	if len(out.Block.Results) != len(golden.Results) {
		v.GasUsed = note(fmt.Errorf("%s: %d of %d transactions have ended", p.Name, len(out.Block.Results), len(golden.Results)))
		v.Settle()
		return v
	}
	var gas, receipts, state error
	for i := range golden.Results {
		got, want := &out.Block.Results[i], &golden.Results[i]
		if got.TotalGas != want.TotalGas || got.GasUsed != want.GasUsed {
			gas = errors.Join(gas, fmt.Errorf("%s: transaction %d: %d gas used, %d billed; the golden run says %d and %d",
				p.Name, i, got.GasUsed, got.TotalGas, want.GasUsed, want.TotalGas))
		}
		if got.ReceiptsRoot != want.ReceiptsRoot {
			receipts = errors.Join(receipts, fmt.Errorf("%s: transaction %d: receipts root %v, the golden run says %v",
				p.Name, i, got.ReceiptsRoot, want.ReceiptsRoot))
		}
	}
	if err := fueltrace.CompareChanges(out.Block, golden); err != nil {
		state = fmt.Errorf("%s: %w", p.Name, err)
	}
	v.GasUsed, v.PostState = note(gas), note(state)
	if receipts == nil && out.Stream == nil {
		receipts = expected
	}
	v.ReceiptsRoot = note(receipts)
	v.Settle()
	return v
}

func programGas(b *fueltrace.Block) (sum uint64) {
	for i := range b.Results {
		sum += b.Results[i].GasUsed
	}
	return sum
}

// programDigest is Digest for a program: its receipts and its changes of the state stand
// for the post-state.
func programDigest(configHash, programHash string, out *fuelrun.Outcome) string {
	d := newDigester()
	d.bytes([]byte(configHash))
	d.bytes([]byte(programHash))
	d.number(out.Core.StreamDigest())
	d.number(uint64(len(out.Block.Results)))
	for i := range out.Block.Results {
		r := &out.Block.Results[i]
		d.number(r.GasUsed)
		_, _ = d.Write(r.ReceiptsRoot[:])
		d.number(uint64(len(r.Slots)))
		for _, c := range r.Slots {
			_, _ = d.Write(c.Slot.Contract[:])
			_, _ = d.Write(c.Slot.Key[:])
			d.flag(c.New.Set)
			d.bytes(c.New.Bytes)
		}
		d.number(uint64(len(r.Balances)))
		for _, c := range r.Balances {
			_, _ = d.Write(c.Slot.Contract[:])
			_, _ = d.Write(c.Slot.Key[:])
			d.flag(c.New.Set)
			d.number(c.New.Amount)
		}
	}
	d.number(uint64(out.Core.Cycle()))
	d.counters(reflect.ValueOf(&out.Core.Stats).Elem(), "")
	return d.hex()
}
