package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
)

// process is what came of a real process of ooovm.
type process struct {
	code           int
	stdout, stderr string
	wall, cpu      time.Duration
	peak           int64 // largest resident set, bytes; 0 where it is not known
}

// givenUp is how long a process may take that is to end by itself.
const givenUp = 2 * time.Minute

// start runs ooovm as users do; TestMain makes this test binary the program. Of the shell's
// words before it, limits may be ulimit -v 4194304.
func start(t testing.TB, limits string, env []string, args ...string) process {
	t.Helper()
	return interrupted(t, 0, limits, env, args...)
}

// interrupted is start, with Ctrl-C after some time, 0 for never.
func interrupted(t testing.TB, after time.Duration, limits string, env []string, args ...string) process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), givenUp)
	defer cancel()
	if limits == "" {
		limits = ":"
	}
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", limits + `; exec ooovm "$@"`, "ooovm"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	var peak atomic.Int64
	begin := time.Now()
	err := cmd.Start()
	if err == nil {
		if after > 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Signal(os.Interrupt) })
		}
		ended := make(chan struct{})
		go watchPeak(cmd.Process.Pid, ended, &peak)
		err = cmd.Wait()
		close(ended)
	}
	p := process{stdout: stdout.String(), stderr: stderr.String(), wall: time.Since(begin)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%q does not end", args)
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	}
	state := cmd.ProcessState
	p.code, p.cpu = state.ExitCode(), state.UserTime()+state.SystemTime()
	p.peak = peak.Load()
	return p
}

// watchPeak keeps the most memory that a process has had, in bytes, until it ends; 0 where there
// is no /proc. What the kernel gives at its end counts from the peak of the process that began it.
func watchPeak(pid int, ended <-chan struct{}, peak *atomic.Int64) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return
		}
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(after, &kib); err == nil {
				peak.Store(kib << 10)
			}
		}
		select {
		case <-ended:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// lines are those of stderr.
func (p *process) lines() []string {
	if p.stderr == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(p.stderr, "\n"), "\n")
}

// rude says what no process may print, whatever it is given: a panic, a line that is not
// ooovm's, a character that a terminal obeys, a line without end.
func (p *process) rude() string {
	for _, line := range p.lines() {
		switch {
		case !strings.HasPrefix(line, "ooovm: "):
			return "a line without prefix: " + shown(line)
		case strings.Contains(line, "simulator error"), strings.Contains(line, "runtime error"):
			return "a fault of ooovm: " + shown(line)
		case strings.ContainsFunc(line, unicode.IsControl):
			return "a control character: " + shown(line)
		case len(line) > 4096:
			return "a line of a screen and more: " + shown(line)
		}
	}
	return ""
}

func shown(line string) string {
	if len(line) > 500 {
		line = line[:500] + "..."
	}
	return strings.ToValidUTF8(line, "?")
}
