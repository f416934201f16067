package report

import (
	"math"
	"slices"
	"strconv"

	"github.com/ooovm/ooovm/experiments/sweep"
)

// axis is what varies from point to point, other than the block and the seed.
type axis struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc"`
	Values  []string `json:"values"`  // in the order of the points
	Labels  []string `json:"labels"`  // what a reader sees of them
	Numbers bool     `json:"numbers"` // every value is one
	Log2    bool     `json:"log2"`    // they double
	With    []string `json:"with"`    // columns that vary with it and are no axes of their own

	cells []string // of the table
}

// settings are the columns beside the axes that tell machines apart, those that follow from others last. The treatment of
// stack instructions is not among them: a preset or core.stack has it; nor is the seed: repetitions of a block are one sample.
var settings = []string{"preset", "policy", "cores", "mapping", "crediting"}

const seedAxis = "predictor.seed"

// findAxes lists what varies. A column that an axis before it determines is no axis: the next buffer of a zipped pair,
// the mapping of a policy.
func findAxes(t *sweep.Table) ([]axis, error) {
	var names []string
	for _, c := range t.Columns {
		if c.Axis && c.Name != seedAxis {
			names = append(names, c.Name)
		}
	}
	list := []axis{}
next:
	for _, name := range append(names, settings...) {
		cells, err := t.Text(name)
		if err != nil {
			return nil, err
		}
		values := distinct(cells)
		if len(values) < 2 {
			continue
		}
		for i := range list {
			if determines(list[i].cells, cells) {
				list[i].With = append(list[i].With, name)
				continue next
			}
		}
		c, err := t.Column(name)
		if err != nil {
			return nil, err
		}
		a := axis{Name: name, Doc: c.Doc, Values: values, With: []string{}, cells: cells}
		for _, v := range values {
			a.Labels = append(a.Labels, label(name, v))
		}
		a.Numbers, a.Log2 = scaleOf(name, values)
		list = append(list, a)
	}
	return list, nil
}

// scaleOf tells how values are placed along an axis. As many cores as transactions (0) is no number of cores.
func scaleOf(name string, values []string) (numbers, log2 bool) {
	low, high, doubles := math.Inf(1), 0.0, true
	for _, v := range values {
		x, err := strconv.ParseFloat(v, 64)
		if err != nil || name == "cores" && x == 0 {
			return false, false
		}
		low, high = min(low, x), max(high, x)
		exponent := math.Log2(x)
		doubles = doubles && x > 0 && exponent == math.Trunc(exponent)
	}
	return true, doubles && high >= 4*low
}

// label is what a reader sees of a value.
func label(name, value string) string {
	switch {
	case value == "":
		return "(none)"
	case name == "cores" && value == "0":
		return "inf"
	}
	return value
}

// determines tells whether rows that agree in one column agree in another.
func determines(a, b []string) bool {
	of := map[string]string{}
	for i, v := range a {
		if before, ok := of[v]; ok && before != b[i] {
			return false
		}
		of[v] = b[i]
	}
	return true
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

// names lists the columns of axes.
func names(axes []axis) []string {
	list := make([]string, len(axes))
	for i := range axes {
		list[i] = axes[i].Name
	}
	return list
}

// places turns the values of a setting into their places on the axes: what the page's script finds a cell by.
func places(axes []axis, key []string) []int {
	list := make([]int, len(axes))
	for i := range axes {
		list[i] = slices.Index(axes[i].Values, key[i])
	}
	return list
}
