package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/suggest"
)

// Spec says what to draw from a table. What X, Y and Z mean depends on the kind: About says
// it.
type Spec struct {
	Name    string // of the files; made from the others where it is empty
	Kind    string
	X, Y, Z string
	Series  string
	Mean    stats.Mean // over blocks; empty: the ratio of totals
	Where   []Condition
	Wide    bool
	Log     bool   // a logarithmic metric
	About   string // a first sentence of the caption
}

// kinds is the table of what a kind of figure needs and how it is made.
var kinds = []struct {
	name  string
	about string
	drawn string   // kind of plot
	needs []string // of x, y, z
	takes []string // of z, series, mean beside these
	make  func(t *sweep.Table, s *Spec) (*plot.Figure, error)
}{
	{"line", "metric --y over axis --x, a line a value of --series, with 95 % intervals", "line", []string{"x", "y"}, []string{"series", "mean"}, lines},
	{"heat", "metric --z over axes --x and --y", "heat", []string{"x", "y", "z"}, []string{"mean"}, heat},
	{"bar", "metric --y for each value of --x, from zero", "stack", []string{"x", "y"}, []string{"mean"}, bars},
	{"stack", "composition --y (cpi, slots or cores) for each value of --x", "stack", []string{"x", "y"}, nil, stack},
	{"cdf", "the share of blocks up to a value of metric --y, a line a value of --series", "cdf", []string{"y"}, []string{"series"}, distribution},
	{"scatter", "metric --y of each block under the two values of axis --x", "scatter", []string{"x", "y"}, []string{"series"}, scatter},
}

// Kinds lists the kinds of figures.
func Kinds() (names []string) {
	for i := range kinds {
		names = append(names, kinds[i].name)
	}
	return names
}

// About lists the kinds with what each shows, a line a kind.
func About() string {
	var text strings.Builder
	for i := range kinds {
		fmt.Fprintf(&text, "  %-9s %s\n", kinds[i].name, kinds[i].about)
	}
	return text.String()
}

// Draw makes the figure.
func Draw(t *sweep.Table, s Spec) (*plot.Figure, error) {
	for _, kind := range kinds {
		if kind.name != s.Kind {
			continue
		}
		if err := s.check(kind.needs, kind.takes); err != nil {
			return nil, err
		}
		chosen, err := Choose(t, s.Where)
		if err != nil {
			return nil, err
		}
		f, err := kind.make(chosen, &s)
		if err != nil {
			return nil, err
		}
		if f.Name = s.Name; f.Name == "" {
			f.Name = s.fileName()
		}
		f.Kind, f.Wide = kind.drawn, s.Wide
		if len(s.Where) > 0 {
			var list []string
			for _, c := range s.Where {
				list = append(list, c.String())
			}
			f.Caption += " Only " + strings.Join(list, " and ") + "."
		}
		if s.About != "" {
			f.Caption = s.About + " " + f.Caption
		}
		return f, nil
	}
	return nil, fmt.Errorf("no kind %q of figures; %s", s.Kind, suggest.Among(s.Kind, Kinds()))
}

// check compares the fields that are set with those of the kind.
func (s *Spec) check(needs, takes []string) error {
	for _, field := range []struct{ name, value string }{{"x", s.X}, {"y", s.Y}, {"z", s.Z}, {"series", s.Series}, {"mean", string(s.Mean)}} {
		switch {
		case field.value == "" && slices.Contains(needs, field.name):
			return fmt.Errorf("--%s is missing: a figure of kind %s needs it", field.name, s.Kind)
		case field.value != "" && !slices.Contains(needs, field.name) && !slices.Contains(takes, field.name):
			return fmt.Errorf("--%s has no meaning for a figure of kind %s", field.name, s.Kind)
		}
	}
	return nil
}

func (s *Spec) mean() stats.Mean {
	if s.Mean == "" {
		return stats.TotalRatio
	}
	return s.Mean
}

// by lists the columns to group by.
func by(columns ...string) []string {
	return slices.DeleteFunc(columns, func(c string) bool { return c == "" })
}

