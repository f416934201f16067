package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// ownerSchema is the schema of owner.
const ownerSchema = "ooovm.sweep/2"

// owner says what a directory belongs to. All else that a sweep begins with follows from it.
type owner struct {
	Schema     string `json:"schema"`
	Name       string `json:"name"`
	Sweep      string `json:"sweep"`      // sha256 of the sweep file
	Executable string `json:"executable"` // sha256 of the program
	Tool       Tool   `json:"tool"`
	Points     int    `json:"points"`
	PointsFile string `json:"pointsFile"` // sha256 of points.csv
	File       string `json:"file"`       // where the sweep file was: what its paths start from
	Text       string `json:"text"`       // of the sweep file
	SHA256     string `json:"sha256"`     // of this file, with zeros here
}

// readOwner reads sweep.json.
func readOwner(h host, dir string) (o owner, err error) {
	path := filepath.Join(dir, ownerFile)
	data, err := readFile(h, path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, err
	}
	if err != nil {
		return o, damaged(path, "%s", reason(err))
	}
	whole := unseal(data, &o, &o.SHA256)
	switch {
	case o.Schema == "ooovm.sweep/1":
		return o, fmt.Errorf("%s: written by an older ooovm, which kept no hashes; run its sweep file again", path)
	case !whole || o.Schema != ownerSchema:
		return o, damaged(path, "not a whole %s; `ooovm sweep run FILE -o %s --force` with its sweep file mends it", ownerSchema, dir)
	}
	return o, nil
}

// sameAs tells what is different about another owner, nil for nothing.
func (o *owner) sameAs(other *owner) error {
	switch {
	case o.Sweep != other.Sweep:
		return fmt.Errorf("it belongs to another sweep (%s, sha256 %.16s; this one is %s, %.16s); --force takes it over", o.Name, o.Sweep, other.Name, other.Sweep)
	case o.Executable != other.Executable:
		return fmt.Errorf("it was begun by another executable (%s, sha256 %.16s; this one is %s, %.16s); --force begins it again", o.Tool.Version, o.Executable, other.Tool.Version, other.Executable)
	case o.PointsFile != other.PointsFile:
		return errors.New("the blocks or the configuration files of the sweep have changed since it was begun; --force takes up the new ones")
	}
	return nil
}

// Create makes a directory for a sweep, or takes up the one that it has already.
// Anything else that is there is refused; force takes over the directory of another
// sweep or executable, and of its points uses those that this sweep has too.
//
// Of several processes that begin at once the first to write sweep.json decides whose the
// directory is; the other files follow from it, and whoever finds them missing or damaged
// writes them.
func Create(dir string, f *File, tool Tool, force bool) (*Run, error) {
	plan, err := f.Plan(tool.Executable)
	if err != nil {
		return nil, err
	}
	points, err := writePoints(plan.Axes, plan.Points)
	if err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, Name: f.Name, Points: plan.Points, Axes: plan.Axes, plan: plan, host: disk{}}
	r.owner = owner{
		Schema: ownerSchema, Name: f.Name, Sweep: f.SHA256(), Executable: tool.Executable, Tool: tool,
		Points: len(plan.Points), PointsFile: hashBytes(points), File: filepath.Join(f.Dir, filepath.Base(f.Path)), Text: string(f.Text),
	}
	if err := r.begin(points, force); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// attach begins the work of this process in the directory, unless it has begun.
func (r *Run) attach() (s *store, err error) {
	if r.store == nil {
		r.store, err = openStore(r.host, r.Dir)
	}
	return r.store, err
}

// Close ends the work of this process in the directory. Conclude does so, too; whatever a
// process leaves that ends without it is removed by the next.
func (r *Run) Close() error {
	s := r.store
	r.store = nil
	if s == nil {
		return nil
	}
	return s.close()
}

// begin takes possession of the directory.
func (r *Run) begin(points []byte, force bool) error {
	for {
		found, err := r.taken(force)
		if err != nil {
			return err
		}
		again, err := r.occupy(found, points)
		if err != nil || !again {
			return err
		}
	}
}

// found is what a sweep meets in the directory that it is given.
type found int

const (
	nothing found = iota
	itself
	another
)

// taken tells whose the directory is, and whether the sweep may have it.
func (r *Run) taken(force bool) (found, error) {
	switch old, err := readOwner(r.host, r.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		if force {
			return nothing, nil
		}
		names, err := r.host.ReadDir(r.Dir)
		if unless(err, fs.ErrNotExist) != nil {
			return nothing, err
		}
		if !slices.ContainsFunc(names, func(name string) bool { return name != tmpDir }) {
			return nothing, nil
		}
		if _, err := readOwner(r.host, r.Dir); !errors.Is(err, fs.ErrNotExist) {
			return r.taken(force) // another process has just begun the sweep
		}
		return nothing, fmt.Errorf("%s: neither empty nor the directory of a sweep", r.Dir)
	case err != nil && !force:
		return nothing, err
	case err != nil:
		return another, nil
	default:
		err := old.sameAs(&r.owner)
		if err == nil {
			return itself, nil
		}
		if !force {
			return nothing, fmt.Errorf("%s: %w", r.Dir, err)
		}
		return another, nil
	}
}

