package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// ResultsCSV is the table of results in the directory of a sweep.
const ResultsCSV = "results.csv"

// What else is there.
const (
	ownerFile    = "sweep.json" // what the directory belongs to; the first file there is
	textFile     = "sweep.yaml" // the sweep file
	pointsFile   = "points.csv" // every point, before the first is run
	pointsDir    = "points"     // a folder for each finished point
	resultsPq    = "results.parquet"
	manifestFile = "manifest.json"
	sessionsDir  = "sessions"    // who has worked on the sweep, a file each
	doneFile     = "DONE"        // in a point's folder: its status, and the hash of its result
	resultFile   = "result.json" // in a point's folder
	faultFile    = "fault.txt"   // in a point's folder: a dump, where ooovm was at fault
	tmpDir       = "tmp"         // a folder for each process that is at work, and claims
	selfFile     = "self"        // in the folder of a process: its name; a claim is a link to it
)

// store keeps finished points under their names, for as many processes at once as there
// are. It rests on three operations that a file system does at once or not at all, NFS
// too: a folder moves to a place only where nothing is, a file gets a second name only when
// nothing has that name, and a file takes the place of another.
//
//   - A point's folder is made ready in the folder of the process and moved to its place
//     with its result and its DONE in it. So a place is whole from the moment it is there,
//     and the one who comes second takes what he finds. Nobody removes it.
//   - A process claims a point before it runs it: tmp/ID.0 is a link to its name. The claim
//     of a process that is dead is not removed, for another may just have done so and be at
//     work: tmp/ID.1 goes above it, and counts if what it stands on is still there. Claims
//     save work; that nothing is lost does not hang on them.
//   - A place that is damaged is mended file by file under a claim, the result first.
type store struct {
	host
	dir   string // of the sweep
	name  string // of this process
	tmp   string // its folder
	alone bool   // no other process is at work, whatever hosts they were on
}

func (s *store) folder(id string) string { return filepath.Join(s.dir, pointsDir, id) }

func (s *store) claimed(id string, level int) string {
	return filepath.Join(s.dir, tmpDir, fmt.Sprintf("%s.%d", id, level))
}

