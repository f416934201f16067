package plot

import (
	"image/color"
	"math"
	"slices"

	"github.com/ooovm/ooovm/experiments/stats"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shades is how many colors a heat map has: more than an eye tells apart.
const shades = 256

// grid is a heat map whose cells lie at the ranks of their coordinates: sizes that double are equally wide.
type grid struct {
	xs, ys    []float64
	cells     map[[2]int]float64
	low, high float64
	colors    palette.Palette
}

func newGrid(f *Figure) *grid {
	g := &grid{cells: map[[2]int]float64{}, low: math.Inf(1), high: math.Inf(-1)}
	points := f.Series[0].Points
	for _, p := range points {
		if defined(p.X, p.Y, p.Z) {
			g.xs, g.ys = append(g.xs, float64(p.X)), append(g.ys, float64(p.Y))
			g.low, g.high = min(g.low, float64(p.Z)), max(g.high, float64(p.Z))
		}
	}
	slices.Sort(g.xs)
	slices.Sort(g.ys)
	g.xs, g.ys = slices.Compact(g.xs), slices.Compact(g.ys)
	for _, p := range points {
		if defined(p.X, p.Y, p.Z) {
			i, _ := slices.BinarySearch(g.xs, float64(p.X))
			j, _ := slices.BinarySearch(g.ys, float64(p.Y))
			g.cells[[2]int{i, j}] = float64(p.Z)
		}
	}
	// Kindlmann's map grows evenly in luminance; around a center such as a speedup of 1 the map of Moreland (ISVC 2009) diverges.
	g.colors = moreland.Kindlmann().Palette(shades)
	if f.Center != nil {
		reach := max(g.high-*f.Center, *f.Center-g.low)
		g.low, g.high = *f.Center-reach, *f.Center+reach
		g.colors = moreland.SmoothBlueRed().Palette(shades)
	}
	return g
}

func (g *grid) color(z float64) color.Color {
	list := g.colors.Colors()
	if g.high <= g.low {
		return list[len(list)/2]
	}
	return list[min(len(list)-1, int((z-g.low)/(g.high-g.low)*float64(len(list))))]
}

// Plot draws the cells; one without a value stays white.
func (g *grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i := range g.xs {
		for j := range g.ys {
			if z, ok := g.cells[[2]int{i, j}]; ok {
				r := vg.Rectangle{
					Min: vg.Point{X: x(float64(i) - 0.5), Y: y(float64(j) - 0.5)},
					Max: vg.Point{X: x(float64(i) + 0.5), Y: y(float64(j) + 0.5)},
				}
				fillRectangle(&c, r, g.color(z))
				g.write(&c, r, z)
			}
		}
	}
}

// write puts the number into its cell where it fits.
func (g *grid) write(c *draw.Canvas, r vg.Rectangle, z float64) {
	style := text.Style{Font: sans(6), Handler: plot.DefaultTextHandler, XAlign: text.XCenter, YAlign: text.YCenter, Color: color.Black}
	label := stats.Float(roundTo(z, 3)).String()
	if style.Width(label) > (r.Max.X-r.Min.X)*0.95 || r.Max.Y-r.Min.Y < 7 {
		return
	}
	if red, green, blue, _ := g.color(z).RGBA(); 3*red+6*green+blue < 5*0xffff {
		style.Color = color.White
	}
	c.FillText(style, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}, label)
}

func roundTo(x float64, digits int) float64 {
	if x == 0 {
		return 0
	}
	scale := math.Pow(10, float64(digits-1)-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

func fillRectangle(c *draw.Canvas, r vg.Rectangle, fill color.Color) {
	c.FillPolygon(fill, []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}})
}

// DataRange lets the axes reach around the cells.
func (g *grid) DataRange() (xmin, xmax, ymin, ymax float64) {
	return -0.5, float64(len(g.xs)) - 0.5, -0.5, float64(len(g.ys)) - 0.5
}

// bar is the color bar beside a heat map.
type bar struct{ *grid }

func (b bar) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	colors := b.colors.Colors()
	step := (b.high - b.low) / float64(len(colors))
	for i, fill := range colors {
		from := b.low + float64(i)*step
		fillRectangle(&c, vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: y(from)}, Max: vg.Point{X: c.Max.X, Y: y(from + step*1.02)}}, fill)
	}
}

func (b bar) DataRange() (xmin, xmax, ymin, ymax float64) { return 0, 1, b.low, b.high }

// drawHeat draws the first series: a cell at each X and Y, colored by Z, and the color bar on the right.
func drawHeat(f *Figure, c draw.Canvas) error {
	if len(f.Series) == 0 {
		return ErrEmpty
	}
	g := newGrid(f)
	if len(g.cells) == 0 {
		return ErrEmpty
	}
	p := newPlot(f)
	p.Add(g)
	p.X.Padding, p.Y.Padding = 0, 0
	f.X.rank(&p.X, g.xs)
	f.Y.rank(&p.Y, g.ys)
	const side = 0.8 * vg.Inch
	p.Draw(draw.Crop(c, 0, -side, 0, 0))
	if g.high > g.low {
		scale := newPlot(&Figure{Y: f.Z})
		scale.Add(bar{g})
		scale.HideX()
		scale.Y.Padding = 0
		scale.Draw(draw.Crop(c, c.Max.X-c.Min.X-side+6, 0, 12, 0))
	}
	return nil
}

// rank labels positions 0, 1, ... with the values that lie there.
func (a Axis) rank(axis *plot.Axis, values []float64) {
	ticks := make([]plot.Tick, len(values))
	for i, v := range values {
		ticks[i] = plot.Tick{Value: float64(i), Label: a.cell(stats.Float(v))}
		if e := math.Log2(v); a.Log2 && v > 0 && e == math.Trunc(e) {
			ticks[i].Label = powerName(int(e))
		}
	}
	axis.Tick.Marker = plot.ConstantTicks(ticks)
	axis.Tick.Length = 0
}
