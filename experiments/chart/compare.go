package chart

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// ComparisonSchema names the form of a Comparison.
const ComparisonSchema = "ooovm.compare-sweeps/1"

// Comparison says in what two sweeps differ and whether it matters.
type Comparison struct {
	Schema      string       `json:"schema"`
	A           string       `json:"a"` // directories
	B           string       `json:"b"`
	Differences []Difference `json:"differences"` // in what was run
	Pairs       int          `json:"pairs"`       // points that are the same but for the differences
	OnlyA       int          `json:"onlyA"`       // points without a partner
	OnlyB       int          `json:"onlyB"`
	Failed      int          `json:"failed"` // pairs of which one has no right result
	Metrics     []Change     `json:"metrics"`
}

// Difference is a value that is not the same in both.
type Difference struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Change is one metric in both sweeps.
type Change struct {
	Metric  string           `json:"metric"`
	Mean    stats.Mean       `json:"mean"`
	A       stats.Float      `json:"a"`
	B       stats.Float      `json:"b"`
	Test    stats.Comparison `json:"comparison"` // b over a, block by block
	Better  int              `json:"better"`     // blocks; 0 where neither way is better
	Worse   int              `json:"worse"`
	Verdict string           `json:"verdict"`
}

// defaultMetrics are compared when nothing is asked for, those of them that apply.
var defaultMetrics = []string{"cycles", "speedup", "uipc", "squash_pki", "branch_mpki", "reexecution_rate"}

// Compare pairs the points of two sweeps by block and by the axes that both have, and compares metrics; none: the usual
// ones that apply. An axis that only one of them has must not vary.
func Compare(a, b *sweep.Run, metrics []string) (*Comparison, error) {
	c := &Comparison{Schema: ComparisonSchema, A: a.Dir, B: b.Dir, Differences: []Difference{}}
	var err error
	if c.Differences, err = differences(a, b); err != nil {
		return nil, err
	}
	ta, err := a.Table()
	if err != nil {
		return nil, err
	}
	tb, err := b.Table()
	if err != nil {
		return nil, err
	}
	p, err := pairUp(c, ta, tb)
	if err != nil {
		return nil, err
	}
	wanted := metrics
	if len(wanted) == 0 {
		wanted = defaultMetrics
	}
	for _, name := range wanted {
		change, ok, err := p.change(name, ta, tb)
		if err != nil {
			return nil, err
		}
		if ok {
			c.Metrics = append(c.Metrics, change)
		} else if len(metrics) > 0 {
			return nil, fmt.Errorf("metric %s does not apply to these points", name)
		}
	}
	return c, nil
}

// differences compares the manifests: program, blocks, and every value of the configuration that is no axis of both.
func differences(a, b *sweep.Run) (list []Difference, err error) {
	ma, err := a.Manifest()
	if err != nil {
		return nil, err
	}
	mb, err := b.Manifest()
	if err != nil {
		return nil, err
	}
	for _, run := range []struct {
		dir    string
		schema string
	}{{a.Dir, ma.Schema}, {b.Dir, mb.Schema}} {
		if run.schema == "" {
			return nil, fmt.Errorf("%s: it has no manifest.json: the sweep is not finished, or its shards are not merged", run.dir)
		}
	}
	list = []Difference{}
	add := func(what, x, y string) {
		if x != y {
			list = append(list, Difference{what, x, y})
		}
	}
	add("version", ma.Tool.Version+" "+ma.Tool.Commit, mb.Tool.Version+" "+mb.Tool.Commit)
	add("executable", ma.Tool.Executable, mb.Tool.Executable)
	add("go", ma.Tool.Go+" "+ma.Tool.OS+"/"+ma.Tool.Arch, mb.Tool.Go+" "+mb.Tool.OS+"/"+mb.Tool.Arch)
	hashes := func(m *sweep.Manifest) map[string]string {
		of := map[string]string{}
		for _, block := range m.Blocks {
			of[block.Name] = block.SHA256
		}
		return of
	}
	blocksA, blocksB := hashes(&ma), hashes(&mb)
	for _, block := range ma.Blocks {
		if other, ok := blocksB[block.Name]; ok {
			add("block "+block.Name, blocksA[block.Name], other)
		}
	}
	va, vb := values(&ma), values(&mb)
	for _, key := range keys(&ma, &mb) {
		x, y := va[key], vb[key]
		if !reflect.DeepEqual(x, y) {
			list = append(list, Difference{key, strings.Join(x, ","), strings.Join(y, ",")})
		}
	}
	return list, nil
}

// values gives what every key of a sweep's configuration is: one value, or those of its axis.
func values(m *sweep.Manifest) map[string][]string {
	of := map[string][]string{}
	for _, base := range m.Base {
		for _, v := range base.Values {
			if text := fmt.Sprint(v.Value); v.Value != nil && !slices.Contains(of[v.Key], text) {
				of[v.Key] = append(of[v.Key], text)
			}
		}
	}
	for _, axis := range m.Axes {
		if axis.Key != "" {
			of[axis.Key] = axis.Values
		}
	}
	return of
}

// keys lists the keys of both in the order of the schema.
func keys(a, b *sweep.Manifest) (list []string) {
	for _, m := range []*sweep.Manifest{a, b} {
		for _, base := range m.Base {
			for _, v := range base.Values {
				if !slices.Contains(list, v.Key) {
					list = append(list, v.Key)
				}
			}
		}
		for _, axis := range m.Axes {
			if axis.Key != "" && !slices.Contains(list, axis.Key) {
				list = append(list, axis.Key)
			}
		}
	}
	return list
}

// pairing has the rows of both tables that belong together.
type pairing struct {
	blocks []string
	a, b   []int
}

