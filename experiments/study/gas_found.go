package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/table"
)

// gasProgram is a block that repeats one instruction.
type gasProgram struct {
	block, name, instruction string
	builtin                  bool
	gas, instructions        float64
	cycles                   map[string]float64 // by core; one that did not run it is not there
	relative                 map[string]float64 // cycles per gas, over the median of the programs; NaN where a block uses no gas
	ns, slow                 float64            // time of go-ethereum, and time per gas over the median
	bound, lost              string             // on the core wantedCore
}

// wantedCore is what text, order and figures are about; inOrderCore is beside it.
const (
	inOrderCore = "scalar"
	wantedCore  = "ooo-4"
)

// gasFound is what was measured.
type gasFound struct {
	programs []*gasProgram
	medians  map[string]float64 // cycles per gas, by core
	slow     float64            // median of ns per gas
}

// of reads the measurements.
func gasOf(in In) (*gasFound, error) {
	rows, times := in("main"), map[string]float64{}
	blocks, err := in("time").Text("block")
	if err != nil {
		return nil, err
	}
	ns, err := in("time").Numbers("ns")
	if err != nil {
		return nil, err
	}
	for i, block := range blocks {
		times[block] = ns[i]
	}
	g := &gasFound{medians: map[string]float64{}}
	rows.Where(func(cell func(string) string) bool {
		number := func(column string) float64 {
			x, err := strconv.ParseFloat(cell(column), 64)
			if err != nil {
				return math.NaN()
			}
			return x
		}
		core := cell("preset")
		if n := len(g.programs); n == 0 || g.programs[n-1].block != cell("block") {
			g.programs = append(g.programs, &gasProgram{
				block: cell("block"), name: cell("program"), instruction: cell("instruction"), builtin: cell("builtin") == "true",
				gas: number("gas"), instructions: number("instructions"), ns: times[cell("block")],
				cycles: map[string]float64{}, relative: map[string]float64{},
			})
		}
		p := g.programs[len(g.programs)-1]
		p.cycles[core] = number("cycles")
		if core == wantedCore {
			p.bound, p.lost = cell("bound"), cell("lost")
		}
		return false
	})
	g.compare()
	return g, nil
}

// compare makes numbers relative to medians.
func (g *gasFound) compare() {
	for _, core := range gasCores {
		perGas := func(p *gasProgram) float64 {
			if cycles, ok := p.cycles[core]; ok && p.gas > 0 {
				return cycles / p.gas
			}
			return math.NaN()
		}
		g.medians[core] = g.median(perGas)
		for _, p := range g.programs {
			p.relative[core] = perGas(p) / g.medians[core]
		}
	}
	perGas := func(p *gasProgram) float64 {
		if p.gas == 0 {
			return math.NaN()
		}
		return p.ns / p.gas
	}
	g.slow = g.median(perGas)
	for _, p := range g.programs {
		p.slow = perGas(p) / g.slow
	}
}

func (g *gasFound) median(of func(*gasProgram) float64) float64 {
	var samples []stats.Sample
	for _, p := range g.programs {
		samples = append(samples, stats.Sample{Num: of(p), Den: 1})
	}
	return stats.Median.Of(samples)
}

// gasInstruction is what the programs of one instruction have in common.
type gasInstruction struct {
	name     string
	programs []*gasProgram
}

// of is the median of the programs on a core, with the least and the most.
func (i *gasInstruction) of(core string) (mid, low, high float64) {
	var samples []stats.Sample
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range i.programs {
		v := p.relative[core]
		samples = append(samples, stats.Sample{Num: v, Den: 1})
		low, high = min(low, v), max(high, v)
	}
	return stats.Median.Of(samples), low, high
}

// instructions gathers programs by what they repeat, the most cycles per gas first. Blocks without gas have none.
func (g *gasFound) instructions() (list []*gasInstruction) {
	places := map[string]*gasInstruction{}
	for _, p := range g.programs {
		if math.IsNaN(p.relative[wantedCore]) {
			continue
		}
		i := places[p.instruction]
		if i == nil {
			i = &gasInstruction{name: p.instruction}
			places[p.instruction], list = i, append(list, i)
		}
		i.programs = append(i.programs, p)
	}
	slices.SortStableFunc(list, func(a, b *gasInstruction) int {
		x, _, _ := a.of(wantedCore)
		y, _, _ := b.of(wantedCore)
		return cmp.Compare(y, x)
	})
	return list
}

// limited counts the programs that the limit study has.
func (g *gasFound) limited() (n int) {
	for _, p := range g.programs {
		if _, ok := p.cycles[limitCore]; ok {
			n++
		}
	}
	return n
}

