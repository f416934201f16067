package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

var undefined = stats.Float(math.NaN())

// point takes the mean of a cell and its interval.
func (c *Cell) point(x stats.Float, mean stats.Mean) plot.Point {
	i := stats.DefaultBootstrap.Interval(c.Samples, mean)
	return plot.Point{X: x, Y: stats.Float(stats.Round(mean.Of(c.Samples))), Low: i.Low, High: i.High, Z: undefined}
}

// lines draws metric Y over X, a line a value of Series.
func lines(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	m, err := metric.Find(s.Y, t)
	if err != nil {
		return nil, err
	}
	g, err := Group(t, &m, by(s.X, s.Series)...)
	if err != nil {
		return nil, err
	}
	x, err := newPlace(t, s.X, g.values(0), false)
	if err != nil {
		return nil, err
	}
	mean := m.Mean(s.mean())
	f := &plot.Figure{X: x.axis, Y: metricAxis(&m, s.Log), Caption: caption(&m, mean, g, true)}
	if m.Baseline != "" {
		f.Rules = []float64{1}
	}
	names := []string{m.Label}
	if s.Series != "" {
		names = g.values(1)
	}
	for _, name := range names {
		line, n := plot.Series{Name: name}, 0
		for i := range g.List {
			if cell := &g.List[i]; s.Series == "" || cell.Key[1] == name {
				line.Points, n = append(line.Points, cell.point(x.at(cell.Key[0]), mean)), len(cell.Blocks)
			}
		}
		line.Name = seriesName(g, name, n)
		f.Series = append(f.Series, line)
	}
	return f, nil
}

// heat draws metric Z over X and Y.
func heat(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	m, err := metric.Find(s.Z, t)
	if err != nil {
		return nil, err
	}
	g, err := Group(t, &m, s.X, s.Y)
	if err != nil {
		return nil, err
	}
	x, err := newPlace(t, s.X, g.values(0), false)
	if err != nil {
		return nil, err
	}
	y, err := newPlace(t, s.Y, g.values(1), false)
	if err != nil {
		return nil, err
	}
	mean := m.Mean(s.mean())
	f := &plot.Figure{X: x.axis, Y: y.axis, Z: metricAxis(&m, false), Caption: caption(&m, mean, g, false)}
	cells := plot.Series{Name: m.Label}
	for i := range g.List {
		cell := &g.List[i]
		cells.Points = append(cells.Points, plot.Point{
			X: x.at(cell.Key[0]), Y: y.at(cell.Key[1]), Z: stats.Float(stats.Round(mean.Of(cell.Samples))), Low: undefined, High: undefined,
		})
	}
	f.Series = []plot.Series{cells}
	return f, nil
}

// bars draws metric Y for each value of X, from zero.
func bars(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	m, err := metric.Find(s.Y, t)
	if err != nil {
		return nil, err
	}
	g, err := Group(t, &m, s.X)
	if err != nil {
		return nil, err
	}
	x, err := newPlace(t, s.X, g.values(0), true)
	if err != nil {
		return nil, err
	}
	mean := m.Mean(s.mean())
	f := &plot.Figure{X: x.axis, Y: metricAxis(&m, false), Caption: caption(&m, mean, g, false)}
	series := plot.Series{Name: m.Label}
	for i := range g.List {
		series.Points = append(series.Points, g.List[i].point(x.at(g.List[i].Key[0]), mean))
	}
	f.Series = []plot.Series{series}
	return f, nil
}

// composition is what a stack shows: parts that add up.
type composition struct {
	name, prefix string // of the columns of the parts
	axis         plot.Axis
	of           string // column that a whole is divided by; empty: the sum of the parts
	cycles       bool   // the whole is the cycles of the block, whatever its parts are counted in
	about        string
}

var compositions = []composition{
	{"cpi", "slots_", plot.Axis{Name: "CPI", Unit: "cycles/instruction"}, "instructions", true, "cycles an instruction by what the commit slots were lost to"},
	{"slots", "slots_", plot.Axis{Name: "commit slots", Unit: "share"}, "", false, "share of the commit slots by what they were lost to"},
	{"cores", "lost_", plot.Axis{Name: "cores", Unit: "core cycles/cycle"}, "cycles", false, "cores by what their cycles were spent on or lost to (speedup stack)"},
}

