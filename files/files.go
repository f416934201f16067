// Package files writes what commands leave behind. A regular file is replaced whole
// or left as it was. A device, a named pipe or an open descriptor is written to directly. A
// link is kept, and its target written.
package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
)

// Error is that a file could not be written.
type Error struct {
	Path string // as it was named
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("cannot write %s: %v", e.Path, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// misplaced are the errors of a name at which nothing can be written, whatever the machine does.
var misplaced = []error{
	fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EROFS, syscall.EINVAL, syscall.ENXIO,
}

// Misplaced tells a path that was named wrongly from a machine that cannot write: a full disk,
// a reader that has gone.
func (e *Error) Misplaced() bool {
	for _, err := range misplaced {
		if errors.Is(e.Err, err) {
			return true
		}
	}
	return false
}

// failed names the path that a user gave in place of the one that the system was given.
func failed(path string, err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &Error{path, err}
}

// WriteBytes is Write of what is there already.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write makes what write writes the content of a path. Its error is write's own, or an *Error.
func Write(path string, write func(io.Writer) error) error {
	target, fd, err := follow(path)
	if err != nil {
		return failed(path, err)
	}
	if fd >= 0 {
		return throughDescriptor(path, fd, write)
	}
	switch info, err := os.Stat(target); {
	case errors.Is(err, fs.ErrNotExist):
		return replace(path, target, nil, write)
	case err != nil:
		return failed(path, err)
	case info.IsDir():
		return failed(path, syscall.EISDIR)
	case info.Mode().IsRegular():
		return replace(path, target, info, write)
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return failed(path, err)
	}
	return through(path, f, write)
}

// descriptor are the names of open files of this process.
var descriptor = regexp.MustCompile(`^/(?:dev/fd|proc/(?:self|thread-self|` + strconv.Itoa(os.Getpid()) + `)/fd)/([0-9]{1,9})$`)

// mostLinks is how many links in a row Linux follows.
const mostLinks = 40

// follow finds the file that a path's links lead to, which need not be there, or the open
// descriptor: opened by its name again, it would begin at the file's start and not where it
// stands. fd is -1 for none.
func follow(path string) (target string, fd int, err error) {
	for range mostLinks {
		if m := descriptor.FindStringSubmatch(path); m != nil {
			fd, err := strconv.Atoi(m[1])
			return path, fd, err
		}
		to, err := os.Readlink(path)
		if err != nil {
			return path, -1, nil // no link; what else is wrong with it, opening it tells
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(path) // filepath.Join would take .. for the parent of a link
			to = folder + to
		}
		path = to
	}
	return path, -1, syscall.ELOOP
}

func throughDescriptor(path string, fd int, write func(io.Writer) error) error {
	own, err := syscall.Dup(fd)
	if err != nil {
		return failed(path, err)
	}
	return through(path, os.NewFile(uintptr(own), path), write)
}

// through writes to what is no regular file, and closes it.
func through(path string, f *os.File, write func(io.Writer) error) error {
	err := fill(path, f, write)
	if e := f.Close(); err == nil && e != nil {
		err = failed(path, e)
	}
	return err
}

// fill has a file written; an error of the file counts before what write makes of it.
func fill(path string, f io.Writer, write func(io.Writer) error) error {
	to := &watched{Writer: f}
	buffered := bufio.NewWriterSize(to, 1<<16)
	err := write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if to.err != nil {
		return failed(path, to.err)
	}
	return err
}

// watched remembers the first error of a writer.
type watched struct {
	io.Writer
	err error
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}
