package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is a name and how its series is drawn.
type entry struct {
	name   string
	symbol func(c *draw.Canvas) // draws into its canvas
}

const (
	symbolWidth = vg.Length(16)
	symbolGap   = vg.Length(3)
	entryGap    = vg.Length(8)
	rowHeight   = labelSize + 3
)

// strip draws the legend in rows above the data, never over it, and gives what is left of the canvas. A single series
// needs none: the caption names it.
func strip(c draw.Canvas, entries []entry) draw.Canvas {
	if len(entries) < 2 {
		return c
	}
	style := text.Style{Font: sans(tickSize), Handler: plot.DefaultTextHandler, YAlign: text.YCenter}
	wide := vg.Length(0)
	for _, e := range entries {
		wide = max(wide, symbolWidth+symbolGap+style.Width(e.name)+entryGap)
	}
	width := c.Max.X - c.Min.X
	columns := max(1, min(len(entries), int(width/wide)))
	rows := int(math.Ceil(float64(len(entries)) / float64(columns)))
	for i, e := range entries {
		x := c.Min.X + vg.Length(i%columns)*width/vg.Length(columns)
		y := c.Max.Y - (vg.Length(i/columns)+0.5)*rowHeight
		box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y - labelSize/2}, Max: vg.Point{X: x + symbolWidth, Y: y + labelSize/2},
		}}
		e.symbol(&box)
		c.FillText(style, vg.Point{X: x + symbolWidth + symbolGap, Y: y}, e.name)
	}
	return draw.Crop(c, 0, 0, 0, -vg.Length(rows)*rowHeight-3)
}

func lineSymbol(i int, marked bool) func(*draw.Canvas) {
	return func(c *draw.Canvas) {
		y := c.Center().Y
		c.StrokeLine2(lineStyle(i), c.Min.X, y, c.Max.X, y)
		if marked {
			c.DrawGlyph(glyphStyle(i), c.Center())
		}
	}
}

func glyphSymbol(i int) func(*draw.Canvas) {
	return func(c *draw.Canvas) { c.DrawGlyph(glyphStyle(i), c.Center()) }
}

func boxSymbol(i int) func(*draw.Canvas) {
	return func(c *draw.Canvas) { drawBox(c, c.Rectangle, i) }
}
