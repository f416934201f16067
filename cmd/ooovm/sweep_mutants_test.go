package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/selftest"
)

var sweepMutants = flag.Int("sweep-mutants", 50, "how many mutants TestMutatedSweepFiles and TestMutatedDirectories make")

// mutant is a way to damage what stands at a path; others are paths beside it.
type mutant struct {
	name string
	do   func(path string, others []string, dice *rand.Rand) error
}

var damages = []mutant{
	{"truncated", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte { return data[:dice.IntN(len(data))] })
	}},
	{"a bit flipped", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte {
			data[dice.IntN(len(data))] ^= 1 << dice.IntN(8)
			return data
		})
	}},
	{"a line left out", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte {
			lines := bytes.SplitAfter(data, []byte("\n"))
			i := dice.IntN(len(lines))
			return bytes.Join(slices.Delete(lines, i, i+1), nil)
		})
	}},
	{"a line twice", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte {
			lines := bytes.SplitAfter(data, []byte("\n"))
			i := dice.IntN(len(lines))
			return bytes.Join(slices.Insert(lines, i, lines[i]), nil)
		})
	}},
	{"two lines swapped", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte {
			lines := bytes.SplitAfter(data, []byte("\n"))
			i, k := dice.IntN(len(lines)), dice.IntN(len(lines))
			lines[i], lines[k] = lines[k], lines[i]
			return bytes.Join(lines, nil)
		})
	}},
	{"a digit changed", func(path string, _ []string, dice *rand.Rand) error {
		return changed(path, func(data []byte) []byte {
			digits := regexp.MustCompile(`[0-9]`).FindAllIndex(data, -1)
			if len(digits) > 0 {
				data[digits[dice.IntN(len(digits))][0]] = byte('0' + dice.IntN(10))
			}
			return data
		})
	}},
	{"emptied", func(path string, _ []string, _ *rand.Rand) error {
		return changed(path, func([]byte) []byte { return nil })
	}},
	{"removed", func(path string, _ []string, _ *rand.Rand) error { return os.RemoveAll(path) }},
	{"a directory", func(path string, _ []string, _ *rand.Rand) error {
		return replaced(path, func() error { return os.Mkdir(path, 0o777) })
	}},
	{"a directory with something in it", func(path string, _ []string, _ *rand.Rand) error {
		return replaced(path, func() error { return os.MkdirAll(filepath.Join(path, "x"), 0o777) })
	}},
	{"a link to nothing", func(path string, _ []string, _ *rand.Rand) error {
		return replaced(path, func() error { return os.Symlink("nothing", path) })
	}},
	{"a link to itself", func(path string, _ []string, _ *rand.Rand) error {
		return replaced(path, func() error { return os.Symlink(filepath.Base(path), path) })
	}},
	{"a link to another", func(path string, others []string, dice *rand.Rand) error {
		to, err := filepath.Abs(others[dice.IntN(len(others))])
		if err != nil {
			return err
		}
		return replaced(path, func() error { return os.Symlink(to, path) })
	}},
	{"another's content", func(path string, others []string, dice *rand.Rand) error {
		data, err := os.ReadFile(others[dice.IntN(len(others))])
		if err != nil {
			return nil // a folder has none
		}
		return changed(path, func([]byte) []byte { return data })
	}},
	{"swapped with another", func(path string, others []string, dice *rand.Rand) error {
		other := others[dice.IntN(len(others))]
		if strings.HasPrefix(other, path) || strings.HasPrefix(path, other) {
			return nil
		}
		return swapped(path, other)
	}},
}

// changed gives a file other content; a folder and an empty file stay as they are.
func changed(path string, change func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return nil
	}
	return os.WriteFile(path, change(data), 0o600)
}

func replaced(path string, by func() error) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return by()
}

func swapped(a, b string) error {
	for _, move := range [][2]string{{a, a + ".x"}, {b, a}, {a + ".x", b}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			return err
		}
	}
	return nil
}

