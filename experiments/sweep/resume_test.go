package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fifty points that take milliseconds each.
const fifty = tiny + `
axes:
  core.rob: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  state.far: [1, 2, 3, 4, 5]
`

// What the test binary is told when it stands for a process that will be killed.
const (
	childFile = "SWEEP_TEST_FILE"
	childDir  = "SWEEP_TEST_DIR"
	childEnd  = "SWEEP_TEST_END" // points done by then
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := child(path, os.Getenv(childDir), os.Getenv(childEnd)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child works on a sweep until so many points are done, and is then killed by a signal
// that nobody can catch, while another point is being run or written.
func child(path, dir, end string) error {
	n, err := strconv.Atoi(end)
	if err != nil {
		return err
	}
	f, err := ReadFile(path)
	if err != nil {
		return err
	}
	r, err := Create(dir, f, tool, false)
	if err != nil {
		return err
	}
	_, err = r.Execute(Options{Jobs: 2, Progress: func(t Tally) {
		if t.Done() >= n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	return err
}

// finishedPoints gives the time at which each point was finished.
func finishedPoints(t *testing.T, r *Run) map[string]time.Time {
	t.Helper()
	st := r.look()
	times := map[string]time.Time{}
	for i := range r.Points {
		pt := &r.Points[i]
		if _, err := st.read(pt); err != nil {
			continue
		}
		info, err := os.Stat(filepath.Join(st.folder(pt.ID), resultFile))
		if err != nil {
			t.Fatal(err)
		}
		times[pt.ID] = info.ModTime()
	}
	return times
}

// TestKilled: a sweep that is killed again and again runs no finished point again, loses
// none, and comes to the same bytes.
func TestKilled(t *testing.T) {
	f := sweepFile(t, fifty)
	want, got := t.TempDir(), t.TempDir()
	finished(t, want, f, Options{})
	dice := rand.New(rand.NewPCG(8, 1))
	before := map[string]time.Time{}
	for end := 1 + dice.IntN(8); end < 50; end += 1 + dice.IntN(12) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childFile+"="+f.Path, childDir+"="+got, childEnd+"="+strconv.Itoa(end))
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the child was to be killed: %v\n%s", err, out)
		}
		r, err := Open(got)
		if err != nil {
			t.Fatal(err)
		}
		now := finishedPoints(t, r)
		if len(now) < end {
			t.Errorf("%d points are done, the child saw %d", len(now), end)
		}
		for id, when := range before {
			if !now[id].Equal(when) {
				t.Errorf("point %s was lost or run again", id)
			}
		}
		before = now
	}
	r, x := finished(t, got, f, Options{})
	if x.Ran != 50-len(before) || x.OK != 50 {
		t.Errorf("%d points left of %d, %d were run", 50-len(before), x.OK, x.Ran)
	}
	for id, when := range before {
		if !finishedPoints(t, r)[id].Equal(when) {
			t.Errorf("point %s was run again", id)
		}
	}
	for _, name := range []string{pointsFile, ResultsCSV, resultsPq} {
		if !bytes.Equal(read(t, want, name), read(t, got, name)) {
			t.Errorf("%s differs from that of a run that was not killed", name)
		}
	}
	if _, err := os.Stat(filepath.Join(got, tmpDir)); err == nil {
		t.Error("drafts are left behind")
	}
}

// TestHalfWritten: whatever a killed process may leave of a point, the point is run.
func TestHalfWritten(t *testing.T) {
	f := sweepFile(t, fifty)
	dir := t.TempDir()
	r, _ := finished(t, dir, f, Options{})
	want := read(t, dir, ResultsCSV)
	st := r.look()
	for name, damage := range map[string]func(folder string) error{
		"no folder":    os.RemoveAll,
		"empty folder": func(p string) error { return errors.Join(os.RemoveAll(p), os.Mkdir(p, 0o777)) },
		"no DONE":      func(p string) error { return os.Remove(filepath.Join(p, doneFile)) },
		"empty DONE":   func(p string) error { return os.Truncate(filepath.Join(p, doneFile), 0) },
		"half a DONE":  func(p string) error { return os.Truncate(filepath.Join(p, doneFile), 2) },
		"a link to another point": func(p string) error {
			return errors.Join(os.RemoveAll(p), os.Symlink(st.folder(r.Points[18].ID), p))
		},
		"a folder for a result": func(p string) error {
			p = filepath.Join(p, resultFile)
			return errors.Join(os.Remove(p), os.MkdirAll(filepath.Join(p, "x"), 0o777))
		},
		"a DONE of another point": func(p string) error {
			return os.WriteFile(filepath.Join(p, doneFile), read(t, st.folder(r.Points[18].ID), doneFile), 0o666)
		},
		"half a result": func(p string) error {
			return errors.Join(os.Remove(filepath.Join(p, doneFile)), os.Truncate(filepath.Join(p, resultFile), 100))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := damage(st.folder(r.Points[17].ID)); err != nil {
				t.Fatal(err)
			}
			if _, x := finished(t, dir, f, Options{}); x.Ran != 1 {
				t.Errorf("%d points were run", x.Ran)
			}
			if !bytes.Equal(want, read(t, dir, ResultsCSV)) {
				t.Error("the results have changed")
			}
		})
	}
}

// TestInterrupted: what is done when the user stops a sweep stays, what is being
// run is neither kept nor counted.
func TestInterrupted(t *testing.T) {
	f := sweepFile(t, fifty)
	dir := t.TempDir()
	r, err := Create(dir, f, tool, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	x, err := r.Execute(Options{Jobs: 2, Stop: ctx, Progress: func(t Tally) {
		if t.Done() == 7 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || x.Done() < 7 || x.Left() == 0 {
		t.Fatalf("stopped at 7 points: %+v, %v", x, err)
	}
	if p, damage := r.Progress(); len(damage) > 0 || p.Tally != x.Tally || p.Failed > 0 {
		t.Errorf("the directory has %+v, the run counted %+v", p.Tally, x.Tally)
	}
	if _, rest := finished(t, dir, f, Options{}); rest.Ran != x.Left() || rest.OK != 50 {
		t.Errorf("%d points were left, %+v", x.Left(), rest)
	}
}

// TestSideBySide: two processes that run the same points in one directory at the same
// time are a waste, but no harm.
func TestSideBySide(t *testing.T) {
	f := sweepFile(t, fifty)
	want, got := t.TempDir(), t.TempDir()
	finished(t, want, f, Options{})
	errs := make(chan error)
	for i := range 2 {
		go func() {
			r, err := Create(got, f, tool, false)
			if err == nil {
				_, err = r.Execute(Options{Jobs: 1, Shard: Shard{0, 1 - i}}) // the same points, drafts in two folders
			}
			errs <- err
		}()
	}
	if err := errors.Join(<-errs, <-errs); err != nil {
		t.Fatal(err)
	}
	finished(t, got, f, Options{})
	if !bytes.Equal(read(t, want, ResultsCSV), read(t, got, ResultsCSV)) {
		t.Error("the results differ")
	}
}

// TestForeignDirectory: a directory is taken up only by the sweep and the executable that
// it belongs to.
func TestForeignDirectory(t *testing.T) {
	f := sweepFile(t, tiny+"axes: {core.rob: [4, 5]}")
	dir := t.TempDir()
	finished(t, dir, f, Options{})
	other := tool
	other.Executable = strings.Repeat("f", 64)
	if _, err := Create(dir, f, other, false); err == nil || !strings.Contains(err.Error(), "it was begun by another executable") {
		t.Errorf("another executable: %v", err)
	}
	r, err := Create(dir, f, other, true)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := r.Execute(Options{}); err != nil || x.Ran != 2 {
		t.Errorf("with force: %+v, %v; results of another executable are no results of this one", x, err)
	}
}

// TestMixedExecutables are merged only when asked for.
func TestMixedExecutables(t *testing.T) {
	f := sweepFile(t, tiny+"axes: {core.rob: [4, 5]}")
	a, b := t.TempDir(), t.TempDir()
	left, err := Create(a, f, tool, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := left.Execute(Options{Shard: Shard{0, 2}}); err != nil {
		t.Fatal(err)
	}
	other := tool
	other.Executable = strings.Repeat("f", 64)
	right, err := Create(b, f, other, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := right.Execute(Options{Shard: Shard{1, 2}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Merge([]string{a, b}, false); err == nil || !strings.Contains(err.Error(), "different executables") {
		t.Errorf("merged: %v", err)
	}
	r, tally, err := Merge([]string{a, b}, true)
	if err != nil || tally.OK != 2 {
		t.Fatalf("%+v, %v", tally, err)
	}
	table, err := r.Table()
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := table.Text("point"); err != nil || ids[0] != left.Points[0].ID || ids[1] != right.Points[1].ID {
		t.Errorf("rows of points %v (%v)", ids, err)
	}
}
