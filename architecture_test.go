// Package ooovm has nothing but the test of its architecture.
package ooovm

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/ooovm/ooovm/"
	document = "docs/architecture.md"
)

func architecture(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// floors reads the drawing under a heading: a floor a line, the lowest last; the rooms of one
// floor do not import each other.
func floors(t *testing.T, heading string) map[string]int {
	t.Helper()
	_, text, ok := strings.Cut(architecture(t), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no %q", document, heading)
	}
	floor := map[string]int{}
	n := 0
	for line := range strings.Lines(text) {
		rooms, indented := strings.CutPrefix(line, "    ")
		switch {
		case indented:
			n++
			for _, room := range regexp.MustCompile(`[a-z]+`).FindAllString(strings.Split(rooms, "  ")[0], -1) {
				floor[room] = n
			}
		case n > 0:
			return floor
		}
	}
	return floor
}

// imports calls visit with the folder of every file that is not a test, and what it imports.
func imports(t *testing.T, visit func(file, from, to string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata" || file == "examples"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if to, ours := strings.CutPrefix(name, module); ours {
				visit(file, path.Dir(filepath.ToSlash(file)), to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// down reports an import that does not point to a lower floor.
func down(t *testing.T, floor map[string]int, file, from, to string) {
	t.Helper()
	below, above := floor[to], floor[from]
	switch {
	case above == 0 || below == 0:
		t.Errorf("%s: %s imports %s, and one of them is on no floor of %s", file, from, to, document)
	case above >= below:
		t.Errorf("%s: %s imports %s, which is not below it", file, from, to)
	}
}

// TestImportsPointDown: no room imports one on its floor or above.
func TestImportsPointDown(t *testing.T) {
	rooms, stories := floors(t, "## Rooms"), floors(t, "## Experiments")
	imports(t, func(file, from, to string) {
		a, inside, _ := strings.Cut(from, "/")
		b, other, _ := strings.Cut(to, "/")
		switch {
		case a != b:
			down(t, rooms, file, a, b)
		case a == "experiments":
			down(t, stories, file, inside, other)
		}
	})
}

// TestEveryRoomIsDescribed: each folder of the project has a row in the table of rooms.
func TestEveryRoomIsDescribed(t *testing.T) {
	text := architecture(t)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "docs" && e.Name() != "examples" && !strings.Contains(text, "`"+e.Name()+"/`") {
			t.Errorf("%s/ is in no row", e.Name())
		}
	}
}

// TestPlacesAreThere: every file or folder that the document sends a reader to is there, and
// so is every test.
func TestPlacesAreThere(t *testing.T) {
	tests := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, adding, ok := strings.Cut(architecture(t), "\n## Adding things\n")
	if !ok {
		t.Fatal("it does not say where things are added")
	}
	places := 0
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(adding, -1) {
		name := m[1]
		switch {
		case strings.HasPrefix(name, "Test"):
			places++
			if !tests[name] {
				t.Errorf("there is no test %s", name)
			}
		case strings.HasSuffix(name, "/"), strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".md"):
			places++
			found, err := filepath.Glob(name)
			if err != nil || len(found) == 0 {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if places < 20 {
		t.Errorf("only %d places are named", places)
	}
}
