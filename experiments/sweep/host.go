package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ooovm/ooovm/experiments/run"
)

// host is all that the directory of a sweep asks of the machine: the operations on files of
// which the protocol consists, each of which happens at once or not at all, and what is known
// of other processes. Tests put every order of these operations in its place.
type host interface {
	// Open opens a regular file; anything else that is there is an error.
	Open(path string) (io.ReadCloser, error)
	// ReadDir lists names in their order.
	ReadDir(path string) ([]string, error)
	// Create opens a file that nobody else writes or reads. What is written is on disk after
	// Close, and may be there in part before.
	Create(path string) (io.WriteCloser, error)
	// Mkdir makes a directory where there is none.
	Mkdir(path string) error
	// Link gives a file a second name, unless something has that name.
	Link(old, new string) error
	// Rename moves a file to the place of another or of none, a directory only to one where
	// nothing is.
	Rename(old, new string) error
	// Unlink removes what is no directory, Rmdir an empty directory. Where nothing is they
	// have nothing to do.
	Unlink(path string) error
	Rmdir(path string) error

	// Begin names this process for the time until End; no two have one name.
	Begin() string
	End(name string)
	// Standing tells whether the process of a name is still at work.
	Standing(name string) standing
	// Pause lets others go on.
	Pause(stop context.Context)
}

// standing is what is known of a process.
type standing int

const (
	unknown standing = iota // it is on another host, or says nothing of itself
	alive
	dead
)

// disk is the host that this process runs on.
type disk struct{}

func (disk) Open(path string) (io.ReadCloser, error) {
	info, err := os.Stat(path) // before it is opened: a pipe would keep us waiting
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotFile}
	}
	return os.Open(path)
}

var errNotFile = errors.New("not a file")

func (disk) ReadDir(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (disk) Create(path string) (io.WriteCloser, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (disk) Mkdir(path string) error {
	err := os.Mkdir(path, 0o777)
	if errors.Is(err, fs.ErrExist) {
		info, e := os.Stat(path)
		if e == nil && info.IsDir() {
			return nil
		}
		if errors.Is(e, fs.ErrNotExist) { // gone in the meantime
			return e
		}
	}
	return err
}

// Link makes do with a copy on file systems that have no links: it is exclusive, too, but may
// be half there when this process is killed.
func (disk) Link(old, name string) error {
	err := os.Link(old, name)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, e := os.ReadFile(old)
	if e != nil {
		return err
	}
	f, e := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if e != nil {
		return e
	}
	_, e = f.Write(data)
	return errors.Join(e, f.Close())
}

func (disk) Rename(old, name string) error { return os.Rename(old, name) }

func (disk) Unlink(path string) error {
	if err := syscall.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "unlink", Path: path, Err: err}
	}
	return nil
}

func (disk) Rmdir(path string) error {
	if err := syscall.Rmdir(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "rmdir", Path: path, Err: err}
	}
	return nil
}

func (disk) Pause(stop context.Context) {
	select {
	case <-time.After(50 * time.Millisecond):
	case <-stop.Done():
	}
}

// readFile gives the content of a file.
func readFile(h host, path string) (data []byte, err error) {
	f, err := h.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}

// writeFile writes a file that nobody else knows of.
func writeFile(h host, path string, data []byte) error {
	f, err := h.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// mkdirAll makes a directory and those above it.
func mkdirAll(h host, path string) error {
	err := h.Mkdir(path)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		if err := mkdirAll(h, filepath.Dir(path)); err != nil {
			return err
		}
		return h.Mkdir(path)
	}
	return err
}

// removeTree removes a file, or a directory with all that is in it. What somebody else has
// removed already is no error; of a link, what it leads to stays.
func removeTree(h host, path string) error {
	err := h.Unlink(path)
	if err == nil {
		return nil
	}
	names, e := h.ReadDir(path)
	if errors.Is(e, fs.ErrNotExist) {
		return nil
	}
	if e != nil {
		return err
	}
	for _, name := range names {
		if err := removeTree(h, filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return h.Rmdir(path)
}

// unless is an error but one.
func unless(err, but error) error {
	if errors.Is(err, but) {
		return nil
	}
	return err
}

// move moves a file to its place. An empty directory there makes room.
func move(h host, draft, place string) error {
	err := h.Rename(draft, place)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if h.Rmdir(place) != nil {
		if _, e := h.ReadDir(place); e == nil {
			return damaged(place, "a directory is in the way")
		}
		return err
	}
	return h.Rename(draft, place)
}

// inTheWay marks errors that come of what somebody has put into the directory: files where
// directories belong, and the reverse.
func inTheWay(err error) error {
	var at *damage
	if errors.As(err, &at) {
		return run.Input(err)
	}
	for _, kind := range []error{fs.ErrExist, fs.ErrNotExist, syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP} {
		if errors.Is(err, kind) {
			return run.Input(err)
		}
	}
	return err
}

// damage is what is wrong with a file of a sweep.
type damage struct{ path, what string }

func (d *damage) Error() string { return d.path + ": " + d.what }

func damaged(path, format string, args ...any) error {
	return &damage{path, fmt.Sprintf(format, args...)}
}

// reason is what a file system says of a path, without the path.
func reason(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "missing"
	case errors.As(err, &at):
		return at.Err.Error()
	}
	return err.Error()
}
