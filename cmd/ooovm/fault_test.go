package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/traces"
)

// lose panics as a nil pointer does.
func lose() int {
	var p *int
	return *p
}

// TestFaults: a panic anywhere, and a broken invariant, is one line that says whose fault it is
// and where the dump is, and exit code 1; faults of one command share a file.
func TestFaults(t *testing.T) {
	each := func(one func(int) int) error {
		return batch.Ordered(batch.Host{Jobs: 2}, []int{1, 2, 3}, one, func(int) error { return nil })
	}
	for _, c := range []struct {
		name, want, stack string
		run               func(c *cli) error
	}{
		{"in the command", "simulator error: runtime error", "lose(", func(*cli) error { lose(); return nil }},
		{"in a worker", "simulator error: runtime error", "lose(", func(*cli) error { return each(func(int) int { return lose() }) }},
		{"in the list of inputs", "simulator error: runtime error", "lose(", func(*cli) error {
			return batch.Stream(batch.Host{}, func(func(int) bool) { lose() }, func(int) int { return 0 }, func(int) error { return nil })
		}},
		{"over a block", "b: simulator error: runtime error", "lose(", func(c *cli) error {
			t := tally{c: c}
			t.note(invariant.Guard("b", func() error { lose(); return nil }))
			return t.err(1)
		}},
		{"a broken invariant", "simulator error: 3 lost", "goroutine", func(*cli) error { return invariant.Broken("%d lost", 3) }},
		{"taken for the user's", "simulator error: 3 lost", "goroutine", func(*cli) error { return usageError(invariant.Broken("%d lost", 3)) }},
		{"with a text of several lines", `simulator error: a\nooovm: b`, "goroutine", func(*cli) error { panic("a\nooovm: b") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			var stdout, stderr bytes.Buffer
			cmd := newCLI([]string{"run", "x.json"}, &stdout, &stderr, []string{"OOOVM_CORE_ROB=8", "SECRET=1"})
			code := cmd.end(func() error { return c.run(cmd) })
			m := regexp.MustCompile(`^ooovm: (.*); this is a fault of ooovm, not of the input: (\S+) has what its makers need\n$`).FindStringSubmatch(stderr.String())
			if code != exitFailed || m == nil || !strings.HasPrefix(m[1], c.want) {
				t.Fatalf("exit code %d:\n%s", code, stderr.String())
			}
			dump, err := os.ReadFile(m[2])
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{c.stack, `arguments: ["run" "x.json"]`, "OOOVM_CORE_ROB=8", "go-ethereum "} {
				if !strings.Contains(string(dump), want) {
					t.Errorf("the dump lacks %q:\n%s", want, dump)
				}
			}
			if strings.Contains(string(dump), "SECRET") {
				t.Error("the dump has more of the environment than it needs")
			}
			if all, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(all) != 1 {
				t.Errorf("dumps: %v", all)
			}
		})
	}
}

// TestFaultWithoutADisk: where no dump can be written, the line still says whose fault it is.
func TestFaultWithoutADisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	var stderr bytes.Buffer
	if code := newCLI(nil, &stderr, &stderr, nil).end(func() error { panic("lost") }); code != exitFailed || stderr.String() != "ooovm: simulator error: lost; this is a fault of ooovm, not of the input\n" {
		t.Errorf("exit code %d: %q", code, stderr.String())
	}
}

// TestGravest: of several things that went wrong over several inputs, the gravest gives the exit code.
func TestGravest(t *testing.T) {
	ordered := []error{ // the later is graver
		nil, run.Input(&traces.BundleError{}), errors.New("failed"), &exitError{exitPartial, errTold}, run.Difference(errors.New("differs")),
		&exitError{exitTimeout, errTold}, &exitError{exitInterrupted, errTold},
	}
	coded := func(err error) error {
		if err == nil {
			return nil
		}
		return action(func(*cobra.Command, []string) error { return err })(nil, nil)
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := exitCode(graver(coded(a), coded(b))), exitCode(coded(ordered[max(i, j)])); got != want {
				t.Errorf("of %v and %v, %d counts, want %d", a, b, got, want)
			}
		}
	}
}