// occupy writes what a sweep begins with. again is for a directory that another process
// has taken in the meantime.
func (r *Run) occupy(found found, points []byte) (again bool, err error) {
	if found == itself && r.intact(points) {
		return false, nil
	}
	s, err := r.attach()
	if err != nil {
		return false, err
	}
	if found != itself {
		data, err := seal(&r.owner, &r.owner.SHA256)
		if err != nil {
			return false, err
		}
		if taken, err := r.sign(s, found, data); taken || err != nil {
			return taken, err
		}
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{textFile, []byte(r.owner.Text)}, {pointsFile, points}} {
		path := filepath.Join(r.Dir, file.name)
		old, err := readFile(s, path)
		if err == nil && bytes.Equal(old, file.data) {
			continue
		}
		if found == itself && !errors.Is(err, fs.ErrNotExist) {
			r.mended(damaged(path, "not what %s says", ownerFile))
		}
		if err := s.replace(path, file.data); err != nil {
			return false, err
		}
	}
	return false, nil
}

// sign writes sweep.json, and tells when another process has done so before.
func (r *Run) sign(s *store, found found, data []byte) (taken bool, err error) {
	place := filepath.Join(r.Dir, ownerFile)
	if found == another {
		if err := r.forget(s, ResultsCSV, resultsPq, manifestFile); err != nil {
			return false, err
		}
		return false, s.replace(place, data)
	}
	draft, err := s.draft(ownerFile, data)
	if err != nil {
		return false, err
	}
	err = s.Link(draft, place)
	return errors.Is(err, fs.ErrExist), unless(err, fs.ErrExist)
}

// intact reports whether the files that follow from sweep.json are there.
func (r *Run) intact(points []byte) bool {
	text, err1 := readFile(r.host, filepath.Join(r.Dir, textFile))
	list, err2 := readFile(r.host, filepath.Join(r.Dir, pointsFile))
	return err1 == nil && err2 == nil && string(text) == r.owner.Text && bytes.Equal(list, points)
}

// replace gives a file new content, all at once.
func (s *store) replace(path string, data []byte) error {
	draft, err := s.draft(filepath.Base(path), data)
	if err != nil {
		return err
	}
	return move(s, draft, path)
}

// draft writes a file where nobody sees it.
func (s *store) draft(name string, data []byte) (path string, err error) {
	f, err := s.create(name)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.path, errors.Join(err, f.Close())
}

// forget removes files that what is about to happen overtakes.
func (r *Run) forget(s *store, names ...string) error {
	for _, name := range names {
		path := filepath.Join(r.Dir, name)
		if err := s.Unlink(path); err != nil && s.Rmdir(path) != nil {
			return err
		}
	}
	return nil
}

// mended notes what was damaged and is made again.
func (r *Run) mended(what error) { r.Mended = append(r.Mended, what.Error()) }

// Reopen takes up a sweep from its directory alone: the sweep file is the copy in
// sweep.json, and the blocks are where they were.
func Reopen(dir string, tool Tool, force bool) (*Run, error) {
	old, err := readOwner(disk{}, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoSweep(dir)
	}
	if err != nil {
		return nil, err
	}
	f, err := parseFile(filepath.Join(dir, textFile), filepath.Dir(old.File), []byte(old.Text))
	if err != nil {
		return nil, err
	}
	f.Path = old.File
	return Create(dir, f, tool, force)
}

func errNoSweep(dir string) error {
	return fmt.Errorf("%s: not the directory of a sweep (it has no %s)", dir, ownerFile)
}

// Open opens the directory of a sweep to read it; it needs neither the sweep file nor
// the blocks.
func Open(dir string) (*Run, error) {
	r := &Run{Dir: dir, host: disk{}}
	var err error
	if r.owner, err = readOwner(r.host, dir); errors.Is(err, fs.ErrNotExist) {
		return nil, errNoSweep(dir)
	} else if err != nil {
		return nil, err
	}
	r.Name = r.owner.Name
	path := filepath.Join(dir, pointsFile)
	data, err := readFile(r.host, path)
	if err != nil {
		return nil, r.mendable(damaged(path, "%s", reason(err)))
	}
	if hashBytes(data) != r.owner.PointsFile {
		return nil, r.mendable(damaged(path, "not what %s says", ownerFile))
	}
	if r.Axes, r.Points, err = readPoints(data); err == nil && len(r.Points) != r.owner.Points {
		err = fmt.Errorf("%d points, %s says %d", len(r.Points), ownerFile, r.owner.Points)
	}
	if err != nil {
		return nil, r.mendable(damaged(path, "%v", err))
	}
	return r, nil
}

// mendable says of damage what to do about it.
func (r *Run) mendable(err error) error {
	return fmt.Errorf("%w; `ooovm sweep resume %s` mends it", err, r.Dir)
}
