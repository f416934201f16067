package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ooovm/ooovm/experiments/selftest"
	"github.com/ooovm/ooovm/traces/generator"
)

var (
	sweepStarts = flag.Int("sweep-starts", 4, "how often TestStartedTogether starts eight processes in a new directory")
	sweepKills  = flag.Int("sweep-kills", 6, "how many sweeps TestKilledAtAnyMoment kills")
	sweepFrom   = flag.Uint64("sweep-from", 0, "seed of the first of them, and of the first mutant")
)

// sweepPlace makes a folder with this program and a small block to sweep over, and goes there.
func sweepPlace(t *testing.T) (program string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(self, "ooovm"); err != nil { // as testscript knows it
		t.Fatal(err)
	}
	b, err := generator.New(generator.Params{Workload: "erc20", Transactions: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Save("small.json"); err != nil {
		t.Fatal(err)
	}
	if program, err = filepath.Abs("ooovm"); err != nil {
		t.Fatal(err)
	}
	return program
}

// sweeper is a command that a test has started, and what it says.
type sweeper struct {
	*exec.Cmd
	said bytes.Buffer
}

func started(t *testing.T, program string, args ...string) *sweeper {
	t.Helper()
	p := &sweeper{Cmd: exec.Command(program, args...)}
	p.Stdout, p.Stderr = &p.said, &p.said
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// code waits for the process and gives its exit code, -1 when it was killed.
func (p *sweeper) code(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

func succeeds(t *testing.T, program string, args ...string) {
	t.Helper()
	if p := started(t, program, args...); p.code(t) != exitOK {
		t.Fatalf("ooovm %s:\n%s", strings.Join(args, " "), p.said.String())
	}
}

// sweepOutputs are the files that do not vary from run to run.
var sweepOutputs = []string{"points.csv", "results.csv", "results.parquet", "sweep.yaml", "sweep.json"}

// sameOutputs compares a sweep with one that a single process has run.
func sameOutputs(t *testing.T, dir, want string) {
	t.Helper()
	for _, name := range sweepOutputs {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if right, err := os.ReadFile(filepath.Join(want, name)); err != nil || !bytes.Equal(got, right) {
			t.Errorf("%s: %s differs from that of one process (%v)", dir, name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "tmp", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestStartedTogether: eight processes that start at once in a new directory lose nothing.
// In every other run each has all points before it.
func TestStartedTogether(t *testing.T) {
	program := sweepPlace(t)
	if err := os.WriteFile("sweep.yaml", []byte(selftest.MeetingSweep), 0o600); err != nil {
		t.Fatal(err)
	}
	succeeds(t, program, "sweep", "run", "sweep.yaml", "-o", "alone")
	const processes, simulations = 8, 6
	begin := time.Now()
	for n := range *sweepStarts {
		dir := filepath.Join("runs", fmt.Sprint(n))
		var list []*sweeper
		for i := range processes {
			shard := "0/1"
			if n%2 == 0 {
				shard = fmt.Sprintf("%d/%d", i, processes)
			}
			list = append(list, started(t, program, "sweep", "run", "sweep.yaml", "-o", dir, "--shard", shard, "-j", "2"))
		}
		for i, p := range list {
			if code := p.code(t); code != exitOK {
				t.Errorf("run %d: process %d ends with %d:\n%s", n, i, code, p.said.String())
			}
		}
		if n%2 == 0 {
			succeeds(t, program, "sweep", "merge", dir)
		}
		succeeds(t, program, "sweep", "status", dir)
		sameOutputs(t, dir, "alone")
		if sessions, ran := sessionsOf(t, dir); sessions != processes || ran != simulations {
			t.Errorf("run %d: the manifest has %d sessions that ran %d simulations, want %d and %d", n, sessions, ran, processes, simulations)
		}
		if t.Failed() {
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs of %d processes in %v", *sweepStarts, processes, time.Since(begin).Round(time.Second))
}

// sessionsOf counts what the manifest says of who has worked on a sweep.
func sessionsOf(t *testing.T, dir string) (sessions, ran int) {
	t.Helper()
	var m struct{ Sessions []struct{ Ran int } }
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Sessions {
		ran += s.Ran
	}
	return len(m.Sessions), ran
}

// TestKilledAtAnyMoment: a sweep that is killed by a signal that nobody can catch, as it
// begins, runs or writes results, is taken up and comes to the same bytes.
func TestKilledAtAnyMoment(t *testing.T) {
	program := sweepPlace(t)
	text := strings.Replace(selftest.MeetingSweep, "[1, 2, 3, 4]", "[1]", 1) + "repeats: 4\n"
	if err := os.WriteFile("sweep.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	succeeds(t, program, "sweep", "run", "sweep.yaml", "-o", "alone")
	span := time.Since(begin)
	moments := map[string]int{}
	for n := range *sweepKills {
		dice := rand.New(rand.NewPCG(*sweepFrom+uint64(n), 1))
		dir := filepath.Join("runs", fmt.Sprint(n))
		p := started(t, program, "sweep", "run", "sweep.yaml", "-o", dir, "-j", "2")
		gone := make(chan struct{})
		go func() {
			_ = p.Wait()
			close(gone)
		}()
		if n%3 == 0 { // while results are written
			awaitFile(filepath.Join(dir, "tmp", "*", "results.csv"), gone)
			time.Sleep(time.Duration(dice.Int64N(int64(8 * time.Millisecond))))
		} else {
			select {
			case <-time.After(time.Duration(dice.Int64N(int64(span)))):
			case <-gone:
			}
		}
		_ = p.Process.Signal(syscall.SIGKILL)
		<-gone
		moments[momentOf(t, dir, p.ProcessState.ExitCode())]++
		again := []string{"sweep", "resume", dir}
		if _, err := os.Stat(filepath.Join(dir, "sweep.json")); err != nil {
			again = []string{"sweep", "run", "sweep.yaml", "-o", dir}
		}
		succeeds(t, program, again...)
		succeeds(t, program, "sweep", "status", dir)
		sameOutputs(t, dir, "alone")
		if t.Failed() {
			t.Fatalf("seed %d, killed when %v", *sweepFrom+uint64(n), moments)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d sweeps were killed: %v", *sweepKills, moments)
}

// awaitFile waits until a pattern finds something, or the process has gone.
func awaitFile(pattern string, gone <-chan struct{}) {
	for {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return
		}
		select {
		case <-gone:
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// momentOf says how far a process came before it was killed.
func momentOf(t *testing.T, dir string, code int) string {
	t.Helper()
	there := func(pattern string) int {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	const points = 24
	switch {
	case code >= 0:
		return "not killed: it was faster"
	case there("sweep.json") == 0:
		return "before the directory was begun"
	case there("points.csv") == 0:
		return "as the directory was begun"
	case there("points/*/DONE") < points:
		return "between points"
	case there("manifest.json") == 0 && there("tmp/*/results.*")+there("results.*") > 0:
		return "as results were written"
	}
	return "after the last point"
}