// openStore begins the work of this process in a directory: it makes a folder for it. Who
// leaves last takes the folder above with him, so it may have to be made again.
func openStore(h host, dir string) (*store, error) {
	s := &store{host: h, dir: dir, name: h.Begin()}
	s.tmp = filepath.Join(dir, tmpDir, s.name)
	var err error
	for range 1000 {
		if err = mkdirAll(s, filepath.Dir(s.tmp)); err != nil {
			break
		}
		if err = s.Mkdir(s.tmp); err == nil {
			err = writeFile(s, filepath.Join(s.tmp, selfFile), []byte(s.name+"\n"))
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		_ = s.close() // of what is there
		return nil, err
	}
	return s, nil
}

// tidy removes what says nothing anymore: folders of processes that are dead, claims on
// points that are done, and those of the dead on points that the sweep does not have.
func (s *store) tidy(points []Point) error {
	above := filepath.Dir(s.tmp)
	names, err := s.ReadDir(above)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(above, name)
		switch {
		case name == s.name:
		case isClaim(name):
			if s.idle(path, points) {
				err = s.Unlink(path)
			}
		case s.standing(name) == dead:
			err = removeTree(s, path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// idle reports whether a claim keeps nobody from anything.
func (s *store) idle(path string, points []Point) bool {
	id, _, _ := strings.Cut(filepath.Base(path), ".")
	if i := slices.IndexFunc(points, func(pt Point) bool { return pt.ID == id }); i >= 0 {
		_, err := s.read(&points[i])
		return err == nil
	}
	data, err := readFile(s, path)
	return err == nil && s.standing(strings.TrimSuffix(string(data), "\n")) == dead
}

// isClaim tells claims from folders of processes.
func isClaim(name string) bool {
	id, level, ok := strings.Cut(name, ".")
	return ok && isID(id) && decimal.MatchString(level)
}

// standing is Standing as the user has it.
func (s *store) standing(name string) standing {
	st := s.Standing(name)
	if st == unknown && s.alone {
		return dead
	}
	return st
}

// close ends the work of this process.
func (s *store) close() error {
	err := removeTree(s, s.tmp)
	_ = s.Rmdir(filepath.Dir(s.tmp)) // only when no other process is at work
	s.End(s.name)
	return err
}

// claim is the right to run a point.
type claim struct {
	id    string
	level int
	below []string // what the claims of dead processes hold that it stands on
}

// claim takes the right to run a point, or tells what is known of the process that has it.
func (s *store) claim(id string) (c *claim, holder standing, err error) {
	c = &claim{id: id}
	for tries := 0; tries < 1000; tries++ {
		path := s.claimed(id, c.level)
		data, err := readFile(s, path)
		if errors.Is(err, fs.ErrNotExist) {
			err = s.Link(filepath.Join(s.tmp, selfFile), path)
			if errors.Is(err, fs.ErrExist) {
				continue // another was faster
			}
			if err != nil {
				return nil, unknown, err
			}
			stands, err := s.stands(c)
			if err != nil {
				return nil, unknown, err
			}
			if stands {
				return c, alive, nil
			}
			if err := s.Unlink(path); err != nil {
				return nil, unknown, err
			}
			c = &claim{id: id}
			continue
		}
		if err != nil {
			return nil, unknown, err
		}
		if string(data) == s.name+"\n" { // the answer to our Link was lost on its way
			return c, alive, nil
		}
		if holder = s.standing(strings.TrimSuffix(string(data), "\n")); holder != dead {
			return nil, holder, nil
		}
		c.below = append(c.below, string(data))
		c.level++
	}
	return nil, unknown, nil
}

// stands reports whether the claims below one are still those of the dead: else somebody
// has finished the point or given it up in the meantime.
func (s *store) stands(c *claim) (bool, error) {
	for level, was := range c.below {
		data, err := readFile(s, s.claimed(c.id, level))
		if err != nil || string(data) != was {
			return false, unless(err, fs.ErrNotExist)
		}
	}
	return true, nil
}

// release gives a claim up; with those that it stands on when the point is done.
func (s *store) release(c *claim, done bool) error {
	if c == nil {
		return nil
	}
	err := s.Unlink(s.claimed(c.id, c.level))
	for level := range c.below {
		if done {
			err = errors.Join(err, s.Unlink(s.claimed(c.id, level)))
		}
	}
	return err
}

// put keeps a record, or leaves what another has kept in the meantime. What counts is
// returned.
func (s *store) put(pt *Point, rec *record) (*record, error) {
	data, err := json.Marshal(rec)
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	draft, place := filepath.Join(s.tmp, pt.ID), s.folder(pt.ID)
	if err := s.Mkdir(draft); err != nil {
		return nil, err
	}
	files := []pointFile{{resultFile, data}, {doneFile, doneText(rec.Status, data)}}
	if rec.fault != nil {
		files = append([]pointFile{{faultFile, rec.fault}}, files...)
	}
	for _, f := range files {
		if err := writeFile(s, filepath.Join(draft, f.name), f.data); err != nil {
			return nil, err
		}
	}
	if s.Rename(draft, place) == nil {
		return rec, nil
	}
	if kept, err := s.read(pt); err == nil {
		return kept, removeTree(s, draft)
	}
	if err := s.mend(draft, place, files); err != nil {
		return nil, err
	}
	return s.read(pt)
}

// pointFile is a file of a point's folder.
type pointFile struct {
	name string
	data []byte
}

// mend puts the files of a draft in the place of those that are damaged, in their order.
func (s *store) mend(draft, place string, files []pointFile) error {
	_ = s.Unlink(place) // a file, or a link to another point's folder; a folder stays
	if err := s.Mkdir(place); err != nil {
		return err
	}
	for _, f := range files {
		from, to := filepath.Join(draft, f.name), filepath.Join(place, f.name)
		err := move(s, from, to)
		if err != nil {
			if names, e := s.ReadDir(to); e == nil { // a folder, which holds nothing of ours
				for _, below := range names {
					err = removeTree(s, filepath.Join(to, below))
				}
				err = errors.Join(err, move(s, from, to))
			}
		}
		if err != nil {
			return err
		}
	}
	return removeTree(s, draft)
}

// doneText is what DONE says of a record that was written as data.
func doneText(status Status, data []byte) []byte {
	return fmt.Appendf(nil, "%s %s\n", status, hashBytes(data))
}

// errAbsent is for a point of which there is nothing.
var errAbsent = errors.New("not run yet")

// read gives the record of a point that is done: whose result can be read, agrees with its
// DONE, and is one of this point. The error is errAbsent or says what is damaged.
func (s *store) read(pt *Point) (*record, error) {
	place := s.folder(pt.ID)
	path, done := filepath.Join(place, resultFile), filepath.Join(place, doneFile)
	said, err := readFile(s, done)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := s.ReadDir(place); errors.Is(err, fs.ErrNotExist) {
			return nil, errAbsent
		}
	}
	if err != nil {
		return nil, damaged(done, "%s", reason(err))
	}
	data, err := readFile(s, path)
	if err != nil {
		return nil, damaged(path, "%s", reason(err))
	}
	status, _, _ := strings.Cut(string(said), " ")
	if !bytes.Equal(said, doneText(Status(status), data)) {
		return nil, damaged(path, "not what DONE says")
	}
	rec := new(record)
	if err := json.Unmarshal(data, rec); err != nil {
		return nil, damaged(path, "not a result")
	}
	if what := rec.unsound(pt); what != "" {
		return nil, damaged(path, "%s", what)
	}
	if rec.Status != Status(status) {
		return nil, damaged(done, "says %q, the result %q", status, rec.Status)
	}
	return rec, nil
}
