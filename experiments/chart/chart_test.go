package chart

import (
	"math"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/metric"
	"github.com/ooovm/ooovm/experiments/plot"
	"github.com/ooovm/ooovm/experiments/sweep"
)

func read(t *testing.T, csv string) *sweep.Table {
	t.Helper()
	table, err := sweep.ReadTable(strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Two blocks under two sizes: a is short, b is long. The queue goes with the window.
const sizes = `block,fork,status,core.rob,core.iq,cores,policy,seed,cycles,uops,baseline_cycles,instructions,slots_base,slots_branch
a,london,ok,8,4,1,sequential,1,100,50,200,10,300,100
b,paris,ok,8,4,1,sequential,1,900,150,900,30,900,2700
a,london,ok,64,32,1,sequential,1,50,50,200,10,150,50
b,paris,ok,64,32,1,sequential,1,300,150,900,30,900,300
`

func draw(t *testing.T, csv string, s Spec) *plot.Figure {
	t.Helper()
	f, err := Draw(read(t, csv), s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRatiosAreOfTotals(t *testing.T) {
	f := draw(t, sizes, Spec{Kind: "line", X: "core.rob", Y: "uipc"})
	// (50+150)/(100+900) and (50+150)/(50+300); the mean of the blocks' ratios would be 0.333 and 0.75.
	points := f.Series[0].Points
	if len(points) != 2 || points[0].Y != 0.2 || points[1].Y != 0.571428571 {
		t.Errorf("%+v", points)
	}
	for _, want := range []string{"total ratio over blocks", "n = 2", "core.iq varies", "95 %"} {
		if !strings.Contains(f.Caption, want) {
			t.Errorf("caption %q does not say %q", f.Caption, want)
		}
	}
}

func TestStackAddsUpToTheWhole(t *testing.T) {
	f := draw(t, sizes, Spec{Kind: "stack", X: "core.rob", Y: "cpi"})
	// 1000 cycles over 40 instructions: 25, of which base has 1200 of 4000 slots; then 350 / 40 = 8.75, 1050 of 1400.
	if base, branch := f.Series[0].Points, f.Series[1].Points; base[0].Y != 7.5 || branch[0].Y != 17.5 || base[1].Y != 6.5625 || branch[1].Y != 2.1875 {
		t.Errorf("base %v, branch %v", base, branch)
	}
}

func TestWhatVariesIsNamed(t *testing.T) {
	_, err := Draw(read(t, sizes), Spec{Kind: "cdf", Y: "speedup"})
	if err == nil || !strings.Contains(err.Error(), "core.rob varies") {
		t.Errorf("got %v", err)
	}
}

func TestRepetitionsAreOneSample(t *testing.T) {
	f := draw(t, strings.ReplaceAll(sizes, "ok,64,32,1,sequential,1", "ok,8,4,1,sequential,2"), Spec{Kind: "line", X: "core.rob", Y: "speedup"})
	// (200+200+900+900) / (100+50+900+300)
	if p := f.Series[0].Points; len(p) != 1 || math.Abs(float64(p[0].Y)-2200./1350) > 1e-8 || !strings.Contains(f.Caption, "n = 2") {
		t.Errorf("%+v, %s", p, f.Caption)
	}
}

func TestOnlyBlocksThatAreEverywhereCount(t *testing.T) {
	failed := strings.Replace(sizes, "b,paris,ok,64", "b,paris,failed,64", 1)
	f := draw(t, failed, Spec{Kind: "line", X: "core.rob", Y: "uipc"})
	if p := f.Series[0].Points; p[0].Y != 0.5 || p[1].Y != 1 {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(f.Caption, "1 points without a right result are left out. 1 blocks that are not everywhere are left out: b.") {
		t.Error(f.Caption)
	}
}

func TestClassesOfBlocksNeedNotBePaired(t *testing.T) {
	f := draw(t, sizes, Spec{Kind: "line", X: "core.rob", Y: "uipc", Series: "fork"})
	if len(f.Series) != 2 || f.Series[0].Name != "london" || f.Series[0].Points[1].Y != 1 {
		t.Errorf("%+v", f.Series)
	}
}

func TestAsManyCoresAsTransactionsIsNoNumber(t *testing.T) {
	f := draw(t, strings.ReplaceAll(sizes, "64,32,1,", "8,4,0,"), Spec{Kind: "line", X: "cores", Y: "speedup"})
	if ends := f.X.Ends; len(ends) != 2 || ends[1] != "inf" {
		t.Errorf("%v", ends)
	}
}

// Every metric reads columns that results have.
func TestMetricsReadColumnsThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, c := range sweep.Columns(nil) {
		known[c.Name] = true
	}
	for _, m := range metric.All() {
		for _, name := range append(m.Num, m.Den...) {
			if !known[name] {
				t.Errorf("metric %s reads column %s", m.Name, name)
			}
		}
	}
}
