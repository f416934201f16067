package study

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/experiments/bench"
	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// gas: what an instruction costs in cycles beside what it costs in gas. Blocks repeat one instruction or built-in, as
// the benchmarks of execution-spec-tests do (tests/benchmark/compute).
var gas = Study{
	Name:  "gas",
	Title: "Cycles per gas, instruction by instruction",
	Data: []Data{
		{Name: "main", Default: ownPrograms, Choose: chooseBlocks, Measure: &Measure{Columns: gasColumns, Of: cyclesOfBlock}},
		{Name: "time", Default: ownPrograms, Choose: chooseBlocks, Measure: &Measure{Columns: []string{"ns"}, Of: timeOfBlock, Alone: true}},
	},
	Figures: []Figure{
		{Spec: chart.Spec{Name: "gas"}, All: drawCyclesPerGas},
		{Spec: chart.Spec{Name: "gas-time"}, All: drawAgainstTime},
	},
	Table: Table{All: tableOfGas},
	Over:  gasNumbers,
	Text: `{{.Programs}} programs that repeat one of {{.Instructions}} instructions and built-ins. The median program takes {{.Median "scalar"}} cycles for 1,000 gas
in order and {{.Median "ooo-4"}} four wide out of order. On ooo-4, more than {{.Factor}} times the median (underpriced on such a machine): {{.Under}};
less than 1/{{.Factor}} of it (overpriced): {{.Over}}. A place among all by cycles per gas that differs by a quarter of the list between in order and out of
order have {{.Moved}}. On ooo-4 most lost commit slots are lost to {{.Bound}}. {{.Correlation}} Built-ins have a flat latency here, whatever they compute, so that they seem cheap. Cycles are equal between runs; the time of go-ethereum is CPU
time of the machine that measured, the least of {{.Rounds}} runs of a block without tracer, and every built-in is computed.`,
}

// The cores of the study, from the smallest; the last is the limit study.
var gasCores = []string{"scalar", "ooo-4", "ooo-8", limitCore}

const (
	limitCore = "limit"
	// mostLimited is how many instructions a block of the limit study has at most: it needs the whole recording, 76
	// bytes an instruction and more.
	mostLimited = 1 << 25
	// mostCopies is how many MCOPYs it has at most: in a window without end each looks for what it reads among all.
	mostCopies = 1 << 15
	timeRounds = 5
)

var gasColumns = []string{"program", "instruction", "builtin", "preset", "gas", "instructions", "uops", "cycles", "bound", "lost"}