// machineAxes are the axes that results have under a name of their own.
var machineAxes = []string{"policy", "mapping", "crediting", "cores", "seed"}

func pairUp(c *Comparison, ta, tb *sweep.Table) (*pairing, error) {
	by := []string{"block"}
	for _, column := range ta.Columns {
		if _, err := tb.Column(column.Name); err == nil && column.Axis {
			by = append(by, column.Name)
		}
	}
	for _, name := range machineAxes { // one that only tells the two sweeps apart is a difference, not an axis
		x, errA := ta.Text(name)
		y, errB := tb.Text(name)
		if errA == nil && errB == nil && (len(distinct(x)) > 1 || len(distinct(y)) > 1) {
			by = append(by, name)
		}
	}
	rowsA, err := index(ta, by, c.A)
	if err != nil {
		return nil, err
	}
	rowsB, err := index(tb, by, c.B)
	if err != nil {
		return nil, err
	}
	statusA, err := ta.Text("status")
	if err != nil {
		return nil, err
	}
	statusB, err := tb.Text("status")
	if err != nil {
		return nil, err
	}
	blocks, err := ta.Text("block")
	if err != nil {
		return nil, err
	}
	p := &pairing{}
	for _, id := range rowsA.order {
		i := rowsA.at[id]
		k, ok := rowsB.at[id]
		switch {
		case !ok:
			c.OnlyA++
		case statusA[i] != string(sweep.OK) || statusB[k] != string(sweep.OK):
			c.Failed++
			c.Pairs++
		default:
			c.Pairs++
			p.a, p.b, p.blocks = append(p.a, i), append(p.b, k), append(p.blocks, blocks[i])
		}
	}
	c.OnlyB = len(rowsB.order) - (len(rowsA.order) - c.OnlyA)
	if len(p.a) == 0 {
		return nil, fmt.Errorf("%s and %s have no point in common: they are paired by %s", c.A, c.B, strings.Join(by, ", "))
	}
	return p, nil
}

type rowIndex struct {
	order []string
	at    map[string]int
}

func index(t *sweep.Table, by []string, dir string) (*rowIndex, error) {
	columns := make([][]string, len(by))
	for k, name := range by {
		var err error
		if columns[k], err = t.Text(name); err != nil {
			return nil, err
		}
	}
	x := &rowIndex{at: map[string]int{}}
	for i := range t.Len() {
		var cells []string
		for k := range by {
			cells = append(cells, columns[k][i])
		}
		id := strings.Join(cells, "\x00")
		if first, twice := x.at[id]; twice {
			return nil, fmt.Errorf("%s: several points of block %s agree in %s; %s varies, which the other sweep does not have",
				dir, cells[0], strings.Join(by, ", "), varies(t, by, first, i))
		}
		x.at[id] = i
		x.order = append(x.order, id)
	}
	return x, nil
}

// varies names an axis in which two rows differ.
func varies(t *sweep.Table, by []string, i, j int) string {
	for _, c := range t.Columns {
		if !c.Axis && !slices.Contains(settings, c.Name) || slices.Contains(by, c.Name) {
			continue
		}
		if cells, err := t.Text(c.Name); err == nil && cells[i] != cells[j] {
			return c.Name
		}
	}
	return "something"
}

// change compares a metric over blocks: the points of a block are one ratio of totals. ok is false where it is empty.
func (p *pairing) change(name string, ta, tb *sweep.Table) (c Change, ok bool, err error) {
	m, err := metric.Find(name, ta)
	if err != nil {
		return c, false, err
	}
	sa, err := m.Samples(ta)
	if err != nil {
		return c, false, err
	}
	sb, err := m.Samples(tb)
	if err != nil {
		return c, false, err
	}
	var a, b Cell
	for k, block := range p.blocks {
		if x, y := sa[p.a[k]], sb[p.b[k]]; metric.Defined(x) && metric.Defined(y) {
			a.add(block, x)
			b.add(block, y)
		}
	}
	if len(a.Samples) == 0 {
		return c, false, nil
	}
	c = Change{Metric: m.Name, Mean: m.Mean(stats.TotalRatio)}
	c.A, c.B = stats.Float(stats.Round(c.Mean.Of(a.Samples))), stats.Float(stats.Round(c.Mean.Of(b.Samples)))
	if c.Test, err = stats.Compare(a.Samples, b.Samples, stats.DefaultBootstrap); err != nil {
		return c, false, err
	}
	switch m.Better {
	case metric.Higher:
		c.Better, c.Worse = c.Test.Higher, c.Test.Lower
	case metric.Lower:
		c.Better, c.Worse = c.Test.Lower, c.Test.Higher
	}
	c.Verdict = c.verdict(m.Better)
	return c, true, nil
}

// significant is the level of the sign test.
const significant = 0.05

// verdict says in words what the interval and the sign test say.
func (c *Change) verdict(better metric.Sense) string {
	t := &c.Test
	if t.Higher == 0 && t.Lower == 0 {
		return "no difference"
	}
	way := "higher"
	if t.Ratio < 1 {
		way = "lower"
	}
	switch {
	case better == metric.Higher && t.Ratio > 1, better == metric.Lower && t.Ratio < 1:
		way = "better"
	case better != metric.Neither:
		way = "worse"
	}
	percent := fmt.Sprintf("%.3g %% %s", 100*max(float64(t.Ratio)-1, 1-float64(t.Ratio)), way)
	sign := t.SignTest <= significant
	switch {
	case t.N < 2:
		return percent + " on one block: no interval"
	case t.Matters() && sign:
		return percent + " in total, and on most blocks"
	case t.Matters():
		return percent + " in total, not on most blocks"
	case sign:
		return "small but on most blocks; the total is not told from 0"
	}
	return "not told from chance"
}
