// Package crossvm runs the same work on two instruction sets: command run --compare.
package crossvm

import (
	"encoding/hex"
	"fmt"
	"slices"

	fuelrun "github.com/ooovm/ooovm/experiments/fuel"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/generator"
)

// Schema is that of Result.
const Schema = "ooovm.compare/1"

// Result has the same work on two instruction sets.
type Result struct {
	Schema string         `json:"schema"`
	Config run.ConfigInfo `json:"config"`
	Rows   []Row          `json:"rows"`
}

// Row is one workload on one machine.
type Row struct {
	Workload     string   `json:"workload"`
	Machine      string   `json:"machine"`
	Transactions int      `json:"transactions"`
	OK           bool     `json:"ok"`
	Instructions uint64   `json:"instructions"`
	Uops         uint64   `json:"uops"`
	ExecutedUops uint64   `json:"executedUops"`
	Cycles       uint64   `json:"cycles"`
	IPC          *float64 `json:"ipc"`
	UIPC         *float64 `json:"uipc"`
	Speedup      *float64 `json:"speedup"`     // over the in-order core
	LimitCycles  uint64   `json:"limitCycles"` // of the configuration limit
	LimitIPC     *float64 `json:"limitIpc"`
}

// Machines of a Result.
const (
	machineEVM  = "evm"
	machineFuel = "fuel"
)

// comparedTransactions is how many transactions each workload has.
const comparedTransactions = 16

// compared are the workloads that both machines have. Tokens and swaps of the EVM are
// compiled Solidity, everything else is written by hand.
var compared = []struct {
	name     string
	workload string // of the generator
	code     string // in hexadecimal, where there is no such workload
}{
	{name: "token", workload: "erc20"},
	{name: "swap", workload: "swap-pools"},
	// sum := 0; for i := 1000; i != 0; i-- { sum += i * i }; return sum
	{name: "loop", code: "5f6103e85b808002909101906001900380600457505f5260205ff3"},
	// for i := 64; i != 0; i-- { mem[0:32] = keccak256(mem[0:64]) }
	{name: "hash", code: "60405b60405f205f5260019003806002570000"},
}

// Workloads lists what Compare knows.
func Workloads() (names []string) {
	for i := range compared {
		names = append(names, compared[i].name)
	}
	return names
}

// Compare runs workloads on both machines under a configuration and under that of the
// limit. Every run is checked in lockstep.
func Compare(names []string, setup, limit run.Setup, opt run.Options) (*Result, error) {
	c := &Result{Schema: Schema, Config: setup.Info()}
	for i := range compared {
		w := &compared[i]
		if !slices.Contains(names, w.name) {
			continue
		}
		bundle, err := comparedBundle(w.name, w.workload, w.code)
		if err != nil {
			return nil, err
		}
		program, err := fuelrun.Workload(w.name, comparedTransactions)
		if err != nil {
			return nil, err
		}
		for _, machine := range []string{machineEVM, machineFuel} {
			var results [2]*run.Result
			for k, s := range []run.Setup{setup, limit} {
				if machine == machineEVM {
					results[k], err = block(bundle, s, opt, k == 0)
				} else {
					results[k], err = run.Program(program, s, opt, k == 0)
				}
				if err != nil {
					return nil, err
				}
			}
			c.Rows = append(c.Rows, rowOf(w.name, machine, results[0], results[1]))
		}
	}
	return c, nil
}

// block is run.Program for a block.
func block(b *traces.Bundle, setup run.Setup, opt run.Options, baseline bool) (*run.Result, error) {
	p, err := run.Prepare(opt.Stop, b, run.NeedOf(opt.Lockstep, &setup.Config.Config))
	if err != nil {
		return nil, err
	}
	var base func() (run.Baselines, error)
	if baseline {
		base = func() (run.Baselines, error) { return p.Baselines(opt) }
	}
	r, _, err := p.Result(setup, opt, base)
	return r, err
}

func comparedBundle(name, workload, code string) (*traces.Bundle, error) {
	if workload != "" {
		return generator.New(generator.Params{Workload: workload, Transactions: comparedTransactions, Seed: 1})
	}
	b, err := hex.DecodeString(code)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	const gas = 1_000_000
	return generator.Code(name, generator.DefaultFork, b, comparedTransactions, gas)
}

func rowOf(workload, machine string, r, limit *run.Result) Row {
	return Row{
		Workload: workload, Machine: machine, Transactions: r.Trace.Transactions, OK: r.Valid.OK && limit.Valid.OK,
		Instructions: r.Counts.Instructions, Uops: r.Counts.Uops, ExecutedUops: r.Counts.ExecutedUops,
		Cycles: r.Counts.Cycles, IPC: r.IPC, UIPC: r.UIPC, Speedup: r.Speedup,
		LimitCycles: limit.Counts.Cycles, LimitIPC: limit.IPC,
	}
}
