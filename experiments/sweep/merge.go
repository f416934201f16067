package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ooovm/ooovm/experiments/table"
)

// Merge writes the results of a sweep whose points are in several directories, or were
// run by several shards in one: results.csv, results.parquet and manifest.json of the
// first directory. A point that is damaged counts as not run, and is named in Mended. They have to be of one sweep and of one executable; mixed allows
// several executables, and then the column point says whose result a row is.
func Merge(dirs []string, mixed bool) (*Run, Tally, error) {
	var runs []*Run
	for _, dir := range dirs {
		r, err := Open(dir)
		if err != nil {
			return nil, Tally{}, err
		}
		runs = append(runs, r)
	}
	first, others := runs[0], runs[1:]
	for _, o := range others {
		if err := first.mergeable(o, mixed); err != nil {
			return nil, Tally{}, fmt.Errorf("%s and %s: %w", first.Dir, o.Dir, err)
		}
	}
	for _, run := range runs {
		st := run.look()
		run.each(Shard{}, func(pt *Point, _ int) {
			if _, err := st.read(pt); err != nil && !errors.Is(err, errAbsent) {
				first.mended(err)
			}
		})
	}
	st, err := first.attach()
	if err != nil {
		return nil, Tally{}, err
	}
	c := conclusion{run: first, store: st, name: manifestName(Shard{}), results: true, others: others}
	if c.about, err = first.mergeSessions(st, runs); err == nil {
		err = c.settle()
	}
	return first, c.tally, errors.Join(err, first.Close())
}

// mergeable tells why two directories are not of one sweep.
func (r *Run) mergeable(o *Run, mixed bool) error {
	a, b := &r.owner, &o.owner
	switch {
	case a.Sweep != b.Sweep:
		return fmt.Errorf("different sweeps: %s (sha256 %.16s) and %s (%.16s)", a.Name, a.Sweep, b.Name, b.Sweep)
	case a.PointsFile == b.PointsFile:
		return nil
	case a.Executable != b.Executable && !mixed:
		return fmt.Errorf("different executables: %s (sha256 %.16s) and %s (%.16s); --mixed merges them nevertheless", a.Tool.Version, a.Executable, b.Tool.Version, b.Executable)
	}
	left, err := r.withoutIDs()
	if err != nil {
		return err
	}
	right, err := o.withoutIDs()
	if err != nil {
		return err
	}
	if a.Executable == b.Executable || !bytes.Equal(left, right) {
		return fmt.Errorf("their blocks or configuration files differ")
	}
	return nil
}

// withoutIDs is points.csv without the column that the executable shows in.
func (r *Run) withoutIDs() ([]byte, error) {
	columns := pointColumns(r.Axes)
	var buf bytes.Buffer
	out := table.NewCSV(&buf)
	for i := range r.Points {
		line := row{point: &r.Points[i]}
		var cells []string
		for _, c := range columns {
			if c.Name != "point" {
				cells = append(cells, cellText(c.cell(&line)))
			}
		}
		if err := out.Write(cells); err != nil {
			return nil, err
		}
	}
	err := out.Flush()
	return buf.Bytes(), err
}

// mergeSessions collects who has worked on the sweep, and gives what one of the directories
// says of it. A session that was killed has left no record.
func (r *Run) mergeSessions(st *store, runs []*Run) (*Manifest, error) {
	about := r.bare()
	found := false
	for _, run := range runs {
		paths, err := filepath.Glob(filepath.Join(run.Dir, "manifest*.json")) // in order
		if err != nil {
			return nil, err
		}
		sessions, err := run.sessions(run.host)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			m, err := readManifest(run.host, path)
			if err != nil {
				r.mended(err)
				continue
			}
			if m.Sweep.SHA256 != r.owner.Sweep || m.Tool.Executable != run.owner.Executable {
				continue
			}
			if !found {
				about, found = &m, true
			}
			sessions = append(sessions, m.Sessions...)
		}
		if sessions, err = distinctSessions(sessions); err != nil {
			return nil, err
		}
		for _, s := range sessions {
			if err := r.keep(st, s); err != nil {
				return nil, err
			}
		}
	}
	return about, nil
}

// bare is what the directory itself tells of the sweep: all but its blocks and the values
// of its configurations.
func (r *Run) bare() *Manifest {
	return &Manifest{
		Schema: manifestSchema, Name: r.Name, Tool: r.owner.Tool, Text: r.owner.Text,
		Sweep: FileInfo{Path: r.owner.File, SHA256: r.owner.Sweep},
		Base:  []Base{}, Axes: []AxisInfo{}, Blocks: []FileInfo{}, ConfigFile: []FileInfo{},
	}
}

// Progress is how far a sweep is.
type Progress struct {
	Tally
	PerSecond *float64 // points, over the latest that were finished; nil when too few were
}

// rateOver is how many of the latest points give the rate.
const rateOver = 200

// Progress looks at what is done, and lists what is damaged.
func (r *Run) Progress() (p Progress, damage []error) {
	p.Tally, damage = r.survey()
	var times []int64 // nanoseconds
	st := r.look()
	r.each(Shard{}, func(pt *Point, _ int) {
		if info, err := os.Stat(filepath.Join(st.folder(pt.ID), doneFile)); err == nil {
			times = append(times, info.ModTime().UnixNano())
		}
	})
	slices.Sort(times)
	times = times[max(0, len(times)-rateOver):]
	if n := len(times); n > 1 && times[n-1] > times[0] {
		rate := float64(n-1) / (float64(times[n-1]-times[0]) / 1e9)
		p.PerSecond = &rate
	}
	return p, damage
}