// place is an axis of a figure made from a column: numbers at their values, anything else at 0, 1, 2 and so on.
type place struct {
	axis    plot.Axis
	numbers map[string]float64
}

func (p *place) at(value string) stats.Float { return stats.Float(p.numbers[value]) }

// wideRange is how much larger the last of an axis is than the first where only a logarithmic one shows all.
const wideRange = 64

// inf is how as many cores as transactions are called.
const inf = "inf"

func newPlace(t *sweep.Table, column string, values []string, categories bool) (*place, error) {
	c, err := t.Column(column)
	if err != nil {
		return nil, err
	}
	p := &place{axis: plot.Axis{Name: column, Unit: unitOf(c)}, numbers: map[string]float64{}}
	numeric, doubles := !categories, true
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		x, err := strconv.ParseFloat(v, 64)
		if err != nil || column == "cores" && x == 0 {
			numeric = false
			continue
		}
		p.numbers[v] = x
		exponent := math.Log2(x)
		doubles = doubles && x > 0 && exponent == math.Trunc(exponent)
		low, high = min(low, x), max(high, x)
	}
	if numeric {
		p.axis.Log2 = low > 0 && (doubles && high >= 4*low || high >= wideRange*low)
		return p, nil
	}
	for i, v := range values {
		p.numbers[v] = float64(i)
		if column == "cores" && v == "0" {
			v = inf
		}
		p.axis.Ends = append(p.axis.Ends, v)
	}
	return p, nil
}

// unitOf is the unit of a column; the documentation of a configuration key ends in its own.
func unitOf(c sweep.Column) string {
	if c.Unit != "" && c.Unit != c.Name {
		return c.Unit
	}
	const longest = 16
	f, err := config.Lookup(c.Name)
	if err != nil {
		return ""
	}
	if i := strings.LastIndex(f.Doc, ", "); i >= 0 && len(f.Doc)-i < longest && !strings.Contains(f.Doc[i+2:], " ") {
		return f.Doc[i+2:]
	}
	return ""
}

func metricAxis(m *metric.Metric, log bool) plot.Axis {
	return plot.Axis{Name: m.Label, Unit: m.Unit, Log2: log, Zero: !log}
}

// caption says how the plotted numbers came about.
func caption(m *metric.Metric, mean stats.Mean, g *Cells, interval bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", sentence(m.Label))
	if m.Unit != "" {
		fmt.Fprintf(&b, " (%s)", m.Unit)
	}
	fmt.Fprintf(&b, " = %s", m.Formula())
	if mean != "" {
		fmt.Fprintf(&b, ", %s over blocks", mean)
	}
	low, high := g.blocks()
	if low == high {
		fmt.Fprintf(&b, ", n = %d", high)
	} else {
		fmt.Fprintf(&b, ", n = %d to %d", low, high)
	}
	if interval && high > 1 {
		fmt.Fprintf(&b, ", band: 95 %% interval by bootstrap over blocks (%d resamples)", stats.DefaultBootstrap.Resamples)
	}
	b.WriteString(".")
	if m.Baseline != "" {
		fmt.Fprintf(&b, " Baseline: %s.", m.Baseline)
	}
	if len(g.Follows) > 0 {
		fmt.Fprintf(&b, " With %s also %s.", strings.Join(g.By, ", "), strings.Join(vary(g.Follows), " "))
	}
	if g.Failed > 0 {
		fmt.Fprintf(&b, " %d points without a right result are left out.", g.Failed)
	}
	if n := len(g.Dropped); n > 0 {
		fmt.Fprintf(&b, " %d blocks that are not everywhere are left out: %s.", n, few(g.Dropped))
	}
	return b.String()
}

func vary(axes []string) []string {
	if len(axes) == 1 {
		return []string{axes[0], "varies"}
	}
	return []string{strings.Join(axes, ", "), "vary"}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// seriesName names a line; where lines are about different numbers of blocks it says how many.
func seriesName(g *Cells, name string, n int) string {
	if low, high := g.blocks(); low != high {
		return fmt.Sprintf("%s (n = %d)", name, n)
	}
	return name
}
