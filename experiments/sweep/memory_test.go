package sweep

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// entry is a file or a directory of a tree.
type entry struct {
	path string
	dir  bool
	data string
}

// tree is a file system in memory: entries in the order of their paths. It is never changed.
type tree []entry

func (t tree) find(name string) (int, bool) {
	return slices.BinarySearchFunc(t, name, func(e entry, name string) int { return cmp.Compare(e.path, name) })
}

// lookup is what a kernel does with a path: every directory on the way has to be one.
func (t tree) lookup(name string) (e entry, err error) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if i, ok := t.find(dir); ok && !t[i].dir {
			return e, syscall.ENOTDIR
		}
	}
	i, ok := t.find(name)
	if !ok {
		return e, syscall.ENOENT
	}
	return t[i], nil
}

// with has an entry more, or another in its place.
func (t tree) with(e entry) tree {
	i, ok := t.find(e.path)
	if ok {
		t = slices.Clone(t)
		t[i] = e
		return t
	}
	return slices.Insert(slices.Clone(t), i, e)
}

func (t tree) without(name string) tree {
	return slices.DeleteFunc(slices.Clone(t), func(e entry) bool { return e.path == name })
}

// inside reports whether a path is below another.
func inside(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

func (t tree) children(dir string) (names []string) {
	for _, e := range t {
		if path.Dir(e.path) == dir {
			names = append(names, path.Base(e.path))
		}
	}
	return names
}

// kind is an operation of the interface host.
type kind byte

const (
	opOpen kind = iota
	opList
	opCreate    // an empty file
	opFill      // its content
	opExclusive // an empty file where nothing is
	opMkdir
	opLink
	opRename
	opUnlink
	opRmdir
	opStanding
	opPause
	opRun // the simulation of a point begins
	opRan // and ends
)

type operation struct {
	kind kind
	path string
	to   string // of a link or rename
	data string
}

// answer is what an operation comes to.
type answer struct {
	data     string
	names    string
	errno    syscall.Errno
	standing standing
}

func (a answer) err(o operation) error {
	if a.errno == 0 {
		return nil
	}
	return &fs.PathError{Op: "model", Path: o.path, Err: a.errno}
}

func refused(t tree, errno syscall.Errno) (tree, answer) { return t, answer{errno: errno} }

// apply does an operation on files, as POSIX and NFS have it and os.Rename restricts it.
func (t tree) apply(o operation) (tree, answer) {
	e, err := t.lookup(o.path)
	var errno syscall.Errno
	errors.As(err, &errno)
	there := err == nil
	needsParent := o.kind == opCreate || o.kind == opMkdir || o.kind == opExclusive
	if needsParent && errno == syscall.ENOENT {
		if dir := path.Dir(o.path); dir != "." {
			if _, ok := t.find(dir); !ok {
				return refused(t, syscall.ENOENT)
			}
		}
	} else if err != nil && o.kind != opFill {
		if errno == syscall.ENOENT && (o.kind == opUnlink || o.kind == opRmdir) {
			return t, answer{}
		}
		return refused(t, errno)
	}
	switch o.kind {
	case opOpen:
		if e.dir {
			return refused(t, syscall.EISDIR)
		}
		return t, answer{data: e.data}
	case opList:
		if !e.dir {
			return refused(t, syscall.ENOTDIR)
		}
		return t, answer{names: strings.Join(t.children(o.path), "\n")}
	case opCreate:
		if there && e.dir {
			return refused(t, syscall.EISDIR)
		}
		return t.with(entry{path: o.path}), answer{}
	case opFill:
		if !there { // removed while it was written
			return t, answer{}
		}
		return t.with(entry{path: o.path, data: o.data}), answer{}
	case opExclusive:
		if there {
			return refused(t, syscall.EEXIST)
		}
		return t.with(entry{path: o.path}), answer{}
	case opMkdir:
		if there && !e.dir {
			return refused(t, syscall.EEXIST)
		}
		if there {
			return t, answer{}
		}
		return t.with(entry{path: o.path, dir: true}), answer{}
	case opUnlink:
		if e.dir {
			return refused(t, syscall.EISDIR)
		}
		return t.without(o.path), answer{}
	case opRmdir:
		switch {
		case !e.dir:
			return refused(t, syscall.ENOTDIR)
		case len(t.children(o.path)) > 0:
			return refused(t, syscall.ENOTEMPTY)
		}
		return t.without(o.path), answer{}
	case opLink, opRename:
		return t.second(o, e)
	}
	panic("not an operation on files")
}

// second is what links and renames: e gets the name o.to.
func (t tree) second(o operation, e entry) (tree, answer) {
	old, err := t.lookup(o.to)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return refused(t, syscall.ENOTDIR)
	case err != nil:
		if _, ok := t.find(path.Dir(o.to)); !ok {
			return refused(t, syscall.ENOENT)
		}
	case o.kind == opLink || old.dir:
		return refused(t, syscall.EEXIST)
	case e.dir:
		return refused(t, syscall.ENOTDIR)
	}
	if o.kind == opLink {
		return t.with(entry{path: o.to, data: e.data}), answer{}
	}
	moved := t.without(o.path).with(entry{path: o.to, dir: e.dir, data: e.data})
	for _, below := range t {
		if inside(below.path, o.path) {
			moved = moved.without(below.path).with(entry{path: o.to + below.path[len(o.path):], dir: below.dir, data: below.data})
		}
	}
	return moved, answer{}
}