// mutantSweep has points of every kind: on one core and on several, and one that fails.
const mutantSweep = `
name: mutants
base: {preset: scalar}
check: false
axes:
  blocks: [small.json, damaged.json]
  policy: [sequential, block-stm]
  cores: [2]
  core.rob: [4, 8]
`

// said is what a command line comes to.
type said struct {
	code           int
	stdout, stderr string
}

func say(args ...string) (s said) {
	var stdout, stderr bytes.Buffer
	s.code = execute(args, &stdout, &stderr, nil)
	s.stdout, s.stderr = stdout.String(), stderr.String()
	return s
}

// rate is what status says of the time at which points were finished.
var rate = regexp.MustCompile(`"pointsPerSecond":[^,]*,`)

// readers are the commands that read a sweep's directory, and what they give.
func readers(t *testing.T) map[string]func() said {
	return map[string]func() said{
		"status": func() said {
			s := say("sweep", "status", "run", "--json")
			s.stdout = rate.ReplaceAllString(s.stdout, "")
			return s
		},
		"plot": func() said {
			s := say("plot", "run", "--x", "core.rob", "--y", "cycles", "--where", "policy=sequential", "-o", "figure.svg", "--json")
			return s.with(t, "figure.svg", "figure.csv", "figure.json")
		},
		"report":  func() said { return say("report", "run", "-q", "-o", "page.html").with(t, "page.html") },
		"compare": func() said { return say("compare", "reference", "run", "--metric", "cycles", "--json") },
	}
}

// with adds the files that a command has written.
func (s said) with(t *testing.T, names ...string) said {
	t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil && s.code == exitOK {
			t.Fatal(err)
		}
		s.stdout += string(data)
		_ = os.Remove(name)
	}
	return s
}

// oneLine checks that an error is said in a line.
func (s said) oneLine() bool {
	return s.code == exitUsage && strings.Count(s.stderr, "\n") == 1 && strings.HasPrefix(s.stderr, "ooovm: ")
}

