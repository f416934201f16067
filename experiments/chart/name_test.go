package chart

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/stats"
)

// TestFileNames: a name is the columns as before, and says what else was chosen.
func TestFileNames(t *testing.T) {
	branch := Condition{"predictor.branch", []string{"tage", "store-sets"}}
	for _, c := range []struct {
		want string
		spec Spec
	}{
		{"line-uipc-core.rob-predictor.branch", Spec{Kind: "line", X: "core.rob", Y: "uipc", Series: "predictor.branch"}},
		{"heat-speedup-cores-core.rob", Spec{Kind: "heat", X: "core.rob", Y: "cores", Z: "speedup"}},
		{"cdf-cycles+predictor.branch=tage,store-sets", Spec{Kind: "cdf", Y: "cycles", Where: []Condition{branch}}},
		{"bar-ipc-preset+core.rob=64+core.iq=8+median+log+wide", Spec{
			Kind: "bar", X: "preset", Y: "ipc", Mean: stats.Median, Log: true, Wide: true,
			Where: []Condition{{"core.rob", []string{"64"}}, {"core.iq", []string{"8"}}},
		}},
	} {
		if got := c.spec.fileName(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestFileNamesDiffer: whatever one figure has and another has not, they have two names, which
// every file system tells apart and takes.
func TestFileNamesDiffer(t *testing.T) {
	where := func(texts ...string) (list []Condition) {
		for _, text := range texts {
			c, err := ParseCondition(text)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, c)
		}
		return list
	}
	base := Spec{Kind: "line", X: "core.rob", Y: "uipc"}
	specs := []Spec{base}
	change := func(f func(*Spec)) {
		s := base
		f(&s)
		specs = append(specs, s)
	}
	for _, column := range []string{"preset", "a-b", "a/b", "a_b", "A_b", "a b", "é", "../x"} {
		change(func(s *Spec) { s.X = column })
		change(func(s *Spec) { s.Y = column })
		change(func(s *Spec) { s.Series = column })
		change(func(s *Spec) { s.X, s.Series = column, "b" })
	}
	change(func(s *Spec) { s.Log = true })
	change(func(s *Spec) { s.Wide = true })
	for _, mean := range []stats.Mean{stats.Median, stats.P10, stats.P90, stats.Arithmetic, stats.Geometric, stats.Harmonic, stats.TotalRatio} {
		change(func(s *Spec) { s.Mean = mean })
	}
	long := strings.Repeat("0123456789", 40)
	for _, list := range [][]Condition{
		where("a=1"), where("a=2"), where("b=1"), where("a=1,2"), where("a=2,1"), where("a=1", "a=2"), where("a=2", "a=1"),
		where("a=1", "b=1"), where("a=1+b=1"), where("a=1+log"), where("a=x/y"), where("a=x_y"), where("a=x y"), where("a=X_y"), where("a=x:y"),
		where("a=x\\y"), where("a=.."), where("a=" + long), where("a=" + long + "1"), where("a="+long, "b=1"), where("a=κ"), where("a=µ"), where("a=\x00"),
		where("block=19426587"), where("preset=ooo-4"), where("preset=ooo-4,ooo-8"), where("a=+median"), where("a=%2f"),
	} {
		change(func(s *Spec) { s.Where = list })
	}
	safe := regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._=,+-]*$`)
	seen := map[string]Spec{}
	for _, s := range specs {
		name := s.fileName()
		if !safe.MatchString(name) || len(name) > maxName {
			t.Errorf("%q (%d bytes) for %+v", name, len(name), s)
		}
		if before, twice := seen[strings.ToLower(name)]; twice {
			t.Errorf("%s: %+v and %+v", name, before, s)
		}
		seen[strings.ToLower(name)] = s
		if again := s.fileName(); again != name {
			t.Errorf("%s, then %s", name, again)
		}
	}
}
