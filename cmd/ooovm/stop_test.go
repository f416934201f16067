package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ooovm/ooovm/traces"
)

// ends is how soon a command has to end that is told to.
const ends = 2 * time.Second

// stalled is a named pipe that is opened and never gives anything, as a disk that has gone does.
func stalled(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "stalled.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // whoever still waits for it goes on
		if f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
	})
	return path
}

// TestTimeout: whatever a command is about when --timeout is reached, it ends: one that reads, one that writes, one that
// computes.
func TestTimeout(t *testing.T) {
	files := fixture(t)
	var all sync.WaitGroup
	for _, args := range []string{
		"run $stalled", "run -c $stalled", "run --preset scalar --baseline=false $good.json --pipeview $view", "run $endless.fuel.json",
		"validate $stalled", "validate $endless.fuel.json", "statetest $stalled", "limits $stalled", "levels $stalled", "levels --cores 64", "ablate $stalled",
		"profile $stalled", "bench $stalled", "bench", "sweep run $stalled -o $dir/s", "plot $swept --x core.rob --y ipc -o $picture", "report $swept -o $stalled",
		"study run all -o $dir/study --no-progress", "trace info $stalled", "trace disasm $stalled", "trace bal $stalled -o $dir/x", "trace bal $good.json -o $stalled",
		"trace gen --workload erc20 --transactions 4 -o $stalled",
		"trace import $stalled -o $dir/x.json", "trace import $good.json -o $stalled", "trace fetch --rpc http://127.0.0.1:1 --block 1 --retries 20 -o $dir/x.json",
		"corpus list $stalled", "config show -c $stalled", "config diff scalar $stalled",
	} {
		all.Go(func() { // they wait, most of them: many at once take no longer
			pipe, links := stalled(t), t.TempDir()
			own := map[string]string{"stalled": pipe, "view": links + "/v.kanata", "picture": links + "/p.svg"}
			for _, name := range []string{"view", "picture"} {
				if err := os.Symlink(pipe, own[name]); err != nil {
					t.Error(err)
				}
			}
			for name, path := range files {
				own[name] = path
			}
			var list []string
			for _, arg := range strings.Fields(args) {
				list = append(list, named(own, arg))
			}
			begin := time.Now()
			code, stderr := command(append(list, "--timeout", "100ms")...)
			if took := time.Since(begin); took > 100*time.Millisecond+ends {
				t.Errorf("%s took %v", args, took)
			}
			if code != exitTimeout || !strings.Contains(stderr, "ooovm: --timeout") {
				t.Errorf("%s: exit code %d:\n%s", args, code, stderr)
			}
		})
	}
	all.Wait()
}

// waiting is a command in a process of its own, which waits for a pipe.
type waiting struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

// startWaiting runs a command that waits for what a pipe gives, and returns when it waits.
func startWaiting(t *testing.T, pipe string, args ...string) *waiting {
	t.Helper()
	p := &waiting{Cmd: exec.Command("ooovm", args...)}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails until somebody reads
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return p
		}
		if time.Now().After(end) {
			t.Fatal("it does not begin to read")
		}
	}
}

// TestSignals: Ctrl-C and SIGTERM end a command that does not look at them within two seconds, and a second one at once;
// what is finished is printed.
func TestSignals(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	block := filepath.Join(t.TempDir(), "done.json")
	if err := b.Save(block); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		send   []os.Signal
		within time.Duration
		code   int
		want   string
	}{
		{"Ctrl-C", []os.Signal{os.Interrupt}, ends, exitInterrupted, "ooovm: interrupted: the command was not finished\n"},
		{"SIGTERM", []os.Signal{syscall.SIGTERM}, ends, exitTerminated, "ooovm: terminated: the command was not finished\n"},
		{"Ctrl-C twice", []os.Signal{os.Interrupt, os.Interrupt}, patience / 2, exitInterrupted, "ooovm: interrupted: the command was not finished\n"},
		{"Ctrl-C, then SIGTERM", []os.Signal{os.Interrupt, syscall.SIGTERM}, patience / 2, exitInterrupted, "ooovm: interrupted: the command was not finished\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pipe := stalled(t)
			p := startWaiting(t, pipe, "limits", "-j", "1", block, pipe)
			time.Sleep(200 * time.Millisecond) // the row of the first
			begin := time.Now()
			for _, s := range c.send {
				if err := p.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Millisecond) // two of a kind at once are one
			}
			_ = p.Wait()
			if took := time.Since(begin); took > c.within {
				t.Errorf("it took %v", took)
			}
			if got := p.ProcessState.ExitCode(); got != c.code || p.stderr.String() != c.want {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got, c.code, p.stderr.String(), c.want)
			}
			if !strings.Contains(p.stdout.String(), "  done ") {
				t.Errorf("the row of the finished block is not printed:\n%s", p.stdout.String())
			}
		})
	}
}

