package sweep

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ooovm/ooovm/experiments/table"
)

// Merge writes the results of a sweep whose points are in several directories, or were
// run by several shards in one: results.csv, results.parquet and manifest.json of the
// first directory. They have to be of one sweep and of one executable; mixed allows
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
	t, err := first.WriteResults(others...)
	if err != nil {
		return nil, t, err
	}
	return first, t, first.mergeManifests(runs, t)
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

// mergeManifests collects who has worked on the sweep. A session that was killed has
// left no record.
func (r *Run) mergeManifests(runs []*Run, t Tally) error {
	var all *Manifest
	for _, run := range runs {
		paths, err := filepath.Glob(filepath.Join(run.Dir, "manifest*.json")) // in order
		if err != nil {
			return err
		}
		for _, path := range paths {
			m, err := readManifest(path)
			if err != nil {
				return err
			}
			if m.Sweep.SHA256 != r.owner.Sweep {
				continue
			}
			if all == nil {
				all = &m
			} else {
				all.Sessions = append(all.Sessions, m.Sessions...)
			}
		}
	}
	if all == nil {
		return nil
	}
	slices.SortStableFunc(all.Sessions, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.Host.Name, b.Host.Name), cmp.Compare(a.Shard, b.Shard))
	})
	all.Sessions = slices.CompactFunc(all.Sessions, func(a, b Session) bool { // merged before
		return a.Begin == b.Begin && a.Host == b.Host && a.Shard == b.Shard
	})
	all.Tally = t
	return r.save(filepath.Join(r.Dir, manifestFile), all)
}

// Progress is how far a sweep is.
type Progress struct {
	Tally
	PerSecond *float64 // points, over the latest that were finished; nil when too few were
}

// rateOver is how many of the latest points give the rate.
const rateOver = 200

// Progress looks at what is done, without reading any result.
func (r *Run) Progress() Progress {
	p := Progress{Tally: r.Tally(Shard{})}
	var times []int64 // nanoseconds
	st := &store{dir: r.Dir}
	seen := map[string]bool{}
	for i := range r.Points {
		id := r.Points[i].ID
		if info, err := os.Stat(filepath.Join(st.folder(id), doneFile)); err == nil && !seen[id] {
			times = append(times, info.ModTime().UnixNano())
		}
		seen[id] = true
	}
	slices.Sort(times)
	times = times[max(0, len(times)-rateOver):]
	if n := len(times); n > 1 && times[n-1] > times[0] {
		rate := float64(n-1) / (float64(times[n-1]-times[0]) / 1e9)
		p.PerSecond = &rate
	}
	return p
}
