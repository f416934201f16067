package study

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
)

// Numbers is what the text of a study takes its numbers from. Places are written as "axis=value, axis=value"; the
// values first and last are those of the axis.
type Numbers struct {
	t  *sweep.Table
	in func(name string) *sweep.Table
}

// In gives the numbers of other measurements of the study.
func (n Numbers) In(data string) Numbers { return Numbers{n.in(data), n.in} }

// Blocks counts the blocks.
func (n Numbers) Blocks() (int, error) {
	cells, err := n.t.Text("block")
	slices.Sort(cells)
	return len(slices.Compact(cells)), err
}

// at gathers a metric at a place.
func (n Numbers) at(name, place string) (*metric.Metric, []string, []stats.Sample, error) {
	m, err := metric.Find(name, n.t)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := n.choose(place)
	if err != nil {
		return nil, nil, nil, err
	}
	g, err := chart.Group(t, &m)
	if err != nil {
		return nil, nil, nil, err
	}
	return &m, g.List[0].Blocks, g.List[0].Samples, nil
}

func (n Numbers) choose(place string) (*sweep.Table, error) {
	var where []chart.Condition
	for _, text := range strings.Split(place, ", ") {
		if text == "" {
			continue
		}
		c, err := chart.ParseCondition(text)
		if err != nil {
			return nil, err
		}
		cells, err := n.t.Text(c.Column)
		if err != nil {
			return nil, err
		}
		if len(cells) > 0 && !slices.Contains(cells, c.Values[0]) { // a predictor is called last, too
			switch c.Values[0] { // the first point is the first of every axis, the last the last
			case "first":
				c.Values[0] = cells[0]
			case "last":
				c.Values[0] = cells[len(cells)-1]
			}
		}
		where = append(where, c)
	}
	return chart.Choose(n.t, where)
}

// Name gives the value that first or last stands for.
func (n Numbers) Name(axis, which string) (string, error) {
	t, err := n.choose(axis + "=" + which)
	if err != nil {
		return "", err
	}
	cells, err := t.Text(axis)
	if err != nil || len(cells) == 0 {
		return "", err
	}
	return cells[0], nil
}

// Total is the mean of a metric at a place, a ratio of totals or, without a denominator, the arithmetic mean of blocks.
func (n Numbers) Total(name, place string) (string, error) {
	m, _, samples, err := n.at(name, place)
	if err != nil {
		return "", err
	}
	return short(m.Mean(stats.TotalRatio).Of(samples)), nil
}

// Percent is Total of a share.
func (n Numbers) Percent(name, place string) (string, error) {
	m, _, samples, err := n.at(name, place)
	if err != nil {
		return "", err
	}
	return short(100*m.Mean(stats.TotalRatio).Of(samples)) + " %", nil
}

// Interval is Total with its interval.
func (n Numbers) Interval(name, place string) (string, error) {
	m, _, samples, err := n.at(name, place)
	if err != nil {
		return "", err
	}
	mean := m.Mean(stats.TotalRatio)
	return within(mean.Of(samples), stats.DefaultBootstrap.Interval(samples, mean)), nil
}

// Ratio is a metric at the second place over that at the first, on the same blocks.
func (n Numbers) Ratio(name, a, b string) (string, error) {
	_, blocks, x, err := n.at(name, a)
	if err != nil {
		return "", err
	}
	_, other, y, err := n.at(name, b)
	if err != nil {
		return "", err
	}
	var left, right []stats.Sample
	for i, block := range blocks {
		if k := slices.Index(other, block); k >= 0 {
			left, right = append(left, x[i]), append(right, y[k])
		}
	}
	c, err := stats.Compare(left, right, stats.DefaultBootstrap)
	if err != nil {
		return "", err
	}
	return within(float64(c.Ratio), c.Interval), nil
}

