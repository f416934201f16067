package sweep

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// processOf is the name that another process would have.
func processOf(change func(p *process)) string {
	p := self()
	change(&p)
	return strings.Join([]string{p.host, p.boot, p.space, strconv.Itoa(p.pid), p.start, "1"}, "_")
}

// TestStanding: a process counts as dead only when something shows that it is.
func TestStanding(t *testing.T) {
	h := disk{}
	if self().boot == "" || self().start == "" {
		t.Skip("this host does not say when it was started, or when its processes were")
	}
	mine := h.Begin()
	if got := h.Standing(mine); got != alive {
		t.Errorf("this process, at work: %d", got)
	}
	h.End(mine)
	if got := h.Standing(mine); got != dead {
		t.Errorf("this process, done: %d", got)
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Skip(err)
	}
	start, _ := startOf(child.Process.Pid)
	other := processOf(func(p *process) { p.pid, p.start = child.Process.Pid, start })
	for _, c := range []struct {
		name, process string
		want          standing
	}{
		{"another process", other, alive},
		{"one whose number another has now", processOf(func(p *process) { p.pid, p.start = child.Process.Pid, "1" }), dead},
		{"one of this host before it was started again, or of another one of its name", processOf(func(p *process) { p.boot = "x" }), unknown},
		{"one of another host", processOf(func(p *process) { p.host = "x" }), unknown},
		{"one of another container on this host", processOf(func(p *process) { p.space = "1" }), unknown},
		{"one that does not say where it is", "x", unknown},
		{"half a name", mine[:len(mine)/2], unknown},
		{"nothing", "", unknown},
	} {
		if got := h.Standing(c.process); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	within := 0
	for h.Standing(other) != dead && within < 1000 { // killed, and not waited for
		h.Pause(t.Context())
		within++
	}
	if got := h.Standing(other); got != dead {
		t.Errorf("a process that was killed and that nobody has waited for: %d", got)
	}
	_ = child.Wait()
	if got := h.Standing(other); got != dead {
		t.Errorf("a process that was killed: %d", got)
	}
}

// TestLeftBehind: what a dead process has left is removed, what one of another host has
// left only when the user says that nobody is at work. Its claim keeps no point from being
// run.
func TestLeftBehind(t *testing.T) {
	f := sweepFile(t, tiny+"axes: {core.rob: [1, 2, 3]}")
	dir := t.TempDir()
	r, err := Create(dir, f, tool, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	gone, far := processOf(func(p *process) { p.pid = 1 << 30 }), processOf(func(p *process) { p.host = "x" })
	tmp := filepath.Join(dir, tmpDir)
	for i, name := range []string{gone, far} {
		if err := os.MkdirAll(filepath.Join(tmp, name, r.Points[i].ID), 0o777); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{
			filepath.Join(tmp, name, r.Points[i].ID, resultFile): "{", filepath.Join(tmp, r.Points[i].ID+".0"): name + "\n",
		} {
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func(name string) bool {
		_, err := os.Stat(filepath.Join(tmp, name))
		return err == nil
	}
	if _, x := finished(t, dir, f, Options{}); x.OK != 3 || x.Ran != 3 {
		t.Errorf("%+v, of points that others claim", x)
	}
	if left(gone) || left(r.Points[0].ID+".0") || !left(far) {
		t.Errorf("left: of the dead process %v, its claim %v, of that on another host %v", left(gone), left(r.Points[0].ID+".0"), left(far))
	}
	finished(t, dir, f, Options{})
	if left(r.Points[1].ID + ".0") {
		t.Error("a claim on a point that is done is left")
	}
	finished(t, dir, f, Options{Alone: true})
	if left(".") {
		t.Error("with Alone something is left")
	}
}
