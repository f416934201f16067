// Package plot draws the figures of a paper: lines with confidence bands, heat maps with a color bar, stacked bars,
// distributions and scatters, each as SVG and PDF for the paper and PNG for the eye, with exactly the plotted numbers beside it as CSV.
//
// The same figure gives the same bytes, on every host of one architecture: text is drawn as outlines, and nothing dated is written.
package plot

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/table"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Axis describes one axis.
type Axis struct {
	Name string   `json:"name"`           // of the quantity
	Unit string   `json:"unit,omitempty"` // printed behind it
	Log2 bool     `json:"log2,omitempty"` // sizes and core counts double
	Zero bool     `json:"zero,omitempty"` // begins at 0 whatever the data
	Ends []string `json:"ends,omitempty"` // names of categories, in order, where positions 0, 1, ... are no numbers
}

func (a Axis) label() string {
	if a.Unit == "" {
		return a.Name
	}
	return a.Name + " (" + a.Unit + ")"
}

// Point is one plotted number. Low and High bound its confidence interval where they are defined.
type Point struct {
	X    stats.Float `json:"x"`
	Y    stats.Float `json:"y"`
	Low  stats.Float `json:"low"`
	High stats.Float `json:"high"`
	// Z is the value of a cell of a heat map.
	Z stats.Float `json:"z"`
	// Name labels the point in the CSV: the block of a scatter or of a distribution.
	Name string `json:"name,omitempty"`
}

// Series is one line, one component of stacked bars, one cloud, one distribution.
type Series struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"`
}

// Figure is what a kind draws. Every kind reads Series; what a point means is said there.
type Figure struct {
	Name     string    `json:"name"` // of its files, without suffix
	Kind     string    `json:"kind"`
	Caption  string    `json:"caption"`          // with the mean, the interval, the number of blocks and the baseline
	Source   string    `json:"source,omitempty"` // of the numbers: a sweep and the program that ran it
	X        Axis      `json:"x"`
	Y        Axis      `json:"y"`
	Z        Axis      `json:"z"` // of a heat map
	Center   *float64  `json:"center,omitempty"`
	Wide     bool      `json:"wide,omitempty"`     // over both columns of a page
	Identity bool      `json:"identity,omitempty"` // a scatter gets the line y = x
	Series   []Series  `json:"series"`
	Rules    []float64 `json:"rules,omitempty"` // horizontal reference lines, such as a speedup of 1
}

// kind is a row of the table of kinds.
type kind struct {
	Name, About string
	draw        func(f *Figure, c draw.Canvas) error
}

// kinds is the table of the kinds of figures; a new one is a row and a file.
var kinds = []kind{
	{"line", "a line a series, with a band where points have confidence intervals", drawLines},
	{"heat", "a cell a point, with a color bar; one series", drawHeat},
	{"stack", "a bar a category, a component a series", drawStack},
	{"sideways", "a row a category, a bar a series, from a reference line to the value", drawSideways},
	{"cdf", "the share of blocks up to a value, a step line a series", drawCDF},
	{"scatter", "a mark a point", drawScatter},
}

// Kinds lists the names of the kinds of figures.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

func (f *Figure) size() (w, h vg.Length) {
	if f.Kind == "sideways" {
		w, h = Column, barFrame+barRow*vg.Length(len(f.X.Ends))
		if f.Wide {
			w = Page
		}
		return w, h
	}
	if f.Wide {
		return Page, 2.6 * vg.Inch
	}
	return Column, 2.4 * vg.Inch
}

// ErrEmpty is the answer to a figure without anything to draw.
var ErrEmpty = errors.New("nothing to plot: no point has both coordinates")

// draw puts a figure on a canvas.
func (f *Figure) draw(c vg.CanvasSizer) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.Name == f.Kind })
	if i < 0 {
		return fmt.Errorf("kind %q: expected one of %v", f.Kind, Kinds())
	}
	canvas := draw.New(&outlines{CanvasSizer: c})
	canvas.SetColor(backgroundColor)
	canvas.Fill(canvas.Path())
	margin := vg.Length(3)
	return kinds[i].draw(f, draw.Crop(canvas, margin, -margin, margin, -margin))
}

// WriteCSV writes exactly the numbers that are drawn, a row a point.
func (f *Figure) WriteCSV(w io.Writer) error {
	out := table.NewCSV(w)
	head := []string{"series", f.X.label(), f.Y.label(), "low", "high", "name"}
	if f.Kind == "heat" {
		head = []string{"series", f.X.label(), f.Y.label(), f.Z.label(), "", "name"}
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, s := range f.Series {
		for _, p := range s.Points {
			row := []string{s.Name, f.X.cell(p.X), f.Y.cell(p.Y), p.Low.String(), p.High.String(), p.Name}
			if f.Kind == "heat" {
				row[3], row[4] = p.Z.String(), ""
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// cell is a coordinate as a reader knows it: the name of a category rather than its place.
func (a Axis) cell(x stats.Float) string {
	if i := int(x); a.Ends != nil && i >= 0 && i < len(a.Ends) {
		return a.Ends[i]
	}
	return x.String()
}
