package selftest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// with runs other checks than those of the program.
func with(t *testing.T, list []check, o Options) (*Result, error) {
	t.Helper()
	own := checks
	t.Cleanup(func() { checks = own })
	checks = list
	if o.Stop == nil {
		o.Stop = t.Context()
	}
	return Run(o)
}

// tries is a check that runs one thing.
func tries(name string, do func() (uint64, error)) check {
	return check{name: name, run: func(r *round) error { return r.try("it", do) }}
}

// TestFailures: what goes wrong is noted with what repeats it, and keeps nothing else back.
func TestFailures(t *testing.T) {
	r, err := with(t, []check{
		tries("differs", func() (uint64, error) { return 5, errors.New("3, want 4") }),
		tries("panics", func() (uint64, error) { panic("lost") }),
		tries("fine", func() (uint64, error) { return 7, nil }),
	}, Options{Seed: 12})
	if err != nil {
		t.Fatal(err)
	}
	want := []Tally{{"differs", "", 1, 5, 1}, {"panics", "", 1, 0, 1}, {"fine", "", 1, 7, 0}}
	if !slices.Equal(r.Checks, want) {
		t.Errorf("checks %+v, want %+v", r.Checks, want)
	}
	if len(r.Failures) != 2 || r.Failures[0] != (Failure{"differs", 12, "it", "3, want 4"}) || r.Failures[1].Check != "panics" || !strings.Contains(r.Failures[1].Error, "lost") {
		t.Errorf("failures %+v", r.Failures)
	}
}

// TestRounds: each round has the next seed; what no seed changes runs once.
func TestRounds(t *testing.T) {
	stop, cancel := context.WithCancel(t.Context())
	var seeds []uint64
	again := 0
	r, err := with(t, []check{
		{name: "once", once: true, run: func(*round) error { again++; return nil }},
		{name: "seeds", run: func(r *round) error {
			if seeds = append(seeds, r.seed); len(seeds) == 3 {
				cancel()
			}
			return r.Stop.Err()
		}},
	}, Options{Seed: 40, Until: time.Now().Add(time.Hour), Stop: stop})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(seeds, []uint64{40, 41, 42}) || again != 1 || r.Rounds != 2 {
		t.Errorf("seeds %v, %d times once, %d complete rounds", seeds, again, r.Rounds)
	}
}

// TestStopped: what is ended in its middle is no failure.
func TestStopped(t *testing.T) {
	stop, cancel := context.WithCancel(t.Context())
	r, err := with(t, []check{tries("stopped", func() (uint64, error) { cancel(); return 0, errors.New("half done") })}, Options{Stop: stop})
	if !errors.Is(err, context.Canceled) || len(r.Failures) > 0 || r.Checks[0].Runs > 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestOnly: only what is named runs, and what starts the program needs one.
func TestOnly(t *testing.T) {
	fine := func() (uint64, error) { return 1, nil }
	list := []check{tries("a", fine), tries("b", fine), {name: "c", starts: true, run: func(r *round) error { return r.try("it", fine) }}}
	for _, c := range []struct {
		only    []string
		program string
		want    string
	}{
		{nil, "", "a b"}, {nil, "ooovm", "a b c"}, {[]string{"b"}, "ooovm", "b"},
	} {
		r, err := with(t, list, Options{Only: c.only, Program: c.program})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range r.Checks {
			got = append(got, k.Check)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("only %v with %q: %v, want %s", c.only, c.program, got, c.want)
		}
	}
	if _, err := Run(Options{Only: []string{"d"}, Stop: t.Context()}); err == nil || !strings.Contains(err.Error(), "a, b, c") {
		t.Errorf("an unknown check: %v", err)
	}
}

// TestChecks: every check that needs no process tries something, and finds nothing.
func TestChecks(t *testing.T) {
	if testing.Short() {
		t.Skip("a round takes a minute")
	}
	r, err := Run(Options{Seed: 3, Stop: t.Context(), Only: []string{"presets", "machines", "fuelvm"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range r.Checks {
		if k.Runs == 0 || k.Instructions == 0 {
			t.Errorf("%s has tried nothing: %+v", k.Check, k)
		}
	}
	for _, f := range r.Failures {
		t.Errorf("%+v", f)
	}
}
