package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Widths of a column and of a page of the two-column formats of IEEE and ACM.
const (
	Column = 3.5 * vg.Inch
	Page   = 7.16 * vg.Inch
)

const (
	labelSize = vg.Length(8) // points: what stays readable in a column
	tickSize  = vg.Length(7)
	lineWidth = vg.Length(1.1)
)

// okabeIto is the palette of Okabe and Ito (Color Universal Design, 2008), which color-blind readers can tell
// apart, darkest contrasts first; black comes last because axes have it.
var okabeIto = []color.RGBA{
	{0x00, 0x72, 0xb2, 255}, // blue
	{0xd5, 0x5e, 0x00, 255}, // vermillion
	{0x00, 0x9e, 0x73, 255}, // bluish green
	{0xe6, 0x9f, 0x00, 255}, // orange
	{0x56, 0xb4, 0xe9, 255}, // sky blue
	{0xcc, 0x79, 0xa7, 255}, // reddish purple
	{0xf0, 0xe4, 0x42, 255}, // yellow
	{0x00, 0x00, 0x00, 255}, // black
}

// markers and dashes tell series apart on grey paper.
var (
	markers = []draw.GlyphDrawer{
		draw.CircleGlyph{},
		draw.SquareGlyph{},
		draw.TriangleGlyph{},
		draw.CrossGlyph{},
		draw.RingGlyph{},
		draw.BoxGlyph{},
		draw.PyramidGlyph{},
		draw.PlusGlyph{},
	}
	dashes = [][]vg.Length{nil, {4, 2}, {1, 1.5}, {4, 1.5, 1, 1.5}, {7, 2}, {2, 2}, {7, 1.5, 1, 1.5, 1, 1.5}, {1, 3}}
)

func seriesColor(i int) color.RGBA { return okabeIto[i%len(okabeIto)] }

func lineStyle(i int) draw.LineStyle {
	return draw.LineStyle{Color: seriesColor(i), Width: lineWidth, Dashes: dashes[(i+i/len(okabeIto))%len(dashes)]}
}

func glyphStyle(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: seriesColor(i), Radius: 2, Shape: markers[(i+i/len(okabeIto))%len(markers)]}
}

// faded is a color mixed with white: a band behind its line, without transparency, which some PDF printers spoil.
func faded(c color.RGBA) color.RGBA {
	mix := func(v uint8) uint8 { return uint8((int(v) + 3*255) / 4) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// newPlot is an empty plot in the project's style: no title (captions carry it), sans serif, thin axes.
func newPlot(f *Figure) *plot.Plot {
	p := plot.New()
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(labelSize)
		a.Tick.Label.Font = sans(tickSize)
		a.LineStyle.Width, a.Tick.LineStyle.Width = 0.5, 0.5
		a.Tick.Length = 3
		a.Tick.Marker = plot.TickerFunc(plainTicks)
		a.Label.Padding = 2
	}
	p.X.Label.Text, p.Y.Label.Text = f.X.label(), f.Y.label()
	return p
}
