// Package chart makes figures from the results of sweeps: it chooses rows, groups them by axes, takes the mean over
// blocks with its interval, and refuses to average over anything else.
package chart

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// Condition keeps the rows where a column has one of some values.
type Condition struct {
	Column string
	Values []string
}

// ParseCondition reads col=value or col=value,value.
func ParseCondition(text string) (Condition, error) {
	name, values, ok := strings.Cut(text, "=")
	if !ok || name == "" || values == "" {
		return Condition{}, fmt.Errorf("%q: expected column=value or column=value,value", text)
	}
	return Condition{name, strings.Split(values, ",")}, nil
}

func (c Condition) String() string { return c.Column + "=" + strings.Join(c.Values, ",") }

// Choose keeps the rows that every condition holds for. A value that no row has is an error that lists those there are.
func Choose(t *sweep.Table, where []Condition) (*sweep.Table, error) {
	for _, c := range where {
		cells, err := t.Text(c.Column)
		if err != nil {
			return nil, err
		}
		for _, v := range c.Values {
			if !slices.Contains(cells, v) {
				return nil, fmt.Errorf("no row has %s=%s; there are %s", c.Column, v, few(distinct(cells)))
			}
		}
		t = t.Where(func(cell func(string) string) bool { return slices.Contains(c.Values, cell(c.Column)) })
	}
	return t, nil
}

// Cell is one place of a figure: all blocks under one setting.
type Cell struct {
	Key     []string // values of the columns that it is grouped by
	Blocks  []string
	Samples []stats.Sample // one a block
}

// Cells is a table grouped by columns.
type Cells struct {
	By      []string
	List    []Cell   // in the order in which the table first has them
	Follows []string // axes that vary from cell to cell, and never within one
	Failed  int      // rows without a result, left out
	Dropped []string // blocks that are missing in a cell where others are, left out everywhere
}

// settings are the columns beside the axes that describe the machine of a row. The seed is not among them: repetitions
// of a block are one sample.
var settings = []string{"preset", "stack", "policy", "mapping", "crediting", "cores"}

// ErrNoRows is the answer when nothing is left to group.
var ErrNoRows = errors.New("no row with a result is left")

// Group gathers what rows say of a metric by the values of columns. It is an error if rows of one cell differ in
// anything but block and seed: their mean would say nothing.
func Group(t *sweep.Table, m *metric.Metric, by ...string) (*Cells, error) {
	g := grouping{t: t, text: map[string][]string{}}
	axes := slices.Clone(settings)
	for _, c := range t.Columns {
		if c.Axis && c.Name != "predictor.seed" {
			axes = append(axes, c.Name)
		}
	}
	for _, name := range append(append([]string{"block", "status"}, by...), axes...) {
		if g.text[name] == nil {
			cells, err := t.Text(name)
			if err != nil {
				if slices.Contains(settings, name) {
					continue // a table that is not about machines
				}
				return nil, err
			}
			g.text[name] = cells
		}
	}
	samples, err := m.Samples(t)
	if err != nil {
		return nil, err
	}
	out := &Cells{By: by}
	places := map[string]int{}
	var first []int // row of each cell
	for i, s := range samples {
		if g.text["status"][i] != string(sweep.OK) {
			out.Failed++
			continue
		}
		key := g.row(i, by)
		id := strings.Join(key, "\x00")
		k, ok := places[id]
		if !ok {
			k = len(out.List)
			places[id], first = k, append(first, i)
			out.List = append(out.List, Cell{Key: key})
		}
		if axis := g.differ(axes, first[k], i); axis != "" {
			return nil, g.ambiguous(axis, by, key)
		}
		if metric.Defined(s) {
			out.List[k].add(g.text["block"][i], s)
		}
	}
	for _, axis := range axes {
		if slices.ContainsFunc(first, func(i int) bool { return g.differ([]string{axis}, first[0], i) != "" }) && !slices.Contains(by, axis) {
			out.Follows = append(out.Follows, axis)
		}
	}
	out.List = slices.DeleteFunc(out.List, func(c Cell) bool { return len(c.Samples) == 0 })
	if len(out.List) == 0 {
		if t.Len() > out.Failed {
			return nil, fmt.Errorf("metric %s (%s) is empty in every row: it does not apply to these points", m.Name, m.Formula())
		}
		return nil, ErrNoRows
	}
	out.pair(g.partition(by))
	return out, nil
}

