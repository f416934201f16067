package sweep

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ooovm/ooovm/experiments/corpus"
)

// Conclude ends the work of one process: it keeps the record of its session and writes the
// manifest of its shard. With results it writes those, too: of all points that are done,
// whoever has run them.
func (r *Run) Conclude(shard Shard, s *Session, results bool) (err error) {
	st, err := r.attach()
	if err != nil {
		return inTheWay(err)
	}
	defer func() { err = inTheWay(errors.Join(err, r.Close())) }()
	if err := r.keep(st, *s); err != nil {
		return err
	}
	c := conclusion{run: r, store: st, name: manifestName(shard), results: results && shard.All(), about: r.describe()}
	if !shard.All() {
		c.shard = shard.String()
	}
	if !c.results {
		c.tally = r.Tally(shard)
	}
	return c.settle()
}

// conclusion is the writing of a manifest and of the results that it vouches for.
type conclusion struct {
	run     *Run
	store   *store
	name    string    // of the manifest
	shard   string    // whose sessions it has; empty for all
	about   *Manifest // what does not change
	results bool
	others  []*Run // directories that points are taken from, too
	tally   Tally
	files   []written
}

// settleTries bounds how often a process writes results again because another has
// changed them meanwhile. Each time something new was there.
const settleTries = 1000

// settle writes results and manifest, looks whether they are there, and begins again when
// another process has come between: so the last of them leaves files that agree.
func (c *conclusion) settle() error {
	for range settleTries {
		if err := c.writeResults(); err != nil {
			return err
		}
		m, data, err := c.manifest()
		if err != nil {
			return err
		}
		path := filepath.Join(c.run.Dir, c.name)
		if old, err := readFile(c.store, path); err != nil || !bytes.Equal(old, data) {
			if err := c.store.replace(path, data); err != nil {
				return err
			}
		}
		settled, err := c.settled(m, data)
		if err != nil || settled {
			return err
		}
	}
	return fmt.Errorf("%s: other processes keep changing the results", c.run.Dir)
}

// writeResults makes the results out of the points, whatever is there, and puts them in
// place unless they are there already.
func (c *conclusion) writeResults() (err error) {
	if !c.results {
		return nil
	}
	if c.tally, c.files, err = c.run.draftResults(c.store, c.others); err != nil {
		return err
	}
	for _, f := range c.files {
		path := filepath.Join(c.run.Dir, f.name)
		sum, err := hashOf(c.store, path)
		if err == nil && sum == f.sha256 {
			continue
		}
		if c.run.plan != nil && !errors.Is(err, fs.ErrNotExist) {
			c.run.mended(damaged(path, "not what the points say"))
		}
		if err := move(c.store, f.draft, path); err != nil {
			return err
		}
	}
	return nil
}

// manifest makes the manifest out of what is known now.
func (c *conclusion) manifest() (*Manifest, []byte, error) {
	r, m := c.run, *c.about
	path := filepath.Join(r.Dir, c.name)
	old, err := readManifest(c.store, path)
	if err != nil && r.plan != nil {
		r.mended(err)
	}
	if old.Sweep.SHA256 != r.owner.Sweep || old.Tool.Executable != r.owner.Executable { // what --force has thrown away
		old = Manifest{}
	}
	m.Tally = c.tally
	m.Outputs = []FileInfo{{Path: pointsFile, SHA256: r.owner.PointsFile}}
	for _, f := range c.files {
		m.Outputs = append(m.Outputs, FileInfo{Path: f.name, SHA256: f.sha256})
	}
	if !c.results {
		for _, name := range []string{ResultsCSV, resultsPq} {
			sum := old.output(name)
			if f, err := c.store.Open(filepath.Join(r.Dir, name)); err == nil && sum != "" {
				m.Outputs = append(m.Outputs, FileInfo{Path: name, SHA256: sum})
				_ = f.Close()
			}
		}
	}
	sessions, err := r.sessions(c.store)
	if err != nil {
		return nil, nil, err
	}
	m.Sessions = []Session{}
	for _, s := range append(sessions, old.Sessions...) {
		if c.shard == "" || s.Shard == c.shard {
			m.Sessions = append(m.Sessions, s)
		}
	}
	if m.Sessions, err = distinctSessions(m.Sessions); err != nil {
		return nil, nil, err
	}
	m.total()
	data, err := seal(&m, &m.SHA256)
	return &m, data, err
}

// settled reports whether what was written is still there, and nothing has come since that
// belongs into it.
func (c *conclusion) settled(m *Manifest, data []byte) (bool, error) {
	for _, f := range c.files {
		if sum, err := hashOf(c.store, filepath.Join(c.run.Dir, f.name)); err != nil || sum != f.sha256 {
			return false, unless(err, fs.ErrNotExist)
		}
	}
	sessions, err := c.run.sessions(c.store)
	if err != nil {
		return false, err
	}
	for _, s := range sessions {
		if (c.shard == "" || s.Shard == c.shard) && !slices.ContainsFunc(m.Sessions, s.is) {
			return false, nil
		}
	}
	now, err := readFile(c.store, filepath.Join(c.run.Dir, c.name))
	return err == nil && bytes.Equal(now, data), unless(err, fs.ErrNotExist)
}

