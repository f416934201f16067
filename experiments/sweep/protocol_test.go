package sweep

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path"
	"strings"
	"testing"
)

var modelFull = flag.Bool("model-full", false, "whether TestProtocol goes through everything, too, and through three processes: tens of millions of states")

// modelDir is the directory of the modeled sweep.
const modelDir = "s"

// modeled is a sweep whose points take no time.
type modeled struct {
	plan   *Plan
	points []byte // points.csv
	owner  owner
}

func newModeled(t *testing.T, points int) *modeled {
	t.Helper()
	var sizes []string
	for i := range points {
		sizes = append(sizes, fmt.Sprint(i+1))
	}
	f := sweepFile(t, tiny+"axes: {core.rob: ["+strings.Join(sizes, ", ")+"]}")
	f.Dir, f.Path = "/", "/sweep.yaml"
	plan, err := f.Plan(tool.Executable)
	if err != nil {
		t.Fatal(err)
	}
	d := &modeled{plan: plan}
	if d.points, err = writePoints(plan.Axes, plan.Points); err != nil {
		t.Fatal(err)
	}
	d.owner = owner{
		Schema: ownerSchema, Name: f.Name, Sweep: f.SHA256(), Executable: tool.Executable, Tool: tool,
		Points: len(plan.Points), PointsFile: hashBytes(d.points), File: "/sweep.yaml", Text: string(f.Text),
	}
	return d
}

// open is the sweep as one process has it.
func (d *modeled) open(h host) *Run {
	return &Run{
		Dir: modelDir, Name: d.owner.Name, Points: d.plan.Points, Axes: d.plan.Axes, plan: d.plan, owner: d.owner, host: h,
		cells: []source{identity[0], status[0], counts[0]},
		simulate: func(pt *Point) (*record, error) {
			if m, ok := h.(*modelHost); ok {
				for _, k := range []kind{opRun, opRan} {
					_, _ = m.do(operation{kind: k, path: pt.ID})
				}
			}
			return nil, fmt.Errorf("point %d", pt.Index) // a result as good as any, and short
		},
	}
}

// parts of what a process does in the directory.
const (
	begins    = 1 << iota // makes it, or takes it up
	executes              // runs points
	concludes             // writes results
	settles               // runs points, and nothing else
)

// program is what a process does, in phases.
func (d *modeled) program(parts int) (phases []func(host, context.Context, int) error) {
	phase := func(do func(r *Run, stop context.Context, i int) error) {
		first := len(phases) == 0
		phases = append(phases, func(h host, stop context.Context, i int) error {
			r := d.open(h)
			if !first { // as the phase before has left it
				m := h.(*modelHost)
				name := m.Begin()
				r.store = &store{host: h, dir: modelDir, name: name, tmp: path.Join(modelDir, tmpDir, name)}
			}
			return do(r, stop, i)
		})
	}
	if parts == settles {
		return []func(host, context.Context, int) error{func(h host, stop context.Context, _ int) error {
			r := d.open(h)
			name := h.Begin()
			r.store = &store{host: h, dir: modelDir, name: name, tmp: path.Join(modelDir, tmpDir, name)}
			var tasks []task
			for i := range r.Points {
				tasks = append(tasks, task{&r.Points[i], 1})
			}
			opt := Options{Jobs: 1, Stop: stop}
			return r.executor(r.store, opt).settle(tasks, opt, new(Execution))
		}}
	}
	phase(func(r *Run, _ context.Context, _ int) error {
		if parts&begins != 0 {
			if err := r.begin(d.points, false); err != nil {
				return err
			}
		}
		_, err := r.attach()
		return err
	})
	if parts&executes != 0 {
		phase(func(r *Run, stop context.Context, _ int) error {
			x, err := r.Execute(Options{Jobs: 1, Stop: stop})
			if err == nil && x.Left() > 0 {
				err = fmt.Errorf("%+v", x.Tally)
			}
			return err
		})
	}
	if parts&concludes != 0 {
		phase(func(r *Run, _ context.Context, i int) error {
			s := &Session{Shard: Shard{}.String(), Begin: fmt.Sprint(i), Warnings: []string{}}
			return r.Conclude(Shard{}, s, true)
		})
		return phases
	}
	phase(func(r *Run, _ context.Context, _ int) error { return r.Close() })
	return phases
}

