package plot

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/stats"
)

// samples has a figure of each kind.
func samples() []*Figure {
	nan := stats.Float(math.NaN())
	one := 1.0
	var lines, heat, parts, clouds []Series
	for i, name := range []string{"TAGE", "gshare", "µ-op “×”"} {
		var s, q, cloud Series
		s.Name, q.Name, cloud.Name = name, name, name
		for k := range 8 {
			x, y := math.Exp2(float64(k+3)), 1+float64(i+1)*math.Log1p(float64(k))
			s.Points = append(s.Points, Point{X: stats.Float(x), Y: stats.Float(y), Low: stats.Float(y * .9), High: stats.Float(y * 1.1)})
			q.Points = append(q.Points, Point{X: stats.Float(k % 4), Y: stats.Float(i + 1)})
			cloud.Points = append(cloud.Points, Point{X: stats.Float(k), Y: stats.Float(k + i), Low: nan, High: nan, Name: "block"})
		}
		q.Points = q.Points[:4]
		lines, parts, clouds = append(lines, s), append(parts, q), append(clouds, cloud)
	}
	cells := Series{Name: "speedup"}
	for x := range 6 {
		for y := range 5 {
			cells.Points = append(cells.Points, Point{X: stats.Float(math.Exp2(float64(x + 4))), Y: stats.Float(y + 1), Z: stats.Float(.5 + float64(x*y)/8)})
		}
	}
	heat = append(heat, cells)
	size, upc := Axis{Name: "reorder buffer", Unit: "entries", Log2: true}, Axis{Name: "throughput", Unit: "micro-ops/cycle", Zero: true}
	return []*Figure{
		{Name: "line", Kind: "line", X: size, Y: upc, Series: lines, Rules: []float64{1}},
		{Name: "heat", Kind: "heat", X: size, Y: Axis{Name: "cores"}, Z: Axis{Name: "speedup", Unit: "×"}, Center: &one, Series: heat},
		{Name: "stack", Kind: "stack", X: Axis{Name: "preset", Ends: []string{"scalar", "ooo-2", "ooo-4", "ooo-8"}}, Y: Axis{Name: "slots"}, Series: parts},
		{Name: "sideways", Kind: "sideways", X: Axis{Name: "preset", Ends: []string{"scalar", "ooo-2", "ooo-4", "ooo-8"}}, Y: Axis{Name: "cycles", Log2: true}, Series: parts, Rules: []float64{1}},
		{Name: "cdf", Kind: "cdf", X: Axis{Name: "speedup"}, Y: Axis{Name: "share of blocks"}, Series: clouds},
		{Name: "scatter", Kind: "scatter", X: Axis{Name: "published"}, Y: Axis{Name: "here"}, Identity: true, Series: clouds},
	}
}

func TestEveryKindDrawsTheSameBytesTwice(t *testing.T) {
	for _, f := range samples() {
		for _, format := range formats {
			t.Run(f.Name+format.suffix, func(t *testing.T) {
				a, err := f.Render(format.suffix)
				if err != nil {
					t.Fatal(err)
				}
				b, err := f.Render(format.suffix)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) || len(a) < 1000 {
					t.Errorf("%d and %d bytes, equal: %t", len(a), len(b), bytes.Equal(a, b))
				}
			})
		}
	}
	if len(samples()) != len(kinds) {
		t.Errorf("%d samples for %d kinds", len(samples()), len(kinds))
	}
}

func TestPicturesNeedNoFont(t *testing.T) {
	for _, f := range samples() {
		svg, err := f.Render(".svg")
		if err != nil {
			t.Fatal(err)
		}
		pdf, err := f.Render(".pdf")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(svg, []byte("<text")) || bytes.Contains(pdf, []byte("/FontFile")) {
			t.Errorf("%s: text that is not outlines", f.Name)
		}
	}
}

func TestCSVHasExactlyWhatIsDrawn(t *testing.T) {
	for _, f := range samples() {
		var b bytes.Buffer
		if err := f.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		for _, s := range f.Series {
			want += len(s.Points)
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", f.Name, len(rows), want)
		}
	}
}

func TestNothingToDrawIsAnError(t *testing.T) {
	for _, k := range Kinds() {
		t.Run(k, func(t *testing.T) {
			dir := t.TempDir()
			f := &Figure{Name: "empty", Kind: k, Series: []Series{{Name: "none", Points: []Point{{X: stats.Float(math.NaN())}}}}}
			if err := f.Save(dir); err == nil {
				t.Error("drawn")
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("half-written: %v", left)
			}
		})
	}
}

func TestUnknownKindNamesTheKnownOnes(t *testing.T) {
	if _, err := (&Figure{Kind: "pie"}).Render(".svg"); err == nil || !strings.Contains(err.Error(), "scatter") {
		t.Error(err)
	}
}

func TestPowersOfTwoAreNamed(t *testing.T) {
	for e, want := range map[int]string{-1: "0.5", 0: "1", 9: "512", 10: "1Ki", 16: "64Ki", 20: "1Mi"} {
		if got := powerName(e); got != want {
			t.Errorf("2^%d is %q, want %q", e, got, want)
		}
	}
}
