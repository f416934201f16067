package sweep

import (
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ooovm/ooovm/budget"
)

// TestWhatTheHostLacks: a point that fails for want of memory, of a file or of room is not done,
// keeps no other back, and is run the next time; what fails of itself is done.
func TestWhatTheHostLacks(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		kept bool
	}{
		{"memory", fmt.Errorf("block: %w", &budget.Exceeded{What: "a recording", Need: 2, Limit: 1}), false},
		{"a file", fmt.Errorf("block: %w", &fs.PathError{Op: "open", Path: "b", Err: fs.ErrNotExist}), false},
		{"descriptors", &fs.PathError{Op: "open", Path: "b", Err: syscall.EMFILE}, false},
		{"room", &fs.PathError{Op: "write", Path: "b", Err: syscall.ENOSPC}, false},
		{"nothing", fmt.Errorf("the limit of cycles was reached"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, dir := sweepFile(t, tiny+"axes: {core.rob: [1, 2, 3]}"), t.TempDir()
			r, err := Create(dir, f, tool, false)
			if err != nil {
				t.Fatal(err)
			}
			r.simulate = func(pt *Point) (*record, error) {
				if pt.Index == 1 {
					return nil, c.err
				}
				return &record{Status: Failed, Error: "simulated elsewhere"}, nil
			}
			x, err := r.Execute(Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if unkept := len(x.Unkept) == 1; unkept == c.kept || x.Done() != map[bool]int{true: 3, false: 2}[c.kept] {
				t.Errorf("%d done, not kept: %v", x.Done(), x.Unkept)
			}
			if _, x := finished(t, dir, f, Options{}); x.Done() != 3 || (x.Ran == 1) == c.kept {
				t.Errorf("the second time: %d done, %d run", x.Done(), x.Ran)
			}
		})
	}
}
