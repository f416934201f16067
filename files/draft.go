package files

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

const (
	newFile = 0o644 // before the umask

	// A draft lies beside its target as .TARGET.RANDOM.ooovm-draft.
	draftEnd = ".ooovm-draft"
	mostName = 100 // bytes of the target's name in that of the draft
)

// drafts are the files that this process is writing.
var drafts = struct {
	sync.Mutex
	paths   map[string]bool
	visited map[string]bool // folders without drafts of the dead
}{paths: map[string]bool{}, visited: map[string]bool{}}

// replace writes a draft beside the target and moves it there.
// It keeps the permissions of old, which is nil where nothing is there.
func replace(path, target string, old fs.FileInfo, write func(io.Writer) error) error {
	folder, name := filepath.Split(target)
	if folder == "" {
		folder = "."
	}
	removeDead(folder)
	perm := fs.FileMode(newFile) // of the draft, too: it has the same content
	if old != nil {
		perm = old.Mode().Perm()
	}
	f, err := newDraft(folder, name, perm)
	if err != nil {
		return failed(path, err)
	}
	defer discard(f)
	if err := fill(path, f, write); err != nil {
		return err
	}
	if old != nil {
		err = f.Chmod(perm) // whatever the umask has taken
	}
	if err == nil {
		err = f.Sync() // a crash of the machine must not leave the name without the content
	}
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return failed(path, err)
	}
	return nil
}

// newDraft makes a draft and locks it as long as it is open: a lock that can be had is the
// evidence that nobody writes it any more. Where files cannot be locked, drafts of the dead stay.
func newDraft(folder, name string, perm fs.FileMode) (f *os.File, err error) {
	drafts.Lock()
	defer drafts.Unlock()
	const tries = 10 // another process may take it for a dead one's before it is locked
	for range tries {
		path := filepath.Join(folder, "."+name[:min(len(name), mostName)]+"."+rand.Text()+draftEnd)
		if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm|0o600); err != nil {
			return nil, err
		}
		if err = lock(f); !errors.Is(err, syscall.EWOULDBLOCK) && isAt(f, path) {
			drafts.paths[path] = true
			return f, nil
		}
		f.Close()
	}
	return nil, cmp.Or(err, error(syscall.EAGAIN))
}

// isAt tells whether a file still has its name.
func isAt(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(open, there)
}

func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// discard closes a draft and removes it, unless it has been moved to its place.
func discard(f *os.File) {
	drafts.Lock()
	defer drafts.Unlock()
	delete(drafts.paths, f.Name())
	_ = os.Remove(f.Name())
	f.Close()
}

// Abandon removes what is being written, for who ends the process while it is.
func Abandon() {
	drafts.Lock()
	defer drafts.Unlock()
	for path := range drafts.paths {
		_ = os.Remove(path)
	}
}

// removeDead removes drafts that killed processes have left in a folder, once.
func removeDead(folder string) {
	drafts.Lock()
	defer drafts.Unlock()
	if drafts.visited[folder] {
		return
	}
	drafts.visited[folder] = true
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // writing there will say so
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), draftEnd) && e.Type().IsRegular() {
			removeIfDead(filepath.Join(folder, e.Name()))
		}
	}
}

func removeIfDead(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if lock(f) != nil {
		return
	}
	if isAt(f, path) {
		_ = os.Remove(path)
	}
}
