package report

import (
	"math"
	"strconv"

	"github.com/ooovm/ooovm/experiments/stats"
	"github.com/ooovm/ooovm/experiments/sweep"
)

// points is the table of points: results.csv without what never varies.
type points struct {
	Columns []pointColumn `json:"columns"`
	Rows    [][]any       `json:"rows"` // numbers, text, or null
	Left    int           `json:"left"` // columns left out of a large table
}

type pointColumn struct {
	Name  string `json:"name"`
	Doc   string `json:"doc"`
	Shown bool   `json:"shown"` // at first; the others can be chosen
}

// always are the columns that a table of points begins with, beside the axes, whether or not they vary.
var always = map[string]bool{
	"index": true, "block": true, "status": true, "cycles": true, "speedup": true, "ipc": true, "uipc": true, "instructions": true,
}

// mostCells bounds the page: 10,000 points with all their columns would be tens of megabytes.
const mostCells = 400_000

func listPoints(t *sweep.Table, axes []axis) (points, error) {
	p := points{Columns: []pointColumn{}, Rows: make([][]any, t.Len())}
	shown := map[string]bool{seedAxis: true, "seed": true, "error": true}
	for i := range axes {
		shown[axes[i].Name] = true
		for _, name := range axes[i].With {
			shown[name] = true
		}
	}
	for _, c := range t.Columns {
		cells, err := t.Text(c.Name)
		if err != nil {
			return p, err
		}
		if !always[c.Name] && len(distinct(cells)) < 2 {
			continue
		}
		first := always[c.Name] || shown[c.Name]
		if !first && (len(p.Columns)+1)*t.Len() > mostCells {
			p.Left++
			continue
		}
		p.Columns = append(p.Columns, pointColumn{c.Name, describe(c), first})
		for i, text := range cells {
			p.Rows[i] = append(p.Rows[i], value(c.Kind, text))
		}
	}
	return p, nil
}

func describe(c sweep.Column) string {
	if c.Unit == "" {
		return c.Doc
	}
	return c.Unit + ", " + c.Doc
}

// value makes a number of a cell where it stays exact as a double; what does not is text.
func value(kind sweep.Kind, text string) any {
	if text == "" {
		return nil
	}
	if kind == sweep.Text || kind == sweep.Flag {
		return text
	}
	const exact = 1 << 53
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(x) > exact {
		return text
	}
	return stats.Float(x)
}