// Best names the value of an axis with the best metric at a place, oracles left out.
func (n Numbers) Best(name, axis, place string) (string, error) {
	m, err := metric.Find(name, n.t)
	if err != nil {
		return "", err
	}
	t, err := n.choose(place)
	if err != nil {
		return "", err
	}
	t = t.Where(func(cell func(string) string) bool { return cell("oracle") != "true" })
	g, err := chart.Group(t, &m, axis)
	if err != nil {
		return "", err
	}
	best, value := "", math.Inf(-1)
	for i := range g.List {
		if v := float64(m.Better) * m.Mean(stats.TotalRatio).Of(g.List[i].Samples); v > value {
			best, value = g.List[i].Key[0], v
		}
	}
	return best, nil
}

// Share is the share of blocks in which a metric at a place reaches a bound.
func (n Numbers) Share(name, place string, bound float64) (string, error) {
	_, _, samples, err := n.at(name, place)
	if err != nil {
		return "", err
	}
	reach, of := 0, 0
	for _, s := range samples {
		if v := s.Value(); !math.IsNaN(v) {
			of++
			if v >= bound {
				reach++
			}
		}
	}
	return fmt.Sprintf("%d of %d", reach, of), nil
}

// Law fits the universal scalability law to the speedups at a place over the numbers of cores.
func (n Numbers) Law(place string) (string, error) {
	m, err := metric.Find("speedup", n.t)
	if err != nil {
		return "", err
	}
	t, err := n.choose(place)
	if err != nil {
		return "", err
	}
	g, err := chart.Group(t, &m, "cores")
	if err != nil {
		return "", err
	}
	var points []stats.Point
	for i := range g.List {
		cores, err := strconv.ParseFloat(g.List[i].Key[0], 64)
		if err != nil {
			return "", err
		}
		points = append(points, stats.Point{Cores: cores, Speedup: stats.TotalRatio.Of(g.List[i].Samples)})
	}
	f, err := stats.FitUSL(points, stats.DefaultBootstrap)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("lambda %s, sigma %s, kappa %s, R2 %s", short(float64(f.Lambda)),
		within(float64(f.Sigma), f.SigmaCI), within(float64(f.Kappa), f.KappaCI), short(float64(f.R2)))
	if f.Peak.String() != "" && f.Kappa > 1e-6 {
		text += fmt.Sprintf(", most at %.0f cores", float64(f.Peak))
	}
	return text, nil
}

// short prints three digits.
func short(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "undefined"
	}
	if abs := math.Abs(x); abs >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

func within(x float64, i stats.Interval) string {
	if i.Low.String() == "" {
		return short(x)
	}
	return fmt.Sprintf("%s (95 %% interval %s to %s)", short(x), short(float64(i.Low)), short(float64(i.High)))
}

// text writes NAME.md: what the study found, its figures with their captions, and its table.
func (w *work) text() error {
	form, err := template.New(w.Name).Option("missingkey=error").Parse(w.Text)
	if err != nil {
		return err
	}
	var over any = Numbers{w.data(""), w.data}
	if w.Over != nil {
		if over, err = w.Over(w.data); err != nil {
			return err
		}
	}
	var found bytes.Buffer
	if err := form.Execute(&found, over); err != nil {
		return err
	}
	w.report.Text = strings.Join(strings.Fields(found.String()), " ")
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s\n\n%s\n\n", w.Title, w.report.Text)
	for i := range w.Figures {
		fmt.Fprintf(&out, "![%s](%s/%s.svg)\n\n%s\n\n", w.Figures[i].Name, figuresDir, w.Figures[i].Name, w.captions[i])
	}
	if err := w.list.Write(&out, table.Markdown); err != nil {
		return err
	}
	out.WriteByte('\n')
	if w.Table.All == nil {
		out.WriteString("low and high bound the 95 % interval by bootstrap over blocks. ")
	}
	fmt.Fprintf(&out, "Regenerate: `ooovm study run %s -o DIR --blocks BLOCKS`.\n", w.Name)
	return w.write(w.Name+".md", out.Bytes())
}
