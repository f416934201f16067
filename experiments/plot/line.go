package plot

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"github.com/ooovm/ooovm/experiments/stats"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func defined(values ...stats.Float) bool {
	for _, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return false
		}
	}
	return true
}

// sorted gives the points that have coordinates, by x.
func (s *Series) sorted() (points []Point) {
	for _, p := range s.Points {
		if defined(p.X, p.Y) {
			points = append(points, p)
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return points
}

// drawLines draws each series as a line with markers, over a band from Low to High.
func drawLines(f *Figure, c draw.Canvas) error {
	p := newPlot(f)
	var entries []entry
	var lines []plot.Plotter
	for i := range f.Series {
		points := f.Series[i].sorted()
		if len(points) == 0 {
			continue
		}
		line := make(plotter.XYs, len(points))
		var above, below plotter.XYs
		for k, q := range points {
			line[k] = plotter.XY{X: float64(q.X), Y: float64(q.Y)}
			if defined(q.Low, q.High) {
				below = append(below, plotter.XY{X: float64(q.X), Y: float64(q.Low)})
				above = append(above, plotter.XY{X: float64(q.X), Y: float64(q.High)})
			}
		}
		if len(above) > 1 {
			for _, edge := range []plotter.XYs{slices.Clone(below), slices.Clone(above)} { // over the bands, which hide each other
				drawn, err := plotter.NewLine(edge)
				if err != nil {
					return err
				}
				drawn.LineStyle = draw.LineStyle{Color: seriesColor(i), Width: 0.3}
				lines = append(lines, drawn)
			}
			slices.Reverse(above)
			band, err := plotter.NewPolygon(append(below, above...))
			if err != nil {
				return err
			}
			band.Color, band.LineStyle.Width = faded(seriesColor(i)), 0
			p.Add(band)
		}
		drawn, err := plotter.NewLine(line)
		if err != nil {
			return err
		}
		drawn.LineStyle = lineStyle(i)
		marks, err := plotter.NewScatter(line)
		if err != nil {
			return err
		}
		marks.GlyphStyle = glyphStyle(i)
		lines = append(lines, drawn, marks)
		entries = append(entries, entry{f.Series[i].Name, lineSymbol(i, true)})
	}
	if len(lines) == 0 {
		return ErrEmpty
	}
	f.frame(p)
	p.Add(lines...)
	p.Draw(strip(c, entries))
	return nil
}

// drawCDF draws, for each series, the share of its points whose X is no larger.
func drawCDF(f *Figure, c draw.Canvas) error {
	p := newPlot(f)
	var entries []entry
	for i := range f.Series {
		var values []float64
		for _, q := range f.Series[i].Points {
			if defined(q.X) {
				values = append(values, float64(q.X))
			}
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		steps := plotter.XYs{{X: values[0], Y: 0}}
		for k, v := range values {
			steps = append(steps, plotter.XY{X: v, Y: float64(k+1) / float64(len(values))})
		}
		line, err := plotter.NewLine(steps)
		if err != nil {
			return err
		}
		line.StepStyle = plotter.PostStep
		line.LineStyle = lineStyle(i)
		p.Add(line)
		entries = append(entries, entry{f.Series[i].Name, lineSymbol(i, false)})
	}
	if len(entries) == 0 {
		return ErrEmpty
	}
	f.frame(p)
	p.Y.Min, p.Y.Max = 0, 1
	p.Draw(strip(c, entries))
	return nil
}

// drawScatter draws each point as a mark, and the line y = x if asked.
func drawScatter(f *Figure, c draw.Canvas) error {
	p := newPlot(f)
	var entries []entry
	var clouds []plot.Plotter
	low, high := math.Inf(1), math.Inf(-1)
	for i := range f.Series {
		points := f.Series[i].sorted()
		if len(points) == 0 {
			continue
		}
		cloud := make(plotter.XYs, len(points))
		for k, q := range points {
			cloud[k] = plotter.XY{X: float64(q.X), Y: float64(q.Y)}
			low, high = min(low, cloud[k].X, cloud[k].Y), max(high, cloud[k].X, cloud[k].Y)
		}
		marks, err := plotter.NewScatter(cloud)
		if err != nil {
			return err
		}
		marks.GlyphStyle = glyphStyle(i)
		clouds = append(clouds, marks)
		entries = append(entries, entry{f.Series[i].Name, glyphSymbol(i)})
	}
	if len(clouds) == 0 {
		return ErrEmpty
	}
	if f.Identity {
		identity, err := plotter.NewLine(plotter.XYs{{X: low, Y: low}, {X: high, Y: high}})
		if err != nil {
			return err
		}
		identity.LineStyle = ruleStyle
		p.Add(identity)
	}
	f.frame(p)
	p.Add(clouds...)
	p.Draw(strip(c, entries))
	return nil
}

var (
	ruleStyle = draw.LineStyle{Color: color.Gray{0x80}, Width: 0.6, Dashes: []vg.Length{2, 2}}
	gridStyle = draw.LineStyle{Color: color.Gray{0xe0}, Width: 0.4}
)

// frame adds the grid and the reference lines, and sets the axes' scales and ends.
func (f *Figure) frame(p *plot.Plot) {
	grid := plotter.NewGrid()
	grid.Horizontal = gridStyle
	grid.Vertical.Width = 0
	p.Add(grid)
	f.X.apply(&p.X)
	f.turn(p)
	for _, y := range f.Rules {
		rule := plotter.NewFunction(func(float64) float64 { return y })
		rule.LineStyle = ruleStyle
		p.Add(rule)
		p.Y.Min, p.Y.Max = min(p.Y.Min, y), max(p.Y.Max, y)
	}
	// What is added after the frame may reach further.
	for i := range f.Series {
		for _, q := range f.Series[i].sorted() {
			p.X.Min, p.X.Max = min(p.X.Min, float64(q.X)), max(p.X.Max, float64(q.X))
			if f.Kind != "cdf" {
				p.Y.Min, p.Y.Max = min(p.Y.Min, float64(q.Y)), max(p.Y.Max, float64(q.Y))
			}
		}
	}
	f.Y.apply(&p.Y)
}

// apply sets scale, ticks and ends of an axis whose range is known.
func (a Axis) apply(axis *plot.Axis) {
	if a.Zero && !a.Log2 {
		axis.Min = min(0, axis.Min)
	}
	if a.Log2 && axis.Min > 0 {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.TickerFunc(powersOfTwo)
	}
	if a.Ends != nil {
		var ticks []plot.Tick
		for i, name := range a.Ends {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: name})
		}
		axis.Tick.Marker = plot.ConstantTicks(ticks)
		axis.Tick.Length = 0
	}
}

// powersOfTwo ticks a logarithmic axis at the sizes that machines have; over many doublings only every other one, or
// fewer, has its label.
func powersOfTwo(low, high float64) (ticks []plot.Tick) {
	first, last := int(math.Ceil(math.Log2(low)-1e-9)), int(math.Floor(math.Log2(high)+1e-9))
	every := max(1, (last-first+5)/6)
	for e := first; e <= last; e++ {
		t := plot.Tick{Value: math.Exp2(float64(e))}
		if (e-first)%every == 0 {
			t.Label = powerName(e)
		}
		ticks = append(ticks, t)
	}
	return ticks
}
