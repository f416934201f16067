package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/levels"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/machine"
)

func newLevels(c *cli) *cobra.Command {
	var (
		s        simulation
		core     string
		cores    []string
		policies []string
	)
	cmd := &cobra.Command{
		Use:   "levels [BLOCK...]",
		Short: "Compare the levels of parallelism on several cores that share a block",
		Long: `Runs each block under every policy on in-order scalar cores, and again on the core
that --core names, and gives the speedup over one scalar core. Transactions run
speculatively, cycle by cycle, on the state as it is in that cycle. Whatever the
policy, receipts, gas and post-state are compared with go-ethereum's.

Policies marked "oracle" take the transactions' access sets from a run of the block.
The settings under machine., such as machine.crediting, hold for all rows.

` + precedenceHelp,
		Example: `  ooovm levels
  ooovm levels --cores 1,4,16 --core ooo-4 blocks/
  ooovm levels --policy block-stm,monad -s machine.crediting=lazy-transfers --json 19426587.json.gz`,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("core") {
				if cmd.Flags().Changed("preset") {
					return usageError(fmt.Errorf("--core and --preset say the same"))
				}
				if err := cmd.Flags().Set("preset", core); err != nil {
					return usageError(err)
				}
			}
			camp, err := s.campaign(c)
			if err != nil {
				return err
			}
			l := &levels.Study{Core: camp.Setup, Options: camp.Options, Host: camp.Host, Only: policies}
			if l.Cores, err = coreCounts(cores); err != nil {
				return usageError(err)
			}
			for _, name := range policies {
				if _, _, err := machine.FindPolicy(name, ""); err != nil {
					return usageError(err)
				}
				if name == machine.SequentialPolicy {
					return usageError(fmt.Errorf("--policy %s: that is what the others are compared with", name))
				}
			}
			paths, err := inputs(c, args)
			if err != nil {
				return err
			}
			return c.levels(l, paths)
		}),
	}
	s.register(cmd)
	cmd.Flags().StringVar(&core, "core", config.DefaultPreset, "preset of the combined rows; the same as --preset")
	cmd.Flags().StringSliceVar(&cores, "cores", []string{"1", "2", "4", "8", "16", "32", "64"}, "numbers of cores; a column inf, as many as the block has transactions, always follows")
	cmd.Flags().StringSliceVar(&policies, "policy", nil, "only these policies")
	complete(cmd, "core", completePresets)
	complete(cmd, "policy", cobra.FixedCompletions(machine.PolicyNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// coreCounts reads numbers of cores; inf is 0, and always the last one.
func coreCounts(list []string) ([]int, error) {
	const most = 65536
	var counts []int
	for _, text := range list {
		if text == "inf" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			return nil, fmt.Errorf("--cores %s: numbers from 1 to %d, or inf", text, most)
		}
		counts = append(counts, n)
	}
	return append(counts, 0), nil
}

func coreCount(n int) string {
	if n == 0 {
		return "inf"
	}
	return strconv.Itoa(n)
}

func (c *cli) levels(l *levels.Study, paths []string) error {
	t := tally{c: c}
	total := levels.Totals{}
	each := func(r levels.Report) error {
		t.note(r.Err)
		if r.Result == nil {
			return nil
		}
		total.Add(r.Result)
		if table.Format(c.format) == table.JSON {
			return c.print(r.Result)
		}
		if len(paths) > 1 {
			c.note("%s: done", r.Result.Trace.Name)
			return nil
		}
		return c.print(nil, levelTables(r.Result)...)
	}
	if err := c.counting("blocks", func(progress func(done, all int)) error {
		l.Progress = progress
		return l.Run(paths, each)
	}); err != nil {
		return err
	}
	if len(paths) > 1 && total.Blocks > 0 && table.Format(c.format) != table.JSON {
		if err := c.print(nil, levelTables(total.Result())...); err != nil {
			return err
		}
	}
	return t.err(len(paths))
}

// levelTables lays levels out for a person.
func levelTables(r *levels.Result) []*table.Table {
	return []*table.Table{levelFacts(r), speedTable(r), lossTable(r)}
}

// perPolicy is the rows of each policy and mapping on each core: one for each number of
// cores, in the order of the first.
func perPolicy(r *levels.Result) (groups [][]levels.Row) {
	n := 0
	for n < len(r.Rows) && r.Rows[n].Core == r.Rows[0].Core && r.Rows[n].Policy == r.Rows[0].Policy && r.Rows[n].Mapping == r.Rows[0].Mapping {
		n++
	}
	for i := 0; n > 0 && i+n <= len(r.Rows); i += n {
		groups = append(groups, r.Rows[i:i+n])
	}
	return groups
}

// speedTable has a row for each measure of a policy, a column for each number of cores.
func speedTable(r *levels.Result) *table.Table {
	t := &table.Table{Header: []string{"core", "level", "policy", "mapping", "sets", "measure"}, Number: make([]bool, 6)}
	measures := []struct {
		name string
		of   func(*levels.Row) string
	}{
		{"speedup", func(row *levels.Row) string { return number(row.Speedup, 2) }},
		{"executed again", func(row *levels.Row) string { return percent(row.Reexecutions, uint64(r.Trace.Transactions)) }},
		{"cycles wasted", func(row *levels.Row) string { return percent(row.WastedCycles, spent(row)) }},
	}
	for i, rows := range perPolicy(r) {
		first := &rows[0]
		for j := range rows {
			if i == 0 {
				t.Header = append(t.Header, coreCount(rows[j].Cores))
				t.Number = append(t.Number, true)
			}
		}
		sets := "-"
		if first.Oracle {
			sets = "oracle"
		}
		for k, m := range measures {
			cells := []any{first.Core, first.Level, first.Policy, first.Mapping, sets, m.name}
			if k > 0 {
				if first.Oracle {
					continue // nothing is executed twice
				}
				cells = []any{"", "", "", "", "", m.name}
			}
			for j := range rows {
				cells = append(cells, m.of(&rows[j]))
			}
			t.Add(cells...)
		}
	}
	return t
}

// lossTable says what the core cycles of each policy went to, on the largest number of cores
// that was asked for.
func lossTable(r *levels.Result) *table.Table {
	t := &table.Table{Header: []string{"core", "policy", "mapping", "cores"}, Number: []bool{false, false, false, true}}
	for _, name := range machine.LossNames {
		t.Header = append(t.Header, name)
		t.Number = append(t.Number, true)
	}
	for _, rows := range perPolicy(r) {
		if rows[0].Lost == nil {
			continue
		}
		last := &rows[len(rows)-1]
		for j := range rows {
			if rows[j].Cores != 0 {
				last = &rows[j]
			}
		}
		cells := []any{last.Core, last.Policy, last.Mapping, coreCount(last.Cores)}
		for _, name := range machine.LossNames {
			cells = append(cells, percent(last.Lost[name], spent(last)))
		}
		t.Add(cells...)
	}
	return t
}

// levelFacts is what the rows have in common.
func levelFacts(r *levels.Result) *table.Table {
	t := &table.Table{Header: []string{"measure", "value"}, Number: []bool{false, true}}
	t.Add("block", r.Trace.Name)
	t.Add("transactions", r.Trace.Transactions)
	t.Add("cycles of one scalar core", r.BaselineCycles)
	t.Add("T1/Tinf, weighted by work, scalar", number(r.T1OverTinf, 2))
	for _, d := range levels.Definitions() {
		if share := r.IndependentShare[d]; share != nil {
			t.Add("independent transactions by "+d, fmt.Sprintf("%.1f %%", 100**share))
		}
	}
	if len(r.Rows) > 0 {
		t.Add("crediting", r.Rows[0].Crediting)
	}
	for _, info := range machine.Policies() {
		if !slices.ContainsFunc(r.Rows, func(row levels.Row) bool { return row.Policy == info.Name }) {
			continue
		}
		if info.Model != nil {
			t.Add(info.Name, "a schedule of the run in order; "+info.Source)
		}
		if info.Bounds != "" {
			t.Add(info.Name+" bounds", info.Bounds)
			t.Add(info.Name+" is passed by", info.PassedBy)
		}
	}
	t.Add("not modeled", "signature checks, state root")
	return t
}

// spent is the core cycles of a run.
func spent(row *levels.Row) (sum uint64) {
	for _, n := range row.Lost {
		sum += n
	}
	return sum
}

func percent(part, whole uint64) string {
	if whole == 0 {
		return "-"
	}
	text := strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64)
	return strings.TrimSuffix(text, ".0") + " %"
}