// cyclesOfBlock gives a row for each core. A block that is too long for the limit study has no row of it.
func cyclesOfBlock(stop context.Context, path string) (rows [][]string, err error) {
	b, err := run.OpenContext(stop, path)
	if err != nil {
		return nil, err
	}
	spent, err := traces.Spending(stop, b)
	if err != nil {
		return nil, err
	}
	program, instruction := programOf(path), mostSpentOn(spent)
	p, err := run.Prepare(stop, b, run.Results)
	if err != nil {
		return nil, err
	}
	for _, core := range gasCores {
		if core == limitCore {
			if !limitable(spent) {
				break
			}
			if p, err = run.Prepare(stop, b, run.Recording); budget.Exceeds(err) {
				break
			} else if err != nil {
				return nil, err
			}
		}
		r, err := resultOn(stop, p, core)
		if core == limitCore && budget.Exceeds(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		c := &r.Counts
		bound, lost := lostTo(r, &instruction)
		rows = append(rows, []string{
			program, instruction.Name, strconv.FormatBool(instruction.Builtin), core, fmt.Sprint(r.Trace.GasUsed),
			fmt.Sprint(c.Instructions), fmt.Sprint(c.Uops), fmt.Sprint(c.Cycles), bound, lost,
		})
	}
	return rows, nil
}

// resultOn is a right run of a block on the core of a preset.
func resultOn(stop context.Context, p *run.Block, preset string) (*run.Result, error) {
	e, err := config.Load(config.Source{Set: []string{"preset=" + preset}})
	if err != nil {
		return nil, err
	}
	r, out, err := p.Result(run.SetupOf(e), run.Options{Stop: stop}, nil)
	switch {
	case err != nil:
		return nil, err
	case !r.Valid.OK:
		return nil, run.Difference(fmt.Errorf("%s on %s: %w", p.Bundle.Name, preset, out.Difference))
	}
	return r, nil
}

// timeOfBlock measures go-ethereum alone.
func timeOfBlock(stop context.Context, path string) ([][]string, error) {
	b, err := run.OpenContext(stop, path)
	if err != nil {
		return nil, err
	}
	execute := func() error {
		_, err := (&traces.Execution{Bundle: b, Anew: true, Stop: stop}).Run()
		return err
	}
	if err := execute(); err != nil { // senders are recovered and codes hashed once
		return nil, err
	}
	best, err := bench.Fastest(timeRounds, execute)
	return [][]string{{fmt.Sprint(best.Nanoseconds())}}, err
}

// mostSpentOn is the instruction or built-in that a program is about: what most gas is spent on. Moves of the stack
// serve others unless there is hardly anything else.
func mostSpentOn(spent []traces.Spent) (most traces.Spent) {
	var all, others uint64
	for i := range spent {
		all += spent[i].Gas
		if !spent[i].Stack {
			others += spent[i].Gas
		}
	}
	const hardly = 10
	moves := others < all/hardly
	for i := range spent {
		if !spent[i].Stack || moves && spent[i].Name != "POP" { // which makes room for others
			return spent[i]
		}
	}
	return traces.Spent{Name: "none"}
}

// limitable tells whether a block is short enough for the limit study.
func limitable(spent []traces.Spent) bool {
	var all uint64
	for i := range spent {
		all += spent[i].Times
		if spent[i].Name == "MCOPY" && spent[i].Times > mostCopies {
			return false
		}
	}
	return all <= mostLimited
}

// families say what it is that a cause of lost slots waits for. Others are for what repeats anything.
var families = [pipeline.NumCauses]string{
	pipeline.CauseFrontEnd: "code", pipeline.CauseBranch: "code", pipeline.CauseTarget: "code", pipeline.CauseCall: "code",
	pipeline.CauseMemory: "memory", pipeline.CauseMemoryOrder: "memory",
	pipeline.CauseState: "state", pipeline.CauseStateNear: "state", pipeline.CauseStateFar: "state", pipeline.CauseStateOrder: "state",
	pipeline.CauseSerial: "serialization", pipeline.CauseExecute: unit, pipeline.CauseIssue: unit, pipeline.CauseDrain: "transactions",
}

const (
	unit    = "execution" // the family of what waits for an execution unit
	unbound = "nothing"   // commit takes more slots than any family loses
)

func familyOf(cause pipeline.Cause, of *traces.Spent) string {
	family := cmp.Or(families[cause], "recovery")
	switch {
	case family == unit && of.Builtin:
		return "the built-in unit"
	case family == unit && of.Name == "KECCAK256":
		return "hashing"
	}
	return family
}

// lostTo says what most of the lost slots of a run waited for, and lists the causes that took most.
func lostTo(r *run.Result, of *traces.Spent) (bound, lost string) {
	const most, visible = 3, 0.01
	var all, largest uint64
	var causes []pipeline.Cause
	sums := map[string]uint64{}
	for i, name := range pipeline.CauseNames {
		cause, n := pipeline.Cause(i), r.CPIStack[name]
		all += n
		if cause == pipeline.CauseBase || n == 0 {
			continue
		}
		causes = append(causes, cause)
		family := familyOf(cause, of)
		if sums[family] += n; sums[family] > largest {
			bound, largest = family, sums[family]
		}
	}
	slots := func(c pipeline.Cause) uint64 { return r.CPIStack[pipeline.CauseNames[c]] }
	slices.SortStableFunc(causes, func(a, b pipeline.Cause) int { return cmp.Compare(slots(b), slots(a)) })
	var list []string
	for _, c := range causes[:min(most, len(causes))] {
		if part := float64(slots(c)) / float64(all); part >= visible {
			list = append(list, fmt.Sprintf("%s %.0f %%", pipeline.CauseNames[c], 100*part))
		}
	}
	if base := slots(pipeline.CauseBase); base > largest {
		bound = unbound
	}
	return bound, strings.Join(list, ", ")
}