func drawCyclesPerGas(in In) (*plot.Figure, error) {
	g, err := gasOf(in)
	if err != nil {
		return nil, err
	}
	list := g.instructions()
	f := &plot.Figure{
		Kind: "sideways", X: plot.Axis{Name: "instruction"}, Y: plot.Axis{Name: "cycles per gas", Unit: "medians", Log2: true}, Rules: []float64{1},
	}
	spread := 0
	for _, i := range list {
		f.X.Ends = append(f.X.Ends, i.name)
		if len(i.programs) > 1 {
			spread++
		}
	}
	for _, core := range []string{wantedCore, inOrderCore} {
		s := plot.Series{Name: core}
		for place, i := range list {
			mid, low, high := i.of(core)
			p := plot.Point{X: stats.Float(place), Y: float(mid), Low: float(math.NaN()), High: float(math.NaN()), Name: i.name}
			if len(i.programs) > 1 {
				p.Low, p.High = float(low), float(high)
			}
			s.Points = append(s.Points, p)
		}
		f.Series = append(f.Series, s)
	}
	f.Caption = fmt.Sprintf("Cycles per gas over those of the median program of each core, n = %d programs of %d instructions and built-ins; of %d "+
		"with several programs the bar is the median and the line goes from the least to the most. The table has the limit study of %d "+
		"programs; any others are too long for it.", len(g.programs), len(list), spread, g.limited())
	return f, nil
}

func float(x float64) stats.Float { return stats.Float(stats.Round(x)) }

func drawAgainstTime(in In) (*plot.Figure, error) {
	g, err := gasOf(in)
	if err != nil {
		return nil, err
	}
	f := &plot.Figure{
		Kind: "scatter",
		X:    plot.Axis{Name: "time per gas", Unit: "medians", Log2: true},
		Y:    plot.Axis{Name: "cycles per gas", Unit: "medians", Log2: true},
	}
	for _, kind := range []struct {
		name    string
		builtin bool
	}{{"instructions", false}, {"built-ins", true}} {
		s := plot.Series{Name: kind.name}
		for _, p := range g.programs {
			if y := p.relative[wantedCore]; p.builtin == kind.builtin && y > 0 && p.slow > 0 {
				s.Points = append(s.Points, plot.Point{X: float(p.slow), Y: float(y), Low: float(math.NaN()), High: float(math.NaN()), Name: p.name})
			}
		}
		f.Series = append(f.Series, s)
	}
	f.Caption = fmt.Sprintf("Each program's cycles per gas on %s against go-ethereum's time per gas on the machine that measured, both over the median. %s",
		wantedCore, (&gasText{g}).Correlation())
	return f, nil
}

// tableOfGas has a row a program, the most cycles per gas first.
func tableOfGas(in In) (*table.Table, error) {
	g, err := gasOf(in)
	if err != nil {
		return nil, err
	}
	t := &table.Table{Header: []string{"program", "instruction", "gas", "instructions"}, Number: []bool{false, false, true, true}}
	column := func(name string, number bool) { t.Header, t.Number = append(t.Header, name), append(t.Number, number) }
	for _, of := range []string{"cycles", "IPC", "cycles per gas / median"} {
		for _, core := range gasCores {
			column(of+", "+core, true)
		}
	}
	column("bound by, "+wantedCore, false)
	column("slots lost to, "+wantedCore, false)
	column("ns in go-ethereum", true)
	column("ns per gas / median", true)
	sorted := slices.Clone(g.programs)
	slices.SortStableFunc(sorted, func(a, b *gasProgram) int { return cmp.Compare(b.relative[wantedCore], a.relative[wantedCore]) })
	for _, p := range sorted {
		row := []string{p.name, p.instruction, whole(p.gas), whole(p.instructions)}
		for _, core := range gasCores {
			row = append(row, cell(p.cycles, core, whole))
		}
		for _, core := range gasCores {
			row = append(row, cell(p.cycles, core, func(cycles float64) string { return ratio(p.instructions / cycles) }))
		}
		for _, core := range gasCores {
			row = append(row, cell(p.cycles, core, func(float64) string { return ratio(p.relative[core]) }))
		}
		t.Rows = append(t.Rows, append(row, p.bound, p.lost, whole(p.ns), ratio(p.slow)))
	}
	return t, nil
}

// cell is a number that a core may not have.
func cell(of map[string]float64, core string, print func(float64) string) string {
	if x, ok := of[core]; ok {
		return print(x)
	}
	return "-"
}

func whole(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }

