// Package study has the ready experiments: each is a file with its machines, its figures, its table and a paragraph
// whose numbers are computed from what was measured.
package study

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/experiments/chart"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/sweep"
	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/suggest"
)

// Study is one experiment.
type Study struct {
	Name    string
	Title   string
	Data    []Data // the first is what figures, table and text are about unless they name another
	Figures []Figure
	Table   Table
	Text    string // text/template over Numbers
	// Over, where a study has numbers of its own, is what Text is a template over instead.
	Over func(in In) (any, error)
}

// Data is a set of measurements, from a sweep or from something that is no simulation of one machine.
type Data struct {
	Name string
	Sweep
	// Measure, instead of a sweep, gives rows of one block: a table in the form of results.csv.
	Measure *Measure
	// Blocks makes the blocks in a folder, where the study is about blocks of its own; Default does where none are given.
	Blocks, Default func(dir string) (paths []string, err error)
	Choose          func(paths []string) []string // keeps some of the blocks that are measured; nil for all
	Derive          []Derived
}

// Sweep is a sweep file without name and blocks. Committed instructions are not compared one by one: that is proved
// elsewhere and takes half the time. The state after each block is.
type Sweep struct {
	Preset  string
	Set     []string // key: value
	Axes    []string // name: [value, value]
	Zip     []string // axes that advance together
	Exclude []string // {axis: value}
}

// Measure computes rows of one block.
type Measure struct {
	Columns []string
	Of      func(stop context.Context, path string) (rows [][]string, err error)
	Alone   bool // one block at a time, and nothing beside it: the host's time is measured
}

// In finds the measurements of a study by their name.
type In func(data string) *sweep.Table

// Derived is a column that is made from others.
type Derived struct {
	Column string
	Doc    string
	Make   func(cell func(column string) string) string
}

// Figure is a figure of a study: what to draw, or how.
type Figure struct {
	Data string
	chart.Spec
	Make func(t *sweep.Table) (*plot.Figure, error) // instead of drawing Spec; the name and the width are Spec's
	All  func(in In) (*plot.Figure, error)          // the same from several measurements
}

// Table says what the table of a study has: a row for each combination of values of By.
type Table struct {
	Data    string
	By      []string
	Metrics []string
	All     func(in In) (*table.Table, error) // instead, from several measurements
}

// studies is the table of the studies.
var studies = []*Study{
	&window, &ladder, &renaming, &predictors, &aliasing, &transactions,
	&severalCores, &definitions, &replay, &latency, &storms, &grid, &gas,
}

// All lists the studies.
func All() []*Study { return slices.Clone(studies) }

// Find looks studies up: one by its name, or all.
func Find(name string) ([]*Study, error) {
	if name == "all" {
		return All(), nil
	}
	var names []string
	for _, s := range studies {
		if s.Name == name {
			return []*Study{s}, nil
		}
		names = append(names, s.Name)
	}
	return nil, suggest.Unknown("no study", name, append([]string{"all"}, names...))
}

// text is the sweep file.
func (s *Sweep) text(name string, blocks []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\ncheck: false\nbase:\n  preset: %s\n", name, s.Preset)
	if strings.HasPrefix(s.Axes[0], "preset:") {
		b.Reset()
		fmt.Fprintf(&b, "name: %s\ncheck: false\nbase:\n", name)
	}
	if len(s.Set) > 0 {
		fmt.Fprintf(&b, "  set: {%s}\n", strings.Join(s.Set, ", "))
	} else if s.Preset == "" {
		b.WriteString("  set: {}\n")
	}
	b.WriteString("axes:\n  blocks:\n")
	for _, block := range blocks {
		fmt.Fprintf(&b, "    - %q\n", block)
	}
	for _, axis := range s.Axes {
		fmt.Fprintf(&b, "  %s\n", axis)
	}
	if len(s.Zip) > 0 {
		fmt.Fprintf(&b, "zip:\n  - [%s]\n", strings.Join(s.Zip, ", "))
	}
	if len(s.Exclude) > 0 {
		b.WriteString("exclude:\n")
		for _, e := range s.Exclude {
			fmt.Fprintf(&b, "  - %s\n", e)
		}
	}
	return b.String()
}

// queue is a buffer of the window, and its size beside a reorder buffer of 256 in the preset ooo-4.
type queue struct {
	key  string
	size int
}

var queues = []queue{{"core.rob", 256}, {"core.iq", 96}, {"core.loadq", 72}, {"core.storeq", 64}, {"core.stateq", 64}, {"core.regs", 192}}

// windows are axes that scale all queues of the window with the reorder buffer.
func windows(sizes ...int) (axes, zip []string) {
	for _, q := range queues {
		list := make([]string, len(sizes))
		for i, rob := range sizes {
			list[i] = fmt.Sprint(rob * q.size / queues[0].size)
		}
		axes, zip = append(axes, fmt.Sprintf("%s: [%s]", q.key, strings.Join(list, ", "))), append(zip, q.key)
	}
	return axes, zip
}
