package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/campaign"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/crossvm"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/suggest"
)

// compare runs workloads on both machines side by side.
func (c *cli) compare(with string, names []string, camp *campaign.Campaign) error {
	if with != "evm" {
		return usageError(fmt.Errorf("--compare %q: the FuelVM can be compared with evm", with))
	}
	known := crossvm.Workloads()
	if len(names) == 0 {
		names = known
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return usageError(fmt.Errorf("--compare runs workloads that both machines have: %s; not %q%s", strings.Join(known, ", "), name, suggest.Text(name, known)))
		}
	}
	eff, err := config.Load(config.Source{Set: []string{"preset=limit"}})
	if err != nil {
		return err
	}
	r, err := crossvm.Compare(names, camp.Setup, run.SetupOf(eff), camp.Options)
	if err != nil {
		return &exitError{codeOf(err), err}
	}
	t := &table.Table{
		Header: []string{"workload", "machine", "txs", "right", "instructions", "micro-ops", "executed", "cycles", "IPC", "uIPC", "speedup", "limit cycles", "limit IPC"},
		Number: []bool{false, false, true, false, true, true, true, true, true, true, true, true, true},
	}
	wrong := false
	for i := range r.Rows {
		row := &r.Rows[i]
		wrong = wrong || !row.OK
		t.Add(row.Workload, row.Machine, row.Transactions, checkMark(&row.OK), row.Instructions, row.Uops, row.ExecutedUops, row.Cycles,
			number(row.IPC, 3), number(row.UIPC, 3), number(row.Speedup, 3), row.LimitCycles, number(row.LimitIPC, 3))
	}
	if err := c.print(r, t); err != nil {
		return err
	}
	if wrong {
		return &exitError{exitDifference, errors.New("a run differs from its golden run")}
	}
	return nil
}
