package report

import (
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// quantity is a metric of every setting: of the points that agree in all axes.
type quantity struct {
	metric metric.Metric
	mean   stats.Mean
	cells  *chart.Cells
}

// measured is every metric that the results have.
type measured []quantity

// right keeps the points whose results were compared and agree.
func right(t *sweep.Table) *sweep.Table {
	return t.Where(func(cell func(string) string) bool { return cell("status") == string(sweep.OK) })
}

func measure(t *sweep.Table, axes []axis) (list measured, err error) {
	t = right(t)
	for _, m := range metric.All() {
		samples, err := m.Samples(t)
		if err != nil {
			continue // results of a program that did not have the column
		}
		if !slices.ContainsFunc(samples, func(s stats.Sample) bool { return metric.Defined(s) && s.Den > 0 }) {
			continue
		}
		cells, err := chart.Group(t, &m, names(axes)...)
		if err != nil {
			return nil, err
		}
		list = append(list, quantity{m, m.Mean(stats.TotalRatio), cells})
	}
	return list, nil
}

// series is a metric as the page's script has it.
type series struct {
	Name     string     `json:"name"`
	Label    string     `json:"label"`
	Unit     string     `json:"unit"`
	Mean     stats.Mean `json:"mean"`
	Formula  string     `json:"formula"`
	Baseline string     `json:"baseline"`
	Cells    []cell     `json:"cells"`
}

// cell is a metric of one setting.
type cell struct {
	At     []int       `json:"at"` // place of the value on each axis
	Value  stats.Float `json:"value"`
	Low    stats.Float `json:"low"` // of the 95 % interval by bootstrap over blocks
	High   stats.Float `json:"high"`
	Blocks int         `json:"blocks"`
}

func (list measured) series(axes []axis) []series {
	out := []series{}
	for i := range list {
		q := &list[i]
		s := series{
			Name: q.metric.Name, Label: q.metric.Label, Unit: q.metric.Unit, Mean: q.mean, Formula: q.metric.Formula(),
			Baseline: q.metric.Baseline, Cells: []cell{},
		}
		for k := range q.cells.List {
			c := &q.cells.List[k]
			e := estimate(c.Samples, q.mean)
			s.Cells = append(s.Cells, cell{places(axes, c.Key), e.Value, e.Low, e.High, len(c.Blocks)})
		}
		out = append(out, s)
	}
	return out
}

// estimated is a mean over blocks with its interval.
type estimated struct{ Value, Low, High stats.Float }

func estimate(samples []stats.Sample, mean stats.Mean) estimated {
	i := stats.DefaultBootstrap.Interval(samples, mean)
	return estimated{stats.Float(stats.Round(mean.Of(samples))), i.Low, i.High}
}

// totals is the table of one axis: what each of its values comes to.
type totals struct {
	Axis *axis
	Rows []totalsRow // none where the axis has more values than a table has room for
}

type totalsRow struct {
	Metric   *metric.Metric
	Mean     stats.Mean
	Settings int // of the other axes, totaled
	Blocks   int
	Values   []estimated // one for each value of the axis
}

// mostValues bounds the columns of a table of totals.
const mostValues = 24

func (list measured) totals(axes []axis) (tables []totals) {
	for i := range axes {
		t := totals{Axis: &axes[i]}
		if len(t.Axis.Values) > mostValues {
			tables = append(tables, t)
			continue
		}
		for k := range list {
			if row := list[k].row(i, axes); row.Settings > 0 && !row.constant() {
				t.Rows = append(t.Rows, row)
			}
		}
		tables = append(tables, t)
	}
	return tables
}

// constant tells that a row describes the blocks and says nothing of the axis.
func (r *totalsRow) constant() bool {
	return r.Metric.Better == metric.Neither && !slices.ContainsFunc(r.Values, func(e estimated) bool { return e.Value != r.Values[0].Value })
}

// row adds up, block by block, the settings of the other axes that every value of an axis was run under: only what is
// the same work under the same machines beside can be compared.
func (q *quantity) row(at int, axes []axis) totalsRow {
	values := axes[at].Values
	row := totalsRow{Metric: &q.metric, Mean: q.mean, Values: make([]estimated, len(values))}
	rest := func(c *chart.Cell) string {
		return strings.Join(slices.Concat(c.Key[:at], c.Key[at+1:]), "\x00")
	}
	seen := map[string]int{}
	for i := range q.cells.List {
		seen[rest(&q.cells.List[i])]++
	}
	for _, n := range seen {
		if n == len(values) {
			row.Settings++
		}
	}
	if row.Settings == 0 {
		return row
	}
	for v, value := range values {
		var samples []stats.Sample
		place := map[string]int{} // of blocks among the samples
		for i := range q.cells.List {
			c := &q.cells.List[i]
			if c.Key[at] != value || seen[rest(c)] < len(values) {
				continue
			}
			for k, block := range c.Blocks {
				p, ok := place[block]
				if !ok {
					p = len(samples)
					place[block], samples = p, append(samples, stats.Sample{})
				}
				samples[p].Num += c.Samples[k].Num
				samples[p].Den += c.Samples[k].Den
			}
		}
		row.Values[v], row.Blocks = estimate(samples, q.mean), len(samples)
	}
	return row
}
