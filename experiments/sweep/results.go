package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/experiments/table"
	"github.com/ooovm/ooovm/plain"
)

// Table gives the results: those that were written last, or else those of the points
// that are done by now. A directory that is damaged has none.
func (r *Run) Table() (*Table, error) {
	if err := r.Sound(); err != nil {
		return nil, err
	}
	path := filepath.Join(r.Dir, ResultsCSV)
	f, err := r.host.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t := newTable(columnsOf(r.sources()))
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
	columns := r.sources()
	cells := make([]any, len(columns))
	for i := range r.Points {
		for _, run := range append([]*Run{r}, others...) {
			pt := &run.Points[i]
			rec, err := run.look().read(pt)
			if err != nil {
				continue // it counts as not run
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

// look is a store to read from.
func (r *Run) look() *store { return &store{host: r.host, dir: r.Dir} }

// each visits the simulations of a shard, each once, with the number of points that are it.
func (r *Run) each(s Shard, visit func(pt *Point, same int)) {
	first, last := s.bounds(len(r.Points))
	same := map[string]int{}
	for i := first; i < last; i++ {
		same[r.Points[i].ID]++
	}
	for i := first; i < last; i++ {
		pt := &r.Points[i]
		if n := same[pt.ID]; n > 0 {
			same[pt.ID] = 0
			visit(pt, n)
		}
	}
}

// Tally counts what became of the points of a shard so far.
func (r *Run) Tally(s Shard) (t Tally) {
	st := r.look()
	r.each(s, func(pt *Point, same int) {
		t.Points += same
		if rec, err := st.read(pt); err == nil {
			t.add(rec.Status, same)
		}
	})
	return t
}

// written is a file of results that this process has made.
type written struct {
	name   string
	draft  string // until it is in its place
	sha256 string
}

// draftResults writes results.csv and results.parquet where nobody sees them: a row for
// every point that is done here or in one of the other directories.
func (r *Run) draftResults(s *store, others []*Run) (t Tally, files []written, err error) {
	t = Tally{Points: len(r.Points)}
	columns := columnsOf(r.sources())
	status := 0
	header := make([]string, len(columns))
	for i, c := range columns {
		if header[i] = c.Name; c.Name == "status" {
			status = i
		}
	}
	text, err := s.create(ResultsCSV)
	if err != nil {
		return t, nil, err
	}
	binary, err := s.create(resultsPq)
	if err != nil {
		return t, nil, errors.Join(err, text.Close())
	}
	err = func() error {
		pq, err := newParquet(binary, columns)
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
	}()
	if err := errors.Join(err, text.Close(), binary.Close()); err != nil {
		return t, nil, err
	}
	return t, []written{text.done(), binary.done()}, nil
}

// draft is a file that is being written, and its hash so far.
type draft struct {
	io.WriteCloser
	name, path string
	sum        interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (s *store) create(name string) (*draft, error) {
	path := filepath.Join(s.tmp, name)
	f, err := s.Create(path)
	return &draft{f, name, path, sha256.New()}, err
}

func (d *draft) Write(p []byte) (int, error) {
	d.sum.Write(p)
	return d.WriteCloser.Write(p)
}

// Close sees to it that the file is on the disk before it is given a place.
func (d *draft) Close() error {
	if f, ok := d.WriteCloser.(*os.File); ok {
		return errors.Join(f.Sync(), f.Close())
	}
	return d.WriteCloser.Close()
}

func (d *draft) done() written {
	return written{d.name, d.path, hex.EncodeToString(d.sum.Sum(nil))}
}

// HasResults reports whether both result files are there.
func (r *Run) HasResults() bool {
	return exists(filepath.Join(r.Dir, ResultsCSV)) && exists(filepath.Join(r.Dir, resultsPq))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Failures lists, a line each, up to most of the points that went wrong, and returns how
// many there are.
func (r *Run) Failures(w io.Writer, most int) (n int, err error) {
	st := r.look()
	for i := range r.Points {
		pt := &r.Points[i]
		rec, err := st.read(pt)
		if err != nil || rec.Status == OK {
			continue
		}
		if n++; n > most {
			continue
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