// TestSignalInARun: what looks at its context ends by itself, and says how far it was.
func TestSignalInARun(t *testing.T) {
	files := fixture(t)
	p := exec.Command("ooovm", "validate", "-v", "--preset", "scalar", "--baseline=false", files["good.json"], files["endless.fuel.json"])
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	p.Stderr = &stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	row := make([]byte, 1<<12)
	for text := ""; !strings.Contains(text, "  good "); {
		n, err := out.Read(row)
		if err != nil {
			t.Fatal(err, text)
		}
		text += string(row[:n])
	}
	begin := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	_ = p.Wait()
	if took := time.Since(begin); took > patience {
		t.Errorf("it took %v", took)
	}
	if p.ProcessState.ExitCode() != exitTerminated || !strings.Contains(string(rest), "  total ") || !strings.Contains(stderr.String(), "ooovm: terminated: 1 of 2 blocks not finished, 0 failed\n") {
		t.Errorf("exit code %d; %s\n%s", p.ProcessState.ExitCode(), rest, stderr.String())
	}
}

// TestReaderGone: a standard output that nobody reads any more is an error, with a line.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	p := exec.Command("ooovm", "config", "presets")
	var stderr bytes.Buffer
	p.Stdout, p.Stderr = w, &stderr
	_ = p.Run()
	w.Close()
	if p.ProcessState.ExitCode() != exitFailed || stderr.String() != "ooovm: standard output: broken pipe\n" {
		t.Errorf("%v, %q", p.ProcessState, stderr.String())
	}
}

// TestKilled: what a killed command was writing is gone after the next that writes there.
func TestKilled(t *testing.T) {
	pipe, dir := stalled(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".x.json.KILLED.ooovm-draft"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWaiting(t, pipe, "trace", "import", pipe, "-o", filepath.Join(dir, "x.json"))
	_ = p.Process.Kill()
	_ = p.Wait()
	if code, stderr := command("trace", "gen", "--workload", "erc20", "--transactions", "4", "-o", filepath.Join(dir, "x.json")); code != exitOK {
		t.Fatal(stderr)
	}
	if left := inFolder(t, dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// TestPipeIsABlock: a pipe can be read once, and is: nobody looks into it before.
func TestPipeIsABlock(t *testing.T) {
	text := embeddedText(t)
	for _, args := range [][]string{{"run", "--preset", "scalar", "--baseline=false"}, {"validate", "--preset", "scalar", "--baseline=false"}, {"limits"}, {"trace", "info"}} {
		pipe := stalled(t)
		go func() {
			if f, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil {
				_, _ = f.Write(text)
				f.Close()
			}
		}()
		if code, stderr := command(append(args, pipe, "--timeout", "20s")...); code != exitOK {
			t.Errorf("%v: exit code %d:\n%s", args, code, stderr)
		}
	}
}

// TestUnreadOutput: a command that waits for somebody to read what it prints ends all the same.
func TestUnreadOutput(t *testing.T) {
	for _, signals := range [][]os.Signal{{syscall.SIGTERM}, {os.Interrupt, os.Interrupt}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := exec.Command("ooovm", "sweep", "columns", "--format", "md")
		p.Stdout, p.Stderr = w, w
		fill(t, w)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		begin := time.Now()
		for _, s := range signals {
			if err := p.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		ended := make(chan struct{})
		go func() { _ = p.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = p.Process.Kill()
			<-ended
		}
		if code, took := p.ProcessState.ExitCode(), time.Since(begin); code != exitTerminated && code != exitInterrupted || took > 3*patience {
			t.Errorf("%v: exit code %d after %v", signals, code, took)
		}
		r.Close()
		w.Close()
	}
}

// fill leaves no room in a pipe.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	full, err := syscall.Dup(int(w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(full)
	if err := syscall.SetNonblock(full, true); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = syscall.Write(full, make([]byte, 4096))
	}
	if err := syscall.SetNonblock(full, false); err != nil { // the flag is the pipe's, whoever has it
		t.Fatal(err)
	}
}
