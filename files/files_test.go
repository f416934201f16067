package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const text = "what is written\n"

// holds checks the content of a file.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

// names are what a folder has, hidden files included.
func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

// TestPlaces: what a path may name, and what is written there and left of the name.
func TestPlaces(t *testing.T) {
	link := func(t *testing.T, to, from string) {
		t.Helper()
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	old := func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("a longer text that was there before\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string) (path, target string)
		left string // names in dir
	}{
		{"nothing there", func(t *testing.T, dir string) (string, string) { return dir + "/new", dir + "/new" }, "new"},
		{"a file", func(t *testing.T, dir string) (string, string) { old(t, dir+"/f"); return dir + "/f", dir + "/f" }, "f"},
		{"a link to a file", func(t *testing.T, dir string) (string, string) {
			old(t, dir+"/f")
			link(t, "f", dir+"/l")
			return dir + "/l", dir + "/f"
		}, "f l"},
		{"a link to a link to nothing yet", func(t *testing.T, dir string) (string, string) {
			link(t, dir+"/l", dir+"/k")
			link(t, "f", dir+"/l")
			return dir + "/k", dir + "/f"
		}, "f k l"},
		{"a link into another folder", func(t *testing.T, dir string) (string, string) {
			if err := os.MkdirAll(dir+"/a/b", 0o755); err != nil {
				t.Fatal(err)
			}
			link(t, "a/b", dir+"/d")
			link(t, "../f", dir+"/a/b/l") // a/f: the parent of d is not that of b
			return dir + "/d/l", dir + "/a/f"
		}, "a d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path, target := c.make(t, dir)
			before, _ := os.Stat(target)
			if err := WriteBytes(path, []byte(text)); err != nil {
				t.Fatal(err)
			}
			holds(t, target, text)
			if got := names(t, dir); got != c.left {
				t.Errorf("the folder has %q, want %q", got, c.left)
			}
			after, err := os.Lstat(target)
			if err != nil || !after.Mode().IsRegular() || before != nil && before.Mode() != after.Mode() {
				t.Errorf("%v (%v), before %v", after, err, before)
			}
		})
	}
}

// TestThrough: a device, a named pipe and an open descriptor take what is written, and are there
// afterwards.
func TestThrough(t *testing.T) {
	if err := WriteBytes("/dev/null", []byte(text)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Errorf("/dev/null is %v (%v)", info, err)
	}

	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		got, _ := os.ReadFile(pipe)
		read <- string(got)
	}()
	if err := WriteBytes(pipe, []byte(text)); err != nil {
		t.Error(err)
	}
	if got := <-read; got != text {
		t.Errorf("the pipe gave %q", got)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v (%v)", info, err)
	}

	f, err := os.Create(filepath.Join(t.TempDir(), "redirected"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("before\n"); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(fmt.Sprint("/dev/fd/", f.Fd()), link); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(link, []byte(text)); err != nil {
		t.Error(err)
	}
	if _, err := f.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	holds(t, f.Name(), "before\n"+text+"after\n")
}

// TestFailures: what cannot be written leaves nothing and says which path; whose fault it is can
// be told.
func TestFailures(t *testing.T) {
	own := errors.New("ours")
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path      string
		misplaced bool
	}{
		{dir, true}, {dir + "/no/folder", true}, {loop, true}, {loop + "/x", true}, {dir + "/" + strings.Repeat("n", 300), true}, {"/dev/fd/987654", false}, {"/dev/full", false},
	} {
		err := WriteBytes(c.path, []byte(text))
		var e *Error
		if !errors.As(err, &e) || e.Path != c.path || e.Misplaced() != c.misplaced || strings.Contains(err.Error(), draftEnd) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	err := Write(dir+"/f", func(w io.Writer) error {
		_, _ = io.WriteString(w, text)
		return own
	})
	if err != own {
		t.Errorf("the error of what is written is %v", err)
	}
	if got := names(t, dir); got != "loop" {
		t.Errorf("left behind: %q", got)
	}
}

// TestDeadDrafts: what a killed process was writing is gone when the next writes there; what a
// living one is writing stays.
func TestDeadDrafts(t *testing.T) {
	if dir := os.Getenv("OOOVM_TEST_DRAFT"); dir != "" { // the process that is killed
		_ = Write(dir+"/f", func(io.Writer) error { time.Sleep(time.Minute); return nil })
		return
	}
	dir := t.TempDir()
	start := func() *exec.Cmd {
		before := strings.Fields(names(t, dir))
		writes := func(name string) bool { return strings.HasSuffix(name, draftEnd) && !slices.Contains(before, name) }
		cmd := exec.Command(os.Args[0], "-test.run", "^TestDeadDrafts$")
		cmd.Env = append(os.Environ(), "OOOVM_TEST_DRAFT="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); !slices.ContainsFunc(strings.Fields(names(t, dir)), writes); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("it does not begin to write")
			}
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	kill(start())
	dead := names(t, dir)
	living := start()
	defer kill(living)
	if err := WriteBytes(dir+"/g", []byte(text)); err != nil {
		t.Fatal(err)
	}
	got := names(t, dir)
	// The living one makes another draft where we have taken its first for a dead one's, before it was locked.
	for end := time.Now().Add(10 * time.Second); strings.Count(got, draftEnd) == 0 && time.Now().Before(end); got = names(t, dir) {
		time.Sleep(time.Millisecond)
	}
	if !strings.HasSuffix(dead, draftEnd) || strings.Contains(got, dead) || strings.Count(got, draftEnd) != 1 || !strings.HasSuffix(got, " g") {
		t.Errorf("the dead one left %q; now there is %q, want the draft of the living and g", dead, got)
	}
}

// TestAbandon: a process that ends while it writes takes its drafts along.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	err := Write(dir+"/f", func(io.Writer) error {
		Abandon()
		return nil
	})
	if err == nil || names(t, dir) != "" {
		t.Errorf("%v; the folder has %q", err, names(t, dir))
	}
}
