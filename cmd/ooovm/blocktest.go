package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/blocktest"
	"github.com/ooovm/ooovm/experiments/official"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/traces/fixtures"
)

func newBlockTest(c *cli) *cobra.Command {
	var f officialFlags
	cmd := &cobra.Command{
		Use:   "blocktest PATH...",
		Short: "Run Ethereum's official blockchain tests through the simulated machine",
		Long: `Runs every block of blockchain test fixtures on one core, or on several that share it
(--policy), in lockstep with go-ethereum, on the state that the block before has left.
Gas, receipts, requests and state root are compared with the header; a block that has
to be refused is, for the reason that the fixture names, by go-ethereum and by the
machine; the last block's hash and the whole state after it are compared in the end.
A PATH is a JSON fixture, a folder of them, or a .tar.gz or .tar.zst archive, which is
read as a stream. Prints a line for each test that fails and a summary, or with --json
a list. Exits with 3 when any does not pass.

A test is named PATH:NAME; --run and --skip match that name.

` + precedenceHelp,
		Example: `  ooovm blocktest BlockchainTests/
  ooovm blocktest blocks.tar.zst --fork Prague --chaos 1
  ooovm blocktest blocks.tar.zst --policy block-stm --cores 4 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: action(func(_ *cobra.Command, args []string) error {
			t, err := f.tests(c, "tests", fixtures.Forks(), network)
			if err != nil {
				return err
			}
			if err := f.suits(&t.setup.Config.Machine); err != nil {
				return usageError(err)
			}
			if _, err := t.setup.Config.Machine.Config(); err != nil {
				return usageError(fmt.Errorf("machine.mapping: %w", err))
			}
			s := &blocktest.Tests{Selection: t.Selection, Setup: t.setup, Options: t.options, Host: t.host, Carry: f.carry}
			return blockReport.print(c, func(sink *blocktest.Sink) (*official.Counts, string, error) {
				totals, err := s.Each(args, sink)
				return &totals.Counts, blockTestSummary(s, &totals), err
			})
		}),
	}
	f.register(cmd, "tests")
	registerCarry(cmd, &f.carry)
	f.registerSharing(cmd)
	complete(cmd, "fork", cobra.FixedCompletions(fixtures.Forks(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// network finds a fork, or a transition from one to another, as blockchain tests name them.
func network(name string) (string, bool) {
	if fork, ok := fixtures.Fork(name); ok {
		return fork, true
	}
	_, err := fixtures.NetworkConfig(name)
	return name, err == nil
}

func blockTestSummary(s *blocktest.Tests, t *blocktest.Totals) string {
	under := s.Setup.Preset
	if m := &s.Setup.Config.Machine; m.Policy != machine.SequentialPolicy {
		under += fmt.Sprintf(" with %s on %s cores", m.Policy, coreCount(m.Cores))
	}
	refused := fmt.Sprintf("%d blocks refused as they have to be", t.Refused)
	if t.Unsimulated > 0 {
		refused += fmt.Sprintf(" (%d of them by go-ethereum alone)", t.Unsimulated)
	}
	return strings.Join([]string{
		fmt.Sprintf("%d tests under %s: %d passed, %d failed, %d unsupported, %d broken, %d skipped", t.Cases, under, t.Passed, t.Failed, t.Unsupported, t.Broken, t.Skipped),
		fmt.Sprintf("%d blocks with %d transactions, %s", t.Blocks, t.Transactions, refused),
		fmt.Sprintf("%d instructions, %s, %d cycles", t.Instructions, compared(s.Options.Lockstep, t.Checked), t.Cycles),
	}, "; ")
}

// blockEntry is a test in the JSON list.
type blockEntry struct {
	Name         string `json:"name"`
	Fork         string `json:"fork"`
	Pass         bool   `json:"pass"`
	Blocks       int    `json:"blocks"`
	Refused      int    `json:"refused"`
	Transactions int    `json:"transactions"`
	Incarnations uint64 `json:"incarnations"`
	Instructions uint64 `json:"instructions"`
	Checked      uint64 `json:"checked"`
	Cycles       uint64 `json:"cycles"`
	Error        string `json:"error"`
}

func newBlockEntry(r *blocktest.Result) blockEntry {
	return blockEntry{
		Name: r.Test.Name, Fork: r.Test.Network, Pass: r.Verdict == official.Passed, Blocks: r.Blocks, Refused: r.Refused, Transactions: r.Transactions,
		Incarnations: r.Incarnations, Instructions: r.Instructions, Checked: r.Checked, Cycles: r.Cycles, Error: r.Reason(),
	}
}

var blockReport = &officialReport[*blocktest.Result]{
	cases: "tests", one: "test",
	outcome: func(r *blocktest.Result) *official.Outcome { return &r.Outcome },
	id:      func(r *blocktest.Result) string { return r.Test.ID() },
	entry:   func(r *blocktest.Result) any { return newBlockEntry(r) },
	header:  []string{"path", "name", "fork", "pass", "blocks", "refused", "transactions", "instructions", "checked", "cycles", "error"},
	number:  []bool{false, false, false, false, true, true, true, true, true, true, false},
	row: func(r *blocktest.Result) []any {
		e := newBlockEntry(r)
		return []any{r.Test.Path, e.Name, e.Fork, e.Pass, e.Blocks, e.Refused, e.Transactions, e.Instructions, e.Checked, e.Cycles, e.Error}
	},
}