func ratio(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "-"
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// gasText is what the text is over.
type gasText struct{ *gasFound }

func gasNumbers(in In) (any, error) {
	g, err := gasOf(in)
	return &gasText{g}, err
}

// gasFactor is how far from the median an instruction counts as mispriced.
const gasFactor = 4

// Programs counts the programs.
func (t *gasText) Programs() int { return len(t.programs) }

// Instructions counts what they repeat.
func (t *gasText) Instructions() int { return len(t.instructions()) }

// Factor is gasFactor.
func (t *gasText) Factor() int { return gasFactor }

// Rounds is how often go-ethereum is measured.
func (t *gasText) Rounds() int { return timeRounds }

// Median is that of cycles for 1,000 gas.
func (t *gasText) Median(core string) string { return short(1000 * t.medians[core]) }

// Under lists instructions with many cycles per gas.
func (t *gasText) Under() string {
	return t.which(func(x float64) bool { return x > gasFactor })
}

// Over lists instructions with few.
func (t *gasText) Over() string {
	return t.which(func(x float64) bool { return x < 1.0/gasFactor })
}

func (t *gasText) which(is func(float64) bool) string {
	var list []string
	for _, i := range t.instructions() {
		if x, _, _ := i.of(wantedCore); is(x) {
			list = append(list, fmt.Sprintf("%s (%s)", i.name, short(x)))
		}
	}
	return listed(list)
}

func listed(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// Moved lists the instructions whose place among all, by cycles per gas, is another out of order by a quarter of the
// list or more: those that move most.
func (t *gasText) Moved() string {
	const part, most = 4, 8
	list := t.instructions()
	inOrder := slices.Clone(list)
	slices.SortStableFunc(inOrder, func(a, b *gasInstruction) int {
		x, _, _ := a.of(inOrderCore)
		y, _, _ := b.of(inOrderCore)
		return cmp.Compare(y, x)
	})
	type move struct {
		name     string
		from, to int
	}
	far := func(m move) int { return max(m.to-m.from, m.from-m.to) }
	var moves []move
	for place, i := range list {
		if m := (move{i.name, slices.Index(inOrder, i) + 1, place + 1}); far(m)*part >= len(list) && m.from != m.to {
			moves = append(moves, m)
		}
	}
	slices.SortStableFunc(moves, func(a, b move) int { return cmp.Compare(far(b), far(a)) })
	var names []string
	for _, m := range moves[:min(most, len(moves))] {
		names = append(names, fmt.Sprintf("%s from %d to %d", m.name, m.from, m.to))
	}
	if len(moves) == 0 {
		return fmt.Sprintf("none of %d instructions", len(list))
	}
	return fmt.Sprintf("%d of %d instructions, such as %s", len(moves), len(list), strings.Join(names, ", "))
}

// Bound lists what programs are bound by, with their instructions; those that are bound by nothing are counted.
func (t *gasText) Bound() string {
	names, order, free := map[string][]string{}, []string{}, 0
	for _, i := range t.instructions() {
		for _, p := range i.programs {
			if p.bound == unbound {
				free++
				continue
			}
			if names[p.bound] == nil {
				order = append(order, p.bound)
			}
			if !slices.Contains(names[p.bound], i.name) {
				names[p.bound] = append(names[p.bound], i.name)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(len(names[b]), len(names[a])) })
	var list []string
	for _, bound := range order {
		list = append(list, fmt.Sprintf("%s with %s", bound, strings.Join(names[bound], ", ")))
	}
	return fmt.Sprintf("%s; %d programs commit in more slots than they lose to anything", cmp.Or(strings.Join(list, "; "), "nothing"), free)
}

// Correlation says how ranks of cycles and of time go together.
func (t *gasText) Correlation() string {
	ranks := func(core string, also func(*gasProgram) bool) (string, int) {
		var x, y []float64
		for _, p := range t.programs {
			if also(p) && p.relative[core] > 0 && p.slow > 0 {
				x, y = append(x, p.relative[core]), append(y, p.slow)
			}
		}
		return short(stats.Spearman(x, y)), len(x)
	}
	all := func(*gasProgram) bool { return true }
	instructions := func(p *gasProgram) bool { return !p.builtin }
	if _, n := ranks(wantedCore, instructions); n < 3 {
		return "Fewer than three programs have no rank correlation with go-ethereum's time."
	}
	a, n := ranks(wantedCore, all)
	b, m := ranks(wantedCore, instructions)
	c, _ := ranks(inOrderCore, instructions)
	return fmt.Sprintf("The rank correlation (Spearman) of cycles per gas with go-ethereum's time per gas is %s over all %d programs, and without built-ins %s over %d (%s in order).",
		a, n, b, m, c)
}