// stack draws the parts of a composition for each value of X; parts that are nowhere more than a hundredth of their
// bar are one.
func stack(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	i := slices.IndexFunc(compositions, func(c composition) bool { return c.name == s.Y })
	if i < 0 {
		return nil, fmt.Errorf("--y %s: a figure of kind stack shows cpi, slots or cores", s.Y)
	}
	c := &compositions[i]
	var columns []string
	for _, column := range t.Columns {
		if strings.HasPrefix(column.Name, c.prefix) {
			columns = append(columns, column.Name)
		}
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("the results have no columns %s*", c.prefix)
	}
	parts := make([]*Cells, len(columns))
	var err error
	for k, name := range columns {
		m := metric.Metric{Name: name, Num: []string{name}}
		if parts[k], err = Group(t, &m, s.X); err != nil {
			return nil, err
		}
	}
	whole, err := c.wholes(t, s.X, parts)
	if err != nil {
		return nil, err
	}
	g := parts[0]
	x, err := newPlace(t, s.X, g.values(0), true)
	if err != nil {
		return nil, err
	}
	f := &plot.Figure{X: x.axis, Y: c.axis}
	f.Y.Zero = true
	other := plot.Series{Name: "other"}
	const least = 0.01
	for k, name := range columns {
		series := plot.Series{Name: strings.ReplaceAll(strings.TrimPrefix(name, c.prefix), "_", " ")}
		largest := 0.0
		for i := range parts[k].List {
			value := sum(parts[k].List[i].Samples)
			largest = max(largest, value/sumOf(parts, i))
			series.Points = append(series.Points, plot.Point{
				X: x.at(parts[k].List[i].Key[0]), Y: stats.Float(stats.Round(value * whole[i])), Low: undefined, High: undefined, Z: undefined,
			})
		}
		switch {
		case largest >= least:
			f.Series = append(f.Series, series)
		case other.Points == nil:
			other.Points = series.Points
		default:
			for i := range other.Points {
				other.Points[i].Y += series.Points[i].Y
			}
		}
	}
	if slices.ContainsFunc(other.Points, func(p plot.Point) bool { return p.Y > 0 }) {
		f.Series = append(f.Series, other)
	}
	m := metric.Metric{Label: c.about, Num: []string{c.prefix + "*"}}
	if c.of != "" {
		m.Den = []string{c.of}
	}
	f.Caption = caption(&m, stats.TotalRatio, g, false)
	return f, nil
}

// wholes gives, for each cell, what its parts are multiplied with.
func (c *composition) wholes(t *sweep.Table, x string, parts []*Cells) ([]float64, error) {
	scale := make([]float64, len(parts[0].List))
	for i := range scale {
		if scale[i] = 1 / sumOf(parts, i); c.of == "" {
			continue
		}
		m := metric.Metric{Name: c.name, Num: []string{"cycles"}, Den: []string{c.of}}
		g, err := Group(t, &m, x)
		if err != nil {
			return nil, err
		}
		var den float64
		for _, s := range g.List[i].Samples {
			den += s.Den
		}
		if scale[i] = 1 / den; c.cycles {
			scale[i] = stats.TotalRatio.Of(g.List[i].Samples) / sumOf(parts, i)
		}
	}
	return scale, nil
}

func sum(samples []stats.Sample) (total float64) {
	for _, s := range samples {
		total += s.Num
	}
	return total
}

func sumOf(parts []*Cells, cell int) (total float64) {
	for _, p := range parts {
		total += sum(p.List[cell].Samples)
	}
	return total
}

// distribution draws which share of the blocks stays up to a value of metric Y.
func distribution(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	m, err := metric.Find(s.Y, t)
	if err != nil {
		return nil, err
	}
	g, err := Group(t, &m, by(s.Series)...)
	if err != nil {
		return nil, err
	}
	f := &plot.Figure{X: metricAxis(&m, s.Log), Y: plot.Axis{Name: "share of blocks"}, Caption: caption(&m, "", g, false)}
	for i := range g.List {
		cell := &g.List[i]
		series := plot.Series{Name: m.Label}
		if s.Series != "" {
			series.Name = seriesName(g, cell.Key[0], len(cell.Blocks))
		}
		for k, sample := range cell.Samples {
			series.Points = append(series.Points, plot.Point{
				X: stats.Float(stats.Round(sample.Value())), Y: undefined, Low: undefined, High: undefined, Z: undefined, Name: cell.Blocks[k],
			})
		}
		f.Series = append(f.Series, series)
	}
	return f, nil
}

// scatter draws each block's metric Y under the second value of X over that under the first.
func scatter(t *sweep.Table, s *Spec) (*plot.Figure, error) {
	m, err := metric.Find(s.Y, t)
	if err != nil {
		return nil, err
	}
	g, err := Group(t, &m, by(s.X, s.Series)...)
	if err != nil {
		return nil, err
	}
	values := g.values(0)
	if len(values) != 2 {
		return nil, fmt.Errorf("--x %s has %d values (%s): a scatter compares two, as with --where %s=A,B", s.X, len(values), few(values), s.X)
	}
	f := &plot.Figure{
		X: metricAxis(&m, s.Log), Y: metricAxis(&m, s.Log), Identity: true,
		Caption: caption(&m, "", g, false) + fmt.Sprintf(" Each mark is a block; on the line %s makes no difference.", s.X),
	}
	f.X.Name, f.Y.Name = m.Label+", "+values[0], m.Label+", "+values[1]
	f.X.Unit, f.Y.Unit = "", "" // the label has no room for both
	for i := range g.List {
		a := &g.List[i]
		if a.Key[0] != values[0] {
			continue
		}
		for k := range g.List {
			b := &g.List[k]
			if b.Key[0] != values[1] || !slices.Equal(a.Key[1:], b.Key[1:]) {
				continue
			}
			series := plot.Series{Name: m.Label}
			if s.Series != "" {
				series.Name = a.Key[1]
			}
			for n, block := range a.Blocks {
				at := slices.Index(b.Blocks, block)
				series.Points = append(series.Points, plot.Point{
					X: stats.Float(stats.Round(a.Samples[n].Value())), Y: stats.Float(stats.Round(b.Samples[at].Value())),
					Low: undefined, High: undefined, Z: undefined, Name: block,
				})
			}
			f.Series = append(f.Series, series)
		}
	}
	return f, nil
}
