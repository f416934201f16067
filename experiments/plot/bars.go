package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawBox fills a rectangle in a series' color; beyond the palette's first round, and on grey paper, hatching
// tells components apart.
func drawBox(c *draw.Canvas, r vg.Rectangle, i int) {
	corners := []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
	fill := seriesColor(i)
	c.FillPolygon(fill, corners)
	ink := color.RGBA{255, 255, 255, 255}
	hatch(c, r, i%4, ink)
	if i >= len(okabeIto) {
		hatch(c, r, (i+1)%4, ink)
	}
	c.StrokeLines(draw.LineStyle{Color: color.White, Width: 0.3}, append(corners, corners[0]))
}

// hatch draws no lines (0), rising (1) or falling (2) diagonals, or horizontal lines (3) within a rectangle.
func hatch(c *draw.Canvas, r vg.Rectangle, pattern int, ink color.Color) {
	const gap = vg.Length(4)
	style := draw.LineStyle{Color: ink, Width: 0.4}
	w, h := r.Max.X-r.Min.X, r.Max.Y-r.Min.Y
	if w <= 0 || h <= 0 {
		return
	}
	switch pattern {
	case 1, 2:
		for s := gap; s < w+h; s += gap {
			// The diagonal x + y = s of the rectangle, cut to it.
			x0, y0 := min(s, w), max(0, s-w)
			x1, y1 := max(0, s-h), min(s, h)
			if pattern == 1 {
				x0, x1 = w-x0, w-x1
			}
			c.StrokeLine2(style, r.Min.X+x0, r.Min.Y+y0, r.Min.X+x1, r.Min.Y+y1)
		}
	case 3:
		for y := gap; y < h; y += gap {
			c.StrokeLine2(style, r.Min.X, r.Min.Y+y, r.Max.X, r.Min.Y+y)
		}
	}
}

// stack draws components on top of each other, a bar at each of positions 0, 1, ...
type stack struct {
	f     *Figure
	width float64 // of a bar, of the distance between two
}

// top gives where each component of a bar begins and ends.
func (s *stack) parts(position int, part func(series int, from, to float64)) float64 {
	sum := 0.0
	for i := range s.f.Series {
		for _, p := range s.f.Series[i].Points {
			if int(p.X) == position && defined(p.Y) {
				part(i, sum, sum+float64(p.Y))
				sum += float64(p.Y)
			}
		}
	}
	return sum
}

func (s *stack) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for position := range s.f.X.Ends {
		s.parts(position, func(series int, from, to float64) {
			drawBox(&c, vg.Rectangle{
				Min: vg.Point{X: x(float64(position) - s.width/2), Y: y(from)},
				Max: vg.Point{X: x(float64(position) + s.width/2), Y: y(to)},
			}, series)
		})
	}
}

// DataRange lets the axes reach around the bars.
func (s *stack) DataRange() (xmin, xmax, ymin, ymax float64) {
	for position := range s.f.X.Ends {
		ymax = max(ymax, s.parts(position, func(int, float64, float64) {}))
	}
	return -0.6, float64(len(s.f.X.Ends)) - 0.4, 0, ymax
}

// drawStack draws a bar for each category of X.Ends; a point's X is the category's place, its Y the size of the series' component.
func drawStack(f *Figure, c draw.Canvas) error {
	if len(f.X.Ends) == 0 || len(f.Series) == 0 {
		return ErrEmpty
	}
	p := newPlot(f)
	f.frame(p)
	bars := &stack{f, 0.7}
	p.Add(bars)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = bars.DataRange()
	if p.Y.Max == 0 {
		return ErrEmpty
	}
	f.turn(p)
	var entries []entry
	for i := range f.Series {
		entries = append(entries, entry{f.Series[i].Name, boxSymbol(i)})
	}
	p.Draw(strip(c, entries))
	return nil
}

// turn slants the names of categories that have no room beside each other.
func (f *Figure) turn(p *plot.Plot) {
	long := 0
	for _, name := range f.X.Ends {
		long = max(long, len(name))
	}
	if long*len(f.X.Ends) > 40 && !f.Wide || long*len(f.X.Ends) > 100 {
		p.X.Tick.Label.Rotation = 0.7
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YTop
	}
}
