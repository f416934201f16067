package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// What a row of a figure of sideways bars takes, and the axis with its name below them.
const (
	barRow   = vg.Length(9)
	barFrame = vg.Length(50)
)

// sideways draws a row for each category of X.Ends, from top to bottom, and in it a bar for each series, from the first
// of Rules or from the axis' end to Y. A line goes from Low to High.
type sideways struct{ f *Figure }

func (s *sideways) base(p *plot.Plot) float64 {
	if len(s.f.Rules) > 0 {
		return s.f.Rules[0]
	}
	return p.X.Min
}

// row is where the category's middle is on the upward axis.
func (s *sideways) row(position int) float64 { return float64(len(s.f.X.Ends) - 1 - position) }

func (s *sideways) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	thick := 0.8 / float64(len(s.f.Series))
	whisker := draw.LineStyle{Color: color.Black, Width: 0.6}
	for i := range s.f.Series {
		for _, q := range s.f.Series[i].Points {
			if !defined(q.X, q.Y) {
				continue
			}
			top := s.row(int(q.X)) + 0.4 - float64(i)*thick
			from, to := min(s.base(p), float64(q.Y)), max(s.base(p), float64(q.Y))
			drawBox(&c, vg.Rectangle{Min: vg.Point{X: x(from), Y: y(top - thick)}, Max: vg.Point{X: x(to), Y: y(top)}}, i)
			if defined(q.Low, q.High) {
				middle := y(top - thick/2)
				c.StrokeLine2(whisker, x(float64(q.Low)), middle, x(float64(q.High)), middle)
			}
		}
	}
}

// DataRange is that of the bars and of the lines over them.
func (s *sideways) DataRange() (xmin, xmax, ymin, ymax float64) {
	first := true
	reach := func(v float64) {
		if first {
			xmin, xmax, first = v, v, false
		}
		xmin, xmax = min(xmin, v), max(xmax, v)
	}
	for i := range s.f.Series {
		for _, q := range s.f.Series[i].Points {
			if !defined(q.Y) {
				continue
			}
			reach(float64(q.Y))
			if defined(q.Low, q.High) {
				reach(float64(q.Low))
				reach(float64(q.High))
			}
		}
	}
	for _, r := range s.f.Rules {
		reach(r)
	}
	return xmin, xmax, -0.6, float64(len(s.f.X.Ends)) - 0.4
}

func drawSideways(f *Figure, c draw.Canvas) error {
	if len(f.X.Ends) == 0 || len(f.Series) == 0 {
		return ErrEmpty
	}
	p := newPlot(f)
	p.X.Label.Text, p.Y.Label.Text = f.Y.label(), ""
	bars := &sideways{f}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = bars.DataRange()
	if p.X.Min == p.X.Max {
		return ErrEmpty
	}
	f.Y.apply(&p.X)
	if !f.Wide {
		p.X.Tick.Marker = plot.TickerFunc(thinned(p.X.Tick.Marker))
	}
	var names []plot.Tick
	for i, name := range f.X.Ends {
		names = append(names, plot.Tick{Value: bars.row(i), Label: name})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(names), 0
	grid := plotter.NewGrid()
	grid.Vertical = gridStyle
	grid.Horizontal.Width = 0
	p.Add(grid, bars)
	for _, r := range f.Rules {
		line, err := plotter.NewLine(plotter.XYs{{X: r, Y: p.Y.Min}, {X: r, Y: p.Y.Max}})
		if err != nil {
			return err
		}
		line.LineStyle = ruleStyle
		p.Add(line)
	}
	var entries []entry
	for i := range f.Series {
		entries = append(entries, entry{f.Series[i].Name, boxSymbol(i)})
	}
	p.Draw(strip(c, entries))
	return nil
}

// thinned leaves out every other label of another ticker where there are many: names of rows take their room.
func thinned(of plot.Ticker) func(low, high float64) []plot.Tick {
	const most = 4
	return func(low, high float64) []plot.Tick {
		ticks, labels := of.Ticks(low, high), 0
		for i := range ticks {
			if ticks[i].Label != "" {
				labels++
			}
		}
		seen := 0
		for i := range ticks {
			if ticks[i].Label == "" {
				continue
			}
			if seen++; labels > most && seen%2 == 0 {
				ticks[i].Label = ""
			}
		}
		return ticks
	}
}
