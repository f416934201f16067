// Package ooovm has nothing but the test of its architecture.
package ooovm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
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
	sources(t, func(file string, f *ast.File) {
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if to, ours := strings.CutPrefix(name, module); ours {
				visit(file, path.Dir(file), to)
			}
		}
	})
}

// sources calls visit with every file that is not a test.
func sources(t *testing.T, visit func(file string, tree *ast.File)) {
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
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err == nil {
			visit(filepath.ToSlash(file), f)
		}
		return err
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

// onlyIn are calls that belong to one package, which does for all others what is easily forgotten.
var onlyIn = []struct {
	call, folder, why string
}{
	{"csv.NewWriter", "experiments/table", "cells that a spreadsheet would run"},
	{"os.Create", "files", "devices, links, and files that are half there"},
	{"os.CreateTemp", "files", "drafts that killed processes leave"},
	{"signal.NotifyContext", "cmd/ooovm", "the second Ctrl-C"},
}

// TestOnePlace: what belongs to one package stands in no other.
func TestOnePlace(t *testing.T) {
	sources(t, func(file string, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			if called, ok := n.(*ast.SelectorExpr); ok {
				for _, o := range onlyIn {
					if name(called) == o.call && path.Dir(file) != o.folder && file != "cmd/ooovm/fault.go" {
						t.Errorf("%s: %s belongs to %s: %s", file, o.call, o.folder, o.why)
					}
				}
			}
			return true
		})
	})
}

// name writes a selector of a package.
func name(s *ast.SelectorExpr) string {
	if x, ok := s.X.(*ast.Ident); ok {
		return x.Name + "." + s.Sel.Name
	}
	return s.Sel.Name
}

// TestGoroutinesAreGuarded: a panic in a goroutine would end the process before anybody could say
// whose fault it is. Whoever starts one guards what it does (invariant.Guard); one that calls
// nothing but what is listed here cannot panic.
func TestGoroutinesAreGuarded(t *testing.T) {
	harmless := map[string]bool{"close": true, "Wait": true, "workers.Wait": true}
	n := 0
	sources(t, func(file string, tree *ast.File) {
		if strings.HasPrefix(file, "experiments/gethtest/") { // for tests
			return
		}
		check := func(body ast.Node) {
			n++
			guarded, calls := false, []string{}
			ast.Inspect(body, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					switch f := c.Fun.(type) {
					case *ast.SelectorExpr:
						guarded = guarded || name(f) == "invariant.Guard"
						calls = append(calls, name(f))
					case *ast.Ident:
						calls = append(calls, f.Name)
					}
				}
				return true
			})
			if !guarded && slices.ContainsFunc(calls, func(c string) bool { return !harmless[c] }) {
				t.Errorf("%s starts a goroutine that calls %v and is not guarded", file, calls)
			}
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				check(n.Call)
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Go" && len(n.Args) == 1 {
					check(n.Args[0])
				}
			}
			return true
		})
	})
	if n < 5 {
		t.Errorf("only %d goroutines were found", n)
	}
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
	tests, files := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		files[filepath.Base(file)], files[filepath.Base(file)+"/"] = true, true // a section about one folder names its files alone
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
	places := 0
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(architecture(t), -1) {
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
			if err != nil || len(found) == 0 && !files[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if places < 20 {
		t.Errorf("only %d places are named", places)
	}
}