type grouping struct {
	t    *sweep.Table
	text map[string][]string
}

func (g *grouping) row(i int, by []string) []string {
	key := make([]string, len(by))
	for k, name := range by {
		key[k] = g.text[name][i]
	}
	return key
}

// differ names an axis in which two rows differ, empty for none.
func (g *grouping) differ(axes []string, i, j int) string {
	for _, axis := range axes {
		if cells := g.text[axis]; cells != nil && cells[i] != cells[j] {
			return axis
		}
	}
	return ""
}

func (g *grouping) ambiguous(axis string, by, key []string) error {
	values := distinct(g.text[axis])
	var place []string
	for k, name := range by {
		place = append(place, name+"="+key[k])
	}
	return fmt.Errorf("%s varies where %s: %s; keep one with --where %s=%s, or tell them apart with --series %s",
		axis, strings.Join(place, ", "), few(values), axis, values[0], axis)
}

// add puts a row of a block in; repetitions of one block become a ratio of totals.
func (c *Cell) add(block string, s stats.Sample) {
	if i := slices.Index(c.Blocks, block); i >= 0 {
		c.Samples[i].Num += s.Num
		c.Samples[i].Den += s.Den
		return
	}
	c.Blocks, c.Samples = append(c.Blocks, block), append(c.Samples, s)
}

// partition gives the places in by of columns that say something of a block, not of a machine: a class, a fork.
func (g *grouping) partition(by []string) (places []int) {
	for k, name := range by {
		of := map[string]string{}
		constant := true
		for i, block := range g.text["block"] {
			v := g.text[name][i]
			if before, ok := of[block]; ok && before != v {
				constant = false
				break
			}
			of[block] = v
		}
		if constant {
			places = append(places, k)
		}
	}
	return places
}

// pair keeps the blocks that every cell of a part has: means over different blocks are not comparable.
func (c *Cells) pair(partition []int) {
	part := func(cell *Cell) string {
		var id []string
		for _, k := range partition {
			id = append(id, cell.Key[k])
		}
		return strings.Join(id, "\x00")
	}
	cells, seen := map[string]int{}, map[string]map[string]int{} // of each part: cells, and in how many each block is
	for i := range c.List {
		id := part(&c.List[i])
		cells[id]++
		if seen[id] == nil {
			seen[id] = map[string]int{}
		}
		for _, b := range c.List[i].Blocks {
			seen[id][b]++
		}
	}
	for i := range c.List {
		cell, kept := &c.List[i], Cell{Key: c.List[i].Key}
		id := part(cell)
		for k, b := range cell.Blocks {
			if seen[id][b] == cells[id] {
				kept.Blocks, kept.Samples = append(kept.Blocks, b), append(kept.Samples, cell.Samples[k])
			} else if !slices.Contains(c.Dropped, b) {
				c.Dropped = append(c.Dropped, b)
			}
		}
		*cell = kept
	}
	slices.Sort(c.Dropped)
}

// distinct lists values in the order in which they first occur.
func distinct(cells []string) (list []string) {
	seen := map[string]bool{}
	for _, c := range cells {
		if !seen[c] {
			seen[c] = true
			list = append(list, c)
		}
	}
	return list
}

// few lists values for a message.
func few(values []string) string {
	const most = 8
	if len(values) > most {
		return strings.Join(values[:most], ", ") + fmt.Sprintf(" and %d more", len(values)-most)
	}
	return strings.Join(values, ", ")
}

// values gives the values of a grouping column, in order.
func (c *Cells) values(k int) []string {
	var list []string
	for i := range c.List {
		list = append(list, c.List[i].Key[k])
	}
	return distinct(list)
}

// blocks counts the blocks of the smallest and the largest cell.
func (c *Cells) blocks() (low, high int) {
	low = len(c.List[0].Blocks)
	for i := range c.List {
		low, high = min(low, len(c.List[i].Blocks)), max(high, len(c.List[i].Blocks))
	}
	return low, high
}
