package report

import (
	"errors"
	"strings"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// slots begins the names of the columns of the CPI stack.
const slots = "slots_"

// stack has the CPI stack of every setting.
type stack struct {
	Parts []string    `json:"parts"` // causes, base first
	Cells []stackCell `json:"cells"`
}

type stackCell struct {
	At     []int         `json:"at"`
	Cycles []stats.Float `json:"cycles"` // an instruction, by cause; totals over blocks
	Blocks int           `json:"blocks"`
}

// cpiStack shares the cycles of every setting out by the causes of its commit slots. Limit studies and several cores
// have none.
func cpiStack(t *sweep.Table, axes []axis) (*stack, error) {
	t = right(t).Where(func(cell func(string) string) bool { return cell(slots+"base") != "" })
	if t.Len() == 0 {
		return nil, nil
	}
	s := &stack{Parts: []string{}, Cells: []stackCell{}}
	cpi, err := metric.Find("cpi", t)
	if err != nil {
		return nil, err
	}
	whole, err := chart.Group(t, &cpi, names(axes)...)
	if errors.Is(err, chart.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]float64, len(whole.List)) // slots of each setting
	var parts [][]float64                   // of each cause, by setting
	for _, c := range t.Columns {
		cause, ok := strings.CutPrefix(c.Name, slots)
		if !ok {
			continue
		}
		g, err := chart.Group(t, &metric.Metric{Name: c.Name, Num: []string{c.Name}}, names(axes)...)
		if err != nil {
			return nil, err
		}
		part, some := make([]float64, len(g.List)), false
		for i := range g.List {
			for _, sample := range g.List[i].Samples {
				part[i] += sample.Num
			}
			all[i] += part[i]
			some = some || part[i] > 0
		}
		if some {
			s.Parts, parts = append(s.Parts, strings.ReplaceAll(cause, "_", " ")), append(parts, part)
		}
	}
	for i := range whole.List {
		c := stackCell{At: places(axes, whole.List[i].Key), Blocks: len(whole.List[i].Blocks)}
		cycles := stats.TotalRatio.Of(whole.List[i].Samples)
		for k := range parts {
			c.Cycles = append(c.Cycles, stats.Float(stats.Round(cycles*parts[k][i]/all[i])))
		}
		s.Cells = append(s.Cells, c)
	}
	return s, nil
}