// hashOf is the SHA-256 of a file, in hexadecimal.
func hashOf(h host, path string) (sum string, err error) {
	f, err := h.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return corpus.Hash(f)
}

// sessionSchema is the schema of sessionFile.
const sessionSchema = "ooovm.sweep-session/1"

// sessionFile is what a process leaves of itself: a file of its own, so that none is lost
// when several end at once. Manifests are made out of them.
type sessionFile struct {
	Schema     string  `json:"schema"`
	Sweep      string  `json:"sweep"`      // sha256 of the sweep file
	Executable string  `json:"executable"` // sha256
	Session    Session `json:"session"`
	SHA256     string  `json:"sha256"` // of this file, with zeros here
}

// keep writes the file of a session.
func (r *Run) keep(s *store, session Session) error {
	file := sessionFile{Schema: sessionSchema, Sweep: r.owner.Sweep, Executable: r.owner.Executable, Session: session}
	data, err := seal(&file, &file.SHA256)
	if err != nil {
		return err
	}
	dir := filepath.Join(r.Dir, sessionsDir)
	if err := s.Mkdir(dir); err != nil {
		return err
	}
	return s.replace(filepath.Join(dir, file.SHA256[:16]+".json"), data)
}

// sessions reads the files of all sessions; what is none says nothing.
func (r *Run) sessions(h host) (list []Session, err error) {
	dir := filepath.Join(r.Dir, sessionsDir)
	names, err := h.ReadDir(dir)
	if err != nil {
		return nil, unless(err, fs.ErrNotExist)
	}
	for _, name := range names {
		var f sessionFile
		data, err := readFile(h, filepath.Join(dir, name))
		if err == nil && unseal(data, &f, &f.SHA256) && f.Schema == sessionSchema && f.Sweep == r.owner.Sweep && f.Executable == r.owner.Executable {
			list = append(list, f.Session)
		}
	}
	return list, nil
}

// is reports whether two records are of one session.
func (s Session) is(other Session) bool {
	a, err1 := json.Marshal(s)
	b, err2 := json.Marshal(other)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// distinctSessions has each session once, in the order in which they began.
func distinctSessions(list []Session) ([]Session, error) {
	texts := make([]string, len(list))
	for i := range list {
		data, err := json.Marshal(&list[i])
		if err != nil {
			return nil, err
		}
		texts[i] = string(data)
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &list[i], &list[j]
		return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.Host.Name, b.Host.Name), cmp.Compare(a.Shard, b.Shard), cmp.Compare(texts[i], texts[j]))
	})
	out := []Session{}
	for n, i := range order {
		if n == 0 || texts[i] != texts[order[n-1]] {
			out = append(out, list[i])
		}
	}
	return out, nil
}

// Damage lists what is damaged: files that are not what is kept of them, points whose
// result and DONE do not agree. A point that is not run yet is not damaged.
func (r *Run) Damage() (list []error) {
	_, list = r.survey()
	return list
}

// survey counts what became of the points and lists what is damaged.
func (r *Run) survey() (t Tally, list []error) {
	text, err := readFile(r.host, filepath.Join(r.Dir, textFile))
	if err != nil || string(text) != r.owner.Text {
		list = append(list, damaged(filepath.Join(r.Dir, textFile), "not what %s says", ownerFile))
	}
	st := r.look()
	r.each(Shard{}, func(pt *Point, same int) {
		t.Points += same
		rec, err := st.read(pt)
		switch {
		case err == nil:
			t.add(rec.Status, same)
		case !errors.Is(err, errAbsent):
			list = append(list, err)
		}
	})
	return t, append(list, r.unvouched(t)...)
}

// unvouched lists results that are not what the manifest says.
func (r *Run) unvouched(t Tally) (list []error) {
	m, err := r.Manifest()
	if err != nil {
		list = append(list, err)
	}
	there := false
	for _, name := range []string{ResultsCSV, resultsPq} {
		path := filepath.Join(r.Dir, name)
		sum, err := hashOf(r.host, path)
		switch kept := m.output(name); {
		case errors.Is(err, fs.ErrNotExist) && (kept == "" || name == ResultsCSV): // the points have them
		case err != nil:
			list = append(list, damaged(path, "%s", reason(err)))
		case sum != kept:
			list = append(list, damaged(path, "not what %s says", manifestFile))
		default:
			there = true
		}
	}
	if there && len(list) == 0 && t.Done() > m.Tally.Done() {
		list = append(list, damaged(filepath.Join(r.Dir, ResultsCSV), "older than the points: of %d, %d are done now", m.Tally.Done(), t.Done()))
	}
	return list
}

// Sound is nil when nothing is damaged.
func (r *Run) Sound() error {
	list := r.Damage()
	switch len(list) {
	case 0:
		return nil
	case 1:
		return r.mendable(list[0])
	}
	return r.mendable(fmt.Errorf("%w (and %d more damaged)", list[0], len(list)-1))
}