// answerer answers operations one after the other.
type answerer interface {
	answer(operation) (answer, error)
}

// modelHost is the interface host over something that answers operations.
type modelHost struct {
	answerer
	name    string
	begun   int
	noLinks bool
}

func (h *modelHost) do(o operation) (answer, error) {
	a, err := h.answer(o)
	if err != nil {
		return a, err
	}
	return a, a.err(o)
}

func (h *modelHost) Open(name string) (io.ReadCloser, error) {
	a, err := h.do(operation{kind: opOpen, path: name})
	if err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(a.data)), nil
}

func (h *modelHost) ReadDir(name string) ([]string, error) {
	a, err := h.do(operation{kind: opList, path: name})
	if err != nil || a.names == "" {
		return nil, err
	}
	return strings.Split(a.names, "\n"), nil
}

// writing is a file whose content comes with Close.
type writing struct {
	h    *modelHost
	path string
	data strings.Builder
}

func (h *modelHost) Create(name string) (io.WriteCloser, error) {
	if _, err := h.do(operation{kind: opCreate, path: name}); err != nil {
		return nil, err
	}
	return &writing{h: h, path: name}, nil
}

func (w *writing) Write(p []byte) (int, error) { return w.data.Write(p) }

func (w *writing) Close() error {
	_, err := w.h.do(operation{kind: opFill, path: w.path, data: w.data.String()})
	return err
}

func (h *modelHost) Mkdir(name string) error {
	_, err := h.do(operation{kind: opMkdir, path: name})
	return err
}

// Link without links is what disk does on file systems that have none.
func (h *modelHost) Link(old, name string) error {
	if !h.noLinks {
		_, err := h.do(operation{kind: opLink, path: old, to: name})
		return err
	}
	a, err := h.do(operation{kind: opOpen, path: old})
	if err != nil {
		return err
	}
	if _, err := h.do(operation{kind: opExclusive, path: name}); err != nil {
		return err
	}
	_, err = h.do(operation{kind: opFill, path: name, data: a.data})
	return err
}

func (h *modelHost) Rename(old, name string) error {
	_, err := h.do(operation{kind: opRename, path: old, to: name})
	return err
}

func (h *modelHost) Unlink(name string) error {
	_, err := h.do(operation{kind: opUnlink, path: name})
	return err
}

func (h *modelHost) Rmdir(name string) error {
	_, err := h.do(operation{kind: opRmdir, path: name})
	return err
}

func (h *modelHost) Begin() string {
	h.begun++
	return h.name + "-" + string(rune('a'+h.begun-1))
}

func (h *modelHost) End(string) {}

func (h *modelHost) Standing(name string) standing {
	a, err := h.do(operation{kind: opStanding, path: name})
	if err != nil {
		return unknown
	}
	return a.standing
}

func (h *modelHost) Pause(context.Context) { _, _ = h.do(operation{kind: opPause}) }
