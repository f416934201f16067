package corpus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// Filter is a condition on blocks.
type Filter struct {
	program *vm.Program
	text    string
	execute bool // it asks for what only an execution tells
	indexes map[string]map[string]Entry
}

// Names lists what an expression may name.
func Names() []string {
	var names []string
	t := reflect.TypeFor[Facts]()
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("expr"))
	}
	return names
}

// Compile reads an expression in the language of expr-lang/expr. Its error is one line.
func Compile(text string) (*Filter, error) {
	program, err := expr.Compile(text, expr.Env(Facts{}), expr.AsBool())
	if err != nil {
		var at *file.Error
		if errors.As(err, &at) && at.Message != "" {
			return nil, fmt.Errorf("%q: column %d: %s (names: %s)", text, at.Column+1, inWords(at.Message), strings.Join(Names(), ", "))
		}
		return nil, fmt.Errorf("%q: %s (names: %s)", text, inWords(err.Error()), strings.Join(Names(), ", "))
	}
	f := &Filter{program: program, text: text, indexes: make(map[string]map[string]Entry)}
	node := program.Node()
	ast.Walk(&node, f)
	return f, nil
}

// inWords makes one line of what the compiler of expressions says, with a word for Go's type.
func inWords(message string) string {
	text := plain.Text(errors.New(strings.Join(strings.Fields(message), " ")))
	return strings.ReplaceAll(text, "float64", "number")
}

// Visit finds the names that an execution is needed for.
func (f *Filter) Visit(node *ast.Node) {
	if id, ok := (*node).(*ast.IdentifierNode); ok && (id.Value == "mix" || id.Value == "instructions") {
		f.execute = true
	}
}

// Select keeps the files whose blocks meet the condition, in their order, and those of which
// it cannot be told: whoever takes them up says what is wrong with them.
func (f *Filter) Select(stop context.Context, paths []string) ([]string, error) {
	var kept []string
	for _, path := range paths {
		if path == "-" {
			return nil, errors.New("standard input cannot be selected from: it is read once")
		}
		facts, err := f.facts(stop, path)
		if stop.Err() != nil {
			return nil, stop.Err()
		}
		if err != nil {
			kept = append(kept, path)
			continue
		}
		meets, err := expr.Run(f.program, facts)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %s", path, f.text, inWords(err.Error()))
		}
		if meets.(bool) {
			kept = append(kept, path)
		}
	}
	return kept, nil
}

// facts takes what the folder's index says of a file that has not changed.
func (f *Filter) facts(stop context.Context, path string) (Facts, error) {
	dir := filepath.Dir(path)
	entries, known := f.indexes[dir]
	if !known {
		var err error
		var other *notIndexError
		if entries, err = load(dir); err != nil && !errors.As(err, &other) {
			return Facts{}, err
		}
		f.indexes[dir] = entries
	}
	if e, ok := entries[filepath.Base(path)]; ok {
		sum, err := HashFile(path)
		if err != nil {
			return Facts{}, err
		}
		if sum == e.SHA256 {
			return e.Facts, nil
		}
	}
	return find(stop, path, f.execute)
}

// Choose is Collect with a condition on the blocks; none is the empty text. What is not
// a block meets no condition.
func Choose(stop context.Context, args []string, where string, also func(path string) bool) (inputs, ignored []string, err error) {
	if where == "" {
		return collect(args, also)
	}
	f, err := Compile(where)
	if err != nil {
		return nil, nil, fmt.Errorf("where %w", err)
	}
	if inputs, ignored, err = collect(args, nil); err != nil {
		return nil, nil, err
	}
	inputs, err = f.Select(stop, inputs)
	if err == nil && len(inputs) == 0 {
		err = fmt.Errorf("where %q: no block meets it", where)
	}
	return inputs, ignored, err
}

// nested lists the fixtures in the folders of a folder that has no input itself: official suites
// come as trees.
func nested(dir string) (paths []string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Ext(path) == ".json" && fixtures.IsBlockTest(path) {
			paths = append(paths, path)
		}
		return nil // what cannot be read has no input
	})
	return paths
}

// collect expands arguments, each of which is a bundle, a folder or a pattern, or names blocks of
// official tests. A fixture in a folder stands for its blocks.
func collect(args []string, also func(path string) bool) (inputs, ignored []string, err error) {
	seen := make(map[string]bool)
	add := func(paths []string) {
		for _, path := range paths {
			if !seen[path] {
				seen[path] = true
				inputs = append(inputs, path)
			}
		}
	}
	addTests := func(path string) (tests bool, err error) {
		refs, tests, err := expandTests(path)
		add(refs)
		return tests, err
	}
	for _, arg := range args {
		if tests, err := addTests(arg); err != nil {
			return nil, nil, err
		} else if tests {
			continue
		}
		found, other, err := traces.Collect([]string{arg}, func(path string) bool {
			return also != nil && also(path) || fixtures.IsBlockTest(path)
		})
		if err != nil {
			return nil, nil, err
		}
		ignored = append(ignored, other...)
		if len(found) == 0 {
			found = nested(arg)
		}
		for _, path := range found {
			tests := false
			if path != arg { // of which it has been found out
				if tests, err = addTests(path); err != nil {
					return nil, nil, err
				}
			}
			if !tests {
				add([]string{path})
			}
		}
	}
	return inputs, ignored, nil
}