// alone does all of it at once.
func (d *modeled) alone(t tree) (tree, error) {
	at := &direct{tree: t}
	r := d.open(&modelHost{answerer: at, name: "r"})
	err := r.begin(d.points, false)
	if err == nil {
		_, err = r.Execute(Options{Jobs: 1})
	}
	if err == nil {
		err = r.Conclude(Shard{}, &Session{Shard: Shard{}.String(), Begin: "r", Warnings: []string{}}, true)
	}
	return at.tree, err
}

// ended checks what processes leave: a sound directory, and after a process more the files
// of a sweep that one process ran, and nothing else.
func (d *modeled) ended(t *testing.T, parts int, apart bool) func(left tree, killed bool) error {
	want, err := d.alone(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]error{}
	check := func(left tree, killed bool) error {
		r := d.open(&modelHost{answerer: &direct{tree: left}})
		if parts&concludes != 0 && !killed {
			if err := r.Sound(); err != nil {
				return err
			}
			if m, err := r.Manifest(); err != nil || len(m.Sessions) < 2 {
				return fmt.Errorf("the manifest has %d sessions (%w)", len(m.Sessions), err)
			}
		}
		if i, ok := left.find(path.Join(modelDir, tmpDir)); ok && !killed && parts != settles {
			return fmt.Errorf("%s is left", left[i].path)
		}
		after, err := d.alone(left)
		if err != nil {
			return fmt.Errorf("taken up again: %w", err)
		}
		r.host = &modelHost{answerer: &direct{tree: after}}
		if err := r.Sound(); err != nil {
			return fmt.Errorf("taken up again: %w", err)
		}
		for _, e := range want {
			i, ok := after.find(e.path)
			if strings.Contains(e.path, sessionsDir+"/") || e.path == path.Join(modelDir, manifestFile) {
				continue
			}
			if !ok || after[i] != e {
				return fmt.Errorf("taken up again: %s differs", e.path)
			}
		}
		if _, ok := after.find(path.Join(modelDir, tmpDir)); ok && !apart {
			return errors.New("taken up again: drafts are left")
		}
		return nil
	}
	return func(left tree, killed bool) error {
		key := fmt.Sprint(killed, left)
		err, ok := done[key]
		if !ok {
			err = check(left, killed)
			done[key] = err
		}
		return err
	}
}

