package plot

import (
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// outlines draws text as filled glyph outlines. A figure then needs no font where it is shown, and looks the same in
// every viewer: the SVG backend names a font without embedding it, and the PDF backend breaks every character outside ASCII.
type outlines struct {
	vg.CanvasSizer
	buffer sfnt.Buffer
}

// FillString draws text with its baseline starting at a point.
func (o *outlines) FillString(face font.Face, at vg.Point, text string) {
	ppem := fixed.Int26_6(face.Face.UnitsPerEm())
	scale := face.Font.Size / vg.Length(ppem)
	var path vg.Path
	var previous sfnt.GlyphIndex
	x := fixed.Int26_6(0)
	for i, r := range text {
		glyph, err := face.Face.GlyphIndex(&o.buffer, r)
		if err != nil {
			continue
		}
		if i > 0 {
			if kern, err := face.Face.Kern(&o.buffer, previous, glyph, ppem, 0); err == nil {
				x += kern
			}
		}
		segments, err := face.Face.LoadGlyph(&o.buffer, glyph, ppem, nil)
		if err != nil {
			continue
		}
		point := func(p fixed.Point26_6) vg.Point { // glyphs point downwards
			return vg.Point{X: at.X + vg.Length(x+p.X)*scale, Y: at.Y - vg.Length(p.Y)*scale}
		}
		for k, s := range segments {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				if k > 0 {
					path.Close()
				}
				path.Move(point(s.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(point(s.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(point(s.Args[0]), point(s.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(point(s.Args[0]), point(s.Args[1]), point(s.Args[2]))
			}
		}
		if len(segments) > 0 {
			path.Close()
		}
		if advance, err := face.Face.GlyphAdvance(&o.buffer, glyph, ppem, 0); err == nil {
			x += advance
		}
		previous = glyph
	}
	if len(path) > 0 {
		o.Fill(path)
	}
}
