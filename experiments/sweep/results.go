package sweep

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/plain"
)

// Table gives the results: those that were written last, or else those of the points
// that are done by now.
func (r *Run) Table() (*Table, error) {
	path := filepath.Join(r.Dir, ResultsCSV)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t := newTable(Columns(r.Axes))
		return t, r.rows(nil, func(cells []any) error {
			row := make([]string, len(cells))
			for i, v := range cells {
				row[i] = cellText(v)
			}
			t.rows = append(t.rows, row)
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := ReadTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// rows hands over the cells of every point that is done, in order, one point at a time.
// Points that are not done in the directory are looked for in others, which have the
// same points, perhaps by other names.
func (r *Run) rows(others []*Run, emit func(cells []any) error) error {
	columns := sources(r.Axes)
	cells := make([]any, len(columns))
	for i := range r.Points {
		for _, run := range append([]*Run{r}, others...) {
			pt := &run.Points[i]
			st := &store{dir: run.Dir}
			if _, done := st.done(pt.ID); !done {
				continue
			}
			rec, err := st.get(pt.ID)
			if err != nil {
				return err
			}
			line := rec.row(pt)
			for k, c := range columns {
				cells[k] = c.cell(line)
			}
			if err := emit(cells); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// Tally counts what became of the points of a shard so far.
func (r *Run) Tally(s Shard) (t Tally) {
	st := &store{dir: r.Dir}
	seen := map[string]Status{}
	first, last := s.bounds(len(r.Points))
	for i := first; i < last; i++ {
		t.Points++
		status, ok := seen[r.Points[i].ID]
		if !ok {
			status, _ = st.done(r.Points[i].ID)
			seen[r.Points[i].ID] = status
		}
		t.add(status, 1)
	}
	return t
}

// WriteResults writes results.csv and results.parquet: a row for every point that is
// done here or in one of the other directories.
func (r *Run) WriteResults(others ...*Run) (Tally, error) {
	t := Tally{Points: len(r.Points)}
	columns := Columns(r.Axes)
	status := 0
	header := make([]string, len(columns))
	for i, c := range columns {
		if header[i] = c.Name; c.Name == "status" {
			status = i
		}
	}
	err := files.Write(filepath.Join(r.Dir, ResultsCSV), func(text io.Writer) error {
		return files.Write(filepath.Join(r.Dir, resultsPq), func(f io.Writer) error {
			pq, err := newParquet(f, columns)
			if err != nil {
				return err
			}
			out := table.NewCSV(text)
			if err := out.Write(header); err != nil {
				return err
			}
			line := make([]string, len(columns))
			if err := r.rows(others, func(cells []any) error {
				for i, v := range cells {
					line[i] = cellText(v)
				}
				t.add(Status(line[status]), 1)
				if err := pq.add(cells); err != nil {
					return err
				}
				return out.Write(line)
			}); err != nil {
				return err
			}
			return errors.Join(out.Flush(), pq.close())
		})
	})
	return t, err
}

// HasResults reports whether both result files are there: nothing has been run since
// they were written.
func (r *Run) HasResults() bool {
	for _, name := range []string{ResultsCSV, resultsPq} {
		if _, err := os.Stat(filepath.Join(r.Dir, name)); err != nil {
			return false
		}
	}
	return true
}

// forget removes results that the points have overtaken.
func (r *Run) forget() error {
	var errs []error
	for _, name := range []string{ResultsCSV, resultsPq} {
		if err := os.Remove(filepath.Join(r.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Failures lists, a line each, up to most of the points that went wrong, and returns how
// many there are.
func (r *Run) Failures(w io.Writer, most int) (n int, err error) {
	st := &store{dir: r.Dir}
	for i := range r.Points {
		pt := &r.Points[i]
		status, done := st.done(pt.ID)
		if !done || status == OK {
			continue
		}
		if n++; n > most {
			continue
		}
		rec, err := st.get(pt.ID)
		if err != nil {
			return n, err
		}
		reason, _, _ := strings.Cut(rec.Error, "\n")
		if dump := filepath.Join(st.folder(pt.ID), faultFile); exists(dump) {
			reason += "; this is a fault of ooovm, not of the input: " + dump + " has what its makers need"
		}
		if _, err := fmt.Fprintf(w, "point %d (%s) on %s: %s\n", pt.Index, pt.ID, plain.Visible(pt.Block.Name), plain.Visible(reason)); err != nil {
			return n, err
		}
	}
	return n, nil
}