// TestProtocol goes through every order of what processes do in one directory.
func TestProtocol(t *testing.T) {
	finished := func(d *modeled) tree {
		all, err := d.alone(nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	begun := func(d *modeled) tree {
		at := &direct{}
		r := d.open(&modelHost{answerer: at, name: "r"})
		if err := errors.Join(r.begin(d.points, false), r.Close()); err != nil {
			t.Fatal(err)
		}
		return at.tree
	}
	attached := func(d *modeled) tree { // three processes are at work
		files := begun(d).with(entry{path: path.Join(modelDir, pointsDir), dir: true}).with(entry{path: path.Join(modelDir, tmpDir), dir: true})
		for i := range most {
			name := processName(i) + "-a"
			folder := path.Join(modelDir, tmpDir, name)
			files = files.with(entry{path: folder, dir: true}).with(entry{path: path.Join(folder, selfFile), data: name + "\n"})
		}
		return files
	}
	claimed := func(d *modeled) tree {
		return attached(d).with(entry{path: path.Join(modelDir, tmpDir, d.plan.Points[0].ID+".0"), data: "p9-a\n"})
	}
	file := func(d *modeled, name string) string { return path.Join(modelDir, pointsDir, d.plan.Points[0].ID, name) }
	for _, c := range []struct {
		name      string
		processes int
		points    int
		parts     int
		begin     func(*modeled) tree
		noLinks   bool
		apart     bool
		kills     int  // at most; 0: all
		full      bool // only when asked for
	}{
		{name: "a new directory", processes: 2, points: 1, parts: begins},
		{name: "points", processes: 2, points: 1, parts: executes, begin: begun},
		{name: "two points", processes: 2, points: 2, parts: executes, begin: begun, full: true},
		{name: "a point, three, one killed", processes: 3, points: 1, parts: settles, begin: attached, kills: 1},
		{name: "a point, three", processes: 3, points: 1, parts: settles, begin: attached, full: true},
		{name: "a point that a killed process has claimed", processes: 2, points: 1, parts: settles, begin: claimed},
		{name: "a point that a killed process has claimed, three", processes: 3, points: 1, parts: settles, begin: claimed, full: true},
		{name: "a damaged point, three", processes: 3, points: 1, parts: settles, full: true, begin: func(d *modeled) tree {
			place := path.Join(modelDir, pointsDir, d.plan.Points[0].ID)
			return attached(d).with(entry{path: place, dir: true}).with(entry{path: path.Join(place, resultFile), data: "{"}).with(entry{path: path.Join(place, doneFile), data: "ok\n"})
		}},
		{name: "points, other hosts", processes: 2, points: 1, parts: executes, begin: begun, apart: true},
		{name: "points, no links", processes: 2, points: 1, parts: executes, begin: begun, noLinks: true},
		{name: "half a result", processes: 2, points: 1, parts: executes, begin: func(d *modeled) tree {
			return finished(d).with(entry{path: file(d, resultFile), data: "{"})
		}},
		{name: "no DONE", processes: 2, points: 1, parts: executes, begin: func(d *modeled) tree { return finished(d).without(file(d, doneFile)) }},
		{name: "a file for a folder", processes: 2, points: 1, parts: executes, full: true, begin: func(d *modeled) tree {
			return begun(d).with(entry{path: path.Join(modelDir, pointsDir), dir: true}).with(entry{path: file(d, "")})
		}},
		{name: "half a result, other hosts", processes: 2, points: 1, parts: executes, apart: true, begin: func(d *modeled) tree {
			return finished(d).with(entry{path: file(d, resultFile), data: "{"})
		}},
		{name: "results", processes: 2, points: 1, parts: concludes, begin: finished, full: true},
		{name: "damaged results", processes: 2, points: 1, parts: concludes, begin: func(d *modeled) tree {
			return finished(d).with(entry{path: path.Join(modelDir, ResultsCSV), data: "x"})
		}},
		{name: "everything", processes: 2, points: 1, parts: begins | executes | concludes, full: true},
		{name: "a new directory, three", processes: 3, points: 1, parts: begins, full: true},
		{name: "points, three", processes: 3, points: 1, parts: executes, begin: begun, full: true},
		{name: "results, three", processes: 3, points: 1, parts: concludes, begin: finished, full: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.full && !*modelFull {
				t.Skip("-model-full goes through this")
			}
			d := newModeled(t, c.points)
			m := newModel(t, checks{points: d.plan.Points, exclusive: !c.apart && !c.noLinks, n: c.processes, kills: cmp.Or(c.kills, c.processes), ended: d.ended(t, c.parts, c.apart || c.noLinks)})
			if c.parts&executes == 0 && c.begin == nil {
				m.checks.points = nil
			}
			m.program, m.noLinks, m.apart = d.program(c.parts), c.noLinks, c.apart
			var files tree
			if c.begin != nil {
				files = c.begin(d)
			}
			m.run(files)
			t.Logf("%d states, %d file systems, %d histories", len(m.states), len(m.trees), len(m.past))
		})
	}
}
