package batch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/traces"
)

// TestOrder: results come in the order of the inputs, however many run at once and however
// long each takes; every input is done once and counted.
func TestOrder(t *testing.T) {
	var inputs []int
	for i := range 50 {
		inputs = append(inputs, i)
	}
	for _, jobs := range []int{0, 1, 2, 100} {
		var last atomic.Int64
		h := Host{Jobs: jobs, Progress: func(done, all int) {
			last.Store(max(last.Load(), int64(done)))
			if all != len(inputs) {
				t.Errorf("%d inputs in all", all)
			}
		}}
		var got []int
		if err := Ordered(h, inputs, func(i int) int {
			time.Sleep(time.Duration(i%3) * time.Millisecond)
			return i
		}, func(i int) error { got = append(got, i); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, inputs) {
			t.Errorf("%d jobs: %v", jobs, got)
		}
	}
}

// TestJobs: no more inputs are under way at once than the host was asked for.
func TestJobs(t *testing.T) {
	var now, most atomic.Int64
	const jobs = 3
	if err := Stream(Host{Jobs: jobs}, slices.Values(make([]int, 40)), func(int) int {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Millisecond)
		return int(now.Add(-1))
	}, func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if most.Load() > jobs {
		t.Errorf("%d at once", most.Load())
	}
}

// TestEmitEndsIt: an error of the receiver ends a stream that would not end by itself.
func TestEmitEndsIt(t *testing.T) {
	enough := errors.New("enough")
	endless := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	if err := Stream(Host{Jobs: 2}, endless, func(i int) int { return i }, func(i int) error {
		if i == 5 {
			return enough
		}
		return nil
	}); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// TestGuarded: a bad file, a panic and an error each keep to their own report.
func TestGuarded(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.json")
	n := 0
	var got []string
	if err := Blocks(Host{Jobs: 1}, nil, []string{missing, "", "", ""}, func(b *traces.Bundle) (string, error) {
		switch n++; n {
		case 1:
			panic("lost")
		case 2:
			return "", run.Difference(errors.New("differs"))
		}
		return b.Name, nil
	}, func(r Report[string]) error {
		var broken *invariant.Error
		got = append(got, fmt.Sprint(run.FaultOf(r.Err), errors.As(r.Err, &broken), r.Result != ""))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprint(run.Unsound, false, false), fmt.Sprint(run.NoFault, true, false),
		fmt.Sprint(run.Different, false, false), fmt.Sprint(run.NoFault, false, true),
	}
	if !slices.Equal(got, want) {
		t.Errorf("fault, broken, result: %v, want %v", got, want)
	}
}

// TestStopped: what has not begun when the batch is to end does not begin.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r := Block("", ctx, func(*traces.Bundle) (int, error) { return 1, nil })
	if !errors.Is(r.Err, context.Canceled) || r.Result != 0 {
		t.Errorf("%+v", r)
	}
}