// TestMutatedDirectories: whatever is damaged in a sweep's directory, what reads it says the
// same as before or refuses; resume mends it to the same bytes or says what is in its way.
func TestMutatedDirectories(t *testing.T) {
	sweepPlace(t)
	for name, text := range map[string]string{"sweep.yaml": mutantSweep, "damaged.json": `{"chainId": 1, "block": 7}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"golden", "reference"} {
		if s := say("sweep", "run", "sweep.yaml", "-o", dir, "--no-progress"); s.code != exitPartial {
			t.Fatalf("%+v", s)
		}
	}
	restore := func() {
		if err := errors.Join(os.RemoveAll("run"), os.CopyFS("run", os.DirFS("golden"))); err != nil {
			t.Fatal(err)
		}
	}
	restore()
	right := map[string]said{}
	for name, read := range readers(t) {
		if right[name] = read(); right[name].code != exitOK {
			t.Fatalf("%s: %+v", name, right[name])
		}
	}
	var paths []string
	if err := filepath.WalkDir("run", func(path string, _ fs.DirEntry, err error) error {
		if path != "run" {
			paths = append(paths, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ends := map[string]int{}
	for n := range *sweepMutants {
		dice := rand.New(rand.NewPCG(*sweepFrom+uint64(n), 2))
		restore()
		path, m := paths[dice.IntN(len(paths))], damages[dice.IntN(len(damages))]
		what := fmt.Sprintf("seed %d: %s, %s", *sweepFrom+uint64(n), path, m.name)
		if err := m.do(path, paths, dice); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for name, read := range readers(t) {
			switch s := read(); {
			case s.code == exitOK && s.stdout == right[name].stdout:
				ends[name+" says the same"]++
			case s.code == exitOK && unfinishedOf[name] != nil && unfinishedOf[name].MatchString(s.stdout):
				ends[name+" says that points are missing"]++
			case name == "status" && s.code == exitUsage, s.oneLine():
				ends[name+" refuses"]++
			default:
				t.Errorf("%s: %s ends with %d:\n%.600s%.300s", what, name, s.code, s.stderr, s.stdout)
			}
		}
		s := say("sweep", "resume", "run", "--no-progress")
		switch {
		case s.code == exitPartial:
			sameOutputs(t, "run", "golden")
			if again := say("sweep", "status", "run"); again.code != exitOK {
				t.Errorf("%s: resume leaves %s", what, again.stderr)
			}
			ends["resume comes to the same bytes"]++
		case s.oneLine():
			ends["resume refuses"]++
		default:
			t.Errorf("%s: resume ends with %d:\n%.600s", what, s.code, s.stderr)
		}
		if t.Failed() {
			t.Fatal(what)
		}
	}
	t.Logf("%d mutants: %v", *sweepMutants, ends)
}

// unfinishedOf is what commands say of a sweep of which points are missing.
var unfinishedOf = map[string]*regexp.Regexp{"status": regexp.MustCompile(`"left":[1-9]`), "report": regexp.MustCompile(`[1-9] not done`)}

// TestMutatedSweepFiles: what is wrong with a sweep file is said in lines that name it, or
// it is another sweep.
func TestMutatedSweepFiles(t *testing.T) {
	sweepPlace(t)
	texts := []string{selftest.MeetingSweep, mutantSweep, `
name: all
base:
  preset: ooo-2
  files: [wide.yaml]
  set: {core.stack: fold, latency.simple: 2}
axes:
  blocks: [embedded, small.json]
  core.rob: [16, 32]
  core.iq: [8, 16]
  predictor.branch: [bimodal, tage]
  policy: [sequential, monad]
  mapping: [default]
  cores: [1, 4, inf]
where: gas > 0 && transactions < 1000
zip:
  - [core.rob, core.iq]
exclude:
  - {policy: sequential, cores: 4}
  - {blocks: embedded, cores: inf}
repeats: 3
seeds: [1, 2, 3]
check: true
baseline: false
maxCycles: 1000000
`}
	if err := os.WriteFile("wide.yaml", []byte("core: {width: 4}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("other.yaml", []byte(texts[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	ends := map[string]int{}
	for n := range *sweepMutants {
		dice := rand.New(rand.NewPCG(*sweepFrom+uint64(n), 3))
		if err := os.RemoveAll("sweep.yaml"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("sweep.yaml", []byte(texts[n%len(texts)]), 0o600); err != nil {
			t.Fatal(err)
		}
		m := damages[dice.IntN(len(damages))]
		if n%4 > 0 {
			m = damages[dice.IntN(6)] // of its text
		}
		what := fmt.Sprintf("seed %d: %s", *sweepFrom+uint64(n), m.name)
		for range 1 + dice.IntN(2) {
			if err := m.do("sweep.yaml", []string{"other.yaml", "small.json", "ooovm"}, dice); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		s := say("sweep", "run", "sweep.yaml", "--dry-run", "--format", "csv")
		switch {
		case s.code == exitOK:
			ends["another sweep, or the same"]++
		case s.code == exitUsage && s.stderr != "":
			for line := range strings.Lines(s.stderr) {
				if !strings.HasPrefix(line, "ooovm: sweep.yaml") && !strings.HasPrefix(line, "ooovm: open sweep.yaml: ") && !strings.HasPrefix(line, "ooovm: read sweep.yaml: ") {
					t.Errorf("%s: %s", what, line)
				}
			}
			ends["refused"]++
		default:
			t.Errorf("%s: it ends with %d: %s", what, s.code, s.stderr)
		}
		if t.Failed() {
			data, _ := os.ReadFile("sweep.yaml")
			t.Fatalf("%q", data)
		}
	}
	t.Logf("%d mutants: %v", *sweepMutants, ends)
}
